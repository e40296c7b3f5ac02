//! Which memories may come up, and what an answer holds beside them.

use super::*;

fn asked(text: &str, filter: Filter) -> Question {
    Question {
        filter,
        ..question(text)
    }
}

fn shown(text: &str, presentation: Presentation) -> Question {
    Question {
        presentation,
        ..question(text)
    }
}

#[test]
fn a_filter_lets_only_what_passes_come_up_and_leaves_its_components_as_they_are() {
    let store = Store::with(DIARY);
    let all = store.ask("lake water bread");
    for (filter, expected) in [
        (
            Filter {
                session: Some("a".into()),
                ..Filter::default()
            },
            vec!["swim", "ask", "cold"],
        ),
        (
            Filter {
                speaker: Some("bento".into()),
                ..Filter::default()
            },
            vec!["ask", "bread"],
        ),
        (
            Filter {
                since: Some(day(4)),
                ..Filter::default()
            },
            vec!["bread", "loaf"],
        ),
        (
            Filter {
                until: Some(day(4)),
                ..Filter::default()
            },
            vec!["swim", "ask", "cold"],
        ),
        (
            Filter {
                tier: Some("long_term".into()),
                ..Filter::default()
            },
            vec![],
        ),
        (
            Filter {
                kind: Some("semantic".into()),
                ..Filter::default()
            },
            vec![],
        ),
        (
            Filter {
                min_strength: Some(Score(1_000_000)),
                ..Filter::default()
            },
            vec![],
        ),
        (
            Filter {
                fields: [("mood".to_owned(), "calm".to_owned())].into(),
                ..Filter::default()
            },
            keys(&all),
        ),
        (
            Filter {
                fields: [("mood".to_owned(), "wild".to_owned())].into(),
                ..Filter::default()
            },
            vec![],
        ),
    ] {
        let answer = store.ask_as(asked("lake water bread", filter.clone()));
        let mut found = keys(&answer);
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{filter:?}");
    }
    let narrowed = store.ask_as(asked(
        "lake water bread",
        Filter {
            session: Some("a".into()),
            ..Filter::default()
        },
    ));
    let before = all.results.iter().find(|hit| hit.key == "swim").unwrap();
    let after = narrowed
        .results
        .iter()
        .find(|hit| hit.key == "swim")
        .unwrap();
    assert_eq!(
        before.relevance, after.relevance,
        "what the question needs is weighed by the whole mind"
    );
}

#[test]
fn neighbours_a_budget_and_diversity_change_what_is_shown_not_the_scores() {
    let store = Store::with(DIARY);
    let plain = store.ask("toes blue");
    let wide = store.ask_as(shown(
        "toes blue",
        Presentation {
            expand: 1,
            ..Presentation::default()
        },
    ));
    let cold = wide.results.iter().find(|hit| hit.key == "cold").unwrap();
    assert_eq!(
        cold.neighbours
            .iter()
            .map(|n| (n.id, n.distance))
            .collect::<Vec<_>>(),
        [(store.id("ask"), -1)]
    );
    assert_eq!(
        cold.score,
        plain
            .results
            .iter()
            .find(|hit| hit.key == "cold")
            .unwrap()
            .score
    );
    let short = store.ask_as(shown(
        "lake",
        Presentation {
            max_tokens: Some(9),
            ..Presentation::default()
        },
    ));
    assert_eq!(keys(&short), ["ask"], "{:?}", short.notes);
    assert!(short.notes.iter().any(|note| note.contains("9 tokens")));

    let store = Store::with(&[
        (
            "one",
            0,
            Some("a"),
            None,
            "Bread with walnuts and honey for breakfast.",
        ),
        (
            "same",
            1,
            Some("b"),
            None,
            "Bread with walnuts and honey for breakfast.",
        ),
        (
            "other",
            2,
            Some("c"),
            None,
            "The breakfast bread fell into the lake.",
        ),
    ]);
    assert_ne!(keys(&store.ask("bread with walnuts"))[1], "other");
    let mut varied = shown(
        "bread with walnuts",
        Presentation {
            diversity: Score(700_000),
            ..Presentation::default()
        },
    );
    varied.k = 2;
    assert_eq!(keys(&store.ask_as(varied))[1], "other");
}

#[test]
fn associations_lead_from_results_to_what_comes_to_mind_with_their_path() {
    let store = Store::with(DIARY);
    let mind = MindId::of("default");
    for (from, to) in [("swim", "note"), ("note", "bread")] {
        store
            .warehouse
            .conn()
            .execute(
                "INSERT INTO state.associations BY NAME
                 SELECT ?::UUID AS mind_id, ?::BIGINT AS source_id, ?::BIGINT AS target_id, 0.5 AS weight, 0.5 AS previous_weight,
                     ?::TIMESTAMP AS event_at, ?::TIMESTAMP AS born_at, 1 AS co_activations, false AS provisional, 'semantic' AS kind",
                duckdb::params![mind.to_string(), store.id(from), store.id(to), day(9), day(9)],
            )
            .unwrap();
    }
    let mut question = shown(
        "swam two kilometres",
        Presentation {
            associative: true,
            ..Presentation::default()
        },
    );
    question.as_of = day(10);
    question.k = 1;
    let answer = store.ask_as(question);
    let paths: Vec<Vec<i64>> = answer.associated.iter().map(|a| a.path.clone()).collect();
    assert_eq!(paths[0], [store.id("swim"), store.id("note")]);
}

#[test]
fn why_a_memory_did_not_come_up_is_told() {
    let store = Store::with(DIARY);
    let why = |text: &str, key: &str, change: &dyn Fn(&mut Question)| {
        let mut question = shown(
            text,
            Presentation {
                why_not: Some(store.id(key)),
                ..Presentation::default()
            },
        );
        change(&mut question);
        store.ask_as(question).why_not.unwrap()
    };
    let nothing = |_: &mut Question| ();
    assert_eq!(
        why("lake", "swim", &nothing).reason,
        "it is among the results"
    );
    let fits_less = why("walnuts in bread", "loaf", &|q| q.k = 1);
    assert_eq!(fits_less.place, Some(2));
    assert!(fits_less.found.is_some());
    assert!(
        why("passport", "swim", &nothing)
            .reason
            .contains("have a word of the question")
    );
    assert!(
        why("lake", "note", &|q| q.as_of = day(3))
            .reason
            .contains("made later")
    );
    assert!(
        why("lake", "swim", &|q| q.filter.session = Some("b".into()))
            .reason
            .contains("filter")
    );
    assert!(
        why("cold lake in the morning", "cold", &|q| q.cut =
            Cut::At(Score(999_999)))
        .reason
        .contains("relevance")
    );
    store
        .warehouse
        .transaction(|conn| {
            append_deletion(
                conn,
                MindId::of("default"),
                store.id("swim"),
                day(1),
                "test",
            )
        })
        .unwrap();
    assert_eq!(why("lake", "swim", &nothing).reason, "it is deleted");
}
