use super::*;
use crate::config::{Config, ConfigSources};
use crate::engine::ProjectSource;
use crate::engine::{Request, Requirements};
use crate::error::Error;
use crate::memory::Activation;
use crate::project::CycleType;

/// A new store, and the directory it is in.
fn store() -> (SharedStore, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let sources = ConfigSources {
        database: Some(dir.path().join("memory.duckdb")),
        ..ConfigSources::default()
    };
    let config = Config::load(&sources).unwrap();
    let engine = Engine::open(&config, Arc::new(project()), false).unwrap();
    (SharedStore::new(engine), dir)
}

fn project() -> Project {
    Project::load(ProjectSource::Embedded).unwrap()
}

/// Somebody who asks with these parameters.
fn caller(vars: &str) -> RequestContext {
    let sources = ConfigSources {
        database: Some("/nowhere".into()),
        vars: Some(vars.to_owned()),
        ..ConfigSources::default()
    };
    let parameters = Config::load(&sources).unwrap().parameters;
    RequestContext {
        patience: 30,
        fingerprint: cycle::fingerprint(&project(), &parameters),
        project: None,
        parameters: parameters.to_stored(),
    }
}

/// What the views of the store are, as a hash.
fn views(engine: &Engine) -> String {
    let sql = "SELECT md5(string_agg(sql, '' ORDER BY sql)) FROM duckdb_views() WHERE NOT internal";
    let conn = engine.warehouse.conn();
    conn.query_row(sql, [], |r| r.get(0)).unwrap()
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
                engine.sql(&"SELECT count(*) FROM range(100000000000) a, range(1000) b".into())
            })
        });
        while !work.is_finished() {
            interrupt.stop();
            std::thread::yield_now();
        }
        work.join().unwrap()
    });
    assert!(done.unwrap_err().to_string().contains("interrupted"));
    // StoreCoordination are not.
    let other = Arc::new(Interrupt::default());
    shared
        .work("a test", &other, |engine| engine.sql(&"SELECT 1".into()))
        .unwrap();
}

#[test]
fn a_look_that_waits_for_its_turn_is_not_at_work_yet() {
    let (shared, _dir) = store();
    let import = shared
        .queue()
        .try_take(AccessMode::Write, "import")
        .unwrap();
    let interrupt = Arc::new(Interrupt::default());
    let now = chrono::NaiveDateTime::default();
    std::thread::scope(|scope| {
        let look = scope.spawn(|| shared.look(CycleType::Working, now, &interrupt));
        while shared.queue().waiting() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(interrupt.worked(), Duration::ZERO);
        drop(import);
        assert!(look.join().unwrap().unwrap().is_none());
    });
    assert!(interrupt.worked() > Duration::ZERO);
}

#[test]
fn whatever_becomes_of_a_question_with_other_parameters_the_owner_s_are_in_force_again() {
    let (shared, _dir) = store();
    let interrupt = Arc::new(Interrupt::default());
    let ours = views(&shared.root());
    let theirs = caller("{gradual_forgetting_rate: 0.8}");
    let requirements = Requirements::LOOK;
    let alone = Requirements {
        mode: AccessMode::Exclusive,
        ..requirements
    };
    for requirements in [requirements, alone] {
        let mut seen = String::new();
        let failed = shared.answer_as(&theirs, requirements, &interrupt, |engine| {
            seen = views(engine);
            Err(Error::failed("a question that fails"))
        });
        assert!(failed.is_err());
        assert_ne!(seen, ours, "theirs were in force");
        assert_eq!(views(&shared.root()), ours);
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            shared.answer_as(&theirs, requirements, &interrupt, |_| panic!("a mistake"))
        }));
        assert!(broken.is_err());
        assert_eq!(views(&shared.root()), ours);
        let root = shared.root();
        assert_eq!(
            root.pipeline().fingerprint(),
            *shared.fingerprint.lock().unwrap()
        );
        assert!(!shared.unready.load(Ordering::SeqCst));
    }
}

