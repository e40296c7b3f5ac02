//! Each kind on small diaries: what has to be told, and what must not be.

use super::kinds::{self, Finding};
use super::reading::{Diary, RawEntry};
use super::{HeldFact, InsightFilter, choose};
use chrono::NaiveDate;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Entries from lines of a day, perhaps a speaker, and words: `2026-03-02 Ana: I must …`.
fn diary(today: &str, lines: &[&str]) -> Diary {
    let entries = lines.iter().enumerate().map(|(i, line)| {
        let (date, words) = line.split_once(' ').unwrap();
        let (speaker, words) = match words.split_once(": ") {
            Some((speaker, rest)) if !speaker.contains(' ') => (Some(speaker.to_owned()), rest),
            _ => (None, words),
        };
        let named = |word: &str| ["Ana", "Bruno", "Ilse"].contains(&word);
        RawEntry {
            id: i as i64 + 1,
            at: day(date).and_hms_opt(20, 0, 0).unwrap(),
            speaker,
            content: words.to_owned(),
            people: words
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| named(word))
                .map(str::to_owned)
                .collect(),
        }
    });
    Diary::read(entries.collect(), day(today))
}

fn titles(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| finding.title.as_str())
        .collect()
}

#[test]
fn a_task_with_a_day_is_told_until_something_says_it_is_done() {
    let open = [
        "2026-03-02 I must send the tax form by 20 March.",
        "2026-03-05 Rain all day, nothing done.",
    ];
    assert_eq!(
        titles(&kinds::due::find(&diary("2026-03-11", &open))),
        [
            "Fri 20 Mar (in 9 days): “I must send the tax form by 20 March.” (noted Mon 2 Mar). Nothing says it is done."
        ]
    );
    for settled in [
        "2026-03-09 Sent off the tax form, finally.",
        "2026-03-09 The tax form is cancelled, we get a letter instead.",
        "2026-03-09 They moved the tax form to 30 April.",
    ] {
        let lines = [open[0], settled];
        let told = kinds::due::find(&diary("2026-03-11", &lines));
        assert!(
            told.iter().all(|finding| !finding.evidence.contains(&1)),
            "{settled}: {told:?}"
        );
    }
}

#[test]
fn what_is_supposed_joked_asked_or_said_by_an_assistant_is_not_due() {
    let lines = [
        "2026-03-02 If I had money I would book the flight for 20 March.",
        "2026-03-03 Must marry a prince by 20 March, haha.",
        "2026-03-04 Do we need to be there on 20 March?",
        "2026-03-05 assistant: You must renew the passport by 20 March.",
        "2026-03-06 Every year the fair opens on 20 March.",
    ];
    assert_eq!(
        titles(&kinds::due::find(&diary("2026-03-11", &lines))),
        Vec::<&str>::new()
    );
}

#[test]
fn appointments_are_told_in_the_language_of_the_entry() {
    let lines = [
        "2026-03-02 Ich habe am 16. März einen Termin beim Zahnarzt, um neun.",
        "2026-03-02 J'ai rendez-vous chez le dentiste le 17 mars à 9 h.",
        "2026-03-02 Tengo cita con el médico el 18 de marzo por la tarde.",
        "2026-03-02 Tenho consulta marcada para 19 de março às dez.",
    ];
    let told = kinds::due::find(&diary("2026-03-11", &lines));
    let days: Vec<&str> = told
        .iter()
        .filter_map(|f| f.title.split([':', '(']).next())
        .map(str::trim)
        .collect();
    assert_eq!(
        days,
        ["Mo 16. März", "mar. 17 mars", "mié 18 mar", "qui 19 mar"]
    );
}

#[test]
fn a_change_of_mind_is_told_with_both_sides_and_needs_something_in_common() {
    let lines = [
        "2026-03-02 We have decided to paint the kitchen ochre.",
        "2026-03-09 No ochre for the kitchen after all, it will be sage green.",
        "2026-03-10 Took the bus instead of the car.",
    ];
    let told = kinds::change::find(&diary("2026-03-11", &lines));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].evidence, [1, 2]);
}

