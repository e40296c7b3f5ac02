//! What must not matter: how often consolidation runs, in how many passes, and who else is in the store.

use crate::history::{Arrival, History, What};
use crate::on_histories;
use crate::test_history::{TestHistory, assert_same};
use std::collections::BTreeSet;

#[test]
fn every_memory_is_in_one_state_after_anything_that_happens() {
    on_histories(true, true, |history| {
        let mut world = TestHistory::new(history);
        for (i, at) in history.daily_moments().into_iter().enumerate() {
            world.arrive_until(at);
            world.verify(&format!("with arrivals up to {at}"));
            // Some arrivals wait for a later run.
            if i % 2 == 0 {
                world.consolidate(at);
                world.verify(&format!("consolidated as of {at}"));
            }
        }
        world.consolidate(history.end());
        world.verify("at the end");
        data_tests_pass(&world);
    });
}

#[test]
fn what_arrives_late_is_no_fault_of_the_caches() {
    let at = |text: &str| format!("2026-03-02T{text}:00").parse().unwrap();
    let told = |key: &str, arrives: &str, happened: &str| Arrival {
        at: at(arrives),
        mind: 0,
        what: What::Memory {
            key: key.into(),
            content: "the cat is ill".into(),
            created_at: at(happened),
            speaker: None,
            session: None,
        },
    };
    let history = History {
        minds: vec![("mind0".into(), "UTC")],
        arrivals: vec![told("a", "10:00", "10:00"), told("b", "13:00", "09:00")],
    };
    let mut world = TestHistory::new(&history);
    world.arrive_until(at("11:00"));
    world.consolidate(at("11:00"));
    world.arrive_until(at("13:00"));
    world.verify("before anyone consolidated what came late");
}

/// The data tests of the state, in plain SQL.
fn data_tests_pass(world: &TestHistory<'_>) {
    let failures = [
        ("strengths", "SELECT count(*) FROM state.memory_traces WHERE NOT (strength BETWEEN 0 AND 1)"),
        ("weights", "SELECT count(*) FROM state.associations WHERE NOT (weight BETWEEN 0 AND 1)"),
        ("loops", "SELECT count(*) FROM state.associations WHERE source_id = target_id"),
        (
            "episodes of long-term memories",
            "SELECT count(*) FROM (
                 SELECT t.memory_id FROM state.memory_traces t LEFT JOIN state.episode_memories e USING (memory_id)
                 WHERE t.tier = 'long_term' GROUP BY t.memory_id HAVING count(e.episode_id) <> 1)",
        ),
        (
            "minds crossed",
            "SELECT count(*) FROM state.associations a
             JOIN raw.memories s ON s.memory_id = a.source_id JOIN raw.memories t ON t.memory_id = a.target_id
             WHERE s.mind_id <> a.mind_id OR t.mind_id <> a.mind_id",
        ),
        (
            "windows of more than nine",
            "SELECT count(*) FROM (
                 SELECT 1 FROM working_memory.working_memory WHERE NOT dropped
                 GROUP BY mind_id, epoch, attended_window HAVING count(*) > 9)",
        ),
    ];
    for (what, sql) in failures {
        assert_eq!(world.number(sql), 0, "{what}");
    }
}

#[test]
fn the_rate_of_ticking_does_not_matter() {
    on_histories(true, true, |history| {
        let daily = TestHistory::new(history).live(&history.daily_moments());
        let busy = TestHistory::new(history).live(&history.busy_moments());
        assert_same("state, daily and busy ticks", &daily.state(), &busy.state());
        assert_same(
            "caches, daily and busy ticks",
            &daily.caches(),
            &busy.caches(),
        );
    });
}