#[test]
fn models_that_could_not_be_put_back_are_before_the_next_question() {
    let (shared, _dir) = store();
    let interrupt = Arc::new(Interrupt::default());
    let ours = views(&shared.root());
    let theirs = shared.models_of(&caller("{gradual_forgetting_rate: 0.8}"));
    cycle::prepare_store(&shared.root().warehouse, theirs.unwrap().pipeline()).unwrap();
    shared.unready.store(true, Ordering::SeqCst);
    let seen = shared.work("a test", &interrupt, |engine| Ok(views(engine)));
    assert_eq!(seen.unwrap(), ours);
    assert!(!shared.unready.load(Ordering::SeqCst));
}

#[test]
fn a_question_with_other_parameters_that_waits_for_a_model_is_refused() {
    let (shared, _dir) = store();
    let interrupt = Arc::new(Interrupt::default());
    let enrich = || {
        Request::EnrichPending(crate::engine::request::EnrichPending {
            request: crate::engine::EnrichRequest::default(),
        })
    };
    let theirs = caller("{gradual_forgetting_rate: 0.8}");
    let refused = shared
        .answer(enrich(), &theirs, &interrupt, &mut |_| ())
        .unwrap_err();
    assert_eq!(refused.kind().exit_code(), 3);
    assert!(refused.next_step().unwrap().contains("stop the daemon"));
    assert_eq!(shared.queue().writes(), 0, "nobody had to wait for it");
    // With the owner's own it goes its way: this store has no models to ask.
    let mine = RequestContext {
        fingerprint: shared.fingerprint.lock().unwrap().clone(),
        ..theirs
    };
    let answered = shared.answer(enrich(), &mine, &interrupt, &mut |_| ());
    assert!(!answered.is_err_and(|e| e.to_string().contains("another project")));
}

#[test]
fn what_readers_leave_is_written_at_the_end_of_the_work_they_met() {
    let (shared, _dir) = store();
    let interrupt = Arc::new(Interrupt::default());
    let left = || -> Result<()> {
        shared.coordination.write_later(Activation {
            mind: crate::memory::MindId::of("default"),
            kind: crate::memory::ActivationKind::Used,
            memory_ids: vec![1],
            query: None,
            at: chrono::NaiveDateTime::default(),
        });
        Ok(())
    };
    let now = chrono::NaiveDateTime::default();
    let written = || {
        let sql = "SELECT count(*) FROM raw.activations";
        let root = shared.root();
        root.warehouse
            .conn()
            .query_row(sql, [], |r| r.get::<_, i64>(0))
            .unwrap()
    };
    // While it is at work, somebody reads.
    shared.work("a test", &interrupt, |_| left()).unwrap();
    assert_eq!(written(), 1);
    shared.work_beside(&interrupt, |_| left()).unwrap();
    assert_eq!(written(), 2);
    // A look that finds one is a write, and the next look sees it.
    let writes = shared.queue().writes();
    left().unwrap();
    shared.look(CycleType::Working, now, &interrupt).unwrap();
    assert_eq!((written(), shared.queue().writes()), (3, writes + 1));
    shared.look(CycleType::Working, now, &interrupt).unwrap();
    assert_eq!(shared.queue().writes(), writes + 1);
}

#[test]
fn a_plan_that_a_commit_made_stale_is_made_anew() {
    let stale = || Error::failed(format!("group 72 exceeded 64: {STALE}"));
    let mut reads = 0;
    let done = unless_stale(|| {
        reads += 1;
        if reads < 3 { Err(stale()) } else { Ok(reads) }
    });
    assert_eq!(done.unwrap(), 3);
    let mut reads = 0;
    let done: Result<()> = unless_stale(|| {
        reads += 1;
        Err(stale())
    });
    assert!(done.is_err());
    assert_eq!(reads, MOST_READS);
    let mut reads = 0;
    let done: Result<()> = unless_stale(|| {
        reads += 1;
        Err(Error::failed("another"))
    });
    assert!(done.is_err());
    assert_eq!(reads, 1);
}
