//! Answering: a thread for every connection, and one that hears when the client hangs up.

use super::instance::Daemon;
use super::protocol::{Call, ControlCommand, Hello, Message, receive, send};
use super::socket::is_of_this_user;
use crate::engine::request::Failure;
use crate::engine::{Interrupt, Progress, Reply, Request, RequestContext, lock};
use crate::error::{Error, ErrorCode, Result};
use crate::service::{Caller, ReplySink};
use std::io::BufReader;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a client may take to say hello, or to take in what it is told.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two words about how far something is.
const BREATH: Duration = Duration::from_millis(50);
/// Time between two tries to interrupt what nobody wants any more.
const INSIST: Duration = Duration::from_millis(20);

/// Takes connections until the daemon stops.
pub(super) fn serve(daemon: &Arc<Daemon>, listener: &UnixListener) {
    for stream in listener.incoming() {
        if daemon.is_stopping() {
            break;
        }
        let stream = match stream {
            Ok(stream) => stream,
            Err(e) => {
                tracing::warn!(error = %e, "a connection could not be taken");
                // Out of file descriptors, for one, it would fail again at once.
                std::thread::sleep(INSIST);
                continue;
            }
        };
        let daemon = daemon.clone();
        let started = std::thread::Builder::new()
            .name("client".to_owned())
            .spawn(move || {
                if let Err(e) = converse(&daemon, stream) {
                    tracing::debug!(error = %e, "a connection ended");
                }
            });
        if let Err(e) = started {
            tracing::error!(error = %e, "no thread can be started for a client");
        }
    }
}

/// Has [`serve`] look whether the daemon stops.
pub(super) fn wake(socket: &Path) {
    let _ = UnixStream::connect(socket);
}

/// Whether the client is still there, and what it waits for.
#[derive(Default)]
struct Line {
    gone: AtomicBool,
    asked: Mutex<Option<Arc<Interrupt>>>,
}

fn converse(daemon: &Arc<Daemon>, stream: UnixStream) -> Result<()> {
    let broken = |e: std::io::Error| Error::unavailable(format!("the connection broke: {e}"));
    if !is_of_this_user(&stream) {
        return Err(Error::usage("somebody else's process was turned away"));
    }
    stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(broken)?;
    let mut from = BufReader::new(stream.try_clone().map_err(broken)?);
    let mut to = stream;
    send(&mut to, &Hello::with(&daemon.config()))?;
    match receive::<Hello>(&mut from)? {
        Some(hello) if hello.understands(&Hello::mine()) => {}
        // It has read our hello and knows why.
        _ => return Ok(()),
    }
    to.set_read_timeout(None).map_err(broken)?;
    let line = Arc::new(Line::default());
    let (calls, received) = channel();
    {
        let line = line.clone();
        std::thread::Builder::new()
            .name("hearing".to_owned())
            .spawn(move || hear(&mut from, &calls, &line))
            .map_err(broken)?;
    }
    for call in received {
        let message = match call {
            Ok(Call::Ask { request, caller }) => answer(daemon, *request, caller, &line, &mut to),
            Ok(Call::ControlCommand(order)) => obey(daemon, order).map(Some),
            Err(e) => Err(e.hint("`codex daemon restart` may help")),
        };
        daemon.service.count_answer();
        let message = message.unwrap_or_else(|e| Some(Message::Failed(Failure::from(e))));
        if line.gone.load(Ordering::SeqCst) {
            break;
        }
        if let Some(message) = message {
            send(&mut to, &message)?;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    Ok(())
}

/// Reads what the client says. When it hangs up, what it asked is interrupted until that has ended.
fn hear(from: &mut BufReader<UnixStream>, calls: &Sender<Result<Call>>, line: &Line) {
    loop {
        let call = receive::<Call>(from).transpose();
        let is_last = match call {
            Some(Ok(call)) => calls.send(Ok(call)).is_err(),
            Some(Err(e)) => calls.send(Err(e)).is_err() || !is_open(from),
            None => true,
        };
        if is_last {
            break;
        }
    }
    line.gone.store(true, Ordering::SeqCst);
    loop {
        // Whoever answers wants to say that it has: nothing is held while this waits.
        let asked = lock(&line.asked).clone();
        let Some(interrupt) = asked else { break };
        interrupt.stop();
        std::thread::sleep(INSIST);
    }
}

fn is_open(from: &BufReader<UnixStream>) -> bool {
    from.get_ref().take_error().is_ok_and(|e| e.is_none()) && from.get_ref().peer_addr().is_ok()
}

/// Hands the call to the service. What is left to be said otherwise is returned.
fn answer(
    daemon: &Arc<Daemon>,
    request: Request,
    context: RequestContext,
    line: &Line,
    to: &mut UnixStream,
) -> Result<Option<Message>> {
    let caller = Caller {
        context: Some(context),
        ..Caller::owner("socket")
    };
    let mut sink = Spoken {
        line,
        to,
        last: None,
    };
    let done = daemon.service.call(request, &caller, &mut sink);
    // Also where a mistake ended it.
    *lock(&line.asked) = None;
    match done {
        Ok(()) => Ok(None),
        Err(e) if e.error_code() == ErrorCode::Stopping => Ok(Some(Message::Stopping)),
        Err(e) => Err(e),
    }
}

/// Tells the client how far its call is, and sends the reply.
struct Spoken<'a> {
    line: &'a Line,
    to: &'a mut UnixStream,
    /// When it last heard something.
    last: Option<Instant>,
}

impl ReplySink for Spoken<'_> {
    fn begin(&mut self, interrupt: &Arc<Interrupt>) {
        *lock(&self.line.asked) = Some(interrupt.clone());
        if self.line.gone.load(Ordering::SeqCst) {
            interrupt.stop();
        }
    }

    fn progress(&mut self, progress: Progress, interrupt: &Interrupt) {
        let every_one = matches!(progress, Progress::Node { .. });
        if !every_one && self.last.is_some_and(|last| last.elapsed() < BREATH) {
            return;
        }
        self.last = Some(Instant::now());
        // One who does not listen has gone, or may as well have.
        if send(self.to, &Message::Progress(progress)).is_err() {
            interrupt.stop();
        }
    }

    fn deliver(&mut self, reply: Reply) -> Result<()> {
        *lock(&self.line.asked) = None;
        match self.line.gone.load(Ordering::SeqCst) {
            true => Ok(()),
            false => send(self.to, &Message::Reply(reply)),
        }
    }
}

fn obey(daemon: &Daemon, order: ControlCommand) -> Result<Message> {
    match order {
        ControlCommand::Status => Ok(Message::Status(Box::new(daemon.status()))),
        ControlCommand::Reload => daemon.reload().map(Message::Told),
    }
}
