//! Questions and stores at the edge: other minds, no words, too many, nothing there.

use super::*;

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
        let scores: Vec<_> = answer.results.iter().map(|hit| hit.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{text}: {scores:?}");
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
fn a_question_of_stop_words_finds_who_said_just_that() {
    let answer = Store::with(&[
        ("other", 0, None, None, "We were not there, or were we?"),
        (
            "hamlet",
            1,
            None,
            None,
            "\"To be, or not to be\" is what he whispered.",
        ),
    ])
    .ask("to be or not to be");
    assert_eq!(answer.basis, Basis::Match);
    assert_eq!(keys(&answer), ["hamlet"]);
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
