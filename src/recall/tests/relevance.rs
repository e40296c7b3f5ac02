//! Relevance means the same from question to question, and a cut gives nothing rather than something beside the point.

use super::*;
use serde_json::Value;

fn cut(text: &str, cut: Cut) -> Question {
    Question {
        cut,
        ..question(text)
    }
}

#[test]
fn nothing_fits_is_said_with_the_reason_and_no_results() {
    let store = Store::with(DIARY);
    let answer = store.ask_as(cut(
        "What did the helicopter pilot say about taxes?",
        Cut::Usual,
    ));
    assert_eq!(answer.basis, Basis::Nothing);
    assert!(answer.results.is_empty());
    assert!(
        answer.notes[0].contains("helicopter"),
        "which words no memory has: {:?}",
        answer.notes
    );
}

#[test]
fn a_cut_leaves_what_answers_and_k_is_a_limit_not_a_quota() {
    let store = Store::with(DIARY);
    let answer = store.ask_as(cut("Who baked bread with walnuts?", Cut::Usual));
    assert_eq!(keys(&answer), ["bread"]);
    assert!(answer.results[0].relevance.unwrap() > Score(500_000));
    let all = store.ask("Who baked bread with walnuts?");
    assert!(all.results.len() > 1, "without a cut the rest comes too");
    let none = store.ask_as(cut("Who baked bread with walnuts?", Cut::At(Score(0))));
    assert_eq!(none.results, all.results);
}

#[test]
fn a_word_no_memory_has_is_read_as_the_nearest_in_spelling_and_known_words_never() {
    let store = Store::with(DIARY);
    let answer = store.ask("pasport renewal");
    assert_eq!(keys(&answer)[0], "note");
    assert_eq!(answer.spelling[0].asked, "pasport");
    assert_eq!(answer.spelling[0].term, "passport");
    assert!(store.ask("passport").spelling.is_empty());
    assert!(
        store.ask("lace").spelling.is_empty(),
        "four letters are too few"
    );
}

#[test]
fn the_times_found_in_a_question_are_told_where_reasons_are_asked_for() {
    let store = Store::with(DIARY);
    let mut asked = question("What happened yesterday?");
    asked.as_of = day(10);
    asked.explain = true;
    let answer = store.ask_as(asked);
    assert_eq!(answer.times[0].text, "yesterday");
}

/// Sixty memories and eighty questions, half of them without an answer; the half called `check` was never looked at while the
/// parameters of relevance were chosen.
#[test]
fn programs_get_the_right_memories_or_none() {
    let store = Store::new();
    let read = |text: &str| -> Vec<Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let memories = read(include_str!("../../../tests/relevance/memories.jsonl"));
    let incoming: Vec<Incoming> = memories
        .iter()
        .map(|m| Incoming {
            mind: MindId::of("default"),
            source: "test".into(),
            key: m["id"].as_str().unwrap().into(),
            content: m["content"].as_str().unwrap().into(),
            created_at: NaiveDateTime::parse_from_str(
                m["created_at"].as_str().unwrap(),
                "%Y-%m-%dT%H:%M:%SZ",
            )
            .unwrap(),
            speaker: m["speaker"].as_str().map(str::to_owned),
            session: m["session"].as_str().map(str::to_owned),
            metadata: "{}".into(),
        })
        .collect();
    store
        .warehouse
        .transaction(|conn| append_memories(conn, &incoming, clock::now()))
        .unwrap();
    enrich_pending(&store.warehouse, |_| ()).unwrap();

    let asked = read(include_str!("../../../tests/relevance/questions.jsonl"));
    let questions: Vec<Question> = asked
        .iter()
        .map(|q| cut(q["text"].as_str().unwrap(), Cut::Usual))
        .collect();
    let answers = recall_batch(store.warehouse.conn(), &store.queries, &questions, None).unwrap();
    let (mut exact, mut whole, mut silent) = (0, 0, 0);
    for (question, answer) in asked.iter().zip(&answers) {
        let right: Vec<&str> = question["answers"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let given = keys(answer);
        if right.is_empty() {
            silent += usize::from(given.is_empty());
        } else {
            whole += usize::from(right.iter().all(|key| given.contains(key)));
            exact += usize::from(given == right);
        }
    }
    assert!(
        exact >= EXACT,
        "{exact} of 40 questions get exactly their answer"
    );
    assert!(whole >= WHOLE, "{whole} of 40 questions get their answer");
    assert!(
        silent >= SILENT,
        "{silent} of 40 questions without an answer get none"
    );
}

const EXACT: usize = 30;
const WHOLE: usize = 38;
const SILENT: usize = 36;
