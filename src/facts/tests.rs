//! The corpus written for the project, and histories of changes.

use super::*;
use chrono::NaiveDateTime;

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(&format!("{text} 12:00:00"), "%Y-%m-%d %H:%M:%S").unwrap()
}

fn shown(reading: &Reading) -> String {
    let subject = reading.subject.as_ref().map(|s| format!("@{s}"));
    format!(
        "{}{}={}",
        reading.slot,
        subject.unwrap_or_default(),
        reading.value
    )
}

/// Precision and recall on `stated.tsv` (a sentence, and the facts it gives), and what is read where there is nothing.
#[test]
fn the_corpus_is_read_with_few_mistakes_and_little_left_out() {
    let registry = registry().unwrap();
    for (name, stated, nothing) in [
        (
            "corpus",
            include_str!("corpus/stated.tsv"),
            include_str!("corpus/nothing.txt"),
        ),
        (
            "second corpus",
            include_str!("corpus/aside_stated.tsv"),
            include_str!("corpus/aside_nothing.txt"),
        ),
    ] {
        let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
        for line in stated.lines() {
            let (text, expected) = line.split_once('\t').unwrap();
            let mut expected: Vec<&str> = expected.split("; ").filter(|e| !e.is_empty()).collect();
            for reading in read(registry, text, at("2026-03-10")) {
                let found = shown(&reading);
                match expected.iter().position(|e| *e == found) {
                    Some(i) => {
                        expected.remove(i);
                        right += 1;
                    }
                    None => wrong.push(format!("{text} → {found}")),
                }
            }
            missed.extend(expected.iter().map(|e| format!("{text} → {e}")));
        }
        for text in nothing.lines() {
            let readings = read(registry, text, at("2026-03-10"));
            wrong.extend(readings.iter().map(|r| format!("{text} → {}", shown(r))));
        }
        let precision = f64::from(right) / (f64::from(right) + wrong.len() as f64);
        let recall = f64::from(right) / (f64::from(right) + missed.len() as f64);
        assert!(
            precision >= 0.95 && recall >= 0.8,
            "{name}: precision {precision:.3}, recall {recall:.3}\nwrong:\n{}\nmissed:\n{}",
            wrong.join("\n"),
            missed.join("\n")
        );
    }
}

/// Facts of what one person said on these days.
fn told(says: &[(&str, &str)]) -> Vec<Fact> {
    facts(registry().unwrap(), claims_of(says), at("2099-01-01"))
}

fn claims_of(says: &[(&str, &str)]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (n, (day, text)) in says.iter().enumerate() {
        for (i, reading) in read(registry().unwrap(), text, at(day))
            .into_iter()
            .enumerate()
        {
            claims.push(Claim {
                id: format!("{}.{}", n + 1, i + 1),
                at: (at(day), n as i64, i as i32),
                subject: reading.subject.unwrap_or_else(|| SELF.to_owned()),
                slot: reading.slot,
                value: reading.value,
                positive: reading.positive,
                act: Act::Says(reading.says),
                from: reading.from,
                until: reading.until,
                evidence: Evidence {
                    memory_id: Some(n as i64 + 1),
                    words: reading.words,
                },
                trust: 0.9,
            });
        }
    }
    claims
}

fn held(facts: &[Fact], slot: &str, day: &str) -> Vec<String> {
    let held = facts.iter().filter(|f| f.slot == slot && f.held(at(day)));
    held.map(|f| f.value.clone()).collect()
}

#[test]
fn a_move_supersedes_and_a_move_back_is_a_fact_of_its_own() {
    let facts = told(&[
        ("2024-01-05", "I live in Lyon."),
        ("2024-06-10", "I moved to Ghent."),
        ("2025-02-01", "We moved back to Lyon."),
    ]);
    assert_eq!(held(&facts, "residence", "2024-03-01"), ["Lyon"]);
    assert_eq!(held(&facts, "residence", "2024-09-01"), ["Ghent"]);
    assert_eq!(held(&facts, "residence", "2025-03-01"), ["Lyon"]);
    let first = facts.iter().find(|f| f.id == "1.1").unwrap();
    assert_eq!(first.superseded_by.as_deref(), Some("2.1"));
    assert_eq!(first.retracted_by, None);
}

