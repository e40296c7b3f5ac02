//! Who owes whom: what was lent and what has come back since, a ledger a person.
//!
//! Speaks where a sentence names a person and an amount or a thing that was lent; is silent once the same person is said to have paid
//! it back, and tells what is left where only a part has come.

use super::{Finding, quote, say};
use crate::insight::reading::cues::{Language, filled};
use crate::insight::reading::{Diary, Place};
use crate::text::fold;
use regex::Regex;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:(€|£|\$) ?)?(\d+(?:[.,]\d{1,2})?) ?(€|£|\$|eur(?:os?)?|pounds?|quid|dollars?|bucks|reais|chf|franken)?").ok()
});

/// An amount with its sign.
#[derive(Clone, PartialEq)]
struct Amount {
    number: f64,
    sign: String,
}

/// What is open with a person.
struct Account<'a> {
    lent: Place<'a>,
    whole: Amount,
    rest: f64,
    evidence: Vec<i64>,
    newest: chrono::NaiveDate,
    mine: bool,
}

pub(in crate::insight) fn find(diary: &Diary) -> Vec<Finding> {
    if diary.is_group {
        return Vec::new();
    }
    let mut accounts: BTreeMap<String, Account<'_>> = BTreeMap::new();
    for place in diary
        .sentences()
        .filter(|place| place.is_plain() && place.day() <= diary.today)
    {
        let (cues, text) = (place.cues(), &place.sentence.folded);
        let Some(name) = person(&place) else {
            continue;
        };
        let mine = cues.lent.is_match(text) || cues.owes_me.is_match(text);
        let amount = amount(text).or_else(|| bare(text).filter(|_| cues.owes_me.is_match(text)));
        let key = name.to_lowercase();
        if let (true, Some(account)) = (cues.repaid.is_match(text), accounts.get_mut(&key)) {
            let back = amount.or_else(|| bare(text));
            let back = back.map_or(account.rest, |amount| amount.number);
            account.rest -= back;
            account.evidence.push(place.entry.id);
            account.newest = place.day();
            if account.rest < 0.005 {
                accounts.remove(&key);
            }
            continue;
        }
        let theirs = cues.i_owe.is_match(text);
        if let (Some(amount), true) = (amount, mine || theirs) {
            accounts.insert(
                key,
                Account {
                    lent: place,
                    rest: amount.number,
                    whole: amount,
                    evidence: vec![place.entry.id],
                    newest: place.day(),
                    mine: !theirs,
                },
            );
        }
    }
    accounts
        .into_values()
        .filter_map(|account| finding(&account))
        .collect()
}

/// The one person that a sentence names: one whom the reading rules know, else a name written like one.
fn person(place: &Place<'_>) -> Option<String> {
    let text = &place.sentence.text;
    let mut known = place
        .entry
        .people
        .iter()
        .filter(|name| text.contains(name.as_str()));
    match (known.next(), known.next()) {
        (Some(name), None) => return Some(name.clone()),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    // Every noun of German is written like a name.
    if place.entry.language == Language::German {
        return None;
    }
    let mut named = text
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .filter(|word| is_like_a_name(place, word));
    match (named.next(), named.next()) {
        (Some(name), None) => Some(name.to_owned()),
        _ => None,
    }
}

fn is_like_a_name(place: &Place<'_>, word: &str) -> bool {
    let (cues, folded) = (place.cues(), fold(word));
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.any(char::is_lowercase)
        && word.chars().count() > 2
        && !place.entry.language.stop_words().contains(&folded)
        && ![&cues.lent, &cues.owes_me, &cues.repaid]
            .iter()
            .any(|cue| cue.is_match(&folded))
}

fn amount(folded: &str) -> Option<Amount> {
    let captures = AMOUNT.iter().flat_map(|regex| regex.captures_iter(folded));
    captures
        .filter_map(|c| {
            let sign = c.get(1).or_else(|| c.get(3))?.as_str().to_owned();
            let number = c[2].replace(',', ".").parse().ok()?;
            Some(Amount { number, sign })
        })
        .next()
}

/// A number without a sign: what comes back is told in the money it was lent in.
fn bare(folded: &str) -> Option<Amount> {
    let number = folded
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty())?;
    Some(Amount {
        number: number.parse().ok()?,
        sign: String::new(),
    })
}

impl Amount {
    fn told(&self, number: f64) -> String {
        let number = if number.fract() == 0.0 {
            format!("{number:.0}")
        } else {
            format!("{number:.2}")
        };
        match self.sign.as_str() {
            "£" | "$" => format!("{}{number}", self.sign),
            "€" | "eur" | "euro" | "euros" => format!("{number} €"),
            sign => format!("{number} {sign}").trim_end().to_owned(),
        }
    }
}

fn finding(account: &Account<'_>) -> Option<Finding> {
    let place = &account.lent;
    let phrases = say(place);
    let is_part = account.rest + 0.005 < account.whole.number;
    let phrase = match (account.mine, is_part) {
        (true, true) => &phrases.owes_rest,
        (true, false) => &phrases.owes_me,
        (false, _) => &phrases.i_owe,
    };
    let title = filled(
        phrase,
        &[
            ("name", &person(place)?),
            ("amount", &account.whole.told(account.rest)),
            ("whole", &account.whole.told(account.whole.number)),
            ("noted", &phrases.day(place.day())),
            ("quote", &quote(place)),
        ],
    );
    Some(Finding {
        kind: "debt",
        title,
        evidence: account.evidence.clone(),
        newest: account.newest,
        matter: place.sentence.stems.iter().cloned().collect(),
        weight: 3.0,
        urgency: 0.0,
        is_lasting: true,
        confidence: 0.6,
        details: json!({"left": account.rest, "of": account.whole.number, "sign": account.whole.sign}),
    })
}
