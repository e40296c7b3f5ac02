//! The figures codex promises, measured: `make bench`, or `make bench SIZES="10000 100000 1000000"`; `PARTS="diary daemon
//! postgres enrichment"` chooses among its parts.
//!
//! For each size a synthetic diary over two years is imported and lived through in a process of its own, then one more day is
//! ticked on top of it; the tables show how each figure grows with the history and where the time goes. PostgreSQL and the
//! models have parts of their own (`postgres`, `enrichment`).

mod diary;
mod enrichment;
mod postgres;
mod processes;
mod service;
mod stages;

use comfy_table::{CellAlignment, Table, presets};
use processes::{Process, fastest};
use service::Served;
use stages::{Lived, Ticked};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the stage that a child process measures.
const STAGE: &str = "CODEX_BENCH_STAGE";
/// Times a day's ticks are repeated; the fastest count, the others met other work on the machine.
const REPEATS: usize = 3;

/// What was measured on a diary of one size.
struct Figures {
    memories: u64,
    lived: Lived,
    ticked: Ticked,
    store_mib: f64,
    query: Process,
    served: Option<Served>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match (std::env::var(STAGE).as_deref(), arguments.as_slice()) {
        (Ok("live"), [store, file]) => {
            println!("{}", serde_json::to_string(&stages::live(store, file)?)?)
        }
        (Ok("tick"), [store, file]) => {
            println!("{}", serde_json::to_string(&stages::tick(store, file)?)?)
        }
        (Ok("exchange"), [store, file]) => {
            println!(
                "{}",
                serde_json::to_string(&postgres::exchange(store, file)?)?
            )
        }
        (Ok("publish"), [store, file]) => {
            println!(
                "{}",
                serde_json::to_string(&postgres::publish(store, file)?)?
            )
        }
        _ => measure_all()?,
    }
    Ok(())
}

fn measure_all() -> Result<(), Box<dyn Error>> {
    let sizes = std::env::var("SIZES").unwrap_or_default();
    let mut sizes: Vec<u64> = sizes
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    let folder = tempfile::Builder::new().prefix("codex-bench").tempdir()?;
    let parts = std::env::var("PARTS").unwrap_or_default();
    let wanted =
        |part: &str| parts.trim().is_empty() || parts.split_whitespace().any(|p| p == part);
    if wanted("postgres") {
        postgres::measure(folder.path())?;
    }
    if wanted("diary") || wanted("daemon") {
        measure_diaries(folder.path(), sizes, wanted("daemon"))?;
    }
    if wanted("enrichment") {
        print_enrichment(&enrichment::measure(folder.path())?);
    }
    Ok(())
}

fn measure_diaries(
    folder: &Path,
    sizes: Vec<u64>,
    with_daemon: bool,
) -> Result<(), Box<dyn Error>> {
    let processes = [
        ("codex --help", "40 ms", fastest(&["--help"])?),
        (
            "codex run, 15 trivial models",
            "70 ms, 60 MiB",
            processes::trivial_models(folder)?,
        ),
    ];
    let mut figures: Vec<Figures> = Vec::new();
    for memories in sizes {
        // One daemon is left alone for minutes: the first.
        let at_rest = figures.is_empty();
        figures.push(measure(folder, memories, with_daemon, at_rest)?);
    }
    print_machine(&figures);
    print_figures(&figures);
    for (name, goal, process) in processes {
        println!(
            "{name:30} {:.1} ms, peak memory {:.1} MiB (goal {goal})",
            process.ms, process.peak_mib
        );
    }
    println!();
    for f in &figures {
        print_models(f);
    }
    Ok(())
}

