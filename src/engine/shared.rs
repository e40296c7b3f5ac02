//! One open store that many questions share: each gets a connection of its own, and its turn.

use super::interrupt::{Interrupt, explained};
use super::models::ReadyModels;
use super::request::{Reply, Request};
use super::rhythms::Quiet;
use super::{Busy, Engine, Held, Lane, Needs, Progress, Project, ProjectSource, StoreNeeds, Turn};
use crate::config::{Config, Parameters};
use crate::cycle::{self, Pipeline};
use crate::error::{Error, Result};
use crate::memory::{Activation, append_activations};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What DuckDB says when it answers nothing more.
const GIVEN_UP: [&str; 2] = ["database has been invalidated", "FATAL Error"];
/// How long the daemon's own work waits for the store to be opened anew.
pub(super) const HEALING: Duration = Duration::from_secs(30);

/// Who asks, as far as it matters to the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Caller {
    /// The directory that relative paths in SQL are relative to.
    pub directory: PathBuf,
    /// Seconds to wait for a turn.
    pub patience: u32,
    /// The md5 of its models and parameters; see [`cycle::fingerprint`].
    pub fingerprint: String,
    /// The project's directory, absolute; none for the one in the binary.
    pub project: Option<PathBuf>,
    /// Its parameters, as the store keeps them; only where the fingerprint is another one.
    pub parameters: Option<String>,
}

/// What a question that only reads leaves to be written when nobody else writes.
#[derive(Debug, Default)]
pub(super) struct Others {
    pub(super) lane: Arc<Lane>,
    /// Who exchanges with PostgreSQL: one at a time, or what was read earlier would come in after what was read later. Whoever has
    /// a turn at the store never waits for this one.
    exchange: Arc<Lane>,
    trail: Mutex<Vec<Activation>>,
}

impl Others {
    pub(super) fn write_later(&self, activation: Activation) {
        lock(&self.trail).push(activation);
    }
}

/// An open store that many questions share.
pub struct Shared {
    /// Every other connection is made from this one's.
    root: Mutex<Engine>,
    others: Arc<Others>,
    fingerprint: Mutex<String>,
    /// The last other project that somebody asked with.
    foreign: Mutex<Option<(String, Arc<ReadyModels>)>>,
    /// What looks found.
    pub(super) quiet: Quiet,
    /// DuckDB has given up on itself and wants to be opened anew.
    ailing: AtomicBool,
}

impl Shared {
    /// Shares the store of `engine`.
    pub fn new(engine: Engine) -> Shared {
        Shared {
            fingerprint: Mutex::new(engine.pipeline().fingerprint().to_owned()),
            root: Mutex::new(engine),
            others: Arc::default(),
            foreign: Mutex::new(None),
            quiet: Quiet::default(),
            ailing: AtomicBool::new(false),
        }
    }

    /// The turns at the store.
    pub fn lane(&self) -> &Arc<Lane> {
        &self.others.lane
    }

    /// Who is at work.
    pub fn busy(&self) -> Vec<Busy> {
        self.others.lane.busy()
    }

    /// Answers a question of `caller`; `heard` is told how far it is, and `interrupt` stops it.
    ///
    /// # Errors
    /// Unavailable when its turn does not come in time; the question's own.
    pub fn answer(
        &self,
        request: Request,
        caller: &Caller,
        interrupt: &Arc<Interrupt>,
        heard: &mut dyn FnMut(Progress),
    ) -> Result<Reply> {
        let needs = request.needs();
        let command = request.command();
        let patience = Duration::from_secs(u64::from(caller.patience));
        self.heal(patience);
        let is_foreign = *lock(&self.fingerprint) != caller.fingerprint;
        let turn = if is_foreign { Turn::Alone } else { needs.turn };
        let wanted = || !interrupt.is_stopped();
        let _exchange = match is_foreign && needs.turn == Turn::Itself {
            true => Some(self.others.exchange.take(
                Turn::Writing,
                command,
                Some(patience),
                &wanted,
            )?),
            false => None,
        };
        let held = match turn {
            Turn::Itself => None,
            turn => Some(
                self.others
                    .lane
                    .take(turn, command, Some(patience), &wanted)?,
            ),
        };
        let answer = if is_foreign {
            self.answer_as(caller, needs, interrupt, |engine| {
                request.answer(engine, heard)
            })
        } else {
            self.with_turn(held.as_ref(), turn, interrupt, |engine| {
                engine.patience = Some(patience);
                engine.look_from(&caller.directory)?;
                request.answer(engine, heard)
            })
        };
        drop(held);
        self.write_trail();
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
        let held = self.others.lane.take(Turn::Writing, what, None, &wanted)?;
        let done = self.with_turn(Some(&held), Turn::Writing, interrupt, work);
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
        let mut engine = self.root().beside(self.others.clone(), None)?;
        let done = interrupt.over(&mut engine, work);
        self.examine(&done);
        explained(done, interrupt)
    }

