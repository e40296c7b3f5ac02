//! What is measured of answers.

use super::files::Asked;
use serde::Serialize;
use std::fmt;

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2_000;

/// A question, what answers it and what came up.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) text: String,
    pub(super) mind: Option<String>,
    pub(super) category: String,
    pub(super) answers: Vec<String>,
    /// What came up, best first.
    pub(super) ranked: Vec<String>,
    /// What a program is given, at the usual limit.
    pub(super) given: Vec<String>,
}

impl Judged {
    pub(super) fn new(asked: &Asked, ranked: Vec<String>, given: Vec<String>) -> Judged {
        let mut answers = asked.answers.clone();
        answers.sort_unstable();
        answers.dedup();
        Judged {
            text: asked.text.clone(),
            mind: asked.mind.clone(),
            category: asked.category(),
            answers,
            ranked,
            given,
        }
    }

    pub(super) fn has_answer(&self) -> bool {
        !self.answers.is_empty()
    }

    /// The share of the answers among the first `k`.
    pub(super) fn recall_at(&self, k: usize) -> f64 {
        let first = &self.ranked[..self.ranked.len().min(k)];
        self.found_in(first) as f64 / self.answers.len().max(1) as f64
    }

    fn found_in(&self, keys: &[String]) -> usize {
        self.answers
            .iter()
            .filter(|answer| keys.contains(answer))
            .count()
    }

    /// One by the place of the first answer.
    fn reciprocal_rank(&self) -> f64 {
        let first = self
            .ranked
            .iter()
            .position(|key| self.answers.contains(key));
        first.map_or(0.0, |at| 1.0 / (at + 1) as f64)
    }

    fn is_exact(&self) -> bool {
        self.given.len() == self.answers.len() && self.found_in(&self.given) == self.answers.len()
    }
}

/// How well questions with answers are answered: means over questions.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Quality {
    pub(super) questions: usize,
    pub(super) recall_1: f64,
    pub(super) recall_5: f64,
    pub(super) recall_10: f64,
    pub(super) recall_25: f64,
    pub(super) recall_50: f64,
    /// The share of questions with an answer among the first ten.
    pub(super) hit_10: f64,
    pub(super) mrr: f64,
}

impl Quality {
    pub(super) fn of(judged: &[&Judged]) -> Quality {
        let mean = |value: &dyn Fn(&Judged) -> f64| {
            judged.iter().map(|one| value(one)).sum::<f64>() / judged.len().max(1) as f64
        };
        Quality {
            questions: judged.len(),
            recall_1: mean(&|one| one.recall_at(1)),
            recall_5: mean(&|one| one.recall_at(5)),
            recall_10: mean(&|one| one.recall_at(10)),
            recall_25: mean(&|one| one.recall_at(25)),
            recall_50: mean(&|one| one.recall_at(50)),
            hit_10: mean(&|one| f64::from(u8::from(one.recall_at(10) > 0.0))),
            mrr: mean(&Judged::reciprocal_rank),
        }
    }
}

/// What a program gets at the usual limit.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct AtCut {
    pub(super) questions: usize,
    /// Of all memories that are given, those that answer; none where none is given.
    pub(super) precision: Option<f64>,
    /// The share of the answers that is given, of questions that have some.
    pub(super) recall: Option<f64>,
    /// Questions with answers that get exactly these.
    pub(super) exact: Option<f64>,
    /// Questions without answers that get nothing.
    pub(super) silent: Option<f64>,
}

impl AtCut {
    pub(super) fn of(judged: &[&Judged]) -> AtCut {
        let share = |part: f64, of: usize| (of > 0).then(|| part / of as f64);
        let count = |fits: &dyn Fn(&&&Judged) -> bool| judged.iter().filter(fits).count();
        let given = judged.iter().map(|one| one.given.len()).sum();
        let right: usize = judged.iter().map(|one| one.found_in(&one.given)).sum();
        let answered = count(&|one| one.has_answer());
        let recall: f64 = judged
            .iter()
            .filter(|one| one.has_answer())
            .map(|one| one.found_in(&one.given) as f64 / one.answers.len() as f64)
            .sum();
        let exact = count(&|one| one.has_answer() && one.is_exact());
        let silent = count(&|one| !one.has_answer() && one.given.is_empty());
        AtCut {
            questions: judged.len(),
            precision: share(right as f64, given),
            recall: share(recall, answered),
            exact: share(exact as f64, answered),
            silent: share(silent as f64, judged.len() - answered),
        }
    }
}

