use super::*;
use crate::enrich::{Emotion, Milli, SpeechAct};
use chrono::NaiveDate;
use proptest::prelude::*;

fn subject(content: &str) -> Subject<'_> {
    let local_time = NaiveDate::from_ymd_opt(2023, 5, 10)
        .unwrap()
        .and_hms_opt(14, 30, 0)
        .unwrap();
    Subject {
        content,
        speaker: Some("Maria"),
        local_time,
    }
}

#[test]
fn a_memory_is_read_as_a_person_would_read_it() {
    let found = enrich(&subject(
        "Hey Tom! I'm so excited, we adopted two kittens in Lisbon last Friday. I need to call the vet today, they are in my kitchen.",
    ));
    assert_eq!(found.people, ["Maria", "Tom"]);
    assert_eq!(found.places, ["Lisbon"]);
    assert_eq!(found.emotion, Some(Emotion::Joy));
    assert_eq!(found.task.as_deref(), Some("call the vet today"));
    assert_eq!(found.act, SpeechAct::Statement);
    assert_eq!(found.egocentric, ["my kitchen"]);
    assert!(
        found.topics.iter().any(|topic| topic.label == "kitten"),
        "{:?}",
        found.topics
    );
    assert!(
        found.actions.iter().any(|action| action.verb == "adopt"),
        "{:?}",
        found.actions
    );
    assert!(
        found.valence > Milli(200) && found.importance > Milli(500) && found.urgency > Milli(200)
    );
    let times: Vec<_> = found.times.iter().map(|time| time.text.as_str()).collect();
    assert_eq!(times, ["last Friday", "today"]);
}

#[test]
fn odd_input_gives_features_and_no_panic() {
    let long = "The quick brown fox jumps over the lazy dog in Paris!! ".repeat(200_000);
    assert!(long.len() > 10_000_000);
    let blob = "A".repeat(10_000_000);
    let marks = "((((\"\"\"'''[[[{{{!!!???...,,,;;;:::".repeat(1000);
    let emoji = "👨‍👩‍👧‍👦😀🏳️‍🌈".repeat(1000);
    let accents = "e\u{301}\u{200D}".repeat(10_000);
    for content in [
        "",
        " ",
        "\n\n\n",
        "\0",
        "\0Hello\0 Tom\0",
        "!",
        "?",
        "...",
        "'s",
        "'",
        "’s",
        "\"",
        "“",
        "```",
        "``` x",
        "-",
        "I",
        "i'm",
        "@",
        "\u{FEFF}",
        "\u{202E}abc",
        "ﷺ",
        "a\u{300}",
        "Ñ",
        "ß",
        "İ",
        "1",
        "1.",
        "'90s",
        "Dr.",
        "St.",
        "😀",
        ":)",
        "&",
        "猫",
        "ไทย",
        &long,
        &blob,
        &marks,
        &emoji,
        &accents,
    ] {
        let found = enrich(&subject(content));
        assert!(found.gist.chars().count() <= 160);
    }
}

#[test]
fn only_the_beginning_of_a_huge_memory_is_read() {
    let filler = "Plain words follow here. ".repeat(1000);
    let found = enrich(&subject(&format!("{filler} I moved to Lisbon.")));
    assert!(found.places.is_empty());
}

#[test]
fn code_is_shown_and_not_said() {
    let found = enrich(&subject(
        "Look:\n```\nlet Paris = Tom.call(); // TODO: kill it!!!\n```",
    ));
    assert!(
        found.places.is_empty() && found.task.is_none() && found.valence == Milli::ZERO,
        "{found:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_unicode_gives_the_same_features_twice_and_within_range(
        text in prop_oneof![
            "\\PC{0,200}",
            "(([A-Z]?[a-z]{1,8}|I|to|my|the|Tom|Rome|yesterday|not|happy|5pm|'s|😀|\"|\n|need)[ ,.!?]{0,2}){0,40}",
        ],
        speaker in proptest::option::of("\\PC{0,12}"),
        day in 1i32..3_000_000,
    ) {
        let local_time = NaiveDate::from_num_days_from_ce_opt(day).unwrap().and_hms_opt(1, 2, 3).unwrap();
        let subject = Subject { content: &text, speaker: speaker.as_deref(), local_time };
        let found = enrich(&subject);
        prop_assert_eq!(&found, &enrich(&subject));
        prop_assert!(found.gist.chars().count() <= 160 && found.topics.len() <= 8);
        prop_assert!((-1000..=1000).contains(&found.valence.0));
        for unit in [found.arousal, found.urgency, found.importance] {
            prop_assert!((0..=1000).contains(&unit.0));
        }
        prop_assert!(found.topics.iter().all(|topic| (1..=1000).contains(&topic.weight.0) && !topic.label.is_empty()));
        prop_assert!(found.topics.iter().all(|topic| topic.label.split(' ').count() <= 3));
        prop_assert!(found.times.iter().all(|time| time.start < time.end));
        let json = serde_json::to_string(&found).unwrap();
        prop_assert_eq!(serde_json::from_str::<crate::enrich::Features>(&json).unwrap(), found);
    }
}

#[test]
fn threads_agree() {
    let texts = [
        "I love this, not that!",
        "We were sad in Rome 😭",
        "TODO: buy milk",
        "We like good things but hate bad ones",
    ];
    let here: Vec<_> = texts.iter().map(|text| enrich(&subject(text))).collect();
    let there = std::thread::spawn(move || {
        texts
            .iter()
            .rev()
            .map(|text| enrich(&subject(text)))
            .collect::<Vec<_>>()
    });
    let there: Vec<_> = there.join().unwrap().into_iter().rev().collect();
    assert_eq!(here, there);
}
