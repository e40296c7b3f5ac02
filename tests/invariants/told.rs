//! Histories told by hand: what random ones are too short to meet.

use crate::history::{Arrival, History, What};
use crate::test_history::{TestHistory, assert_same};
use chrono::NaiveDateTime;
use codex_dreams::engine::state_hash;
use std::collections::BTreeSet;

fn at(text: &str) -> NaiveDateTime {
    format!("{text}:00").parse().unwrap()
}

fn arrival(arrives: &str, what: What) -> Arrival {
    Arrival {
        at: at(arrives),
        mind: 0,
        what,
    }
}

/// A memory that arrives when it happens, and is known by what it says.
fn said(happened: &str, content: &str) -> Arrival {
    told(happened, happened, content)
}

/// A memory of `happened` that arrives later.
fn told(arrives: &str, happened: &str, content: &str) -> Arrival {
    arrival(
        arrives,
        What::Memory {
            key: format!("{content} ({happened})"),
            content: content.into(),
            created_at: at(happened),
            speaker: None,
            session: None,
        },
    )
}

fn deleted(arrives: &str, happened: &str, content: &str) -> Arrival {
    let key = format!("{content} ({happened})");
    arrival(arrives, What::Delete { key })
}

fn history(arrivals: Vec<Arrival>) -> History {
    History {
        minds: vec![("mind0".into(), "UTC")],
        arrivals,
    }
}

fn moments(texts: &[&str]) -> BTreeSet<NaiveDateTime> {
    texts.iter().map(|text| at(text)).collect()
}

#[test]
fn replay_meets_a_late_memory_that_was_deleted_after_its_night_had_passed_it_over() {
    let history = history(vec![
        said("2026-01-05T10:00", "the roof leaks"),
        told("2026-01-07T10:00", "2026-01-04T10:00", "one"),
        told("2026-01-07T10:01", "2026-01-04T11:00", "two"),
        told("2026-01-07T10:02", "2026-01-04T12:00", "three"),
        said("2026-01-07T11:00", "the roof is mended"),
        deleted("2026-01-08T13:00", "2026-01-04T12:00", "three"),
        said("2026-01-08T14:00", "the garden is dry"),
    ]);
    let world = TestHistory::new(&history)
        .with_parameters("{late_per_night: 1}", 1)
        .live(&moments(&[
            "2026-01-06T12:00",
            "2026-01-08T12:00",
            "2026-01-12T12:00",
        ]));
    world.verify("lived");
    let replay = world
        .engine
        .replay(&world.dir.path().join("again.duckdb"), None, |_, _| ())
        .unwrap();
    assert!(replay.ok);
}

#[test]
fn a_nap_takes_no_week_s_homeostasis_away() {
    // 11 January 2026 is a Sunday.
    let history = history(vec![
        said("2026-01-09T10:00", "the roof leaks"),
        arrival("2026-01-11T12:00", What::Nap),
        said("2026-01-11T15:00", "the roof is mended"),
    ]);
    let lived = TestHistory::new(&history).live(&moments(&[
        "2026-01-10T12:00",
        "2026-01-11T13:00",
        "2026-01-12T12:00",
    ]));
    let backfilled = TestHistory::new(&history).live(&moments(&["2026-01-12T12:00"]));
    assert_same("state", &lived.state(), &backfilled.state());
    let weeks = "SELECT count(*) FROM codex.ledger WHERE cycle = 'homeostasis'";
    assert_eq!((lived.number(weeks), backfilled.number(weeks)), (1, 1));
}

#[test]
fn a_history_that_was_lived_anew_is_replayed_up_to_a_moment_of_its_new_past() {
    let history = history(vec![
        said("2026-01-07T10:00", "the roof leaks"),
        told("2026-01-09T10:00", "2026-01-05T10:00", "a storm is coming"),
    ]);
    let world =
        TestHistory::new(&history).live(&moments(&["2026-01-08T12:00", "2026-01-09T12:00"]));
    let relived = "SELECT count(*) FROM codex.ledger WHERE cycle = 'relive'";
    assert_eq!(world.number(relived), 1);
    let replayed = |name: &str, until: Option<&str>| {
        let into = world.dir.path().join(name);
        world
            .engine
            .replay(&into, until.map(at), |_, _| ())
            .unwrap_or_else(|e| panic!("{name}: {e:#}"))
    };
    assert!(replayed("all.duckdb", None).ok);
    let hash = state_hash(world.engine.warehouse().conn()).unwrap();
    assert_eq!(
        replayed("all_by_time.duckdb", Some("2026-01-09T12:00")).state_hash,
        hash
    );
    assert_ne!(
        replayed("first.duckdb", Some("2026-01-07T12:00")).state_hash,
        hash
    );
}

/// Every memory is kept, so that what the network knows does not depend on strengths.
const KEEP_ALL: &str = "{consolidation_threshold: 0.01}";

