use super::*;
use crate::config::{Config, ConfigSources};
use crate::project::CycleType;

/// A new store, and the directory it is in.
fn store() -> (Shared, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let sources = ConfigSources {
        database: Some(dir.path().join("memory.duckdb")),
        ..ConfigSources::default()
    };
    let config = Config::load(&sources).unwrap();
    let project = Project::load(ProjectSource::Embedded).unwrap();
    let engine = Engine::open(&config, Arc::new(project), false).unwrap();
    (Shared::new(engine), dir)
}

#[test]
fn a_duckdb_that_has_given_up_is_opened_anew_with_all_that_was_committed() {
    let (shared, _dir) = store();
    let interrupt = Arc::new(Interrupt::default());
    let paused = std::collections::BTreeSet::from(["working".to_owned()]);
    shared
        .work("a test", &interrupt, |engine| {
            engine.set_paused_rhythms(&paused)
        })
        .unwrap();
    let fatal = shared.work("a test", &interrupt, |_| -> Result<()> {
        Err(Error::failed(
            "FATAL Error: Failed: database has been invalidated",
        ))
    });
    assert!(fatal.is_err());
    assert!(shared.ailing.load(Ordering::SeqCst));
    let found = shared
        .work("a test", &interrupt, |engine| engine.paused_rhythms())
        .unwrap();
    assert_eq!(found, paused);
    assert!(!shared.ailing.load(Ordering::SeqCst));
}

#[test]
fn what_is_stopped_ends_and_says_so() {
    let (shared, _dir) = store();
    let interrupt = Arc::new(Interrupt::default());
    let done = std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            shared.work("a test", &interrupt, |engine| {
                engine.sql("SELECT count(*) FROM range(100000000000) a, range(1000) b")
            })
        });
        while !work.is_finished() {
            interrupt.stop();
            std::thread::yield_now();
        }
        work.join().unwrap()
    });
    assert!(done.unwrap_err().to_string().contains("interrupted"));
    // Others are not.
    let other = Arc::new(Interrupt::default());
    shared
        .work("a test", &other, |engine| engine.sql("SELECT 1"))
        .unwrap();
}

#[test]
fn a_look_that_waits_for_its_turn_is_not_at_work_yet() {
    let (shared, _dir) = store();
    let import = shared.lane().try_take(Turn::Writing, "import").unwrap();
    let interrupt = Arc::new(Interrupt::default());
    let now = chrono::NaiveDateTime::default();
    std::thread::scope(|scope| {
        let look = scope.spawn(|| shared.look(CycleType::Working, now, &interrupt));
        while shared.lane().waiting() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(interrupt.worked(), Duration::ZERO);
        drop(import);
        assert!(look.join().unwrap().unwrap().is_none());
    });
    assert!(interrupt.worked() > Duration::ZERO);
}
