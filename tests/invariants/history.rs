//! Random histories: what reaches a store, and when.

use chrono::{Duration, NaiveDateTime};
use std::collections::BTreeSet;

/// Something that enters the raw log.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The wall moment it arrives, UTC.
    pub at: NaiveDateTime,
    /// Index of its mind.
    pub mind: usize,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Memory {
        key: String,
        content: String,
        created_at: NaiveDateTime,
        speaker: Option<&'static str>,
        session: Option<String>,
    },
    Edit {
        key: String,
        content: String,
    },
    Delete {
        key: String,
    },
    Use {
        keys: Vec<String>,
    },
    Nap,
}

/// Minds and what arrives for them, in order of arrival.
#[derive(Debug, Clone)]
pub struct History {
    /// Name and zone.
    pub minds: Vec<(String, &'static str)>,
    pub arrivals: Vec<Arrival>,
}

const ZONES: [&str; 5] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Auckland",
];

/// Around these days clocks change somewhere: Berlin (29 March, 25 October), New York (8 March, 1 November), Auckland
/// (5 April, 27 September); and one week where none does.
const FIRST_DAYS: [&str; 7] = [
    "2026-03-26",
    "2026-10-22",
    "2026-03-05",
    "2026-10-30",
    "2026-04-02",
    "2026-09-24",
    "2026-01-08",
];

const PHRASES: [&str; 16] = [
    "the cat Bolota is ill again",
    "Joana called about the wedding",
    "we must ship the report by Friday",
    "the cello needs new strings",
    "I am so happy about the garden",
    "tomatoes on the balcony in Lisbon",
    "the server crashed, this is terrible",
    "plan: move the server to Berlin",
    "bought strings for the cello",
    "wrote the report with Duarte",
    "ran ten kilometres by the river",
    "the vet says Bolota eats again",
    "urgent: ring the vet today!",
    "why does the server crash at night?",
    "dinner with Joana and Duarte",
    "nothing much happened",
];

const ODD: [&str; 5] = [".", "?!", "the and of", "🙂", "  x  "];

/// A small generator of its own (splitmix64), so that a seed means the same history whatever a crate does.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// How large and how strange a history is; each field shrinks towards the simplest.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub seed: u64,
    pub minds: usize,
    pub days: u64,
    /// Moments of activity a mind and day.
    pub moments: u64,
    /// Whether memories arrive long after they happened, also absurdly long.
    pub late: bool,
    /// Whether memories are edited, deleted and used, and minds take naps.
    pub touched: bool,
}