fn measure(
    folder: &Path,
    memories: u64,
    with_daemon: bool,
    at_rest: bool,
) -> Result<Figures, Box<dyn Error>> {
    let (file, next_day) = (folder.join("diary.jsonl"), folder.join("next.jsonl"));
    let store = folder.join(format!("{memories}.duckdb"));
    diary::write(&file, memories)?;
    diary::write_next_day(&next_day, 100)?;
    eprint!("{memories} memories ");
    let lived: Lived = child("live", &store, &file)?;
    let store_mib = std::fs::metadata(&store)?.len() as f64 / f64::from(1 << 20);
    eprintln!(" backfilled in {:.1} s", lived.backfill_ms / 1e3);
    let query = fastest(&[
        "--db",
        &store.to_string_lossy(),
        "query",
        "--text",
        "What did Marta say about the roof in Lisbon?",
    ])?;
    let served = with_daemon
        .then(|| service::measure(&store, at_rest))
        .transpose()?;
    let mut ticked: Option<Ticked> = None;
    for _ in 0..REPEATS {
        let copy = folder.join("tick.duckdb");
        std::fs::copy(&store, &copy)?;
        let again: Ticked = child("tick", &copy, &next_day)?;
        let sum = |t: &Ticked| t.working_ms + t.short_term_ms + t.hippocampal_ms;
        if ticked.as_ref().is_none_or(|t| sum(&again) < sum(t)) {
            ticked = Some(again);
        }
    }
    let ticked = ticked.ok_or("no tick was measured")?;
    Ok(Figures {
        memories,
        lived,
        ticked,
        store_mib,
        query,
        served,
    })
}

/// Runs a stage in a process of its own, so that its peak memory is its own too.
fn child<T: serde::de::DeserializeOwned>(
    stage: &str,
    store: &Path,
    file: &Path,
) -> Result<T, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .env(STAGE, stage)
        .arg(store)
        .arg(file)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the stage {stage} failed").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn print_enrichment(figures: &[enrichment::Figure]) {
    let mut table = table();
    table.set_header(["models", "measured", "goal"]);
    for (name, value, goal) in figures {
        table.add_row([*name, value, *goal]);
    }
    println!("{table}\n");
}

fn print_machine(figures: &[Figures]) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let read = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text
            .lines()
            .find(|l| l.starts_with(key))
            .unwrap_or_default();
        line.split_once(':')
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    println!(
        "processor  {} ({cores} cores)",
        read("/proc/cpuinfo", "model name")
    );
    println!("memory     {}", read("/proc/meminfo", "MemTotal"));
    println!(
        "DuckDB     {}",
        figures.first().map_or("", |f| &f.lived.duckdb)
    );
    println!(
        "codex      {}, {}\n",
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
}

/// One figure: what it is, its goal, and its value for each size.
struct Row {
    name: &'static str,
    goal: &'static str,
    values: Vec<Option<f64>>,
    unit: &'static str,
}

