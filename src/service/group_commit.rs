//! Writers share commits: what arrives while one transaction is being written goes into the next one. A single writer never waits
//! for others to come.

use super::{Caller, Collected, Service};
use crate::clock;
use crate::engine::request::{AddMemories, Failure, RemoteOperation};
use crate::engine::{Added, NewMemory};
use crate::error::{Error, ErrorCode, Result};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

/// Memories that may wait for their commit.
const WAITING: usize = 4_096;
/// Memories of one transaction at most.
const LARGEST: usize = 512;

/// A memory that waits for its commit.
pub(super) struct Pending {
    new: NewMemory,
    caller: Caller,
    told: oneshot::Sender<Result<Added>>,
}

impl Service {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// Failed when no thread can be started.
    pub(super) fn start_writer(self: &Arc<Service>) -> Result<()> {
        let (sender, receiver) = sync_channel(WAITING);
        let service = Arc::downgrade(self);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write(&service, &receiver))
            .map_err(|e| Error::failed(format!("no thread can be started: {e}")))?;
        let _ = self.writer.set(sender);
        Ok(())
    }

    /// Adds one memory in a commit that it may share with others. What comes through the receiver is durable.
    ///
    /// # Errors
    /// Forbidden; usage when it cannot be taken; unavailable when too many wait.
    pub fn add(&self, new: NewMemory, caller: &Caller) -> Result<oneshot::Receiver<Result<Added>>> {
        let request = AddMemories {
            new: vec![new],
            now: clock::now(),
        };
        let request = request.into_request();
        self.permit(&request, caller)?;
        let crate::engine::Request::AddMemories(mut one) = request else {
            return Err(Error::failed("a request changed on its way"));
        };
        let new = one
            .new
            .pop()
            .ok_or_else(|| Error::failed("a memory was lost on its way"))?;
        new.check()?;
        let (told, answer) = oneshot::channel();
        let pending = Pending {
            new,
            caller: caller.clone(),
            told,
        };
        let writer: &SyncSender<Pending> = self
            .writer
            .get()
            .ok_or_else(|| Error::failed("nobody writes"))?;
        match writer.try_send(pending) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(super::queue_full(WAITING)),
            Err(TrySendError::Disconnected(_)) => Err(Error::failed("nobody writes any more")),
        }
    }

    fn commit(&self, batch: Vec<Pending>) {
        let (news, waiting): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|p| (p.new, (p.caller, p.told)))
            .unzip();
        match self.add_all(news.clone()) {
            Ok(added) => {
                for (added, (caller, told)) in added.into_iter().zip(waiting) {
                    self.note(&caller, "memory add", Some(&added.mind), "ok");
                    let _ = told.send(Ok(added));
                }
            }
            // One that cannot be taken takes nothing from the others.
            Err(e) if news.len() > 1 && e.error_code().status() < 500 => {
                for (new, (caller, told)) in news.into_iter().zip(waiting) {
                    let mind = new.mind.clone();
                    let added = self.add_all(vec![new]).and_then(|mut added| {
                        added
                            .pop()
                            .ok_or_else(|| Error::failed("the memory was not added"))
                    });
                    let outcome = added
                        .as_ref()
                        .map_or_else(|e| e.error_code().as_str(), |_| "ok");
                    self.note(&caller, "memory add", Some(&mind), outcome);
                    let _ = told.send(added);
                }
            }
            Err(e) => {
                let failure = Failure::from(e);
                for (new, (caller, told)) in news.into_iter().zip(waiting) {
                    self.note(
                        &caller,
                        "memory add",
                        Some(&new.mind),
                        failure.code.as_str(),
                    );
                    let _ = told.send(Err(failure.clone().into()));
                }
            }
        }
    }

    /// Who may add them was asked when each came.
    fn add_all(&self, new: Vec<NewMemory>) -> Result<Vec<Added>> {
        let request = AddMemories {
            new,
            now: clock::now(),
        }
        .into_request();
        let mut sink = Collected::default();
        self.answer(request, &Caller::owner("writer"), &mut sink)?;
        sink.reply
            .and_then(AddMemories::from_reply)
            .ok_or_else(|| Error::failed("the memories were not added").code(ErrorCode::Failed))
    }
}

/// Writes until nobody can ask for it any more.
fn write(service: &Weak<Service>, pending: &Receiver<Pending>) {
    while let Ok(first) = pending.recv() {
        let mut batch = vec![first];
        while batch.len() < LARGEST
            && let Ok(next) = pending.try_recv()
        {
            batch.push(next);
        }
        let Some(service) = service.upgrade() else {
            return;
        };
        service.commit(batch);
    }
}