/// A mean difference in points, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Interval {
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.1} [{:+.1}, {:+.1}]", self.mean, self.low, self.high)
    }
}

/// The paired bootstrap (Efron & Tibshirani 1993) of differences; the same for the same differences.
pub(super) fn paired(differences: &[f64]) -> Interval {
    let n = differences.len().max(1);
    let points = |sum: f64| sum / n as f64 * 100.0;
    let mean = points(differences.iter().sum());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // xorshift64* (Vigna 2016)
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        usize::try_from(random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or(0)
    };
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            points(
                (0..differences.len())
                    .map(|_| differences[next() % n])
                    .sum(),
            )
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Interval {
        mean,
        low: means[RESAMPLES * 25 / 1000],
        high: means[RESAMPLES * 975 / 1000 - 1],
    }
}

/// The area under the curve: how often what is asked for has more than what is not; one half is chance. Ties count half.
pub(super) fn area(values: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positive = sorted.iter().filter(|(_, asked)| *asked).count();
    let negative = sorted.len() - positive;
    if positive == 0 || negative == 0 {
        return None;
    }
    let mut ranks = 0.0;
    let mut at = 0;
    while at < sorted.len() {
        let tied = sorted[at..]
            .iter()
            .take_while(|(value, _)| *value == sorted[at].0)
            .count();
        let asked = sorted[at..at + tied]
            .iter()
            .filter(|(_, asked)| *asked)
            .count();
        ranks += asked as f64 * (at as f64 + (tied as f64 + 1.0) / 2.0);
        at += tied;
    }
    let least = positive as f64 * (positive as f64 + 1.0) / 2.0;
    Some((ranks - least) / (positive as f64 * negative as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(answers: &[&str], ranked: &[&str], given: &[&str]) -> Judged {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Judged {
            text: String::new(),
            mind: None,
            category: String::new(),
            answers: owned(answers),
            ranked: owned(ranked),
            given: owned(given),
        }
    }

    #[test]
    fn recall_counts_every_answer_and_the_cut_counts_silence() {
        let both = judged(&["a", "b"], &["x", "a", "y", "z", "w", "b"], &["a", "b"]);
        let none = judged(&[], &["x"], &[]);
        let wrong = judged(&[], &["x"], &["x"]);
        let quality = Quality::of(&[&both]);
        assert_eq!(
            (quality.recall_1, quality.recall_5, quality.recall_10),
            (0.0, 0.5, 1.0)
        );
        assert_eq!((quality.mrr, quality.hit_10), (0.5, 1.0));
        let cut = AtCut::of(&[&both, &none, &wrong]);
        assert_eq!(
            (cut.exact, cut.silent, cut.recall),
            (Some(1.0), Some(0.5), Some(1.0))
        );
        assert_eq!(cut.precision, Some(2.0 / 3.0));
    }

    #[test]
    fn an_interval_holds_its_mean_and_is_the_same_each_time() {
        let differences: Vec<f64> = (0..200).map(|i| f64::from(i % 5) / 10.0 - 0.1).collect();
        let interval = paired(&differences);
        assert!(
            interval.low < interval.mean && interval.mean < interval.high,
            "{interval}"
        );
        assert_eq!(paired(&differences), interval);
        assert_eq!(paired(&[]).mean, 0.0);
    }

    #[test]
    fn the_area_is_one_for_a_perfect_order_and_half_for_ties() {
        assert_eq!(area(&[(1.0, false), (2.0, true)]), Some(1.0));
        assert_eq!(area(&[(2.0, false), (1.0, true)]), Some(0.0));
        assert_eq!(area(&[(1.0, false), (1.0, true)]), Some(0.5));
        assert_eq!(area(&[(1.0, true)]), None);
    }
}
