//! A question ranked in memory, as `sql/recall/ranking.sql` ranks it: each function is named after the part it computes.

use super::index::{Memory, MindIndex, Posting, TIERS};
use super::params::{Params, SCALE, rounded};
use crate::recall::answer::Ranked;
use crate::recall::question::{AskedRow, AskedSpan};
use crate::recall::score::Score;
use std::collections::{BTreeMap, HashMap, HashSet};

const DAY: f64 = 86_400_000_000.0;

/// What one word gives a memory, in millionths.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    own: i64,
    lent: i64,
}

/// What is known of a memory that may come up.
#[derive(Debug, Clone, Default)]
struct Candidate {
    own: i64,
    lent: i64,
    /// By place in the question: whether it is said, and how much of it is heard.
    needs: BTreeMap<i32, (bool, f64)>,
    /// Whether words speak for it.
    by_words: bool,
    in_time: bool,
}

/// A term of the question that some memory has.
struct Term<'a> {
    term: &'a str,
    idf: f64,
    matches: Vec<Posting>,
    /// BM25 of each match, in millionths, where it is among those that tell most.
    bm25: Vec<i64>,
}

/// Memories that follow each other: a session, or loose ones without a long pause.
struct Run {
    places: Vec<u32>,
    /// Whether one of the best matches is in it.
    touched: bool,
}

pub(in crate::recall) struct Ranker<'a> {
    index: &'a MindIndex,
    params: &'a Params,
    row: &'a AskedRow,
    /// The moment of asking, microseconds.
    as_of: i64,
}

/// A float as a DECIMAL of so many places, as DuckDB casts it: nudged away from zero, then to the nearest.
fn decimal(value: f64, power: f64) -> i64 {
    let scaled = value * power;
    let sign = f64::from(u8::from(scaled > 0.0)) - f64::from(u8::from(scaled < 0.0));
    (scaled + 1e-9 * sign).round_ties_even() as i64
}

/// In millionths.
fn millionths(value: f64) -> i64 {
    decimal(value, 1e6)
}

fn seconds(microseconds: i64) -> i64 {
    (microseconds as f64 / 1e6).round_ties_even() as i64
}

