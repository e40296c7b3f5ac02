//! The service: one call for every door, with the same permission check, admission and audit. → engine
//!
//! # Layout
//!
//! * this file: [`Service::call`]
//! * `access`: who asks, what a key allows; `permissions`: what each request needs; `keys`: the keys and accounts of a store
//! * `audit`: the log of who did what; `events`: what happened, for those who listen
//! * `group_commit`: writers share commits; `running`: what is under way
//!
//! # Adding a door
//!
//! A door (HTTP, the Unix socket, MCP) turns what it hears into a [`Request`], finds out who asks as an
//! [`Access`], and hands both to [`Service::call`] with a [`ReplySink`] that hears of progress and takes the reply. It asks nothing of
//! the store itself and decides nothing about permissions.

mod access;
mod audit;
mod events;
mod group_commit;
mod keys;
mod permissions;
mod running;

pub use access::{Access, Grant, MindPattern, Scope};
pub use audit::{AuditEntry, AuditLog};
pub use events::{Event, Outbox};
pub use keys::{Account, AccountKind, FreshKey, KeyRing, NewKey, PREFIX, StoredKey, random_uuid};
pub use running::{Limit, RHYTHM, Running};

use crate::engine::{Interrupt, Progress, Reply, Request, RequestContext, SharedStore};
use crate::error::{Error, ErrorCode, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

/// Requests that may wait for their turn at the store.
const LONGEST_QUEUE: usize = 512;
/// Seconds that a request waits for its turn, where its caller does not say.
const PATIENCE: u32 = 30;

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What they may.
    pub access: Access,
    /// The door they came through.
    pub door: &'static str,
    /// The request's id, where the door gives ids.
    pub request_id: Option<String>,
    /// With which models they ask; none for the service's own.
    pub context: Option<RequestContext>,
}

impl Caller {
    /// The user whose process this is.
    pub fn owner(door: &'static str) -> Caller {
        Caller {
            access: Access::Owner,
            door,
            request_id: None,
            context: None,
        }
    }
}

/// Hears how far a call is, and takes its reply.
pub trait ReplySink {
    /// The call begins; `interrupt` stops it.
    fn begin(&mut self, interrupt: &Arc<Interrupt>);

    /// How far it is.
    fn progress(&mut self, progress: Progress, interrupt: &Interrupt);

    /// The reply, while the call still counts as under way: a service that stops lets it arrive.
    ///
    /// # Errors
    /// When it cannot be delivered.
    fn deliver(&mut self, reply: Reply) -> Result<()>;
}

/// A sink that keeps the reply.
#[derive(Default)]
pub struct Collected {
    /// The reply, once it is there.
    pub reply: Option<Reply>,
}

impl ReplySink for Collected {
    fn begin(&mut self, _: &Arc<Interrupt>) {}

    fn progress(&mut self, _: Progress, _: &Interrupt) {}

    fn deliver(&mut self, reply: Reply) -> Result<()> {
        self.reply = Some(reply);
        Ok(())
    }
}

/// What the owner of the store adds to a reply, and learns of it.
type OnReply = Box<dyn Fn(&mut Reply) + Send + Sync>;

/// Answers every door.
pub struct Service {
    /// The store.
    pub shared: Arc<SharedStore>,
    /// The keys and accounts.
    pub keys: KeyRing,
    /// Who did what.
    pub audit: AuditLog,
    /// What happened.
    pub outbox: Outbox,
    on_reply: OnceLock<OnReply>,
    writer: OnceLock<SyncSender<group_commit::Pending>>,
    running: Mutex<Vec<(u64, Running)>>,
    numbers: AtomicU64,
    stopping: AtomicBool,
    answered: AtomicU64,
}

impl Service {
    /// A service over a store, with what lies beside `database`. `admin_key` is a key that the environment brings.
    ///
    /// # Errors
    /// Usage when that key is too short; failed when no thread can be started.
    pub fn start(
        shared: Arc<SharedStore>,
        database: &Path,
        admin_key: Option<&str>,
    ) -> Result<Arc<Service>> {
        let service = Arc::new(Service {
            shared,
            keys: KeyRing::beside(database, admin_key)?,
            audit: AuditLog::beside(database),
            outbox: Outbox::new(keys::random_uuid()?.replace('-', "")),
            on_reply: OnceLock::new(),
            writer: OnceLock::new(),
            running: Mutex::default(),
            numbers: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            answered: AtomicU64::new(0),
        });
        service.start_writer()?;
        Ok(service)
    }

