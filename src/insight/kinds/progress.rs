//! Numbers that move: the same unit about the same matter on several days, with a trend.
//!
//! Speaks from three days on, where the numbers rise or fall steadily (Kendall's τ) by a share that matters. Is silent of times of day,
//! prices, ordinals and "another 6", of numbers with two of their unit in a sentence, and where there and back again is all there is.

use super::{Finding, say};
use crate::insight::reading::cues::filled;
use crate::insight::reading::{Diary, Place};
use chrono::NaiveDate;
use regex::Regex;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Units and what they are called.
const UNITS: &str = "km|kilometers?|kilometres?|kilometer|miles?|kg|kilos?|pounds|lbs?|g|cm|mm|%|percent|prozent|pages?|seiten?|paginas?|words|worter|mots|palabras|palavras|\
    people|personen|personas|personnes|pessoas|members|mitglieder|customers|kunden|clientes|clients|minutes?|minuten|minutos|hours?|stunden?|heures?|horas?|\
    steps|schritte|laps|bahnen|longueurs|points?|punkte|puntos|pontos|ms|s|kb|mb|gb|degrees|grad|degres|kwh|lengths|reps|users|tests|eggs|eier|oeufs|huevos|ovos|\
    plants|jars|books|chapters?|kapitel|chapitres?|capitulos?";
/// Units that people note without a word beside them.
const BODILY: [&str; 5] = ["km", "kg", "mile", "lb", "length"];
/// Words before a number that make it no measure.
const COUNTERS: [&str; 17] = [
    "another", "more", "mais", "encore", "noch", "weitere", "otros", "otras", "mas", "about",
    "next", "last", "page", "seite", "room", "at", "um",
];

/// So many of so many.
static RATIO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(\d{1,4})/(\d{1,4})(?:\D|$)").ok());
static MEASURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?:(\w+) )?\b(\d{{1,6}}(?:[.,]\d{{1,3}})?) ?({UNITS})(?:\b|$|\s)"
    ))
    .ok()
});

/// A number with its unit, where it was said.
struct Measure<'a> {
    place: Place<'a>,
    value: f64,
    unit: String,
    /// The unit as it was written.
    said: String,
}

pub(in crate::insight) fn find(diary: &Diary) -> Vec<Finding> {
    let measures = measures(diary);
    let mut by_matter: BTreeMap<(String, String), Vec<&Measure<'_>>> = BTreeMap::new();
    for measure in &measures {
        // "2.2 km" alone: what a short note measures, its unit says.
        if measure.place.sentence.stems.len() <= 3 && BODILY.contains(&measure.unit.as_str()) {
            let alone = (measure.unit.clone(), measure.unit.clone());
            by_matter.entry(alone).or_default().push(measure);
        }
        for stem in &measure.place.sentence.stems {
            if !measure.unit.starts_with(stem.as_str()) {
                by_matter
                    .entry((measure.unit.clone(), stem.clone()))
                    .or_default()
                    .push(measure);
            }
        }
    }
    let mut found: Vec<(BTreeSet<i64>, Finding)> = Vec::new();
    for ((unit, stem), series) in by_matter {
        let Some(finding) = moved(&unit, &stem, &series) else {
            continue;
        };
        let ids: BTreeSet<i64> = series
            .iter()
            .map(|measure| measure.place.entry.id)
            .collect();
        match found
            .iter_mut()
            .find(|(known, _)| known.intersection(&ids).count() * 2 >= known.len().min(ids.len()))
        {
            Some(known) if known.0.len() < ids.len() => *known = (ids, finding),
            Some(_) => {}
            None => found.push((ids, finding)),
        }
    }
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn measures(diary: &Diary) -> Vec<Measure<'_>> {
    let mut all = Vec::new();
    for place in diary
        .sentences()
        .filter(|place| place.is_plain() && place.day() <= diary.today)
    {
        let text = &place.sentence.folded;
        let mut own: Vec<Measure<'_>> = Vec::new();
        for captures in MEASURE.iter().flat_map(|regex| regex.captures_iter(text)) {
            let before = captures.get(1).map_or("", |word| word.as_str());
            let Ok(value) = captures[2].replace(',', ".").parse() else {
                continue;
            };
            if !COUNTERS.contains(&before) {
                own.push(Measure {
                    place,
                    value,
                    unit: unit(&captures[3]),
                    said: captures[3].to_owned(),
                });
            }
        }
        for captures in RATIO.iter().flat_map(|regex| regex.captures_iter(text)) {
            if let (Ok(value), Ok(whole)) = (captures[1].parse::<f64>(), captures[2].parse::<f64>())
                && value <= whole
                && whole > 12.0
            {
                let unit = format!("/{whole}");
                let said = unit.clone();
                own.push(Measure {
                    place,
                    value,
                    unit,
                    said,
                });
            }
        }
        // Two numbers of a unit in one sentence: which is meant nobody knows.
        let units: Vec<String> = own.iter().map(|measure| measure.unit.clone()).collect();
        own.retain(|measure| units.iter().filter(|unit| **unit == measure.unit).count() == 1);
        all.extend(own);
    }
    all
}

