//! What recall promises of meaning, with vectors that a test has chosen.

use super::*;
use crate::clock;
use crate::config::{Config, ConfigSources};
use crate::enrich::embeddings::{Vector, append_vectors};
use crate::enrich::enrich_pending;
use crate::error::Error;
use crate::memory::{Incoming, MindId, append_memories, ensure_mind};
use crate::project::{Project, ProjectSource};
use crate::warehouse::Warehouse;
use chrono::{NaiveDateTime, TimeDelta};
use std::sync::atomic::{AtomicUsize, Ordering};

const MODEL: &str = "local:by-hand";

/// What memories and questions mean: about a cat, about work, or about both.
const CAT: [f32; 2] = [1.0, 0.0];
const WORK: [f32; 2] = [0.0, 1.0];
const BOTH: [f32; 2] = [0.8, 0.6];

fn at(minute: i64) -> NaiveDateTime {
    "2024-03-01T10:00:00".parse::<NaiveDateTime>().unwrap() + TimeDelta::minutes(minute)
}

/// A store of memories an hour apart, each with its vector where it has one.
fn store(memories: &[(&str, &str, Option<[f32; 2]>)]) -> (Warehouse, Renderer) {
    let warehouse = Warehouse::in_memory(2).unwrap();
    let incoming: Vec<Incoming> = memories
        .iter()
        .zip(0..)
        .map(|((key, content, _), hour)| Incoming {
            mind: MindId::of("default"),
            source: "test".into(),
            key: (*key).into(),
            content: (*content).into(),
            created_at: at(60 * hour),
            speaker: None,
            session: None,
            metadata: "{}".into(),
        })
        .collect();
    warehouse
        .transaction(|conn| {
            ensure_mind(conn, "default", chrono_tz::UTC, at(0))?;
            append_memories(conn, &incoming, clock::now())
        })
        .unwrap();
    enrich_pending(&warehouse, |_| ()).unwrap();
    let vectors: Vec<Vector> = memories
        .iter()
        .filter_map(|(key, _, vector)| {
            let (memory_id, revision) = warehouse
                .conn()
                .query_row(
                    "SELECT memory_id, d.revision FROM raw.memories JOIN lexical.documents d USING (memory_id) WHERE key = ?",
                    [key],
                    |r| Ok((r.get(0)?, r.get(1)?)),
                )
                .unwrap();
            Some(Vector {
                mind: MindId::of("default").to_string(),
                memory_id,
                revision,
                values: vector.as_ref()?.to_vec(),
            })
        })
        .collect();
    append_vectors(&warehouse, MODEL, &vectors).unwrap();
    let config = Config::load(&ConfigSources {
        database: Some(":memory:".into()),
        ..ConfigSources::default()
    })
    .unwrap();
    let project = Project::load(ProjectSource::Embedded).unwrap();
    (
        warehouse,
        Renderer::new(project.into(), &config.parameters).unwrap(),
    )
}

fn question(text: &str) -> Question {
    Question::new(text, MindId::of("default"), at(100_000))
}

fn asked(text: &str, meaning: [f32; 2], store: &(Warehouse, Renderer)) -> Answer {
    let embed = |texts: &[String]| Ok(texts.iter().map(|_| meaning.to_vec()).collect());
    let meaning = Meaning {
        model: MODEL,
        embed: &embed,
        at_hand: true,
    };
    recall(store.0.conn(), &store.1, &question(text), Some(&meaning)).unwrap()
}

fn component(answer: &Answer, key: &str, name: &str) -> Option<Score> {
    let hit = answer.results.iter().find(|hit| hit.key == key).unwrap();
    hit.components
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, score)| *score)
}

fn diary() -> (Warehouse, Renderer) {
    store(&[
        ("cat", "Bolota sleeps on the sill.", Some(CAT)),
        ("work", "The reports go out on Friday.", Some(WORK)),
        ("both", "Bolota walked over the keyboard.", Some(BOTH)),
        ("late", "Nothing was said of this one yet.", None),
    ])
}

#[test]
fn what_is_meant_comes_up_without_a_word_in_common() {
    let diary = diary();
    let answer = asked("How is our pet?", CAT, &diary);
    let order: Vec<&str> = answer.results.iter().map(|hit| hit.key.as_str()).collect();
    assert_eq!(order[..2], ["cat", "both"], "{answer:?}");
    // The nearest has all of the share of meaning, the farthest none of it.
    assert_eq!(
        component(&answer, "cat", "vector").unwrap().to_string(),
        "0.550000"
    );
    assert_eq!(
        component(&answer, "work", "vector").unwrap().to_string(),
        "0.000000"
    );
    for hit in &answer.results {
        assert_eq!(
            hit.components.iter().map(|(_, s)| *s).sum::<Score>(),
            hit.score
        );
    }
    assert!(answer.notes.is_empty(), "{:?}", answer.notes);
}

#[test]
fn what_has_no_vector_yet_is_neither_near_nor_far() {
    let diary = diary();
    let answer = asked("Was anything said about Friday?", WORK, &diary);
    assert_eq!(answer.results[0].key, "work");
    let of = |key| component(&answer, key, "vector").unwrap();
    assert!(
        of("cat") < of("late") && of("late") < of("work"),
        "{answer:?}"
    );
}

#[test]
fn a_part_of_the_questions_whose_meaning_fails_goes_by_words_alone() {
    let (warehouse, queries) = diary();
    let questions: Vec<Question> = (0..300).map(|_| question("Bolota?")).collect();
    let calls = AtomicUsize::new(0);
    let embed = |texts: &[String]| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(texts.iter().map(|_| WORK.to_vec()).collect()),
        _ => Err(Error::unavailable("it has gone")),
    };
    let meaning = Meaning {
        model: MODEL,
        embed: &embed,
        at_hand: false,
    };
    let answers = recall_batch(warehouse.conn(), &queries, &questions, Some(&meaning)).unwrap();
    assert_eq!(calls.into_inner(), 2);
    let (first, last) = (&answers[0], &answers[299]);
    assert!(component(first, "cat", "vector").is_some() && first.notes.is_empty());
    assert_eq!(component(last, "cat", "vector"), None, "{last:?}");
    assert_eq!(last.notes, ["answered by words alone: it has gone"]);
    // As if there had never been a model.
    let words = recall(warehouse.conn(), &queries, &question("Bolota?"), None).unwrap();
    assert_eq!(last.results, words.results);
}

#[test]
fn every_question_needs_a_vector_of_its_own() {
    let (warehouse, queries) = diary();
    let embed = |_: &[String]| Ok(vec![CAT.to_vec(), WORK.to_vec()]);
    let meaning = Meaning {
        model: MODEL,
        embed: &embed,
        at_hand: true,
    };
    let error = recall(
        warehouse.conn(),
        &queries,
        &question("Bolota?"),
        Some(&meaning),
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not every question got a vector")
    );
}

#[test]
fn what_has_not_been_read_yet_hears_its_neighbours() {
    let store = store(&[("cat", "Bolota sleeps on the windowsill.", Some(CAT))]);
    let unread = Incoming {
        mind: MindId::of("default"),
        source: "test".into(),
        key: "unread".into(),
        content: "She snores.".into(),
        created_at: at(1),
        speaker: None,
        session: None,
        metadata: "{}".into(),
    };
    store
        .0
        .transaction(|conn| append_memories(conn, &[unread], at(1)))
        .unwrap();
    let answer = asked("Where does Bolota sleep?", CAT, &store);
    assert!(
        component(&answer, "unread", "context") > Some(Score::default()),
        "{answer:?}"
    );
}