impl<'a> Ranker<'a> {
    pub(in crate::recall) fn new(
        index: &'a MindIndex,
        params: &'a Params,
        row: &'a AskedRow,
        as_of: i64,
    ) -> Ranker<'a> {
        Ranker {
            index,
            params,
            row,
            as_of,
        }
    }

    /// The memories that come up, best first.
    pub(in crate::recall) fn ranked(&self, question: usize) -> Vec<Ranked> {
        let mut terms = self.terms();
        // Of a long question, its rarest words; the others only tell what it needs.
        terms.sort_by(|a, b| b.idf.total_cmp(&a.idf).then(a.term.cmp(b.term)));
        let most = usize::try_from(self.params.whole("recall_words")).unwrap_or(usize::MAX);
        let telling = terms.len().min(most);
        self.weigh(&mut terms[..telling]);
        let (seeds, best) = self.seeds(&terms[..telling]);
        let runs = self.runs(&seeds);
        let mut candidates = self.contributions(&terms[..telling], &runs);
        self.add_named_times(&mut candidates);
        let answers = self.answers(&runs);
        self.judged(question, &candidates, &answers, best, &terms)
    }

    fn memory(&self, place: u32) -> &Memory {
        &self.index.memories[place as usize]
    }

    fn is_document(&self, place: u32) -> bool {
        let memory = self.memory(place);
        memory.visible && memory.length.is_some()
    }

    /// The terms that some visible memory has, and how rare they are.
    fn terms(&self) -> Vec<Term<'a>> {
        let memories = self.index.documents as f64;
        let known = |term: &'a String| {
            let postings = self.index.postings.get(term.as_str())?;
            let matches: Vec<Posting> = postings
                .iter()
                .filter(|p| self.is_document(p.place))
                .copied()
                .collect();
            let count = matches.len() as f64;
            (!matches.is_empty()).then(|| Term {
                term,
                idf: (1.0 + ((memories - count) + 0.5) / (count + 0.5)).ln(),
                matches,
                bm25: Vec::new(),
            })
        };
        self.row.terms.iter().filter_map(known).collect()
    }

    fn weigh(&self, telling: &mut [Term<'_>]) {
        let count = self.index.documents.max(1) as f64;
        let mean = self.index.lengths as f64 / count;
        let spread = (self.index.squares as f64 / count - mean * mean)
            .max(0.0)
            .sqrt()
            / mean.max(1.0);
        let uneven = (spread - self.params.float("bm25_even_lengths")) / 0.6;
        let rest = (SCALE - self.params.exact("bm25_b")) as f64 / SCALE as f64;
        let b = self.params.float("bm25_b") + rest * uneven.clamp(0.0, 1.0);
        let k1 = self.params.float("bm25_k1");
        for term in telling {
            let weight = |p: &Posting| {
                let length = f64::from(self.memory(p.place).length.unwrap_or(0));
                let tf = f64::from(p.tf);
                millionths(term.idf * tf / (tf + k1 * (1.0 - b + b * length / mean)))
            };
            term.bm25 = term.matches.iter().map(weight).collect();
        }
    }

    /// The best lexical matches, and what the best one has.
    fn seeds(&self, telling: &[Term<'_>]) -> (Vec<u32>, i64) {
        let mut sums: HashMap<u32, i64> = HashMap::new();
        for term in telling {
            for (posting, bm25) in term.matches.iter().zip(&term.bm25) {
                *sums.entry(posting.place).or_default() += bm25;
            }
        }
        let mut order: Vec<(i64, u32)> =
            sums.into_iter().map(|(place, sum)| (sum, place)).collect();
        // Places are in the order of ids.
        let by_sum = |a: &(i64, u32), b: &(i64, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        let most = self.params.whole("recall_seeds").max(self.row.k);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if order.len() > most {
            order.select_nth_unstable_by(most, by_sum);
            order.truncate(most);
        }
        let best = order.iter().map(|(sum, _)| *sum).max().unwrap_or(0);
        (order.into_iter().map(|(_, place)| place).collect(), best)
    }

    /// The sessions of the seeds, and what lies near those without one, as runs.
    fn runs(&self, seeds: &[u32]) -> Vec<Run> {
        let seeded: HashSet<u32> = seeds.iter().copied().collect();
        let sessions: HashSet<u32> = seeds
            .iter()
            .filter_map(|&place| self.memory(place).session)
            .collect();
        let mut runs: Vec<Run> = sessions
            .into_iter()
            .map(|session| Run {
                places: self.index.turns[session as usize].clone(),
                touched: true,
            })
            .collect();
        let gap = self.params.whole("episode_gap");
        let bucket = (gap * (self.params.whole("recall_context_reach") + 1)).max(1);
        let bucket_of = |place: u32| seconds(self.memory(place).created_at) / bucket;
        let near: HashSet<i64> = seeds
            .iter()
            .filter(|&&place| self.memory(place).session.is_none())
            .flat_map(|&place| (-1..=1).map(move |by| (place, by)))
            .map(|(place, by)| bucket_of(place) + by)
            .collect();
        let mut last = None;
        let mut loose: Vec<Run> = Vec::new();
        for &place in self
            .index
            .loose
            .iter()
            .filter(|&&place| near.contains(&bucket_of(place)))
        {
            let at = self.memory(place).created_at;
            let begins = last.is_none_or(|last| at - last > gap * 1_000_000);
            last = Some(at);
            if begins {
                loose.push(Run {
                    places: Vec::new(),
                    touched: false,
                });
            }
            if let Some(run) = loose.last_mut() {
                run.places.push(place);
                run.touched |= seeded.contains(&place);
            }
        }
        runs.extend(loose);
        runs
    }

    /// What memories say themselves, and what the loudest neighbour says louder.
    fn contributions(&self, telling: &[Term<'_>], runs: &[Run]) -> HashMap<u32, Candidate> {
        let mut at: HashMap<u32, (usize, usize)> = HashMap::new();
        for (number, run) in runs.iter().enumerate().filter(|(_, run)| run.touched) {
            for (turn, &place) in run.places.iter().enumerate() {
                at.insert(place, (number, turn));
            }
        }
        let mut candidates: HashMap<u32, Candidate> = HashMap::new();
        for term in telling {
            let mut shares: HashMap<(usize, usize), Share> = HashMap::new();
            for (posting, &bm25) in term.matches.iter().zip(&term.bm25) {
                if let Some(&(run, turn)) = at.get(&posting.place) {
                    self.spread(posting, bm25, run, turn, &runs[run], &mut shares);
                }
            }
            for ((run, turn), share) in shares {
                let lent = (share.lent - share.own).max(0);
                let candidate = candidates.entry(runs[run].places[turn]).or_default();
                candidate.by_words = true;
                candidate.own += share.own;
                candidate.lent += lent;
                let heard = ((lent as f64 / 1e6) / term.idf.max(0.000_001)).min(1.0);
                for need in self.row.needs.iter().filter(|need| need.term == term.term) {
                    let (said, most) = candidate
                        .needs
                        .entry(need.place)
                        .or_insert((false, f64::NEG_INFINITY));
                    *said |= share.own > 0;
                    *most = most.max(heard);
                }
            }
        }
        candidates
    }

    /// A word reaches its memory in full and, where it is in the content, the turns around it, fading.
    fn spread(
        &self,
        posting: &Posting,
        bm25: i64,
        run: usize,
        turn: usize,
        places: &Run,
        shares: &mut HashMap<(usize, usize), Share>,
    ) {
        let own = shares.entry((run, turn)).or_default();
        own.own = own.own.max(bm25);
        if !posting.in_content {
            return;
        }
        let reach = usize::try_from(self.params.whole("recall_context_reach")).unwrap_or(0);
        let weight = i128::from(bm25) * self.params.exact("recall_context_weight");
        let asks = self.memory(posting.place).asks;
        let fade = self.params.float("recall_context_fade");
        let last = places.places.len() - 1;
        for near in turn.saturating_sub(reach)..=(turn + reach).min(last) {
            if near == turn {
                continue;
            }
            // Exact as far as SQL is: a product of decimals, then a power.
            let exact = match asks && near == turn + 1 {
                true => {
                    (weight * self.params.exact("recall_answer_factor")) as f64
                        / (SCALE * SCALE) as f64
                        / 1e6
                }
                false => weight as f64 / SCALE as f64 / 1e6,
            };
            let lent = millionths(exact * fade.powf(turn.abs_diff(near) as f64));
            let share = shares.entry((run, near)).or_default();
            share.lent = share.lent.max(lent);
        }
    }

    /// Memories made in a time that the question names.
    fn add_named_times(&self, candidates: &mut HashMap<u32, Candidate>) {
        if self.row.spans.is_empty() || self.params.exact("recall_time_boost") <= 0 {
            return;
        }
        let spans: Vec<(Option<i64>, Option<i64>)> = self
            .row
            .spans
            .iter()
            .map(|span| span.microseconds())
            .collect();
        for place in 0..self.index.memories.len() as u32 {
            let Some(at) = self
                .memory(place)
                .local_at
                .filter(|_| self.is_document(place))
            else {
                continue;
            };
            let fits = |(start, end): &(Option<i64>, Option<i64>)| {
                start.is_none_or(|s| at >= s) && end.is_none_or(|e| at < e)
            };
            if spans.iter().any(fits) {
                candidates.entry(place).or_default().in_time = true;
            }
        }
    }

    /// Turns that follow a question and are none.
    fn answers(&self, runs: &[Run]) -> HashSet<u32> {
        let asks = |place: u32| self.memory(place).asks && self.is_document(place);
        runs.iter()
            .flat_map(|run| run.places.windows(2))
            .filter(|pair| asks(pair[0]) && !asks(pair[1]))
            .map(|pair| pair[1])
            .collect()
    }

    /// What the question needs, by place: each word as heavy as it is rare, in millionths.
    fn need_weights(&self, terms: &[Term<'_>]) -> BTreeMap<i32, i64> {
        let memories = self.index.documents as f64;
        let unknown =
            self.params.float("recall_unknown_word") * (1.0 + (memories + 0.5) / 0.5).ln();
        let mut weights: BTreeMap<i32, (bool, i64)> = BTreeMap::new();
        for need in &self.row.needs {
            let idf = terms
                .iter()
                .find(|term| term.term == need.term)
                .map(|term| term.idf);
            let amount = millionths(need.weight * idf.unwrap_or(unknown));
            let known = idf.is_some();
            let least = weights.entry(need.place).or_insert((known, amount));
            *least = match (least.0, known) {
                (true, false) => *least,
                (false, true) => (true, amount),
                _ => (known, least.1.min(amount)),
            };
        }
        weights
            .into_iter()
            .map(|(place, (_, amount))| (place, amount))
            .collect()
    }

    /// The place of each memory that fits in the order of the first or the latest, 0..1.
    fn in_sequence(&self, fits: &[(u32, f64)]) -> HashMap<u32, f64> {
        let Some(order) = self.row.time_order else {
            return HashMap::new();
        };
        let best = fits
            .iter()
            .map(|(_, fit)| *fit)
            .fold(f64::NEG_INFINITY, f64::max);
        let least = self.params.float("recall_order_share") * best;
        let mut among: Vec<(i64, u32)> = fits
            .iter()
            .filter(|(_, fit)| *fit > 0.0 && *fit >= least)
            .map(|(place, _)| {
                (
                    i64::from(order) * seconds(self.memory(*place).created_at),
                    *place,
                )
            })
            .collect();
        among.sort_unstable();
        let others = among.len().saturating_sub(1).max(1) as f64;
        let place = |(number, (_, place)): (usize, (i64, u32))| (place, number as f64 / others);
        among.into_iter().enumerate().map(place).collect()
    }

    /// Every candidate with its components, cut and in order.
    fn judged(
        &self,
        question: usize,
        candidates: &HashMap<u32, Candidate>,
        answers: &HashSet<u32>,
        best: i64,
        terms: &[Term<'_>],
    ) -> Vec<Ranked> {
        let best = best as f64 / 1e6;
        let gathers = match self.row.gathers {
            true => self.params.float("recall_gathering_context"),
            false => 1.0,
        };
        let scores = |candidate: &Candidate| match candidate.by_words {
            true => (
                (candidate.own as f64 / 1e6) / best,
                (candidate.lent as f64 / 1e6) / best * gathers,
            ),
            false => (0.0, 0.0),
        };
        let fits: Vec<(u32, f64)> = candidates
            .iter()
            .map(|(place, candidate)| {
                let (lexical, context) = scores(candidate);
                (*place, lexical + context)
            })
            .collect();
        let sequence = self.in_sequence(&fits);
        let needs = self.need_weights(terms);
        let mut judged: Vec<(u32, Vec<i64>, i64, f64)> = candidates
            .iter()
            .map(|(&place, candidate)| {
                let (lexical, context) = scores(candidate);
                let order = sequence.get(&place).copied().unwrap_or(0.0);
                let components = self.components(
                    place,
                    lexical,
                    context,
                    candidate.in_time,
                    order,
                    answers.contains(&place),
                );
                let score = components.iter().sum();
                (
                    place,
                    components,
                    score,
                    self.relevance(place, candidate, &needs),
                )
            })
            .collect();
        self.cut(&mut judged);
        judged.sort_unstable_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        judged.truncate(usize::try_from(self.row.k).unwrap_or(usize::MAX));
        judged
            .into_iter()
            .map(|(place, components, score, relevance)| {
                let memory = self.memory(place);
                let state = memory
                    .trace
                    .map_or("pending", |trace| TIERS[usize::from(trace.tier)]);
                Ranked::new(
                    question,
                    memory.id,
                    state,
                    Score(score),
                    Score::from_share(relevance),
                    &components,
                )
            })
            .collect()
    }

    /// In the order of the ranking's columns, in millionths.
    fn components(
        &self,
        place: u32,
        lexical: f64,
        context: f64,
        in_time: bool,
        order: f64,
        is_answer: bool,
    ) -> Vec<i64> {
        let params = self.params;
        let memory = self.memory(place);
        let speaker = match (&self.row.speaker, memory.speaker) {
            (Some(asked), Some(said)) if self.index.speakers[said as usize] == *asked => {
                let gathering = if self.row.gathers {
                    params.exact("recall_gathering_speaker")
                } else {
                    0
                };
                rounded(params.exact("recall_speaker_boost") + gathering, 1_000)
            }
            _ => 0,
        };
        let time = if in_time {
            rounded(params.exact("recall_time_boost"), 1_000)
        } else {
            0
        };
        let importance = self.importance(place);
        let need = self.need(importance, is_answer);
        let log_odds = (need.max(0.001) / (1.0 - need.min(0.999))).ln();
        let stability = memory.trace.map_or(params.float("initial_stability"), |t| {
            t.stability as f64 / 1e6
        });
        let event_at = memory.trace.map_or(memory.created_at, |t| t.event_at);
        let strength = memory.trace.map_or_else(
            || importance.powf(params.float("encoding_exponent")),
            |t| t.strength as f64 / 1e6,
        );
        let kept = self.retention(event_at, stability) as f64 / 1e6;
        let recent = self.retention(memory.created_at, params.float("recall_recency_stability"));
        let tier = match memory.trace.map(|t| TIERS[usize::from(t.tier)]) {
            Some("long_term") => params.exact("recall_tier_weight"),
            Some("forgotten") => 0,
            _ => params.exact("recall_tier_weight") / 2,
        };
        vec![
            millionths(lexical),
            millionths(context),
            speaker,
            time,
            millionths(params.float("recall_order_weight") * order),
            millionths(params.float("recall_need_weight") * log_odds),
            0,
            millionths(params.float("recall_strength_weight") * strength * kept),
            rounded(
                params.exact("recall_recency_weight") * i128::from(recent),
                SCALE,
            ),
            rounded(tier, 1_000),
        ]
    }

    /// Rules speak of a memory's current words only.
    fn importance(&self, place: u32) -> f64 {
        let memory = self.memory(place);
        memory
            .importance
            .filter(|_| self.is_document(place))
            .unwrap_or(0) as f64
            / 1e3
    }

    /// The macro `need`: the odds that a memory will be needed, with three places.
    fn need(&self, importance: f64, is_answer: bool) -> f64 {
        let odds = (importance.max(0.001) / (1.0 - importance.min(0.999))).ln();
        let answer = if is_answer {
            self.params.float("need_of_answers")
        } else {
            0.0
        };
        decimal(1.0 / (1.0 + (-odds - answer).exp()), 1e3) as f64 / 1e3
    }

    /// The macro `retention`, in millionths.
    fn retention(&self, from: i64, stability: f64) -> i64 {
        let exponent = self.params.float("forgetting_exponent");
        let factor = self
            .params
            .float("gradual_forgetting_rate")
            .powf(-1.0 / exponent)
            - 1.0;
        let passed = (self.as_of - from).max(0) as f64;
        millionths((1.0 + factor * passed / (DAY * stability)).powf(-exponent))
    }

    /// How likely the memory answers the question at all.
    fn relevance(&self, place: u32, candidate: &Candidate, needs: &BTreeMap<i32, i64>) -> f64 {
        let params = self.params;
        let closed = self.row.spans.iter().any(AskedSpan::is_closed);
        let times = if closed {
            params.exact("recall_time_need")
        } else {
            0
        };
        let (mut said, mut heard) = (0_i128, 0_i128);
        for (place, (is_said, share)) in &candidate.needs {
            let amount = needs.get(place).copied().unwrap_or(0);
            match is_said {
                true => said += i128::from(amount),
                false => heard += i128::from(millionths(amount as f64 / 1e6 * share)),
            }
        }
        // All of it decimals, in billionths of millionths.
        let in_time = if candidate.in_time {
            times * 1_000_000
        } else {
            0
        };
        let has = said * SCALE + params.exact("recall_heard_share") * heard + in_time;
        let words: i128 = needs.values().map(|amount| i128::from(*amount)).sum();
        let whole = (words * SCALE + times * 1_000_000) as f64 / SCALE as f64 / 1e6;
        let covered = (has as f64 / SCALE as f64 / 1e6 / whole.max(0.000_001)).clamp(0.0, 1.0);
        let asks = self.memory(place).asks && self.is_document(place);
        let question = if asks {
            params.float("recall_relevance_question")
        } else {
            0.0
        };
        let odds = params.float("recall_relevance_base")
            + params.float("recall_relevance_coverage") * covered
            - question;
        (1.0 / (1.0 + (-odds).exp()) * 1e6).round() / 1e6
    }

    /// Takes away what is not relevant enough, and what is far less so than the best.
    fn cut(&self, judged: &mut Vec<(u32, Vec<i64>, i64, f64)>) {
        if !self.row.cut {
            return;
        }
        let best = judged
            .iter()
            .map(|(.., relevance)| *relevance)
            .fold(0.0, f64::max);
        let least = match self.row.min_relevance {
            Some(least) => least.value(),
            None => self
                .params
                .float("recall_min_relevance")
                .max(best * self.params.float("recall_relevance_share")),
        };
        judged.retain(|(.., relevance)| *relevance >= least);
    }
}
