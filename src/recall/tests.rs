//! What recall promises, on a real DuckDB store.

use super::*;
use crate::clock;
use crate::config::{Config, ConfigSources};
use crate::enrich::enrich_pending;
use crate::error::ErrorKind;
use crate::memory::{Incoming, MindId, append_deletion, append_edit, append_memories, ensure_mind};
use crate::project::{Project, ProjectSource};
use crate::warehouse::Warehouse;
use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};

struct Store {
    warehouse: Warehouse,
    queries: Queries,
}

fn day(number: u64) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 3, 1)
        .unwrap()
        .and_hms_opt(10, 0, 0)
        .unwrap()
        + Days::new(number)
}

fn queries(vars: Option<&str>) -> Queries {
    let config = Config::load(&ConfigSources {
        vars: vars.map(str::to_owned),
        database: Some(":memory:".into()),
        ..ConfigSources::default()
    })
    .unwrap();
    Queries::new(
        &Project::load(ProjectSource::Embedded).unwrap(),
        &config.parameters,
    )
    .unwrap()
}

/// A line of a test history: key, day, session, speaker, content.
type Line<'a> = (&'a str, u64, Option<&'a str>, Option<&'a str>, &'a str);

impl Store {
    fn new() -> Store {
        let warehouse = Warehouse::in_memory(2).unwrap();
        warehouse
            .transaction(|conn| ensure_mind(conn, "default", chrono_tz::UTC, day(0)))
            .unwrap();
        Store {
            warehouse,
            queries: queries(None),
        }
    }

    fn with(lines: &[Line]) -> Store {
        let store = Store::new();
        store.add("default", lines);
        store
    }

    fn add(&self, mind: &str, lines: &[Line]) {
        self.warehouse
            .transaction(|conn| {
                ensure_mind(conn, mind, chrono_tz::UTC, day(0))?;
                let memories: Vec<Incoming> = lines
                    .iter()
                    .enumerate()
                    .map(|(i, (key, at, session, speaker, content))| Incoming {
                        mind: MindId::of(mind),
                        source: "test".into(),
                        key: (*key).into(),
                        content: (*content).into(),
                        created_at: day(*at) + TimeDelta::seconds(i as i64),
                        speaker: speaker.map(str::to_owned),
                        session: session.map(str::to_owned),
                        metadata: r#"{"mood":"calm"}"#.into(),
                    })
                    .collect();
                append_memories(conn, &memories, clock::now())
            })
            .unwrap();
        enrich_pending(&self.warehouse, |_| ()).unwrap();
    }

    fn id(&self, key: &str) -> i64 {
        self.warehouse
            .conn()
            .query_row(
                "SELECT memory_id FROM raw.memories WHERE key = ?",
                [key],
                |r| r.get(0),
            )
            .unwrap()
    }

    fn ask(&self, text: &str) -> Answer {
        self.ask_as(question(text))
    }

    fn ask_as(&self, question: Question) -> Answer {
        recall(self.warehouse.conn(), &self.queries, &question, None).unwrap()
    }
}

fn question(text: &str) -> Question {
    Question {
        text: text.into(),
        mind: MindId::of("default"),
        k: 10,
        as_of: day(300),
        explain: false,
    }
}

fn keys(answer: &Answer) -> Vec<&str> {
    answer.results.iter().map(|h| h.key.as_str()).collect()
}

fn component(hit: &Hit, name: &str) -> Score {
    hit.components.iter().find(|(n, _)| n == name).unwrap().1
}

const DIARY: &[Line] = &[
    (
        "swim",
        0,
        Some("a"),
        Some("Ana"),
        "I swam two kilometres in the lake this morning.",
    ),
    (
        "ask",
        0,
        Some("a"),
        Some("Bento"),
        "Was the water of the lake cold?",
    ),
    (
        "cold",
        0,
        Some("a"),
        Some("Ana"),
        "Freezing! My toes were blue for an hour.",
    ),
    (
        "bread",
        5,
        Some("b"),
        Some("Bento"),
        "I baked sourdough bread with walnuts.",
    ),
    (
        "loaf",
        5,
        Some("b"),
        Some("Ana"),
        "Your loaf tasted wonderful.",
    ),
    ("note", 9, None, None, "Renew the passport before June."),
];