    /// Puts other models and services in force, once nobody is at work. Those of before stay where the new ones cannot be made ready.
    ///
    /// # Errors
    /// Usage when a model is wrong; unavailable when somebody is at work for longer than `patience`.
    pub fn put_in_force(
        &self,
        project: Arc<Project>,
        config: &Config,
        patience: Duration,
    ) -> Result<()> {
        let pipeline = Pipeline::new(project, &config.parameters)?;
        let _held = self
            .others
            .lane
            .take(Turn::Alone, "reload", Some(patience), &|| true)?;
        let mut root = self.root();
        let fingerprint = pipeline.fingerprint().to_owned();
        root.adopt(Arc::new(ReadyModels::new(pipeline)))?;
        root.configure(config);
        *lock(&self.fingerprint) = fingerprint;
        Ok(())
    }

    /// Notices when DuckDB has given up on itself, as it does when the disk is full at the wrong moment.
    pub(super) fn examine<T>(&self, done: &Result<T>) {
        if let Err(e) = done
            && GIVEN_UP.iter().any(|sign| e.to_string().contains(sign))
        {
            tracing::error!(error = %e, "DuckDB has given up; the store is opened anew");
            self.ailing.store(true, Ordering::SeqCst);
        }
    }

    /// Opens the store anew where DuckDB has given up on itself: what was committed is all there.
    pub(super) fn heal(&self, patience: Duration) {
        if !self.ailing.load(Ordering::SeqCst) {
            return;
        }
        let lane = &self.others.lane;
        let healed = lane
            .take(
                Turn::Alone,
                "opening the store anew",
                Some(patience),
                &|| true,
            )
            .and_then(|_held| {
                if !self.ailing.load(Ordering::SeqCst) {
                    return Ok(());
                }
                let mut root = self.root();
                root.warehouse.reopen()?;
                cycle::ready_connection(&root.warehouse)?;
                self.ailing.store(false, Ordering::SeqCst);
                tracing::info!("the store is open again");
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
            .is_ok_and(|root| root.advisors.rest(idle))
    }

    /// Writes what is still to be written, and all of it into the store's file.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn settle(&self) -> Result<()> {
        self.write_trail();
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

    pub(super) fn with_turn<T>(
        &self,
        _held: Option<&Held>,
        turn: Turn,
        interrupt: &Arc<Interrupt>,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        if turn == Turn::Alone {
            return interrupt.over(&mut self.root(), work);
        }
        let mut engine = self.root().beside(self.others.clone(), Some(turn))?;
        interrupt.over(&mut engine, work)
    }

    /// Answers with another project or other parameters, beside nobody: the store is made ready for them and back.
    fn answer_as(
        &self,
        caller: &Caller,
        needs: Needs,
        interrupt: &Arc<Interrupt>,
        work: impl FnOnce(&mut Engine) -> Result<Reply>,
    ) -> Result<Reply> {
        let theirs = self.models_of(caller)?;
        let mut root = self.root();
        let ours = root.models.clone();
        root.look_from(&caller.directory)?;
        let done = interrupt.over(&mut root, |root| match needs.store {
            StoreNeeds::MadeWithoutViews => {
                root.models = theirs;
                work(root)
            }
            _ => root.adopt(theirs).and_then(|()| work(root)),
        });
        // Whatever came of it; ours could be made ready before.
        let back = root.adopt(ours);
        root.look_from(Path::new(""))?;
        let reply = done?;
        back.map(|()| reply)
    }

    fn models_of(&self, caller: &Caller) -> Result<Arc<ReadyModels>> {
        let mut foreign = lock(&self.foreign);
        if let Some((fingerprint, models)) = &*foreign
            && *fingerprint == caller.fingerprint
        {
            return Ok(models.clone());
        }
        let source = match &caller.project {
            Some(directory) => ProjectSource::Directory(directory.clone()),
            None => ProjectSource::Embedded,
        };
        let project =
            Project::load(source).map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
        let stored = caller.parameters.as_deref().unwrap_or_default();
        let parameters = Parameters::from_stored(stored)
            .map_err(|e| Error::failed(format!("the parameters cannot be read: {e}")))?;
        let models = Arc::new(ReadyModels::new(Pipeline::new(
            Arc::new(project),
            &parameters,
        )?));
        *foreign = Some((caller.fingerprint.clone(), models.clone()));
        Ok(models)
    }

    /// Writes what readers left, where nobody else writes now.
    fn write_trail(&self) {
        if lock(&self.others.trail).is_empty() {
            return;
        }
        let Some(_held) = self.others.lane.try_take(Turn::Writing, "query") else {
            return;
        };
        let Ok(engine) = self.root().beside(self.others.clone(), Some(Turn::Writing)) else {
            return;
        };
        if let Err(e) = engine.write_trail() {
            tracing::warn!(error = %e, "what was recalled could not be logged");
        }
    }

    fn root(&self) -> MutexGuard<'_, Engine> {
        lock(&self.root)
    }
}

impl Others {
    fn take_trail(&self) -> Vec<Activation> {
        std::mem::take(&mut *lock(&self.trail))
    }