impl History {
    pub fn new(shape: Shape) -> History {
        let mut dice = Dice::new(shape.seed);
        let first: NaiveDateTime = format!("{}T00:00:00", dice.of(&FIRST_DAYS))
            .parse()
            .unwrap();
        let skip = dice.below(ZONES.len() as u64) as usize;
        let minds: Vec<_> = (0..shape.minds)
            .map(|i| (format!("mind{i}"), ZONES[(skip + i) % ZONES.len()]))
            .collect();
        let mut arrivals = Vec::new();
        for mind in 0..shape.minds {
            // Dice of its own: what a mind lives through does not depend on how many there are.
            let dice =
                Dice::new(shape.seed ^ (mind as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
            let mut life = Life {
                mind,
                dice,
                arrivals: Vec::new(),
                keys: Vec::new(),
                said: Vec::new(),
            };
            life.live(first, shape);
            arrivals.append(&mut life.arrivals);
        }
        arrivals.sort_by_key(|a| a.at);
        History { minds, arrivals }
    }

    /// The same history of one mind alone.
    pub fn only(&self, mind: usize) -> History {
        History {
            minds: self.minds.clone(),
            arrivals: self
                .arrivals
                .iter()
                .filter(|a| a.mind == mind)
                .cloned()
                .collect(),
        }
    }

    /// A moment after everything: the last night is due.
    pub fn end(&self) -> NaiveDateTime {
        let last = self.arrivals.iter().map(|a| a.at).max();
        last.unwrap_or_default() + Duration::hours(40)
    }

    /// Moments to consolidate at, so that what arrives late does so after all nights before it, and is seen at once: around
    /// those, results may not depend on any other tick.
    pub fn fixed_moments(&self) -> BTreeSet<NaiveDateTime> {
        let mut moments: BTreeSet<_> = self
            .arrivals
            .iter()
            .filter(|a| a.is_late())
            .flat_map(|a| [a.at - Duration::microseconds(1), a.at])
            .collect();
        moments.insert(self.end());
        moments
    }

    /// One a day.
    pub fn daily_moments(&self) -> BTreeSet<NaiveDateTime> {
        let mut moments = self.fixed_moments();
        let mut at = self.arrivals.first().map_or(self.end(), |a| a.at);
        while at < self.end() {
            moments.insert(at);
            at += Duration::hours(24);
        }
        moments
    }

    /// In the middle of what arrives, bursts too, and a while later.
    pub fn busy_moments(&self) -> BTreeSet<NaiveDateTime> {
        let mut moments = self.daily_moments();
        for arrival in self.arrivals.iter().step_by(4) {
            moments.insert(arrival.at);
            moments.insert(arrival.at + Duration::minutes(95));
        }
        moments
    }
}

impl Arrival {
    /// Whether it tells of an earlier time.
    pub fn is_late(&self) -> bool {
        matches!(&self.what, What::Memory { created_at, .. } if *created_at < self.at)
    }
}

struct Life {
    mind: usize,
    dice: Dice,
    arrivals: Vec<Arrival>,
    keys: Vec<String>,
    said: Vec<String>,
}

impl Life {
    fn live(&mut self, first: NaiveDateTime, shape: Shape) {
        for day in 0..shape.days {
            let midnight = first + Duration::days(day as i64);
            // Ascending moments of the day; nights around 02:00 local are among them in every zone.
            let mut minutes: Vec<u64> = (0..shape.moments)
                .map(|_| self.dice.below(24 * 60))
                .collect();
            minutes.sort_unstable();
            for minute in minutes {
                self.moment(midnight + Duration::minutes(minute as i64), day, shape);
            }
        }
    }

    fn moment(&mut self, at: NaiveDateTime, day: u64, shape: Shape) {
        let session = self.dice.chance(60).then(|| format!("day{day}"));
        match self.dice.below(100) {
            0..10 => {
                for i in 0..20 {
                    self.remember(at + Duration::seconds(i * 2), None, session.clone());
                }
            }
            10..20 => {
                for _ in 0..3 {
                    self.remember(at, None, session.clone());
                }
            }
            20..30 if shape.late => {
                let told_of = match self.dice.below(8) {
                    0 => "0001-01-02T03:04:05".parse().unwrap(),
                    1 => "9998-12-30T23:59:59".parse().unwrap(),
                    _ => at - Duration::minutes(30 + self.dice.below(4 * 24 * 60) as i64),
                };
                self.remember(at, Some(told_of), None);
            }
            30..55 if shape.touched && !self.keys.is_empty() => self.touch(at),
            _ => {
                let n = 1 + self.dice.below(5);
                for i in 0..n {
                    let at = at + Duration::seconds((i * (10 + self.dice.below(200))) as i64);
                    self.remember(at, None, session.clone());
                }
            }
        }
    }

    fn touch(&mut self, at: NaiveDateTime) {
        let key = self.some_key();
        let what = match self.dice.below(10) {
            0..3 => What::Edit {
                key,
                content: self.words(),
            },
            3..5 => {
                self.keys.retain(|k| *k != key);
                What::Delete { key }
            }
            5..9 => {
                let other = self.some_key();
                let mut keys = vec![key];
                if !keys.contains(&other) {
                    keys.push(other);
                }
                What::Use { keys }
            }
            _ => What::Nap,
        };
        self.arrivals.push(Arrival {
            at,
            mind: self.mind,
            what,
        });
    }

    fn some_key(&mut self) -> String {
        let i = self.dice.below(self.keys.len() as u64) as usize;
        self.keys[i].clone()
    }

    fn words(&mut self) -> String {
        if self.dice.chance(6) {
            return self.dice.of(&ODD).to_owned();
        }
        if self.dice.chance(15) && !self.said.is_empty() {
            let i = self.dice.below(self.said.len() as u64) as usize;
            return self.said[i].clone();
        }
        let n = 1 + self.dice.below(3);
        let words: Vec<&str> = (0..n).map(|_| self.dice.of(&PHRASES)).collect();
        let words = words.join("; ");
        self.said.push(words.clone());
        words
    }

    fn remember(
        &mut self,
        at: NaiveDateTime,
        told_of: Option<NaiveDateTime>,
        session: Option<String>,
    ) {
        // Several minds may use one key.
        let key = format!("k{}", self.arrivals.len());
        let content = self.words();
        let speaker = self.dice.of(&[None, Some("Nora"), Some("Iris")]);
        // A memory that came later in the burst can already be touched: order of arrival is by time.
        self.keys.push(key.clone());
        self.arrivals.push(Arrival {
            at,
            mind: self.mind,
            what: What::Memory {
                key,
                content,
                created_at: told_of.unwrap_or(at),
                speaker,
                session,
            },
        });
    }
}