#[test]
fn what_is_said_again_after_it_was_deleted_is_a_memory_of_its_own() {
    let words = "the cello needs new strings and a better bow before the wedding";
    for gone in ["2026-01-06T10:00", "2026-01-05T11:00"] {
        let history = history(vec![
            said("2026-01-05T10:00", words),
            deleted(gone, "2026-01-05T10:00", words),
            said("2026-01-07T10:00", words),
        ]);
        let world = TestHistory::new(&history)
            .with_parameters(KEEP_ALL, 1)
            .live(&moments(&[
                "2026-01-05T12:00",
                "2026-01-06T12:00",
                "2026-01-12T12:00",
            ]));
        world.verify("at the end");
        let own = "SELECT count(*) FROM state.memory_traces WHERE tier = 'long_term' AND merged_into IS NULL";
        assert_eq!(world.number(own), 1, "deleted at {gone}");
        let known = "SELECT count(*) FROM state.concepts WHERE memories > 0";
        assert!(world.number(known) > 0, "deleted at {gone}");
    }
}

#[test]
fn what_an_edit_says_enters_the_network_and_what_nothing_says_any_more_leaves_it() {
    let before = "Nora grows tomatoes in Lisbon";
    let history = history(vec![
        said("2026-01-05T10:00", before),
        arrival(
            "2026-01-06T10:00",
            What::Edit {
                key: format!("{before} (2026-01-05T10:00)"),
                content: "Nora grows cucumbers in Porto".into(),
            },
        ),
        said("2026-01-10T10:00", "the roof leaks"),
        said("2026-01-11T10:00", "the roof is mended"),
    ]);
    let mut world = TestHistory::new(&history).with_parameters(KEEP_ALL, 1);
    let concepts =
        |world: &TestHistory<'_>| world.texts("SELECT concept FROM state.concepts ORDER BY 1");
    let knows =
        |world: &TestHistory<'_>, concept: &str| concepts(world).iter().any(|c| c == concept);
    world.arrive_until(at("2026-01-05T12:00"));
    world.consolidate(at("2026-01-06T09:00"));
    assert!(knows(&world, "lisbon"), "{:?}", concepts(&world));
    world.arrive_until(at("2026-01-06T12:00"));
    world.consolidate(at("2026-01-07T12:00"));
    assert!(knows(&world, "porto"), "{:?}", concepts(&world));
    world.arrive_until(at("2026-01-11T12:00"));
    world.consolidate(at("2026-01-12T12:00"));
    assert!(!knows(&world, "lisbon"), "{:?}", concepts(&world));
    let loose = "SELECT count(*) FROM state.concept_edges e
                 WHERE e.source NOT IN (SELECT concept FROM state.concepts) OR e.target NOT IN (SELECT concept FROM state.concepts)";
    assert_eq!(world.number(loose), 0);
}

#[test]
fn a_memory_of_the_future_that_is_edited_before_it_happens_is_learned_once() {
    let plan = "Nora sails to Porto";
    let history = history(vec![
        said("2026-01-05T10:00", "the roof leaks"),
        told("2026-01-05T11:00", "2026-01-08T10:00", plan),
        arrival(
            "2026-01-06T10:00",
            What::Edit {
                key: format!("{plan} (2026-01-08T10:00)"),
                content: "Nora sails to Lisbon".into(),
            },
        ),
        said("2026-01-08T20:00", "the roof is mended"),
    ]);
    let mut world = TestHistory::new(&history).with_parameters(KEEP_ALL, 1);
    for day in ["2026-01-06T09:00", "2026-01-07T09:00", "2026-01-09T09:00"] {
        world.arrive_until(at(day));
        world.consolidate(at(day));
    }
    let concepts = "SELECT concept FROM state.memory_concepts JOIN raw.memories USING (memory_id) WHERE key LIKE 'Nora%' ORDER BY 1";
    assert_eq!(world.texts(concepts), ["lisbon", "nora", "sail"]);
}

#[test]
fn a_deleted_memory_stands_for_no_concept_after_the_week() {
    let words = "the cello needs new strings";
    let history = history(vec![
        said("2026-01-05T10:00", words),
        said("2026-01-06T10:00", "the cello sounds warm again tonight"),
        deleted("2026-01-07T10:00", "2026-01-05T10:00", words),
        said("2026-01-11T10:00", "the roof is mended"),
    ]);
    let world = TestHistory::new(&history)
        .with_parameters(KEEP_ALL, 1)
        .live(&moments(&[
            "2026-01-06T09:00",
            "2026-01-07T09:00",
            "2026-01-12T12:00",
        ]));
    let dead = "SELECT count(*) FROM state.concepts k JOIN state.memory_traces t ON t.memory_id = k.exemplar_id WHERE t.tier = 'deleted'";
    assert_eq!(world.number(dead), 0);
}

#[test]
fn verify_sees_a_memory_that_was_lost() {
    let history = history(vec![said("2026-01-05T10:00", "the roof leaks")]);
    let world = TestHistory::new(&history).live(&moments(&["2026-01-06T12:00"]));
    world.verify("before anything was lost");
    world
        .engine
        .warehouse()
        .conn()
        .execute_batch("DELETE FROM state.memory_traces")
        .unwrap();
    let verification = world.engine.verify().unwrap();
    assert!(!verification.ok);
    let finding = &verification.checks[0].finding;
    assert!(finding.contains("1 passed over"), "{finding}");
}
