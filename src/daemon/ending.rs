//! Signals, and the end: what is under way is given its time, then interrupted.

use super::instance::{Daemon, spawn};
use super::server;
use crate::error::{Error, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long what was interrupted may take to end.
const LAST_WORDS: Duration = Duration::from_secs(10);

impl Daemon {
    pub(super) fn hear_signals(self: &Arc<Daemon>) -> Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |e: std::io::Error| Error::failed(format!("signals cannot be heard: {e}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(failed)?;
        let guard = runtime.enter();
        let mut term = signal(SignalKind::terminate()).map_err(failed)?;
        let mut int = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut hup = signal(SignalKind::hangup()).map_err(failed)?;
        drop(guard);
        let daemon = self.clone();
        spawn("signals", move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = term.recv() => daemon.stop("SIGTERM"),
                        _ = int.recv() => daemon.stop("SIGINT"),
                        _ = hup.recv() => daemon.reload_aside(),
                    }
                }
            });
        })?;
        Ok(())
    }

    /// Reloads on a thread of its own: it may wait for those at work, and the next signal is heard meanwhile.
    fn reload_aside(self: &Arc<Daemon>) {
        let daemon = self.clone();
        let begun = spawn("reload", move || {
            if let Err(e) = daemon.reload() {
                tracing::error!(error = %e, "not reloaded: what was in force stays in force");
            }
        });
        if let Err(e) = begun {
            tracing::error!(error = %e, "not reloaded");
        }
    }

    fn stop(&self, signal: &str) {
        tracing::info!(signal, "stopping");
        let guard = self.scheduler();
        self.service.stop();
        drop(guard);
        self.bell.notify_all();
    }

    /// How long stopping leaves to what is under way.
    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.config().settings.daemon.grace))
    }

    /// Leaves what is under way its time, then interrupts it.
    pub(super) fn end(&self) {
        server::wake(&self.socket);
        let grace = self.grace();
        if self.ended_within(grace, || ()) {
            return;
        }
        for running in self.running() {
            tracing::warn!(
                what = running.what,
                "interrupted, since it did not end in time"
            );
        }
        let stop = || {
            for running in self.running() {
                running.interrupt.stop();
            }
        };
        if !self.ended_within(LAST_WORDS, stop) {
            tracing::error!("something did not end; the store is as after a kill, which is well");
            let _ = std::fs::remove_file(&self.socket);
            std::process::exit(1);
        }
    }

    fn ended_within(&self, time: Duration, meanwhile: impl Fn()) -> bool {
        let started = Instant::now();
        while !self.running().is_empty() {
            if started.elapsed() > time {
                return false;
            }
            meanwhile();
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}
