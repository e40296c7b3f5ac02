//! What memory keeps: whether importance, strength and replays tell what is asked for later.

use super::files::Asked;
use super::measures::area;
use super::select;
use crate::cli::context::Context;
use crate::cli::render::{Outcome, Output, table};
use crate::daemon::Session;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Characters of a token, roughly.
const TOKEN: usize = 4;
/// Budgets that are looked at, in tokens.
const BUDGETS: [usize; 3] = [500, 1_500, 4_000];

/// One row a memory: what is known of it, and how strong it is at the last night.
const MEMORIES: &str = "
    SELECT i.name AS mind, m.key, length(m.content)::BIGINT AS length, epoch(m.created_at)::DOUBLE AS recency,
        f.importance::DOUBLE AS importance, coalesce(t.salience, 0)::DOUBLE AS salience, coalesce(s.strength_now, 0)::DOUBLE AS strength,
        coalesce(t.replays, 0)::DOUBLE AS replays
    FROM raw.memories m
    JOIN raw.minds i USING (mind_id)
    JOIN lexical.documents d ON d.memory_id = m.memory_id
    JOIN enrichment.features f ON f.memory_id = m.memory_id AND f.revision = d.revision AND f.provider = 'rules'
    LEFT JOIN state.memory_traces t ON t.memory_id = m.memory_id
    LEFT JOIN long_term_memory.trace_strengths s ON s.memory_id = m.memory_id
    ORDER BY m.memory_id";

#[derive(Debug, Deserialize)]
struct Memory {
    mind: String,
    key: String,
    length: usize,
    recency: f64,
    importance: f64,
    salience: f64,
    strength: f64,
    replays: f64,
    /// How many questions it answers.
    #[serde(skip)]
    asked: usize,
}

#[derive(Serialize)]
struct Retention {
    memories: usize,
    asked_for: usize,
    /// How often what is asked for has more of it than what is not; .5 is chance.
    area: BTreeMap<&'static str, Option<f64>>,
    /// The share of what is asked for that is among the weaker half.
    weaker_half: f64,
    /// The share of all evidence that the strongest memories of so many tokens hold, and as many tokens at random.
    budgets: Vec<Budget>,
    /// By tenths of importance: what it says, shifted so that the means agree, and what is asked for.
    calibration: Vec<Tenth>,
    /// The mean difference of these, weighted by memories.
    calibration_error: f64,
}

#[derive(Serialize)]
struct Budget {
    tokens: usize,
    by_strength: f64,
    by_chance: f64,
}

#[derive(Serialize)]
struct Tenth {
    memories: usize,
    said: f64,
    asked: f64,
}