    fn put_back(&self, trail: Vec<Activation>) {
        lock(&self.trail).splice(0..0, trail);
    }
}

impl Engine {
    /// Another engine on the same store, beside this one, which has this turn.
    fn beside(&self, others: Arc<Others>, turn: Option<Turn>) -> Result<Engine> {
        let warehouse = self.warehouse.share()?;
        cycle::ready_connection(&warehouse)?;
        let engine = Engine {
            warehouse,
            models: self.models.clone(),
            advisors: self.advisors.clone(),
            others: Some(others),
            reading: turn == Some(Turn::Reading),
            writing: turn == Some(Turn::Writing),
            patience: None,
            interrupt: None,
            postgres: self.postgres.clone(),
        };
        if engine.writing {
            engine.write_trail()?;
        }
        Ok(engine)
    }

    /// Works with other models from now on.
    fn adopt(&mut self, models: Arc<ReadyModels>) -> Result<()> {
        cycle::prepare_store(&self.warehouse, models.pipeline())?;
        self.models = models;
        Ok(())
    }

    /// Relative paths in SQL are relative to `directory`.
    fn look_from(&self, directory: &Path) -> Result<()> {
        self.warehouse.look_from(directory)
    }

    /// Has the turn to write while `work` runs, where several share the store.
    ///
    /// # Errors
    /// The work's own.
    pub fn writing<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Engine) -> Result<T>,
    ) -> Result<T> {
        self.writing_perhaps(what, work, |_| true)
    }

    /// Features and index for every revision that has none yet, with the turn to write.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub(super) fn enrich_in_turn(&mut self) -> Result<u64> {
        self.writing_perhaps("enrich", |engine| engine.enrich(|_| ()), |new| *new > 0)
    }

    /// The same, where the result says whether anything was written.
    fn writing_perhaps<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Engine) -> Result<T>,
        wrote: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        let others = match &self.others {
            Some(others) if !self.writing => others.clone(),
            _ => return work(self),
        };
        let interrupt = self.interrupt.clone();
        let wanted = || !interrupt.as_ref().is_some_and(|i| i.is_stopped());
        let lane = &others.lane;
        let mut held = match self.reading {
            true => lane.take_within(Turn::Writing, what, self.patience, &wanted)?,
            false => lane.take(Turn::Writing, what, self.patience, &wanted)?,
        };
        self.writing = true;
        let done = work(self);
        self.writing = false;
        if done.as_ref().is_ok_and(|done| !wrote(done)) {
            held.changed_nothing();
        }
        done
    }

    /// Is the only one to exchange with PostgreSQL for as long as what this returns lives.
    ///
    /// # Errors
    /// Unavailable when another exchange takes too long.
    pub(super) fn exchange(&self, what: &str) -> Result<ExchangeTurn> {
        let held = match &self.others {
            Some(others) => {
                let wanted = || !self.is_stopped();
                let turn = others
                    .exchange
                    .take(Turn::Writing, what, self.patience, &wanted)?;
                Some(turn)
            }
            None => None,
        };
        Ok(ExchangeTurn { _held: held })
    }

    /// The same, if nobody else exchanges for longer than `patience`.
    pub(super) fn exchange_within(&self, what: &str, patience: Duration) -> Option<ExchangeTurn> {
        let held = match &self.others {
            Some(others) => {
                let wanted = || !self.is_stopped();
                let exchange = &others.exchange;
                Some(
                    exchange
                        .take(Turn::Writing, what, Some(patience), &wanted)
                        .ok()?,
                )
            }
            None => None,
        };
        Some(ExchangeTurn { _held: held })
    }

    /// The turn to write, if it can be had now.
    pub(super) fn turn_now(&self, what: &str) -> Option<WriteTurn> {
        match &self.others {
            Some(others) if !self.writing => others
                .lane
                .try_take(Turn::Writing, what)
                .map(|held| WriteTurn { held: Some(held) }),
            _ => Some(WriteTurn { held: None }),
        }
    }

    fn write_trail(&self) -> Result<()> {
        let Some(others) = &self.others else {
            return Ok(());
        };
        let trail = others.take_trail();
        if trail.is_empty() {
            return Ok(());
        }
        let written = self.warehouse.transaction(|conn| {
            trail
                .iter()
                .try_for_each(|activation| append_activations(conn, activation))
        });
        if written.is_err() {
            others.put_back(trail);
        }
        written
    }
}

/// The turn to exchange with PostgreSQL.
pub(super) struct ExchangeTurn {
    _held: Option<Held>,
}

/// The turn to write.
pub(super) struct WriteTurn {
    held: Option<Held>,
}

impl WriteTurn {
    /// Nothing was written.
    pub(super) fn changed_nothing(&mut self) {
        if let Some(held) = &mut self.held {
            held.changed_nothing();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
