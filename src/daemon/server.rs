//! Answering: a thread for every connection, and one that hears when the client hangs up.

use super::instance::Daemon;
use super::protocol::{Call, ControlCommand, Hello, Message, receive, send};
use super::socket::is_of_this_user;
use crate::engine::request::Failure;
use crate::engine::{Interrupt, Progress, Request, RequestContext, lock};
use crate::error::{Error, Result};
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
            Ok(Call::Ask { request, caller }) => answer(daemon, *request, &caller, &line, &mut to),
            Ok(Call::ControlCommand(order)) => obey(daemon, order).map(Some),
            Err(e) => Err(e.hint("`codex daemon restart` may help")),
        };
        daemon.answered.fetch_add(1, Ordering::Relaxed);
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

/// Answers, and sends the answer while it still counts as under way: a daemon that stops lets it arrive. What is left to be said
/// otherwise is returned.
fn answer(
    daemon: &Arc<Daemon>,
    request: Request,
    caller: &RequestContext,
    line: &Line,
    to: &mut UnixStream,
) -> Result<Option<Message>> {
    let command = request.command();
    let started = Instant::now();
    let answered = daemon.under_way(command, None, |interrupt| {
        if daemon.is_stopping() {
            return Ok(Some(Message::Stopping));
        }
        *lock(&line.asked) = Some(interrupt.clone());
        if line.gone.load(Ordering::SeqCst) {
            interrupt.stop();
        }
        let mut last: Option<Instant> = None;
        let mut tell = |progress: Progress| {
            let every_one = matches!(progress, Progress::Node { .. });
            if !every_one && last.is_some_and(|last| last.elapsed() < BREATH) {
                return;
            }
            last = Some(Instant::now());
            // One who does not listen has gone, or may as well have.
            if send(to, &Message::Progress(progress)).is_err() {
                interrupt.stop();
            }
        };
        let answer = daemon.shared.answer(request, caller, interrupt, &mut tell);
        *lock(&line.asked) = None;
        let mut reply = answer?;
        daemon.add_to(&mut reply);
        if !line.gone.load(Ordering::SeqCst) {
            send(to, &Message::Reply(reply))?;
        }
        Ok(None)
    });
    // Also where a mistake ended it.
    *lock(&line.asked) = None;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    match &answered {
        Ok(_) => tracing::debug!(command, ms, "answered"),
        Err(e) => tracing::info!(command, ms, error = %e, "not answered"),
    }
    answered
}

fn obey(daemon: &Daemon, order: ControlCommand) -> Result<Message> {
    match order {
        ControlCommand::Status => Ok(Message::Status(Box::new(daemon.status()))),
        ControlCommand::Reload => daemon.reload().map(Message::Told),
    }
}
