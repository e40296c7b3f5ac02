//! One open store that many questions share: each gets a connection of its own, and its turn.

use crate::config::Config;
use crate::cycle::{self, Pipeline};
use crate::engine::models::ReadyModels;
use crate::engine::request::{Operation, Reply, Request};
use crate::engine::store::coordination::StoreCoordination;
use crate::engine::store::interrupt::{Interrupt, explained};
use crate::engine::store::rhythms::Quiet;
use crate::engine::{
    AccessGuard, AccessMode, AccessQueue, ActiveOperation, Engine, Progress, Project,
};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What DuckDB says when it answers nothing more.
const GIVEN_UP: [&str; 2] = ["database has been invalidated", "FATAL Error"];
/// What DuckDB says of a plan whose tables have grown since it was made.
const STALE: &str = "statistics in your data source are corrupt";
/// How often a question is read at most where that happens.
const MOST_READS: usize = 4;
/// How long the daemon's own work waits for the store to be opened anew.
pub(in crate::engine) const HEALING: Duration = Duration::from_secs(30);

/// Who asks, as far as it matters to the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequestContext {
    /// Seconds to wait for a turn.
    pub patience: u32,
    /// The md5 of its models and parameters; see [`cycle::fingerprint`].
    pub fingerprint: String,
    /// The project's directory, absolute; none for the one in the binary.
    pub project: Option<PathBuf>,
    /// Its parameters, as the store keeps them.
    pub parameters: String,
}

/// An open store that many questions share.
pub struct SharedStore {
    /// Every other connection is made from this one's.
    root: Mutex<Engine>,
    pub(in crate::engine) coordination: Arc<StoreCoordination>,
    pub(in crate::engine) fingerprint: Mutex<String>,
    /// The last other project that somebody asked with.
    pub(in crate::engine) project_override: Mutex<Option<(String, Arc<ReadyModels>)>>,
    /// What looks found.
    pub(in crate::engine) quiet: Quiet,
    /// DuckDB has given up on itself and wants to be opened anew.
    ailing: AtomicBool,
    /// Somebody else's models are still in the store.
    pub(in crate::engine) unready: AtomicBool,
}

impl SharedStore {
    /// Shares the store of `engine`.
    pub fn new(engine: Engine) -> SharedStore {
        SharedStore {
            fingerprint: Mutex::new(engine.pipeline().requested_fingerprint().to_owned()),
            root: Mutex::new(engine),
            coordination: Arc::default(),
            project_override: Mutex::new(None),
            quiet: Quiet::default(),
            ailing: AtomicBool::new(false),
            unready: AtomicBool::new(false),
        }
    }

    /// The turns at the store.
    pub fn queue(&self) -> &Arc<AccessQueue> {
        &self.coordination.queue
    }

    /// Who is at work.
    pub fn busy(&self) -> Vec<ActiveOperation> {
        self.coordination.queue.busy()
    }

    /// A caller that asks with the models in force, waiting so many seconds for a turn.
    pub fn own_context(&self, patience: u32) -> RequestContext {
        RequestContext {
            patience,
            fingerprint: lock(&self.fingerprint).clone(),
            project: None,
            parameters: String::new(),
        }
    }