#[test]
fn the_components_of_a_score_sum_to_it_exactly() {
    let store = Store::with(DIARY);
    for text in [
        "lake",
        "What did Ana say about the cold water of the lake?",
        "of the",
        "bread on 6 March 2024",
    ] {
        let answer = store.ask(text);
        assert!(!answer.results.is_empty(), "{text}");
        for hit in &answer.results {
            assert_eq!(
                hit.components.iter().map(|(_, s)| *s).sum::<Score>(),
                hit.score,
                "{text}"
            );
        }
        assert!(
            answer
                .results
                .windows(2)
                .all(|w| (w[1].score, w[0].id) <= (w[0].score, w[1].id)),
            "{text}"
        );
    }
}

#[test]
fn an_answer_has_the_shape_others_rely_on() {
    let json = serde_json::to_value(Store::with(DIARY).ask("walnuts")).unwrap();
    assert_eq!(json["query"], "walnuts");
    let hit = &json["results"][0];
    assert_eq!(hit["key"], "bread");
    assert_eq!(hit["created_at"], "2024-03-06T10:00:03Z");
    assert_eq!(hit["tier"], "pending");
    assert_eq!(hit["metadata"], serde_json::json!({"mood": "calm"}));
    assert_eq!(hit["components"]["lexical"], 1.0);
    assert!(hit["id"].is_i64() && hit["score"].is_f64() && hit["content"].is_string());
}

#[test]
fn a_neighbour_in_the_session_lends_the_words_a_memory_lacks() {
    let store = Store::with(DIARY);
    let answer = store.ask("lake");
    let cold = answer
        .results
        .iter()
        .find(|h| h.key == "cold")
        .expect("it never says lake");
    assert_eq!(component(cold, "lexical"), Score(0));
    assert!(component(cold, "context") > Score(0));
    assert!(!keys(&answer).contains(&"loaf"), "another session");
}

#[test]
fn memories_without_a_session_lend_to_each_other_until_a_pause() {
    let store = Store::with(&[
        ("before", 0, None, None, "We met at the harbour."),
        ("after", 0, None, None, "The wind was strong."),
        ("later", 2, None, None, "Laundry."),
    ]);
    assert_eq!(keys(&store.ask("harbour")), ["before", "after"]);
}

#[test]
fn the_person_named_ranks_before_others_and_questions_after_statements() {
    let store = Store::with(&[
        (
            "bento",
            0,
            Some("a"),
            Some("Bento"),
            "The chess club meets on Monday.",
        ),
        (
            "ana",
            1,
            Some("b"),
            Some("Ana"),
            "The chess club meets on Monday.",
        ),
        (
            "asks",
            2,
            Some("c"),
            Some("Carla"),
            "Does the chess club meet on Monday?",
        ),
    ]);
    let answer = store.ask("When does Ana go to the chess club?");
    assert_eq!(keys(&answer)[0], "ana");
    assert_eq!(keys(&answer)[2], "asks");
    assert!(component(&answer.results[0], "speaker") > Score(0));
    assert!(component(&answer.results[2], "question_turn") < Score(0));
}

#[test]
fn a_day_the_question_names_brings_up_its_memories() {
    let store = Store::with(DIARY);
    let mut asked = question("What happened yesterday?");
    asked.as_of = day(10);
    assert_eq!(keys(&store.ask_as(asked)), ["note"]);
}

#[test]
fn a_deleted_memory_is_never_recalled() {
    let store = Store::with(DIARY);
    append_deletion(
        store.warehouse.conn(),
        MindId::of("default"),
        store.id("swim"),
        day(20),
        "asked to",
    )
    .unwrap();
    for text in ["swam two kilometres in the lake", "the of", "Ana"] {
        assert!(!keys(&store.ask(text)).contains(&"swim"), "{text}");
    }
}

#[test]
fn an_edited_memory_is_found_by_its_new_words_and_not_by_its_old() {
    let store = Store::with(DIARY);
    append_edit(
        store.warehouse.conn(),
        MindId::of("default"),
        store.id("note"),
        day(20),
        "Renew the driving licence.",
    )
    .unwrap();
    enrich_pending(&store.warehouse, |_| ()).unwrap();
    let answer = store.ask("driving");
    assert_eq!(keys(&answer), ["note"]);
    assert_eq!(answer.results[0].content, "Renew the driving licence.");
    assert_eq!(answer.results[0].metadata["mood"], "calm");
    assert_eq!(store.ask("passport").basis, Basis::Strongest);
}