#[test]
fn what_was_wrong_is_retracted_and_never_held() {
    let facts = told(&[
        ("2024-01-05", "I work at Kestrel."),
        ("2024-01-06", "No, actually I work at Kestrel Labs."),
    ]);
    assert_eq!(facts[0].retracted_by.as_deref(), Some("2.1"));
    assert_eq!(held(&facts, "employer", "2024-01-05"), [""; 0]);
    assert_eq!(held(&facts, "employer", "2024-02-01"), ["Kestrel Labs"]);
}

#[test]
fn a_plan_becomes_current_when_said_so_and_used_to_closes() {
    let facts = told(&[
        ("2024-01-05", "I'm going to move to Bergen in May."),
        ("2024-05-20", "I moved to Bergen."),
        ("2025-01-10", "I used to live in Bergen."),
    ]);
    assert_eq!(facts[0].state(at("2024-02-01")), "planned");
    assert_eq!(facts[0].superseded_by.as_deref(), Some("2.1"));
    assert_eq!(held(&facts, "residence", "2024-02-01"), [""; 0]);
    assert_eq!(held(&facts, "residence", "2024-08-01"), ["Bergen"]);
    assert_eq!(held(&facts, "residence", "2025-02-01"), [""; 0]);
}

#[test]
fn slots_with_many_values_supersede_nothing_but_their_own_denial() {
    let facts = told(&[
        ("2024-01-05", "I'm allergic to peanuts."),
        ("2024-02-05", "I'm allergic to bees."),
        ("2024-03-05", "I'm not allergic to bees."),
    ]);
    let now: Vec<_> = facts
        .iter()
        .filter(|f| f.slot == "allergy" && f.stands() && f.positive)
        .map(|f| f.value.as_str())
        .collect();
    assert_eq!(now, ["peanuts"]);
}

#[test]
fn what_is_known_on_a_day_is_what_had_been_said() {
    let claims = claims_of(&[
        ("2024-01-05", "I live in Lyon."),
        ("2024-09-10", "I moved to Ghent in May."),
    ]);
    let registry = registry().unwrap();
    let then = facts(registry, claims.clone(), at("2024-07-01"));
    let later = facts(registry, claims, at("2024-12-01"));
    assert_eq!(held(&then, "residence", "2024-06-15"), ["Lyon"]);
    assert_eq!(held(&later, "residence", "2024-06-15"), ["Ghent"]);
}

#[test]
fn saying_it_again_refreshes_and_time_fades() {
    let law = Law {
        rate: 0.9,
        exponent: 0.5,
    };
    let facts = told(&[
        ("2024-01-05", "I live in Lyon."),
        ("2024-06-05", "I live in Lyon now."),
    ]);
    assert_eq!((facts.len(), facts[0].refreshes), (1, 1));
    let soon = facts[0].confidence(at("2024-06-06"), 730.0, law);
    let late = facts[0].confidence(at("2034-06-06"), 730.0, law);
    assert!(soon > 0.9 && late < soon && late > 0.4, "{soon} {late}");
}

#[test]
fn an_answer_is_read_with_its_question() {
    let registry = registry().unwrap();
    for (question, answer, expected) in [
        (
            "Nice to meet you! Where do you live?",
            "In Austin.",
            "residence=Austin",
        ),
        ("How old are you?", "41", "age=41"),
        (
            "Where do you work?",
            "At Northwind Ferries!",
            "employer=Northwind Ferries",
        ),
    ] {
        let found = read_answer(registry, question, answer, at("2026-03-10"));
        let found: Vec<_> = found.iter().map(shown).collect();
        assert_eq!(found, [expected], "{question}");
    }
    for (question, answer) in [
        ("Where do you live?", "Why do you ask?"),
        ("Where do you live?", "Maybe in Austin."),
        ("What a day.", "In Austin."),
    ] {
        assert_eq!(
            read_answer(registry, question, answer, at("2026-03-10")),
            []
        );
    }
}
