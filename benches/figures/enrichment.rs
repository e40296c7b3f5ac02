//! What models cost: against a server that answers at once, so that what is measured is codex; and the local model, where it is there.

#[path = "../../tests/ollama/server.rs"]
#[allow(dead_code, reason = "the faults are for tests")]
mod server;

use crate::diary;
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::engine::{
    EmbedRequest, Engine, EnrichRequest, EnrichWhat, ImportOptions, Question, parse_time_zone,
};
use codex_dreams::enrich::embeddings::LocalModel;
use codex_dreams::project::{Project, ProjectSource};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const MEMORIES: u64 = 10_000;
/// Memories that the language model reads; each is a request.
const READ: u64 = 2_000;
/// Texts the local model embeds.
const EMBEDDED: usize = 512;

/// A figure: what it is, its value, its goal.
pub type Figure = (&'static str, String, &'static str);

/// Measures on a diary of ten thousand memories.
pub fn measure(folder: &Path) -> Result<Vec<Figure>, Box<dyn Error>> {
    let file = folder.join("enrichment.jsonl");
    diary::write(&file, MEMORIES)?;
    let server = server::Server::with(&["gpt-oss:20b", "nomic-embed-text"]);
    server.dimension(384);
    let mut engine = open(&folder.join("enrichment.duckdb"), &server.url(), folder)?;
    let options = ImportOptions {
        paths: vec![file.clone()],
        mind: None,
        time_zone: parse_time_zone("UTC")?,
        source: None,
        dry_run: false,
        ..ImportOptions::default()
    };
    engine.import(&options, |_| ())?;
    let mut figures: Vec<Figure> = Vec::new();

    let started = Instant::now();
    let report = engine.embed(&EmbedRequest::default(), |_| ())?;
    let seconds = started.elapsed().as_secs_f64();
    if report.embedded != MEMORIES {
        return Err(format!("{} of {MEMORIES} memories were embedded", report.embedded).into());
    }
    figures.push((
        "embedding 10,000 through a server that answers at once",
        format!("{seconds:.1} s"),
        "10 s",
    ));

    let request = EnrichRequest {
        limit: Some(READ),
        only: Some(EnrichWhat::Memories),
        ..EnrichRequest::default()
    };
    let started = Instant::now();
    let report = engine.enrich_pending_tasks(&request, |_| ())?.memories;
    let each = started.elapsed().as_secs_f64() * 1e3 / report.answered.max(1) as f64;
    figures.push((
        "overhead a memory read by such a server",
        format!("{each:.2} ms"),
        "5 ms",
    ));

    let texts: Vec<String> = std::fs::read_to_string(&file)?
        .lines()
        .step_by(MEMORIES as usize / EMBEDDED)
        .filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line).ok()?["content"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    let Some(dir) = local_model() else {
        println!(
            "all-MiniLM-L6-v2 is not there (scripts/minilm.sh fetches it): the local model was not measured"
        );
        return Ok(figures);
    };
    let started = Instant::now();
    let model = LocalModel::load(&dir)?;
    figures.push((
        "loading all-MiniLM-L6-v2",
        format!("{:.0} ms", started.elapsed().as_secs_f64() * 1e3),
        "",
    ));
    model.embed(&texts[..8])?;
    let mut seconds = f64::INFINITY;
    for _ in 0..3 {
        let started = Instant::now();
        model.embed(&texts)?;
        seconds = seconds.min(started.elapsed().as_secs_f64());
    }
    let rate = texts.len() as f64 / seconds;
    let (beside, goal) = match pytorch_rate(&dir, &texts)? {
        Some(pytorch) => (
            format!(", {:.2} of PyTorch's {pytorch:.0}/s", rate / pytorch),
            "half of PyTorch's",
        ),
        None => (
            String::new(),
            "half of PyTorch's; PYTORCH=a python with sentence-transformers measures it too",
        ),
    };
    figures.push((
        "all-MiniLM-L6-v2, memories embedded",
        format!("{rate:.0}/s{beside}"),
        goal,
    ));

    // Ten thousand vectors of that length are there; the questions are embedded by the real model. A checkpoint takes out the
    // vectors that the update has left behind.
    engine.warehouse().conn().execute_batch(
        "UPDATE enrichment.vectors SET model = 'local:all-minilm-l6-v2';
         UPDATE codex.meta SET value = 'local:all-minilm-l6-v2' WHERE key = 'embedding_model';
         CHECKPOINT",
    )?;
    let mind = engine.mind("default")?;
    let mut best = f64::INFINITY;
    for text in [
        "What did Marta say about the roof in Lisbon?",
        "When was the garden planted?",
        "Who repaired the server?",
    ]
    .iter()
    .cycle()
    .take(9)
    {
        let question = Question::new(text, mind.id, diary::midnight(diary::DAYS + 1));
        let started = Instant::now();
        let answer = engine.query_batch(std::slice::from_ref(&question))?;
        if answer[0].results.is_empty() || !answer[0].notes.is_empty() {
            return Err(format!(
                "the question was not answered as it should be: {:?}",
                answer[0].notes
            )
            .into());
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e3);
    }
    figures.push((
        "question embedded and hybrid recall at 10,000, warm",
        format!("{best:.0} ms"),
        "50 ms",
    ));
    Ok(figures)
}

/// Texts a second of sentence-transformers on the same cores, where PYTORCH names a Python that has it.
fn pytorch_rate(model: &Path, texts: &[String]) -> Result<Option<f64>, Box<dyn Error>> {
    let Some(python) = std::env::var_os("PYTORCH") else {
        return Ok(None);
    };
    let mut child = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/figures/pytorch_rate.py"))
        .arg(model)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(stdin) = child.stdin.take() {
        serde_json::to_writer(stdin, texts)?;
    }
    let said = child.wait_with_output()?;
    Ok(Some(String::from_utf8_lossy(&said.stdout).trim().parse()?))
}

fn open(store: &Path, url: &str, home: &Path) -> Result<Engine, Box<dyn Error>> {
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    environment.insert("OLLAMA_URL".into(), url.to_owned());
    environment.insert("HOME".into(), home.to_string_lossy().into_owned());
    if let Some(dir) = local_model() {
        let models = dir.parent().unwrap_or(&dir).to_owned();
        environment.insert("CODEX_MODELS".into(), models.to_string_lossy().into_owned());
    }
    let config = Config::load(&ConfigSources {
        environment,
        database: Some(store.to_owned()),
        ..ConfigSources::default()
    })?;
    let project = Arc::new(Project::load(ProjectSource::Embedded)?);
    Ok(Engine::open(&config, project, false)?)
}

/// A directory of that name with the model, made of links into the cache that scripts/minilm.sh fills.
fn local_model() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let cache = std::env::var_os("CODEX_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            std::env::var_os("XDG_CACHE_HOME")
                .map_or_else(|| home.join(".cache"), PathBuf::from)
                .join("codex")
        });
    let fetched = cache.join("all-minilm-l6-v2-0.1.0");
    if !fetched.join("model.safetensors").is_file() {
        return None;
    }
    let named = std::env::temp_dir().join(format!("codex-bench-models-{}", std::process::id()));
    let link = named.join("all-minilm-l6-v2");
    if !link.exists() {
        std::fs::create_dir_all(&named).ok()?;
        #[cfg(unix)]
        std::os::unix::fs::symlink(&fetched, &link).ok()?;
    }
    link.exists().then_some(link)
}