fn print_figures(figures: &[Figures]) {
    let row = |name, goal, unit, value: &dyn Fn(&Figures) -> Option<f64>| Row {
        name,
        goal,
        unit,
        values: figures.iter().map(value).collect(),
    };
    let rows = [
        row("import", "", "s", &|f| Some(f.lived.import_ms / 1e3)),
        row("enrichment by rules", "", "s", &|f| {
            Some(f.lived.enrich_ms / 1e3)
        }),
        row(
            "backfill, all cycles",
            "120 s at 100,000; at most 12x",
            "s",
            &|f| Some(f.lived.backfill_ms / 1e3),
        ),
        row("  per night", "", "ms", &|f| {
            Some(f.lived.backfill_ms / f.lived.nights.max(1) as f64)
        }),
        row("the three together", "120 s at 100,000", "s", &|f| {
            Some((f.lived.import_ms + f.lived.enrich_ms + f.lived.backfill_ms) / 1e3)
        }),
        row("  processor time", "", "s", &|f| Some(f.lived.cpu_s)),
        row("  peak memory", "2048 MiB at 100,000", "MiB", &|f| {
            Some(f.lived.peak_mib)
        }),
        row("  store", "", "MiB", &|f| Some(f.store_mib)),
        row("open a store", "", "ms", &|f| Some(f.ticked.open_ms)),
        row("working tick, 100 new", "", "ms", &|f| {
            Some(f.ticked.working_ms)
        }),
        row("short_term tick", "200 ms; at most 1.5x", "ms", &|f| {
            Some(f.ticked.short_term_ms)
        }),
        row("hippocampal cycle", "1000 ms; at most 1.5x", "ms", &|f| {
            Some(f.ticked.hippocampal_ms)
        }),
        row("working-memory view", "50 ms; at most 1.5x", "ms", &|f| {
            Some(f.ticked.view_ms)
        }),
        row("codex query, cold", "150 ms at 10,000", "ms", &|f| {
            Some(f.query.ms)
        }),
        row("  peak memory", "", "MiB", &|f| Some(f.query.peak_mib)),
        row(
            "daemon, until it answers",
            "500 ms at 100,000",
            "ms",
            &|f| Some(f.served.as_ref()?.start_ms),
        ),
        row("  at rest, of a core", "0.5 % at 10,000", "%", &|f| {
            Some(f.served.as_ref()?.rest.as_ref()?.percent)
        }),
        row("  at rest, memory", "80 MiB at 10,000", "MiB", &|f| {
            Some(f.served.as_ref()?.rest.as_ref()?.mib)
        }),
        row("  a command through its socket", "3 ms", "ms", &|f| {
            Some(f.served.as_ref()?.overhead_ms)
        }),
    ];
    let mut table = table();
    let mut header = vec!["figure".to_owned()];
    header.extend(figures.iter().map(|f| format!("{} memories", f.memories)));
    header.extend(["growth".to_owned(), "goal".to_owned()]);
    table.set_header(header);
    for row in rows {
        let mut cells = vec![row.name.to_owned()];
        cells.extend(
            row.values
                .iter()
                .map(|v| v.map_or("-".to_owned(), |v| format!("{} {}", shown(v), row.unit))),
        );
        cells.push(growth(&row.values));
        cells.push(row.goal.to_owned());
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1).take(figures.len() + 1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}\n");
}

/// With a decimal, or two where it is small.
fn shown(value: f64) -> String {
    let decimals = if value < 1.0 { 2 } else { 1 };
    format!("{value:.decimals$}")
}

/// How much the last size needs of what the one before it needed.
fn growth(values: &[Option<f64>]) -> String {
    match values {
        [.., Some(before), Some(after)] if *before > 0.0 => format!("{:.1}x", after / before),
        _ => String::new(),
    }
}

fn print_models(figures: &Figures) {
    let in_ledger: f64 = figures.lived.models.iter().map(|m| m.total_ms).sum();
    println!(
        "Backfill of {} memories: {:.1} s in the models of {} nights' ledger rows, {:.1} s elsewhere (passes over many days, planning, commits)",
        figures.memories,
        in_ledger / 1e3,
        figures.lived.nights,
        (figures.lived.backfill_ms - in_ledger) / 1e3
    );
    let mut table = table();
    table.set_header([
        "model",
        "cycle",
        "total",
        "share",
        "runs",
        "first tenth",
        "last tenth",
        "growth",
        "tick",
    ]);
    for model in figures.lived.models.iter().take(20) {
        let ticked = figures
            .ticked
            .models
            .iter()
            .find(|t| t.model == model.model);
        table.add_row([
            model.model.clone(),
            model.cycle.clone(),
            format!("{:.1} s", model.total_ms / 1e3),
            format!(
                "{:.0} %",
                100.0 * model.total_ms / figures.lived.backfill_ms
            ),
            model.runs.to_string(),
            format!("{:.1} ms", model.early_ms),
            format!("{:.1} ms", model.late_ms),
            growth(&[Some(model.early_ms), Some(model.late_ms)]),
            ticked.map_or(String::new(), |t| format!("{:.1} ms", t.late_ms)),
        ]);
    }
    println!("{table}\n");
    for model in figures.ticked.models.iter().take(12) {
        println!(
            "  tick: {:12} {:28} {:6.1} ms",
            model.cycle, model.model, model.total_ms
        );
    }
    println!();
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table
}