    /// What the store's owner adds to replies from now on.
    pub fn on_reply(&self, add: impl Fn(&mut Reply) + Send + Sync + 'static) {
        let _ = self.on_reply.set(Box::new(add));
    }

    /// Whether nothing new is begun.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Begins nothing new from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Calls answered so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// One more was answered, by whoever needs no store for it.
    pub fn count_answer(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers a request: asks whether the caller may, whether there is room, and says afterwards what came of it.
    ///
    /// # Errors
    /// Forbidden; unavailable when too many wait, when the service stops or the turn does not come in time; the request's own.
    pub fn call(&self, request: Request, caller: &Caller, sink: &mut dyn ReplySink) -> Result<()> {
        self.permit(&request, caller)?;
        let command = request.command();
        let mind = permissions::mind_of(&request).map(str::to_owned);
        let is_noted = permissions::is_noted(&request) || matches!(caller.access, Access::Key(_));
        let done = self.answer(request, caller, sink);
        if is_noted {
            let outcome = done
                .as_ref()
                .map_or_else(|e| e.error_code().as_str(), |()| "ok");
            self.note(caller, command, mind.as_deref(), outcome);
        }
        match &caller.access {
            Access::Owner => done,
            Access::Key(_) => done.map_err(|e| without_secrets(e, command)),
        }
    }

    /// Whether the caller may; a refusal is noted.
    fn permit(&self, request: &Request, caller: &Caller) -> Result<()> {
        let allowed = permissions::check(&caller.access, request);
        if let Err(e) = &allowed {
            let mind = permissions::mind_of(request);
            self.note(caller, request.command(), mind, e.error_code().as_str());
        }
        allowed
    }

    fn answer(&self, request: Request, caller: &Caller, sink: &mut dyn ReplySink) -> Result<()> {
        let command = request.command();
        let started = Instant::now();
        if self.shared.queue().waiting() >= LONGEST_QUEUE {
            return Err(queue_full(LONGEST_QUEUE));
        }
        let done = self.under_way(command, None, |interrupt| {
            if self.is_stopping() {
                return Err(Error::unavailable("the service is about to stop")
                    .code(ErrorCode::Stopping)
                    .hint("ask again in a moment"));
            }
            sink.begin(interrupt);
            let context = match &caller.context {
                Some(context) => context.clone(),
                None => self.shared.own_context(PATIENCE),
            };
            let mut tell = |progress| sink.progress(progress, interrupt);
            let mut reply = self
                .shared
                .answer(request, &context, interrupt, &mut tell)?;
            if let Some(add) = self.on_reply.get() {
                add(&mut reply);
            }
            self.outbox.publish_reply(&reply);
            sink.deliver(reply)
        });
        let ms = started.elapsed().as_secs_f64() * 1e3;
        match &done {
            Ok(()) => tracing::debug!(command, ms, "answered"),
            Err(e) => tracing::info!(command, ms, error = %e, "not answered"),
        }
        done
    }

    /// Notes in the audit log what came of something.
    pub fn note(&self, caller: &Caller, operation: &str, mind: Option<&str>, outcome: &str) {
        self.audit.append(&AuditEntry {
            at: audit::stamp(),
            who: caller.access.name().to_owned(),
            key: caller.access.key_id().map(str::to_owned),
            door: caller.door.to_owned(),
            operation: operation.to_owned(),
            mind: mind.map(str::to_owned),
            outcome: outcome.to_owned(),
            request_id: caller.request_id.clone(),
        });
    }
}

fn queue_full(longest: usize) -> Error {
    Error::unavailable(format!("{longest} requests wait for the store already"))
        .code(ErrorCode::QueueFull)
        .hint("ask again in a moment, and less at once")
}

/// An error as whoever has a key may see it: no other mind's name, no path of the machine.
fn without_secrets(error: Error, command: &str) -> Error {
    let plain = |what: &str| Error::failed(what).code(error.error_code());
    match error.error_code() {
        ErrorCode::MindUnknown => plain("there is no such mind")
            .hint("a mind begins with its first memory; `GET /v1/minds` lists those of the key"),
        ErrorCode::MemoryUnknown => {
            plain("the mind has no memory with this id or key").hint("`GET /v1/memories` lists ids")
        }
        ErrorCode::Failed => plain(&format!("'{command}' failed"))
            .hint("the service's log says why, under the request's id"),
        _ => error,
    }
}