    /// Answers a question of `caller`; `on_progress` is called with how far it is, and `interrupt` stops it.
    ///
    /// # Errors
    /// Unavailable when its turn does not come in time; the question's own.
    pub fn answer(
        &self,
        request: Request,
        caller: &RequestContext,
        interrupt: &Arc<Interrupt>,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Reply> {
        let requirements = request.requirements();
        let patience = Duration::from_secs(u64::from(caller.patience));
        self.heal(patience);
        let (held, is_foreign) = self.turn_for(&request, caller, interrupt)?;
        let answer = if is_foreign {
            self.answer_as(caller, requirements, interrupt, |engine| {
                request.answer(engine, on_progress)
            })
        } else {
            self.with_turn(held.as_ref(), requirements.mode, interrupt, |engine| {
                engine.patience = Some(patience);
                match requirements.mode {
                    AccessMode::Read => {
                        unless_stale(|| request.clone().answer(engine, on_progress))
                    }
                    _ => request.answer(engine, on_progress),
                }
            })
        };
        drop(held);
        self.write_pending_activations();
        self.examine(&answer);
        explained(answer, interrupt)
    }

    /// Does work of the owner's own when its turn comes, however long that takes.
    ///
    /// # Errors
    /// Failed when it was interrupted; the work's own.
    pub fn work<T>(
        &self,
        what: &str,
        interrupt: &Arc<Interrupt>,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        self.heal(HEALING);
        let wanted = || !interrupt.is_stopped();
        let held = self
            .coordination
            .queue
            .take(AccessMode::Write, what, None, &wanted)?;
        let done = self.with_turn(Some(&held), AccessMode::Write, interrupt, work);
        drop(held);
        self.write_pending_activations();
        self.examine(&done);
        explained(done, interrupt)
    }

    /// Work that waits for a network or a model between its writes: it takes its turns itself, with [`Engine::writing`].
    ///
    /// # Errors
    /// The work's own.
    pub fn work_beside<T>(
        &self,
        interrupt: &Arc<Interrupt>,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        self.heal(HEALING);
        let (mut engine, _) = self
            .root()
            .fork_connection(self.coordination.clone(), None)?;
        let done = interrupt.over(&mut engine, work);
        self.write_pending_activations();
        self.examine(&done);
        explained(done, interrupt)
    }

    /// Puts other models and services in force, once nobody is at work. Those of before stay where the new ones cannot be made ready.
    ///
    /// # Errors
    /// Usage when a model is wrong; unavailable when somebody is at work for longer than `patience`; failed when it is no longer
    /// wanted.
    pub fn put_in_force(
        &self,
        project: Arc<Project>,
        config: &Config,
        patience: Duration,
        wanted: &dyn Fn() -> bool,
    ) -> Result<()> {
        let pipeline = Pipeline::new(project, &config.parameters)?;
        let _held = self.coordination.queue.take(
            AccessMode::Exclusive,
            "reload",
            Some(patience),
            wanted,
        )?;
        let mut root = self.root();
        let fingerprint = pipeline.fingerprint().to_owned();
        root.adopt(Arc::new(ReadyModels::new(pipeline)))?;
        root.configure(config);
        *lock(&self.fingerprint) = fingerprint;
        Ok(())
    }

    /// Notices when DuckDB has given up on itself, as it does when the disk is full at the wrong moment.
    pub(in crate::engine) fn examine<T>(&self, done: &Result<T>) {
        if let Err(e) = done
            && GIVEN_UP.iter().any(|sign| e.to_string().contains(sign))
        {
            tracing::error!(error = %e, "DuckDB has given up; the store is opened anew");
            self.ailing.store(true, Ordering::SeqCst);
        }
    }

    /// Opens the store anew where DuckDB has given up on itself: what was committed is all there. Makes it ready again for the
    /// models in force where that failed before.
    pub(in crate::engine) fn heal(&self, patience: Duration) {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::SeqCst);
        if !is_set(&self.ailing) && !is_set(&self.unready) {
            return;
        }
        let queue = &self.coordination.queue;
        let healed = queue
            .take(
                AccessMode::Exclusive,
                "opening the store anew",
                Some(patience),
                &|| true,
            )
            .and_then(|_held| {
                let mut root = self.root();
                if is_set(&self.ailing) {
                    root.warehouse.reopen()?;
                    cycle::ready_connection(&root.warehouse)?;
                    self.ailing.store(false, Ordering::SeqCst);
                    tracing::info!("the store is open again");
                }
                if is_set(&self.unready) {
                    let ours = root.models.clone();
                    root.adopt(ours)?;
                    self.unready.store(false, Ordering::SeqCst);
                    tracing::info!("the store is ready again");
                }
                Ok(())
            });
        if let Err(e) = healed {
            tracing::error!(error = %e, "the store cannot be opened anew yet");
        }
    }

    /// Has DuckDB give back memory that it keeps for later.
    ///
    /// # Errors
    /// Failed when DuckDB refuses it.
    pub fn shrink(&self) -> Result<()> {
        self.root().warehouse.shrink()
    }

    /// Lets go of a model that nobody has asked for so long. Says whether there was one.
    pub fn rest(&self, idle: Duration) -> bool {
        // Whoever holds the root is at work.
        self.root
            .try_lock()
            .is_ok_and(|root| root.model_clients.rest(idle))
    }

    /// Writes what is still to be written, and all of it into the store's file.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn settle(&self) -> Result<()> {
        self.write_pending_activations();
        Ok(self.root().warehouse.conn().execute_batch("CHECKPOINT")?)
    }

    /// The store.
    pub fn database(&self) -> PathBuf {
        self.root().warehouse.path().to_owned()
    }

    /// Says beside the file that its owner answers questions at `socket`.
    pub fn announce(&self, socket: &Path) {
        self.root().warehouse.announce(socket);
    }

    pub(in crate::engine) fn with_turn<T>(
        &self,
        _held: Option<&AccessGuard>,
        mode: AccessMode,
        interrupt: &Arc<Interrupt>,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        if mode == AccessMode::Exclusive {
            let mut root = self.root();
            let done = interrupt.over(&mut root, work);
            return done;
        }
        let (mut engine, _) = self
            .root()
            .fork_connection(self.coordination.clone(), Some(mode))?;
        interrupt.over(&mut engine, work)
    }

    /// Writes what readers left, where nobody else writes now.
    pub(in crate::engine) fn write_pending_activations(&self) {
        if self.coordination.is_settled() {
            return;
        }
        let Some(mut held) = self.coordination.queue.try_take(AccessMode::Write, "query") else {
            return;
        };
        held.changes_no_contents();
        let mode = Some(AccessMode::Write);
        match self.root().fork_connection(self.coordination.clone(), mode) {
            Ok((_, true)) => {}
            Ok((_, false)) => held.changed_nothing(),
            Err(e) => tracing::warn!(error = %e, "what was recalled could not be logged"),
        }
    }

    pub(in crate::engine) fn root(&self) -> MutexGuard<'_, Engine> {
        lock(&self.root)
    }
}

/// Reads, and once more where DuckDB made its plan before somebody's commit and ran it after: it takes the statistics of before
/// for corrupt then.
fn unless_stale<T>(mut read: impl FnMut() -> Result<T>) -> Result<T> {
    let mut done = read();
    for _ in 1..MOST_READS {
        match &done {
            Err(e) if e.to_string().contains(STALE) => {
                tracing::info!(error = %e, "read anew, since somebody wrote meanwhile");
                done = read();
            }
            _ => break,
        }
    }
    done
}

/// What a mutex guards, also after somebody who had it met a mistake.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