#[test]
fn the_caches_of_an_open_day_do_not_depend_on_earlier_ticks() {
    on_histories(true, true, |history| {
        // The clock stops in the middle of things: soon after something arrived.
        let halves: Vec<_> = history.arrivals.iter().map(|a| a.at).collect();
        for stop in
            [halves.len() / 2, halves.len() - 1].map(|i| halves[i] + chrono::Duration::seconds(5))
        {
            let up_to = |moments: BTreeSet<_>| {
                moments
                    .into_iter()
                    .filter(|m| *m < stop)
                    .chain([stop])
                    .collect()
            };
            let few = TestHistory::new(history).live(&up_to(history.fixed_moments()));
            let many = TestHistory::new(history).live(&up_to(history.busy_moments()));
            assert_same("state, few and many ticks", &few.state(), &many.state());
            assert_same("caches, few and many ticks", &few.caches(), &many.caches());
        }
    });
}

#[test]
fn a_backfill_is_the_same_as_living_night_by_night() {
    on_histories(false, true, |history| {
        let lived = TestHistory::new(history).live(&history.daily_moments());
        let filled = TestHistory::new(history).live(&BTreeSet::from([history.end()]));
        assert_same(
            "state, lived and backfilled",
            &lived.state(),
            &filled.state(),
        );
        assert_same(
            "caches, lived and backfilled",
            &lived.caches(),
            &filled.caches(),
        );
        assert_eq!(
            lived.engine.verify().unwrap().state_hash,
            filled.engine.verify().unwrap().state_hash
        );
    });
}

#[test]
fn minds_do_not_influence_each_other() {
    on_histories(true, true, |history| {
        let together = TestHistory::new(history).live(&history.daily_moments());
        for mind in 0..history.minds.len() {
            let only = history.only(mind);
            let mut alone = TestHistory::new(&only);
            // The same clock, whoever else it rings for.
            for at in history.daily_moments() {
                alone.arrive_until(at);
                alone.consolidate(at);
            }
            let name = &history.minds[mind].0;
            assert_same(
                &format!("what nights made of {name}, alone and together"),
                &by_key(&alone, name),
                &by_key(&together, name),
            );
        }
    });
}

/// The state of a mind with the keys of memories instead of their numbers.
fn by_key(world: &TestHistory<'_>, mind: &str) -> Vec<String> {
    let conn = world.engine.warehouse().conn();
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE names AS
         SELECT memory_id AS id, key AS name FROM raw.memories
         UNION ALL
         SELECT e.arrival, m.key || ' edited ' || row_number() OVER (PARTITION BY e.memory_id ORDER BY e.arrival)
         FROM raw.edits e JOIN raw.memories m USING (memory_id)",
    )
    .unwrap();
    let mut rows = Vec::new();
    for table in world.state_tables() {
        let plain = table.strip_prefix("state.").unwrap();
        let ids = world.texts(&format!(
            "SELECT column_name FROM duckdb_columns()
             WHERE schema_name = 'state' AND database_name = current_database() AND table_name = '{plain}'
               AND data_type = 'BIGINT'
             ORDER BY column_index"
        ));
        let named: Vec<String> = ids
            .iter()
            .map(|id| format!("(SELECT max(name) FROM names WHERE names.id = t.{id}) AS {id}"))
            .collect();
        let replace = if named.is_empty() {
            String::new()
        } else {
            format!("REPLACE ({})", named.join(", "))
        };
        rows.extend(world.texts(&format!(
            "SELECT '{plain} ' || r::VARCHAR FROM (
                 SELECT t.* {replace} FROM {table} t JOIN raw.minds i ON i.mind_id = t.mind_id WHERE i.name = '{mind}') r
             ORDER BY 1"
        )));
    }
    rows
}

#[test]
fn consolidating_again_writes_nothing() {
    on_histories(true, true, |history| {
        let ledger = "SELECT count(*) FROM codex.ledger";
        let mut world = TestHistory::new(history);
        for at in history.daily_moments() {
            world.arrive_until(at);
            world.consolidate(at);
            let (rows, caches) = (world.number(ledger), world.caches());
            let again = world.consolidate(at);
            assert_eq!(
                (again.nights, again.ticks, again.steps),
                (0, 0, 0),
                "as of {at}"
            );
            assert_eq!(world.number(ledger), rows, "ledger rows as of {at}");
            assert_same("caches of an idle tick", &caches, &world.caches());
        }
    });
}
