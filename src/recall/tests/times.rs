//! Time and who: what a question means by when it is asked and by what the memories tell.

use super::*;

const LIFE: &[Line] = &[
    (
        "flat",
        2,
        Some("a"),
        None,
        "My flat in the old town is cold in winter.",
    ),
    (
        "move",
        40,
        Some("b"),
        None,
        "We are moving today, the van is full.",
    ),
    (
        "house",
        50,
        Some("c"),
        None,
        "My house by the river is warm.",
    ),
    ("sister", 55, Some("d"), None, "My sister Ines is a nurse."),
    (
        "shift",
        60,
        Some("e"),
        None,
        "Ines works the night shift this month.",
    ),
    ("born", 61, Some("f"), None, "My birthday is 20 March."),
    (
        "cake",
        19,
        Some("g"),
        None,
        "A cake with walnuts was waiting at breakfast.",
    ),
    (
        "pie",
        70,
        Some("h"),
        None,
        "A pie with walnuts was waiting at breakfast.",
    ),
];

fn explained(store: &Store, text: &str, at: u64) -> Answer {
    store.ask_as(Question {
        explain: true,
        as_of: day(at),
        ..question(text)
    })
}

/// What the rules of facts read in this life.
fn read_facts(store: &Store) {
    for (key, slot, value, words) in [
        ("sister", "sibling", "Ines", "My sister Ines"),
        ("born", "birthday", "20 March", "My birthday is 20 March"),
    ] {
        let id = store.id(key);
        store
            .warehouse
            .conn()
            .execute(
                "INSERT INTO enrichment.fact_readings VALUES (?, ?, 1, ?, NULL, ?, ?, true, 'holds', NULL, NULL, ?)",
                duckdb::params![id, id, MindId::of("default").to_string(), slot, value, words],
            )
            .unwrap();
    }
}

fn first(answer: &Answer) -> &str {
    keys(answer).first().copied().unwrap_or("nothing")
}

#[test]
fn what_happened_lies_behind_and_what_will_be_ahead() {
    let store = Store::with(LIFE);
    let now = day(30);
    let asked = |text: &str| explained(&store, text, 30).times[0].clone();
    assert!(asked("Where was Ines on Wednesday evening?").end.unwrap() <= now);
    assert!(
        asked("Where will Ines be on Wednesday evening?")
            .start
            .unwrap()
            >= now
    );
}

#[test]
fn an_event_that_memories_date_narrows_and_the_answer_names_the_memory() {
    let store = Store::with(LIFE);
    let answer = explained(&store, "How warm was my home before the move?", 100);
    let time = &answer.times[0];
    assert_eq!(time.text, "before the move");
    assert_eq!(time.dated_by, Some(store.id("move")));
    assert_eq!(
        (time.start, time.end.map(|at| at.date())),
        (None, Some(day(40).date()))
    );
}

#[test]
fn an_open_span_alone_answers_nothing() {
    let store = Store::with(LIFE);
    let answer = store.ask_as(Question {
        cut: Cut::Usual,
        as_of: day(100),
        ..question("What did the plumber repair before 2030?")
    });
    assert!(answer.results.is_empty(), "{:?}", keys(&answer));
}

#[test]
fn a_birthday_is_the_last_one_before_the_moment_of_asking() {
    let store = Store::with(LIFE);
    read_facts(&store);
    let answer = explained(&store, "What was waiting at breakfast on my birthday?", 200);
    assert_eq!(answer.times[0].start.unwrap().date(), day(19).date());
    assert_eq!(answer.times[0].dated_by, Some(store.id("born")));
    assert_eq!(first(&answer), "cake");
}

#[test]
fn kin_are_known_by_the_names_that_memories_give_them() {
    let store = Store::with(LIFE);
    read_facts(&store);
    let answer = explained(&store, "Which shift does my sister work?", 100);
    assert_eq!(answer.people[0].name, "Ines");
    assert_eq!(answer.people[0].said_by, store.id("sister"));
    assert_eq!(first(&answer), "shift");
    assert!(
        explained(&store, "Which shift is it?", 100)
            .people
            .is_empty()
    );
}

#[test]
fn the_latest_and_the_first_order_what_fits() {
    let store = Store::with(LIFE);
    let latest = explained(&store, "What was the last thing waiting at breakfast?", 100);
    assert_eq!(
        (first(&latest), latest.order),
        ("pie", Some(TimeOrder::Latest))
    );
    let earliest = explained(
        &store,
        "What was the first thing waiting at breakfast?",
        100,
    );
    assert_eq!(first(&earliest), "cake");
    for hit in latest.results.iter().chain(&earliest.results) {
        assert_eq!(
            hit.components.iter().map(|(_, s)| *s).sum::<Score>(),
            hit.score
        );
    }
}
