//! What the daemon costs beside a store: until it answers, at rest, and between a command and its answer.

use crate::processes::once;
use crate::stages;
use codex_dreams::daemon::{Probe, Session};
use codex_dreams::engine::request::SelectTable;
use codex_dreams::project::ProjectSource;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a daemon is left alone before its rest is measured: it looks at everything once when it starts.
const SETTLING: Duration = Duration::from_secs(35);
/// How long its rest is measured: a look of every rhythm by day but the hourly one.
const RESTING: Duration = Duration::from_secs(310);
const QUESTIONS: usize = 200;

/// What was measured of a daemon.
pub struct Served {
    pub start_ms: f64,
    pub overhead_ms: f64,
    /// Only where it was left alone for long enough.
    pub rest: Option<Rest>,
}

/// A daemon that is asked nothing.
pub struct Rest {
    /// Of a core.
    pub percent: f64,
    pub mib: f64,
}

/// Starts a daemon for `store` and stops it again; with `at_rest`, after leaving it alone for minutes.
pub fn measure(store: &Path, at_rest: bool) -> Result<Served, Box<dyn Error>> {
    let store = fs::canonicalize(store)?;
    let path = store.to_string_lossy().into_owned();
    let codex = |arguments: &[&str]| once(&[&["--db", &path], arguments].concat());
    let start_ms = codex(&["daemon", "start"])?.ms;
    let rest = at_rest.then(|| resting(&store)).transpose();
    let overhead_ms = overhead(&store);
    codex(&["daemon", "stop"])?;
    Ok(Served {
        start_ms,
        overhead_ms: overhead_ms?,
        rest: rest?,
    })
}

fn resting(store: &Path) -> Result<Rest, Box<dyn Error>> {
    let pid = Probe::of(store)
        .client()?
        .ok_or("the daemon does not answer")?
        .pid();
    sleep(SETTLING);
    let busy = || stages::cpu_seconds_of(&format!("/proc/{pid}/stat"));
    let (before, started) = (busy(), Instant::now());
    sleep(RESTING);
    Ok(Rest {
        percent: 100.0 * (busy() - before) / started.elapsed().as_secs_f64(),
        mib: stages::mib_of(&fs::read_to_string(format!("/proc/{pid}/status"))?, "VmRSS"),
    })
}

/// Milliseconds between a command and its answer: it looks for the owner, greets and asks. The query itself takes DuckDB a fraction
/// of a millisecond.
fn overhead(store: &Path) -> Result<f64, Box<dyn Error>> {
    let mut each = Vec::with_capacity(QUESTIONS);
    for _ in 0..QUESTIONS {
        let (config, project) = stages::configuration(store)?;
        let mut session = Session::new(config, project, ProjectSource::Embedded);
        let query = "SELECT 42".to_owned();
        let (answer, ms) = stages::timed(|| {
            session.ask(
                SelectTable {
                    query: query.as_str().into(),
                },
                &mut |_| (),
            )
        });
        answer?;
        each.push(ms);
    }
    each.sort_by(f64::total_cmp);
    Ok(each[QUESTIONS / 2])
}
