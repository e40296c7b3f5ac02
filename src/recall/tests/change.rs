//! What was deleted, edited, forgotten, or came later.

use super::*;

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
