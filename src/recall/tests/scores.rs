//! What a score is made of, and in which order answers come.

use super::*;

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
