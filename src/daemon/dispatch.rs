//! The looks of rhythms: cycles one after another, jobs each on a thread of its own.

use super::instance::{Daemon, spawn};
use super::jobs;
use super::rhythms::{Rhythm, Work};
use super::scheduler::Outcome;
use crate::clock;
use crate::engine::ConsolidateReport;
use crate::error::Error;
use crate::service::{Limit, RHYTHM};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

impl Daemon {
    pub(super) fn dispatch(self: &Arc<Daemon>, name: &str, looks: &Sender<String>) {
        let work = self.rhythm(name).map(|rhythm| rhythm.work);
        let sent = match work {
            Some(Work::Cycle(_)) => looks.send(name.to_owned()).is_ok(),
            // A job may wait for a network: it has a thread of its own.
            Some(Work::Job(_)) => {
                let (daemon, name) = (self.clone(), name.to_owned());
                spawn("job", move || daemon.run_rhythm(&name)).is_ok()
            }
            None => false,
        };
        if !sent {
            let outcome = Outcome::Failed("it could not be started".to_owned());
            self.scheduler().finished(name, clock::now(), outcome);
        }
    }

    /// Runs what is due, one after another, in the order it became due.
    pub(super) fn run_cycles(&self, due: &Receiver<String>) {
        for name in due {
            if self.is_stopping() {
                continue;
            }
            self.run_rhythm(&name);
        }
    }

    fn run_rhythm(&self, name: &str) {
        let Some(rhythm) = self.rhythm(name) else {
            return;
        };
        let settings = self.config().settings.daemon;
        let deadline = rhythm.deadline.unwrap_or(settings.deadline);
        let what = format!("{RHYTHM}{name}");
        let limit = Limit::of(Duration::from_secs(u64::from(deadline)));
        let overrun = limit.overrun.clone();
        let started = Instant::now();
        let done = self
            .service
            .under_way(&what, Some(limit), |interrupt| match &rhythm.work {
                Work::Cycle(cycle) => self
                    .shared
                    .look(*cycle, clock::now(), interrupt)
                    .map(|found| found.as_ref().map(describe)),
                Work::Job(job) => match jobs::find(job) {
                    Some(job) if !(job.wanted)(&self.config()) => Ok(None),
                    Some(job) => {
                        let config = self.config();
                        self.shared.work_beside(interrupt, |engine| {
                            (job.run)(engine, &config, clock::now())
                        })
                    }
                    None => Err(Error::failed(format!("there is no job '{job}'"))),
                },
            });
        let seconds = started.elapsed().as_secs_f64();
        let outcome = match done {
            Ok(None) => Outcome::Nothing,
            Ok(Some(did)) => {
                tracing::info!(rhythm = name, seconds, "{did}");
                Outcome::Did(did)
            }
            Err(e) if overrun.load(Ordering::SeqCst) => {
                tracing::error!(rhythm = name, seconds, error = %e, "a look took longer than its deadline and was interrupted");
                Outcome::Failed(format!("interrupted at its deadline of {deadline} s"))
            }
            Err(e) if self.is_stopping() => {
                tracing::warn!(rhythm = name, seconds, error = %e, "interrupted by the end of the daemon");
                Outcome::Failed(e.to_string())
            }
            Err(e) => {
                tracing::error!(rhythm = name, seconds, error = %e, "a look failed");
                Outcome::Failed(e.to_string())
            }
        };
        self.scheduler().finished(name, clock::now(), outcome);
        self.read_zones();
        self.bell.notify_all();
    }

    fn rhythm(&self, name: &str) -> Option<Rhythm> {
        let scheduler = self.scheduler();
        let beat = scheduler.beats().iter().find(|b| b.rhythm.name == name)?;
        Some(beat.rhythm.clone())
    }
}

/// What a look did, in a line.
fn describe(found: &ConsolidateReport) -> String {
    let count = |n: u64, one: &str, many: &str| {
        (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
    };
    let parts: Vec<String> = [
        count(found.nights, "night", "nights"),
        count(found.steps, "step of sleep", "steps of sleep"),
        count(found.ticks, "tick by day", "ticks by day"),
        count(found.relived, "mind lived anew", "minds lived anew"),
        count(
            found.taken_back.len() as u64,
            "mind lived anew without the nights of a wrong clock",
            "minds lived anew without the nights of a wrong clock",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.join(", ")
}
