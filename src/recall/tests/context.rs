//! What lends a memory more than its words: neighbours, people, days, associations.

use super::*;

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
    let need = |at: usize| component(&answer.results[at], "need");
    assert!(
        need(2) < need(0) && need(2) < need(1),
        "a question brings no news"
    );
}

#[test]
fn a_day_the_question_names_brings_up_its_memories() {
    let store = Store::with(DIARY);
    let mut asked = question("What happened yesterday?");
    asked.as_of = day(10);
    assert_eq!(keys(&store.ask_as(asked)), ["note"]);
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
