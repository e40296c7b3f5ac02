//! Urgency: how soon something wants to be done.

use super::features::{Features, Milli, SpeechAct};
use super::lexicon::Class;
use super::reading::Reading;

/// Words that press, by strength 3, 2, 1.
const PRESSING: &[(f64, &str)] = &[
    (3.0, "urgent urgently asap emergency immediately 911 hurry"),
    (
        1.6,
        "deadline overdue now tonight must critical expires expire expiring due quickly",
    ),
    (
        0.8,
        "today tomorrow soon need needs gotta before until priority reminder remind late waiting quick",
    ),
];

/// How soon something wants to be done.
///
/// `x / (x + 2.5)`, where x sums the pressing words (3 urgent, asap; 1.6 deadline, must, tonight, now; 0.8 today, soon,
/// need), 1 for a task and 0.5 for a request. Twice the pressure less than doubles it. "now" counts only where it ends
/// a clause or follows "right": "now I see" presses nobody.
pub(super) fn urgency(reading: &Reading<'_>, features: &Features) -> Milli {
    let tokens = &reading.tokens;
    let mut x = 0.0_f64;
    for (at, token) in tokens.iter().enumerate() {
        let Some((weight, _)) = PRESSING.iter().find(|(_, words)| has(words, &token.word)) else {
            continue;
        };
        let idle = match token.word.as_str() {
            "now" => !at.checked_sub(1).is_some_and(|before| {
                matches!(
                    tokens[before].word.as_str(),
                    "right" | "it" | "do" | "call" | "come"
                )
            }),
            "late" => at
                .checked_sub(1)
                .is_none_or(|before| !tokens[before].is(Class::AUXILIARY)),
            "need" | "needs" => !at
                .checked_sub(1)
                .is_some_and(|before| matches!(tokens[before].word.as_str(), "i" | "we" | "it")),
            "due" => tokens.get(at + 1).is_some_and(|next| next.word == "to"),
            "before" | "until" => !tokens
                .get(at + 1)
                .is_some_and(|next| next.is(Class::CALENDAR)),
            "must" => tokens
                .get(at + 1)
                .is_some_and(|next| matches!(next.word.as_str(), "be" | "have" | "feel")),
            _ => token.word.contains("must'"),
        };
        if !idle {
            x += weight;
        }
    }
    x = x.min(12.0);
    if features.task.is_some() {
        x += 1.0;
    }
    if features.act == SpeechAct::Request {
        x += 0.5;
    }
    // A past "today" wants nothing: without a task, request or strong word it presses half.
    if features.task.is_none() && features.act != SpeechAct::Request && x < 1.6 {
        x *= 0.5;
    }
    Milli::from_unit(x / (x + 2.5))
}

fn has(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::features::Milli;
    use super::super::rules::{Subject, enrich};

    fn features(content: &str) -> super::Features {
        let local_time = NaiveDate::from_ymd_opt(2023, 5, 10)
            .unwrap()
            .and_hms_opt(12, 0, 0)
            .unwrap();
        enrich(&Subject {
            content,
            speaker: Some("Maria"),
            local_time,
        })
    }

    #[test]
    fn what_presses_is_urgent() {
        for (more, less) in [
            (
                "Call the vet immediately, it's urgent!",
                "Call the vet some day.",
            ),
            ("The deadline is tonight.", "The film was long."),
            ("I must pay the rent today", "I paid the rent today"),
            ("Call me right now!", "Now I see what you mean."),
        ] {
            let (a, b) = (features(more).urgency, features(less).urgency);
            assert!(a > b, "{more} {a} / {less} {b}");
        }
        assert_eq!(features("The film was long.").urgency, Milli::ZERO);
    }
}