/// One name for a unit and its plural.
fn unit(said: &str) -> String {
    match said {
        "kilometer" | "kilometers" | "kilometre" | "kilometres" => "km".to_owned(),
        "kilo" | "kilos" => "kg".to_owned(),
        "percent" | "prozent" => "%".to_owned(),
        said if said.len() > 3 => said.trim_end_matches('s').to_owned(),
        said => said.to_owned(),
    }
}

fn moved(unit: &str, stem: &str, series: &[&Measure<'_>]) -> Option<Finding> {
    // One a day, the last one said.
    let mut days: BTreeMap<NaiveDate, &Measure<'_>> = BTreeMap::new();
    for measure in series {
        days.insert(measure.place.day(), measure);
    }
    let steps: Vec<&Measure<'_>> = days.into_values().collect();
    if steps.len() < 3 {
        return None;
    }
    let values: Vec<f64> = steps.iter().map(|step| step.value).collect();
    let (first, last) = (values[0], values[values.len() - 1]);
    let tau = kendall(&values).abs();
    let share = (last - first).abs() / first.abs().max(last.abs()).max(f64::EPSILON);
    let is_steady = if values.len() == 3 {
        tau >= 0.999
    } else {
        tau >= 0.6
    };
    if !is_steady || share < if tau >= 0.8 { 0.02 } else { 0.15 } {
        return None;
    }
    let place = &steps[steps.len() - 1].place;
    let phrases = say(place);
    let said = &steps[steps.len() - 1].said;
    let places: Vec<&Place<'_>> = steps.iter().map(|step| &step.place).collect();
    let shown: Vec<String> = thinned(&values).iter().map(|value| plain(*value)).collect();
    let title = filled(
        &phrases.progress,
        &[
            ("label", &super::habit::label(stem, &places)),
            ("first", &with_unit(first, said)),
            ("last", &with_unit(last, said)),
            ("values", &shown.join(" → ")),
            ("noted", &phrases.day(steps[0].place.day())),
            ("day", &phrases.day(place.day())),
        ],
    );
    Some(Finding {
        kind: "progress",
        title,
        evidence: places.iter().map(|place| place.entry.id).collect(),
        newest: place.day(),
        matter: BTreeSet::from([stem.to_owned(), unit.to_owned()]),
        weight: 2.2,
        urgency: 0.0,
        is_lasting: false,
        confidence: 0.65,
        details: json!({"unit": unit, "values": values}),
    })
}

/// Kendall's τ-a of numbers against their order.
fn kendall(values: &[f64]) -> f64 {
    let (mut score, mut pairs) = (0.0, 0.0);
    for (i, earlier) in values.iter().enumerate() {
        for later in &values[i + 1..] {
            pairs += 1.0;
            score += (later - earlier)
                .partial_cmp(&0.0)
                .map_or(0.0, |order| f64::from(order as i8));
        }
    }
    score / f64::max(pairs, 1.0)
}

/// At most six of them, the first and the last among them.
fn thinned(values: &[f64]) -> Vec<f64> {
    let most = 6;
    if values.len() <= most {
        return values.to_vec();
    }
    (0..most)
        .map(|i| values[i * (values.len() - 1) / (most - 1)])
        .collect()
}

fn with_unit(value: f64, unit: &str) -> String {
    let space = if unit.starts_with('/') { "" } else { " " };
    format!("{}{space}{unit}", plain(value))
}

fn plain(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value}")
    }
}
