//! Whole processes of codex: how long they take, and how much memory they hold.

use crate::stages;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Times a process is repeated; the fastest counts, the others met other work on the machine.
const REPEATS: usize = 9;
/// Models of the trivial project.
const MODELS: usize = 15;

/// What a process of codex needed.
pub struct Process {
    pub ms: f64,
    pub peak_mib: f64,
}

/// The fastest of some runs of codex with these arguments.
pub fn fastest(arguments: &[&str]) -> Result<Process, Box<dyn Error>> {
    let mut best = Process {
        ms: f64::INFINITY,
        peak_mib: 0.0,
    };
    for _ in 0..REPEATS {
        let again = once(arguments)?;
        best = Process {
            ms: best.ms.min(again.ms),
            peak_mib: best.peak_mib.max(again.peak_mib),
        };
    }
    Ok(best)
}

/// `codex run` on a project of fifteen models, each a `select` from the one before, in a store that is there.
pub fn trivial_models(folder: &Path) -> Result<Process, Box<dyn Error>> {
    let project = folder.join("trivial");
    let sql = project.join("sql/chain");
    fs::create_dir_all(&sql)?;
    fs::create_dir_all(project.join("pipeline"))?;
    let mut yaml = String::from("version: 1\nstage: chain\nmodels:\n");
    for i in 1..=MODELS {
        yaml += &format!("  - name: link_{i}\n    config: {{materialized: table}}\n");
        let query = match i {
            1 => "SELECT 1 AS id".to_owned(),
            _ => format!("SELECT id + 1 AS id FROM {{{{ ref('link_{}') }}}}", i - 1),
        };
        fs::write(sql.join(format!("link_{i}.sql")), query)?;
    }
    fs::write(project.join("pipeline/chain.yaml"), yaml)?;
    let store = folder.join("trivial.duckdb");
    fastest(&[
        "--project-dir",
        &project.to_string_lossy(),
        "--db",
        &store.to_string_lossy(),
        "run",
    ])
}

/// Runs codex once.
pub fn once(arguments: &[&str]) -> Result<Process, Box<dyn Error>> {
    let started = Instant::now();
    let mut running = Command::new(env!("CARGO_BIN_EXE_codex"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", running.id());
    let mut peak_mib: f64 = 0.0;
    let exit = loop {
        let status = fs::read_to_string(&status).unwrap_or_default();
        peak_mib = peak_mib.max(stages::mib_of(&status, "VmHWM"));
        match running.try_wait()? {
            Some(exit) => break exit,
            None => std::thread::sleep(Duration::from_micros(500)),
        }
    };
    if !exit.success() {
        return Err(format!("codex {} ended with {exit}", arguments.join(" ")).into());
    }
    Ok(Process {
        ms: started.elapsed().as_secs_f64() * 1e3,
        peak_mib,
    })
}