pub(super) fn run(
    session: &mut Session,
    asked: &[Asked],
    context: &Context,
    out: &mut Output,
) -> Outcome {
    let memories = memories(session, asked, &context.mind())?;
    let report = measure(&memories)?;
    if out.json {
        out.document(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    out.line(format!(
        "{} memories, {} of them asked for",
        report.memories, report.asked_for
    ))?;
    let mut rows = table(&["does it tell what is asked for", ">area under the curve"]);
    for (name, area) in &report.area {
        rows.add_row([
            (*name).to_owned(),
            area.map(|a| format!("{a:.3}")).unwrap_or_default(),
        ]);
    }
    out.table(&rows)?;
    out.line(format!(
        "the weaker half holds {:.1} % of what is asked for",
        report.weaker_half * 100.0
    ))?;
    let mut rows = table(&["the strongest", ">hold of what is asked", ">by chance"]);
    for budget in &report.budgets {
        rows.add_row([
            format!("{} tokens", budget.tokens),
            format!("{:.1} %", budget.by_strength * 100.0),
            format!("{:.1} %", budget.by_chance * 100.0),
        ]);
    }
    out.table(&rows)?;
    let mut rows = table(&["importance, by tenths", ">memories", ">said", ">asked for"]);
    for (number, tenth) in report.calibration.iter().enumerate() {
        rows.add_row([
            (number + 1).to_string(),
            tenth.memories.to_string(),
            format!("{:.3}", tenth.said),
            format!("{:.3}", tenth.asked),
        ]);
    }
    out.table(&rows)?;
    out.line(format!("calibration error {:.3}", report.calibration_error))?;
    Ok(ExitCode::SUCCESS)
}

fn memories(session: &mut Session, asked: &[Asked], default: &str) -> Result<Vec<Memory>> {
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    for question in asked {
        let mind = question.mind.as_deref().unwrap_or(default);
        let answers: BTreeSet<&String> = question.answers.iter().collect();
        for answer in answers {
            *times.entry((mind.to_owned(), answer.clone())).or_default() += 1;
        }
    }
    select(session, MEMORIES)?
        .into_iter()
        .map(|row| {
            let mut memory: Memory =
                serde_json::from_value(row).map_err(|e| Error::failed(e.to_string()))?;
            memory.asked = times
                .get(&(memory.mind.clone(), memory.key.clone()))
                .copied()
                .unwrap_or(0);
            Ok(memory)
        })
        .collect()
}

fn measure(memories: &[Memory]) -> Result<Retention> {
    let asked_for = memories.iter().filter(|m| m.asked > 0).count();
    if asked_for == 0 {
        return Err(Error::usage("no question has an answer among the memories")
            .hint("answers are the ids with which memories are imported"));
    }
    let area_of = |value: &dyn Fn(&Memory) -> f64| {
        let values: Vec<(f64, bool)> = memories.iter().map(|m| (value(m), m.asked > 0)).collect();
        area(&values)
    };
    let area = BTreeMap::from([
        ("importance", area_of(&|m| m.importance)),
        ("salience", area_of(&|m| m.salience)),
        ("strength", area_of(&|m| m.strength)),
        ("replays", area_of(&|m| m.replays)),
        ("length, for comparison", area_of(&|m| m.length as f64)),
        ("recency, for comparison", area_of(&|m| m.recency)),
    ]);
    let mut strongest: Vec<&Memory> = memories.iter().collect();
    strongest.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    let weaker = &strongest[strongest.len() / 2..];
    let (calibration, calibration_error) = calibration(memories);
    Ok(Retention {
        memories: memories.len(),
        asked_for,
        area,
        weaker_half: weaker.iter().filter(|m| m.asked > 0).count() as f64 / asked_for as f64,
        budgets: BUDGETS
            .iter()
            .map(|tokens| budget(&strongest, *tokens))
            .collect(),
        calibration,
        calibration_error,
    })
}

/// What a mind's strongest memories hold, within a budget.
#[derive(Default)]
struct Held {
    /// Tokens of those that fit.
    used: usize,
    /// Evidence among them.
    held: usize,
    /// All evidence.
    evidence: usize,
    /// All tokens.
    tokens: usize,
}

/// Of each mind's strongest memories of so many tokens, the share of all its evidence; mean over minds.
fn budget(strongest: &[&Memory], tokens: usize) -> Budget {
    let mut minds: BTreeMap<&str, Held> = BTreeMap::new();
    for memory in strongest {
        let mind = minds.entry(&memory.mind).or_default();
        let size = memory.length.div_ceil(TOKEN);
        mind.evidence += memory.asked;
        mind.tokens += size;
        if mind.used + size <= tokens {
            mind.used += size;
            mind.held += memory.asked;
        }
    }
    let mean = |share: &dyn Fn(&Held) -> f64| {
        minds.values().map(share).sum::<f64>() / minds.len().max(1) as f64
    };
    Budget {
        tokens,
        by_strength: mean(&|mind| mind.held as f64 / mind.evidence.max(1) as f64),
        by_chance: mean(&|mind| (tokens as f64 / mind.tokens.max(1) as f64).min(1.0)),
    }
}

/// How often people ask is not known beforehand: the intercept alone is fitted, so that the means agree.
fn calibration(memories: &[Memory]) -> (Vec<Tenth>, f64) {
    let log_odds = |p: f64| (p.clamp(0.001, 0.999) / (1.0 - p.clamp(0.001, 0.999))).ln();
    let shifted = |p: f64, by: f64| 1.0 / (1.0 + (-(log_odds(p) + by)).exp());
    let share =
        memories.iter().filter(|m| m.asked > 0).count() as f64 / memories.len().max(1) as f64;
    let (mut low, mut high) = (-20.0, 20.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        let mean = memories
            .iter()
            .map(|m| shifted(m.importance, middle))
            .sum::<f64>()
            / memories.len().max(1) as f64;
        match mean < share {
            true => low = middle,
            false => high = middle,
        }
    }
    let mut sorted: Vec<&Memory> = memories.iter().collect();
    sorted.sort_by(|a, b| a.importance.total_cmp(&b.importance));
    let tenths: Vec<Tenth> = (0..10)
        .map(|tenth| &sorted[sorted.len() * tenth / 10..sorted.len() * (tenth + 1) / 10])
        .filter(|tenth| !tenth.is_empty())
        .map(|tenth| {
            let n = tenth.len() as f64;
            Tenth {
                memories: tenth.len(),
                said: tenth
                    .iter()
                    .map(|m| shifted(m.importance, low))
                    .sum::<f64>()
                    / n,
                asked: tenth.iter().filter(|m| m.asked > 0).count() as f64 / n,
            }
        })
        .collect();
    let error = tenths
        .iter()
        .map(|t| (t.said - t.asked).abs() * t.memories as f64)
        .sum::<f64>()
        / memories.len().max(1) as f64;
    (tenths, error)
}