#[test]
fn nothing_crosses_minds() {
    let store = Store::with(DIARY);
    let alone: Vec<_> = store
        .ask("cold lake")
        .results
        .iter()
        .map(|h| (h.id, h.score))
        .collect();
    store.add(
        "other",
        &[
            (
                "theirs",
                0,
                Some("a"),
                Some("Ana"),
                "The cold lake of the others, lake, lake.",
            ),
            ("x", 0, Some("a"), None, "Lake."),
        ],
    );
    let beside: Vec<_> = store
        .ask("cold lake")
        .results
        .iter()
        .map(|h| (h.id, h.score))
        .collect();
    assert_eq!(alone, beside);
    let mut theirs = question("sourdough");
    theirs.mind = MindId::of("other");
    let answer = store.ask_as(theirs);
    assert_eq!(answer.basis, Basis::Strongest);
    assert!(
        answer
            .results
            .iter()
            .all(|h| ["theirs", "x"].contains(&h.key.as_str()))
    );
}

#[test]
fn a_question_of_stop_words_gets_the_strongest_and_most_recent_and_says_so() {
    let store = Store::with(DIARY);
    for text in ["what is it that we had?", "", "   ", "zebra", "🦓"] {
        let answer = store.ask(text);
        assert_eq!(answer.basis, Basis::Strongest, "{text}");
        assert_eq!(answer.notes.len(), 1, "{text}");
        assert_eq!(keys(&answer)[0], "note", "the most recent: {text}");
        assert_eq!(answer.results.len(), DIARY.len());
        assert_eq!(
            answer.results[0]
                .components
                .iter()
                .map(|(n, _)| n.as_str())
                .collect::<Vec<_>>(),
            ["strength", "recency"]
        );
    }
}

#[test]
fn nothing_made_after_as_of_comes_up_and_the_answer_says_its_weights_are_of_today() {
    let store = Store::with(DIARY);
    let mut past = question("sourdough bread lake");
    past.as_of = day(1);
    let answer = store.ask_as(past);
    let mut found = keys(&answer);
    found.sort_unstable();
    assert_eq!(found, ["ask", "cold", "swim"]);
    assert!(answer.results.iter().all(|h| h.created_at <= day(1)));
    assert!(
        answer.notes[0].contains("today's weights"),
        "{:?}",
        answer.notes
    );
    assert!(store.ask("lake").notes.is_empty());
}

#[test]
fn equal_memories_come_in_the_order_they_arrived() {
    let lines: Vec<(String, String)> = (0..30)
        .map(|i| (format!("k{i:02}"), format!("s{i}")))
        .collect();
    let lines: Vec<Line> = lines
        .iter()
        .map(|(k, s)| (k.as_str(), 0, Some(s.as_str()), None, "The same words."))
        .collect();
    let store = Store {
        queries: queries(Some("recall_recency_weight: 0")),
        ..Store::with(&lines)
    };
    let first = store.ask("words");
    assert_eq!(
        keys(&first),
        lines[..10].iter().map(|l| l.0).collect::<Vec<_>>()
    );
    store
        .warehouse
        .conn()
        .execute_batch("PRAGMA verify_parallelism; SET threads = 1")
        .unwrap();
    assert_eq!(store.ask("words"), first);
}

