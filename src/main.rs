use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::project::{Project, ProjectSource};
use codex_dreams::{engine::Engine, memory::ImportOptions};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let config = Config::load(&ConfigSources::from_process()).unwrap();
    let project = Project::load(ProjectSource::Embedded).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(2) });
    let t=std::time::Instant::now();
    let engine = match Engine::open(&config, std::sync::Arc::new(project), false) { Ok(e) => e, Err(e) => { eprintln!("{e}"); std::process::exit(1) } };
    eprintln!("open {:?}", t.elapsed());
    let run = || -> codex_dreams::Result<()> {
        match args[1].as_str() {
            "import" => println!("{}", serde_json::to_string(&engine.import(&ImportOptions { paths: vec![args[2].clone().into()], mind: None, time_zone: chrono_tz::UTC, source: None, dry_run: false }, |_| ())?).unwrap()),
            "consolidate" => println!("{}", serde_json::to_string(&engine.consolidate(&codex_dreams::cycle::Request { cycle: None, as_of: codex_dreams::clock::now(), mind: None }, |_| ())?).unwrap()),
            "verify" => println!("{}", serde_json::to_string(&engine.verify()?).unwrap()),
            _ => {}
        }
        Ok(())
    };
    if let Err(e) = run() { eprintln!("error: {e}"); std::process::exit(1) }
    eprintln!("done {:?}", t.elapsed());
}
