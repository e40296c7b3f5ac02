//! Talking to the daemon that owns a store.

use super::protocol::{Call, ControlCommand, Hello, Message, receive, send};
use super::status::DaemonStatus;
use crate::config::Digests;
use crate::engine::request::RemoteOperation;
use crate::engine::{Holder, Progress, RequestContext};
use crate::error::{Error, Result};
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a daemon may take to say hello: it does so before anything else.
const HELLO: Duration = Duration::from_secs(5);

/// What is found beside a store.
#[derive(Debug)]
pub enum Probe {
    /// A daemon that understands this codex.
    Ready(Client),
    /// A daemon of another version.
    NeedsRestart(Hello),
    /// None: there never was one, or it has gone.
    Unreachable,
}

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    from: BufReader<UnixStream>,
    to: UnixStream,
    daemon: Hello,
}

impl Probe {
    /// Looks for a daemon that owns the store at `database`, a canonical path.
    pub fn of(database: &Path) -> Probe {
        let Some(socket) = Holder::of(database).socket else {
            return Probe::Unreachable;
        };
        Client::greet(&socket).unwrap_or(Probe::Unreachable)
    }

    /// The connection, where there is a daemon.
    ///
    /// # Errors
    /// Unavailable when it is of another version.
    pub fn client(self) -> Result<Option<Client>> {
        match self {
            Probe::Ready(client) => Ok(Some(client)),
            Probe::Unreachable => Ok(None),
            Probe::NeedsRestart(hello) => Err(other_version(&hello)),
        }
    }
}

/// The error of one who finds a daemon of another version.
fn other_version(hello: &Hello) -> Error {
    let mine = Hello::mine();
    Error::unavailable(format!(
        "the daemon (pid {}) is codex {} (protocol {}), this is codex {} (protocol {})",
        hello.pid, hello.version, hello.protocol, mine.version, mine.protocol
    ))
    .hint("`codex daemon restart` replaces it by this one")
}

impl Client {
    fn greet(socket: &Path) -> Result<Probe> {
        let gone = |e: std::io::Error| Error::unavailable(format!("{}: {e}", socket.display()));
        let mut to = UnixStream::connect(socket).map_err(gone)?;
        to.set_read_timeout(Some(HELLO)).map_err(gone)?;
        to.set_write_timeout(Some(HELLO)).map_err(gone)?;
        let mut from = BufReader::new(to.try_clone().map_err(gone)?);
        send(&mut to, &Hello::mine())?;
        let Some(daemon) = receive::<Hello>(&mut from)? else {
            return Ok(Probe::Unreachable);
        };
        if !Hello::mine().understands(&daemon) {
            return Ok(Probe::NeedsRestart(daemon));
        }
        to.set_read_timeout(None).map_err(gone)?;
        to.set_write_timeout(None).map_err(gone)?;
        Ok(Probe::Ready(Client { from, to, daemon }))
    }

    /// The daemon's process.
    pub fn pid(&self) -> u32 {
        self.daemon.pid
    }

    /// What the daemon works with.
    pub fn settings(&self) -> &Digests {
        &self.daemon.settings
    }

    /// Asks the store; `on_progress` is called with how far the answer is. Dropping the client on the way interrupts it. None when the daemon
    /// is about to stop, and has not begun.
    ///
    /// # Errors
    /// Unavailable when the daemon stops before it answers; the question's own.
    pub fn ask<A: RemoteOperation>(
        &mut self,
        question: A,
        caller: RequestContext,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<A::Answer>> {
        let request = Box::new(question.into_request());
        send(&mut self.to, &Call::Ask { request, caller })?;
        loop {
            match self.hear()? {
                Message::Progress(progress) => on_progress(progress),
                Message::Reply(reply) => {
                    let answer = A::from_reply(reply);
                    return answer
                        .map(Some)
                        .ok_or_else(|| Error::failed("the daemon answered another question"));
                }
                Message::Failed(failure) => return Err(failure.into()),
                Message::Stopping => return Ok(None),
                Message::Status(_) | Message::Told(_) => {
                    return Err(Error::failed("the daemon answered another question"));
                }
            }
        }
    }

    /// How the daemon is.
    ///
    /// # Errors
    /// Unavailable when it stops before it answers.
    pub fn status(&mut self) -> Result<DaemonStatus> {
        match self.order(ControlCommand::Status)? {
            Message::Status(status) => Ok(*status),
            _ => Err(Error::failed("the daemon answered another question")),
        }
    }

    /// The same, if it says so soon: what it is about to be told does not wait for one that hangs.
    pub(super) fn status_soon(&mut self) -> Option<DaemonStatus> {
        self.to.set_read_timeout(Some(HELLO)).ok()?;
        let status = self.status().ok();
        self.to.set_read_timeout(None).ok()?;
        status
    }

    /// Has the daemon do something; it says what became of it.
    ///
    /// # Errors
    /// Unavailable when it stops before it answers; the order's own.
    pub fn tell(&mut self, order: ControlCommand) -> Result<String> {
        match self.order(order)? {
            Message::Told(text) => Ok(text),
            _ => Err(Error::failed("the daemon answered another question")),
        }
    }

    fn order(&mut self, order: ControlCommand) -> Result<Message> {
        send(&mut self.to, &Call::ControlCommand(order))?;
        match self.hear()? {
            Message::Failed(failure) => Err(failure.into()),
            message => Ok(message),
        }
    }

    fn hear(&mut self) -> Result<Message> {
        let stopped = || {
            Error::unavailable("the daemon stopped before it answered")
                .hint("run the command again; `codex daemon logs` says more")
        };
        receive(&mut self.from)?.ok_or_else(stopped)
    }
}