#[test]
fn a_debt_stands_with_what_is_left_of_it_until_it_is_paid() {
    let lent = "2026-03-02 Lent Bruno 200 euros for the van.";
    let part = "2026-03-08 Bruno paid back 120.";
    let told = kinds::debt::find(&diary("2026-03-11", &[lent, part]));
    assert_eq!(
        titles(&told),
        ["Bruno still owes you 80 € of 200 €: Mon 2 Mar “Lent Bruno 200 euros for the van.”."]
    );
    let rest = "2026-03-10 Bruno paid back the rest.";
    assert!(kinds::debt::find(&diary("2026-03-11", &[lent, part, rest])).is_empty());
}

#[test]
fn a_habit_that_has_stopped_is_told_while_the_diary_goes_on() {
    let mut lines: Vec<String> = ["01-06", "01-13", "01-20", "01-27", "02-03"]
        .iter()
        .map(|day| format!("2026-{day} Pottery in the evening."))
        .collect();
    lines.extend(
        (5..28)
            .step_by(3)
            .map(|day| format!("2026-02-{day:02} Work, then soup number {day}.")),
    );
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let told = kinds::habit::find(&diary("2026-03-01", &lines));
    assert_eq!(
        titles(&told),
        ["Pottery: Tuesdays, 5 times until Tue 3 Feb, not since (about 4 missed)."]
    );
    assert!(
        kinds::habit::find(&diary("2026-02-09", &lines)).is_empty(),
        "one missed is none"
    );
}

#[test]
fn numbers_that_move_are_told_and_two_of_a_unit_are_not() {
    let lines = [
        "2026-03-02 Ran 8 km along the river.",
        "2026-03-05 Ran 10 km, the knee hurts a little.",
        "2026-03-09 Ran 15 km!",
        "2026-03-10 Signs: 3 km to Lier, 40 km to Ghent, ran past.",
    ];
    let told = kinds::progress::find(&diary("2026-03-11", &lines));
    assert_eq!(
        titles(&told),
        ["Ran: from 8 km to 15 km (8 → 10 → 15; Mon 2 Mar to Mon 9 Mar)."]
    );
}

#[test]
fn facts_are_news_in_a_talk_with_an_assistant_and_where_they_changed() {
    let fact = |before: Option<&str>| HeldFact {
        slot: "residence".to_owned(),
        value: "Lyon".to_owned(),
        before: before.map(str::to_owned),
        memory_id: 1,
        words: "I live in Lyon".to_owned(),
    };
    let own = diary("2026-03-11", &["2026-03-02 I live in Lyon now."]);
    assert!(kinds::fact::find(&own, &[fact(None)]).is_empty());
    assert_eq!(kinds::fact::find(&own, &[fact(Some("Nantes"))]).len(), 1);
    let chat = diary(
        "2026-03-11",
        &[
            "2026-03-02 user: I live in Lyon now.",
            "2026-03-02 assistant: Noted.",
        ],
    );
    assert_eq!(kinds::fact::find(&chat, &[fact(None)]).len(), 1);
}

#[test]
fn at_most_ten_are_shown_few_of_a_kind_and_each_matter_once() {
    let mut lines: Vec<String> = (12..26)
        .map(|day| format!("2026-03-02 I must send parcel{day} to customer{day} by {day} March."))
        .collect();
    lines.push("2026-03-02 Lent Bruno 20 euros.".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let diary = diary("2026-03-11", &lines);
    let mut findings = kinds::due::find(&diary);
    findings.extend(kinds::debt::find(&diary));
    let shown = choose::chosen(findings.clone(), diary.today, &InsightFilter::default());
    assert!(shown.len() <= 10 && shown.iter().any(|finding| finding.kind == "debt"));
    assert!(shown.iter().filter(|finding| finding.kind == "due").count() <= 5);
    findings.reverse();
    let again = choose::chosen(findings.clone(), diary.today, &InsightFilter::default());
    assert_eq!(
        titles(&shown),
        titles(&again),
        "nothing depends on how they were found"
    );
    let all = choose::chosen(findings, diary.today, &InsightFilter::everything());
    assert_eq!(all.len(), 15);
}