#[test]
fn an_answer_does_not_depend_on_what_else_is_asked() {
    let store = Store::with(DIARY);
    let mut questions: Vec<Question> = [
        "cold lake",
        "the",
        "bread",
        "What did Ana say about bread?",
        "cold lake",
    ]
    .map(question)
    .into();
    questions[1].k = 2;
    questions[2].explain = true;
    let together = recall_batch(store.warehouse.conn(), &store.queries, &questions, None).unwrap();
    let alone: Vec<Answer> = questions.iter().map(|q| store.ask_as(q.clone())).collect();
    assert_eq!(together, alone);
    assert_eq!(together[1].results.len(), 2);
    assert!(
        recall_batch(store.warehouse.conn(), &store.queries, &[], None)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_explanation_names_words_and_the_neighbour_that_lent_them() {
    let store = Store::with(DIARY);
    let mut asked = question("cold lake");
    asked.explain = true;
    let answer = store.ask_as(asked);
    let swim = answer.results.iter().find(|h| h.key == "swim").unwrap();
    let words = &swim.explanation.as_ref().unwrap().words;
    let cold = words.iter().find(|w| w.term == "cold").unwrap();
    assert_eq!(cold.lent_by, Some(store.id("ask")));
    let shares: f64 = words.iter().map(|w| w.lexical).sum();
    assert!((shares - component(swim, "lexical").value()).abs() < 1e-5);
    assert_eq!(store.ask("cold lake").results[0].explanation, None);
}

#[test]
fn hostile_and_huge_questions_are_only_words() {
    let store = Store::with(DIARY);
    let long = "lake '; DROP TABLE raw.memories; -- {{ 1/0 }} ".repeat(250);
    let all_terms = (0..3_000).map(|i| format!("w{i} ")).collect::<String>() + "lake";
    for text in [
        "lake'; DELETE FROM raw.memories; --",
        "lake \0 \u{1f30a}",
        "$1 ? :lake %s \\ \"",
        &long,
        &all_terms,
        "lake {{ as_of }}",
    ] {
        let answer = store.ask(text);
        assert_eq!(answer.query, text);
        assert_eq!(answer.results.len().min(1), 1);
    }
    assert!(keys(&store.ask(&long)).contains(&"swim"));
}

#[test]
fn odd_names_and_sessions_do_no_harm() {
    let store = Store::with(&[
        (
            "a",
            0,
            Some(""),
            Some("O'Neil \"x\""),
            "Lanterns in the garden.",
        ),
        ("b", 0, None, Some("\u{1}"), "Lanterns in the attic."),
        ("c", 0, None, Some(""), ""),
    ]);
    let answer = store.ask("Which lanterns does O'Neil x have?");
    assert_eq!(keys(&answer)[0], "a");
    assert!(component(&answer.results[0], "speaker") > Score(0));
    assert_eq!(
        component(
            answer.results.iter().find(|h| h.key == "b").unwrap(),
            "speaker"
        ),
        Score(0)
    );
}

#[test]
fn an_empty_store_answers_with_nothing() {
    let answer = Store::new().ask("anything");
    assert!(answer.results.is_empty() && answer.notes.is_empty());
}

#[test]
fn k_is_at_least_one_and_may_exceed_the_store() {
    let store = Store::with(DIARY);
    let mut asked = question("lake");
    asked.k = 0;
    assert_eq!(
        recall(store.warehouse.conn(), &store.queries, &asked, None)
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
    asked.k = usize::MAX;
    assert_eq!(store.ask_as(asked.clone()).results.len(), 3);
    asked.text = "the".into();
    assert_eq!(store.ask_as(asked.clone()).results.len(), DIARY.len());
    asked.k = 1;
    assert_eq!(store.ask_as(asked.clone()).results.len(), 1);
    asked.mind = MindId::of("nobody");
    assert_eq!(
        recall(store.warehouse.conn(), &store.queries, &asked, None)
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
}

#[test]
fn what_was_forgotten_is_found_and_ranks_lower_than_its_like() {
    let store = Store::with(&[
        ("weak", 0, Some("a"), None, "Tulips by the gate."),
        ("strong", 0, Some("b"), None, "Tulips by the gate."),
    ]);
    for (key, tier, strength) in [("weak", "forgotten", "0.1"), ("strong", "long_term", "0.9")] {
        store
            .warehouse
            .conn()
            .execute_batch(&format!(
                "INSERT INTO state.memory_traces
                 SELECT mind_id, memory_id, '{tier}', NULL, created_at, {strength}, 2, created_at, created_at, 1, 1, NULL, 0.5, 0.5, 0, 0, 1, NULL, memory_id
                 FROM raw.memories WHERE key = '{key}'"
            ))
            .unwrap();
    }
    let answer = store.ask("tulips");
    assert_eq!(keys(&answer), ["strong", "weak"]);
    assert_eq!(
        answer
            .results
            .iter()
            .map(|h| h.tier.as_str())
            .collect::<Vec<_>>(),
        ["long_term", "forgotten"]
    );
}

#[test]
fn activation_spreads_to_associated_memories_of_the_mind() {
    let store = Store {
        queries: queries(Some("recall_association_weight: 0.5")),
        ..Store::with(DIARY)
    };
    store
        .warehouse
        .conn()
        .execute_batch(&format!(
            "INSERT INTO state.associations SELECT mind_id, {}, {}, 'semantic', 0.8, 0, created_at, created_at, 1, false
             FROM raw.memories WHERE key = 'bread'",
            store.id("bread"),
            store.id("note")
        ))
        .unwrap();
    let mut asked = question("sourdough");
    asked.explain = true;
    let answer = store.ask_as(asked);
    let note = answer
        .results
        .iter()
        .find(|h| h.key == "note")
        .expect("associated");
    assert!(component(note, "association") > Score(0));
    assert_eq!(
        note.explanation.as_ref().unwrap().associated_with,
        [store.id("bread")]
    );
}
