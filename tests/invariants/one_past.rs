//! The past stays what it was: replay repeats it, whatever became of the models since; a rebuild is the same every time.

use crate::history::History;
use crate::on_histories;
use crate::test_history::{TestHistory, assert_same, open, pipeline};
use codex_dreams::engine::{Engine, state_hash};
use std::path::{Path, PathBuf};

fn replayed(world: &TestHistory<'_>, name: &str) -> (PathBuf, String) {
    let into = world.dir.path().join(name);
    let replay = world
        .engine
        .replay(&into, None, |_, _| ())
        .unwrap_or_else(|e| panic!("replay: {e:#}"));
    let rows = Engine::over(open(into.clone(), 1), pipeline("{}")).unwrap();
    let hash = state_hash(rows.warehouse().conn()).unwrap();
    assert_eq!(hash, replay.state_hash);
    if !replay.ok {
        drop(rows);
        differ(world, &into);
    }
    (into, hash)
}

/// Fails with the rows that differ.
fn differ(world: &TestHistory<'_>, into: &Path) {
    let conn = world.engine.warehouse().conn();
    conn.execute_batch(&format!(
        "ATTACH '{}' AS replayed (READ_ONLY)",
        into.display()
    ))
    .unwrap();
    let tables = world.state_tables();
    let theirs: Vec<String> = tables.iter().map(|t| format!("replayed.{t}")).collect();
    let plain: Vec<String> = world
        .rows(&theirs)
        .iter()
        .map(|r| r.replacen("replayed.", "", 1))
        .collect();
    assert_same("lived and replayed", &world.rows(&tables), &plain);
    panic!("replay says that the state differs, and no row does");
}

#[test]
fn replay_comes_to_the_same_state() {
    on_histories(true, true, |history| {
        let world = TestHistory::new(history).live(&history.daily_moments());
        let hash = state_hash(world.engine.warehouse().conn()).unwrap();
        assert_eq!(replayed(&world, "one.duckdb").1, hash, "one thread");
        let world = world.with_parameters("{}", 2);
        assert_eq!(replayed(&world, "two.duckdb").1, hash, "two threads");
    });
}

#[test]
fn changed_parameters_and_parallel_plans_leave_the_past_alone() {
    on_histories(true, true, |history| {
        let moments: Vec<_> = history.daily_moments().into_iter().collect();
        let (early, late) = moments.split_at(moments.len() / 2);
        let mut world = TestHistory::new(history);
        for at in early {
            world.arrive_until(*at);
            world.consolidate(*at);
        }
        let mut world = world.with_parameters("{replay_rate: 2, consolidation_threshold: 0.5}", 2);
        world
            .engine
            .warehouse()
            .conn()
            .execute_batch("PRAGMA verify_parallelism")
            .unwrap();
        for at in late {
            world.arrive_until(*at);
            world.consolidate(*at);
        }
        world.verify("with changed parameters");
        let hash = state_hash(world.engine.warehouse().conn()).unwrap();
        assert_eq!(replayed(&world, "changed.duckdb").1, hash);
        let world = world.with_parameters("{replay_rate: 0}", 1);
        assert_eq!(
            replayed(&world, "again.duckdb").1,
            hash,
            "with other parameters today"
        );
    });
}

#[test]
fn a_rebuild_conserves_every_memory_and_is_the_same_every_time() {
    on_histories(true, true, |history: &History| {
        let TestHistory {
            mut engine,
            dir: _dir,
            ..
        } = TestHistory::new(history).live(&history.daily_moments());
        let count = |engine: &Engine| -> i64 {
            let conn = engine.warehouse().conn();
            conn.query_row("SELECT count(*) FROM raw.memories", [], |r| r.get(0))
                .unwrap()
        };
        let before = count(&engine);
        engine
            .rebuild(history.end(), |_| ())
            .unwrap_or_else(|e| panic!("rebuild: {e:#}"));
        let first = engine.verify().unwrap();
        assert!(first.ok, "{:?}", first.checks);
        assert_eq!(count(&engine), before);
        engine
            .rebuild(history.end(), |_| ())
            .unwrap_or_else(|e| panic!("second rebuild: {e:#}"));
        let second = engine.verify().unwrap();
        assert_eq!(second.state_hash, first.state_hash);
        assert_eq!(second.minds, first.minds);
    });
}
