//! What is shown: one telling a matter, a few a kind, the most telling first.

use super::InsightFilter;
use super::kinds::Finding;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Shown where nobody says how many.
const LIMIT: usize = 10;
/// What scores less is not shown.
const FLOOR: f64 = 1.2;
/// Most of a kind among those shown.
const CAPS: [(&str, usize); 8] = [
    ("fact", 3),
    ("due", 5),
    ("appointment", 4),
    ("changed_mind", 3),
    ("debt", 3),
    ("progress", 3),
    ("habit_stopped", 3),
    ("overdue", 2),
];
/// Of kinds without a line above.
const CAP: usize = 2;
/// Days after which news is worth half.
const FADES: f64 = 45.0;

/// How much a person would like to be told it today.
fn score(finding: &Finding, today: NaiveDate) -> f64 {
    let age = (today - finding.newest).num_days().max(0) as f64;
    let recency = if finding.is_lasting {
        1.0
    } else {
        1.0 / (1.0 + age / FADES)
    };
    finding.weight * (0.6 + 0.4 * recency) + 0.5 * finding.urgency
}

/// The findings worth showing of one mind, best first.
pub(super) fn chosen(
    mut findings: Vec<Finding>,
    today: NaiveDate,
    filter: &InsightFilter,
) -> Vec<Finding> {
    findings.retain(|finding| filter.wants(finding.kind, &finding.title));
    // Order decides between equals: nothing may depend on how they were found.
    findings.sort_by(|a, b| {
        score(b, today)
            .total_cmp(&score(a, today))
            .then_with(|| (a.kind, &a.evidence, &a.title).cmp(&(b.kind, &b.evidence, &b.title)))
    });
    let mut shown: Vec<Finding> = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let limit = filter
        .limit
        .unwrap_or(if filter.all { usize::MAX } else { LIMIT });
    for finding in findings {
        let count = counts.entry(finding.kind).or_default();
        let cap = CAPS
            .iter()
            .find(|(kind, _)| *kind == finding.kind)
            .map_or(CAP, |(_, cap)| *cap);
        let is_many = *count >= cap && !filter.all && filter.kinds.is_empty();
        let is_weak = score(&finding, today) < FLOOR && !filter.all;
        if is_many
            || is_weak
            || shown.len() >= limit
            || shown.iter().any(|other| is_same(other, &finding))
        {
            continue;
        }
        *count += 1;
        shown.push(finding);
    }
    shown
}

/// Whether two tell the same matter: half of their evidence and two things they are about or all of them; the same day and one of
/// them; or changes of mind about one.
fn is_same(one: &Finding, other: &Finding) -> bool {
    let evidence = one.evidence.iter();
    let both = evidence.filter(|id| other.evidence.contains(id)).count();
    let common = one.matter.intersection(&other.matter).count();
    let fewest = one.matter.len().min(other.matter.len());
    let is_same_evidence = both * 2 >= one.evidence.len().min(other.evidence.len()) && both > 0;
    let day = &one.details["day"];
    let is_same_day = !day.is_null() && *day == other.details["day"];
    let are_changes = one.kind == "changed_mind" && other.kind == one.kind;
    is_same_evidence && common >= fewest.min(2) || (is_same_day || are_changes) && common >= 1
}
