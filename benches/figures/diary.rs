//! A synthetic diary: two years of one person and an assistant, the same for the same size, day by day.
//!
//! Themes, people and places are drawn with Zipf's law, themes come and go over weeks, names keep being coined as the diary
//! grows (Heaps' law), and talk comes in sessions of some twenty turns a few seconds to a minute apart.

use chrono::{Days, Duration, NaiveDate, NaiveDateTime};
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Days a diary covers, whatever its size.
pub const DAYS: u64 = 730;

/// A theme of life: what it is called, its things, what one does with them.
struct Theme {
    things: [&'static str; 10],
    deeds: [&'static str; 5],
}

const THEMES: [Theme; 12] = [
    Theme {
        things: [
            "garden",
            "seedlings",
            "compost",
            "greenhouse",
            "tomatoes",
            "hedge",
            "soil",
            "watering can",
            "slugs",
            "beans",
        ],
        deeds: ["plant", "prune", "water", "harvest", "weed"],
    },
    Theme {
        things: [
            "server",
            "deployment",
            "backup",
            "query",
            "dashboard",
            "schema",
            "latency",
            "pipeline",
            "incident",
            "index",
        ],
        deeds: ["migrate", "deploy", "debug", "restore", "review"],
    },
    Theme {
        things: [
            "sourdough",
            "oven",
            "soup",
            "lentils",
            "recipe",
            "saffron",
            "cellar",
            "knife",
            "breakfast",
            "dough",
        ],
        deeds: ["bake", "season", "taste", "knead", "serve"],
    },
    Theme {
        things: [
            "marathon",
            "knee",
            "intervals",
            "trainers",
            "lake loop",
            "pulse",
            "stretching",
            "physio",
            "hill",
            "stopwatch",
        ],
        deeds: ["run", "stretch", "rest", "train", "measure"],
    },
    Theme {
        things: [
            "violin",
            "rehearsal",
            "quartet",
            "score",
            "bow",
            "concert",
            "tuning",
            "duet",
            "metronome",
            "encore",
        ],
        deeds: ["practise", "tune", "perform", "record", "rehearse"],
    },
    Theme {
        things: [
            "invoice",
            "tax return",
            "budget",
            "landlord",
            "insurance",
            "receipt",
            "savings",
            "contract",
            "pension",
            "refund",
        ],
        deeds: ["pay", "sign", "calculate", "file", "negotiate"],
    },
    Theme {
        things: [
            "dog",
            "vet",
            "leash",
            "puppy",
            "kennel",
            "vaccination",
            "forest walk",
            "paw",
            "biscuit",
            "collar",
        ],
        deeds: ["feed", "walk", "brush", "comfort", "train"],
    },
    Theme {
        things: [
            "grammar",
            "vocabulary",
            "flashcards",
            "accent",
            "tutor",
            "subjunctive",
            "novel",
            "dictionary",
            "exam",
            "essay",
        ],
        deeds: ["study", "repeat", "translate", "memorise", "read"],
    },
    Theme {
        things: [
            "roof",
            "plumber",
            "boiler",
            "paint",
            "floorboards",
            "ladder",
            "leak",
            "kitchen shelf",
            "drill",
            "window frame",
        ],
        deeds: ["repair", "paint", "replace", "sand", "install"],
    },
    Theme {
        things: [
            "night train",
            "passport",
            "ferry",
            "hostel",
            "suitcase",
            "map",
            "border",
            "ticket",
            "harbour",
            "itinerary",
        ],
        deeds: ["book", "pack", "cancel", "explore", "postpone"],
    },
    Theme {
        things: [
            "headache",
            "prescription",
            "clinic",
            "blood test",
            "sleep",
            "allergy",
            "dentist",
            "vitamin",
            "fever",
            "waiting room",
        ],
        deeds: ["visit", "take", "cancel", "ask about", "remember"],
    },
    Theme {
        things: [
            "birthday",
            "wedding",
            "cake",
            "guest list",
            "speech",
            "present",
            "cousin",
            "invitation",
            "photo album",
            "toast",
        ],
        deeds: ["plan", "invite", "celebrate", "organise", "thank"],
    },
];

const PEOPLE: [&str; 24] = [
    "Marta", "Jonas", "Ines", "Tobias", "Leila", "Oskar", "Greta", "Pavel", "Amira", "Henrik",
    "Sofia", "Mateo", "Yuki", "Clara", "Ravi", "Elena", "Bruno", "Nadia", "Felix", "Ingrid",
    "Samir", "Paula", "Emil", "Judith",
];
const PLACES: [&str; 16] = [
    "Hamburg",
    "the library",
    "Lisbon",
    "the office",
    "Gothenburg",
    "the station",
    "Porto",
    "the workshop",
    "Vienna",
    "the market",
    "Bergen",
    "the clinic",
    "Ghent",
    "the café",
    "Turin",
    "the allotment",
];
const FEELINGS: [&str; 12] = [
    "happy", "worried", "relieved", "tired", "proud", "annoyed", "curious", "sad", "excited",
    "calm", "nervous", "grateful",
];
const QUALITIES: [&str; 14] = [
    "old",
    "new",
    "broken",
    "small",
    "expensive",
    "strange",
    "perfect",
    "terrible",
    "quiet",
    "heavy",
    "promising",
    "late",
    "simple",
    "wonderful",
];
const SYLLABLES: [&str; 20] = [
    "ka", "ro", "mi", "ven", "tal", "os", "be", "lin", "dor", "sa", "qui", "nor", "fa", "zel",
    "ti", "gan", "hu", "pra", "lo", "esk",
];

/// Writes a diary of `memories` entries as JSON lines.
pub fn write(path: &Path, memories: u64) -> io::Result<()> {
    let mut writer = BufWriter::new(std::fs::File::create(path)?);
    let mut diary = Diary {
        chance: Chance(memories),
        written: 0,
    };
    for day in 0..DAYS {
        // Equal shares of what is left, so that every size ends on the last day.
        let share = (memories - diary.written).div_ceil(DAYS - day);
        diary.day(&mut writer, day, share)?;
    }
    writer.flush()
}

/// Writes `memories` more entries of the day after the diary's last one.
pub fn write_next_day(path: &Path, memories: u64) -> io::Result<()> {
    let mut writer = BufWriter::new(std::fs::File::create(path)?);
    let mut diary = Diary {
        chance: Chance(memories ^ 0x5eed),
        written: 1 << 40,
    };
    diary.day(&mut writer, DAYS, memories)?;
    writer.flush()
}

/// Midnight of a day of the diary.
pub fn midnight(day: u64) -> NaiveDateTime {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
    (first + Days::new(day)).and_time(Default::default())
}

struct Diary {
    chance: Chance,
    written: u64,
}

impl Diary {
    fn day(&mut self, out: &mut impl Write, day: u64, share: u64) -> io::Result<()> {
        let sessions = share.div_ceil(20).max(1);
        let mut left = share;
        for session in 0..sessions {
            let turns = if session + 1 == sessions {
                left
            } else {
                (left / (sessions - session)).max(1)
            };
            left -= turns;
            // Sessions spread over the waking day, 06:30 to 23:00.
            let slot = 59_400 / sessions;
            let mut at = midnight(day)
                + Duration::seconds(
                    (23_400 + session * slot + self.chance.below(slot.max(2) / 2)) as i64,
                );
            let theme = self.theme(day);
            let name = format!("{}-{session}", midnight(day).date());
            for turn in 0..turns {
                let speaker = if turn % 3 == 2 { "Assistant" } else { "Robin" };
                let content = self.sentences(day, theme);
                let line = json!({
                    "id": format!("m{}", self.written),
                    "content": content,
                    "created_at": at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                    "speaker": speaker,
                    "session": name,
                });
                writeln!(out, "{line}")?;
                self.written += 1;
                at += Duration::seconds(4 + self.chance.below(40) as i64);
            }
        }
        Ok(())
    }

    /// Themes rise and fall: which ones are common changes every three weeks.
    fn theme(&mut self, day: u64) -> usize {
        let season = (day / 21) as usize * 5;
        (season + self.chance.zipf(THEMES.len())) % THEMES.len()
    }

    fn sentences(&mut self, day: u64, theme: usize) -> String {
        let n = 1 + self.chance.below(3);
        // Now and then the talk strays.
        let theme = if self.chance.below(12) == 0 {
            self.theme(day)
        } else {
            theme
        };
        (0..n)
            .map(|_| self.sentence(theme))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn sentence(&mut self, theme: usize) -> String {
        let t = &THEMES[theme];
        let thing = t.things[self.chance.zipf(t.things.len())];
        let other = t.things[self.chance.below(t.things.len() as u64) as usize];
        let deed = t.deeds[self.chance.zipf(t.deeds.len())];
        let person = PEOPLE[self.chance.zipf(PEOPLE.len())];
        let place = PLACES[self.chance.zipf(PLACES.len())];
        let feeling = FEELINGS[self.chance.below(FEELINGS.len() as u64) as usize];
        let quality = QUALITIES[self.chance.zipf(QUALITIES.len())];
        match self.chance.below(11) {
            0 => format!("I need to {deed} the {thing} before Friday, {person} is waiting for it."),
            1 => format!("{person} told me at {place} that the {other} is {quality}."),
            2 => format!(
                "Today I was {feeling} about the {thing}, mostly because of the {quality} {other}."
            ),
            3 => format!("Should we {deed} the {quality} {thing} together with {person}?"),
            4 => format!("The {thing} in {place} was {quality}, and {person} looked {feeling}."),
            5 => format!(
                "Remember to {deed} the {other} tomorrow at {}:{:02}.",
                7 + self.chance.below(14),
                self.chance.below(12) * 5
            ),
            6 => {
                format!("We spent an hour on the {thing} and then had to {deed} the {other} again.")
            }
            7 => format!(
                "{} costs {} euros, said {person}.",
                self.coined(),
                5 + self.chance.below(900)
            ),
            8 => format!("Urgent: the {thing} is {quality}, please {deed} it now!"),
            9 => format!(
                "{person} and {} meet in {place} next week about the {other}.",
                PEOPLE[self.chance.zipf(PEOPLE.len())]
            ),
            _ => format!(
                "Project {} goes on: {deed} the {thing}, then the {other}.",
                self.coined()
            ),
        }
    }

    /// A made-up name; common ones come back, new ones keep turning up as the diary grows.
    fn coined(&mut self) -> String {
        let known = 20 + ((self.written % (1 << 40)) as f64).sqrt() as usize;
        let mut spelling = Chance(self.chance.zipf(known) as u64);
        let name: String = (0..3)
            .map(|_| SYLLABLES[spelling.below(SYLLABLES.len() as u64) as usize])
            .collect();
        name[..1].to_uppercase() + &name[1..]
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// A rank below `n`, the k-th with a frequency of about 1/k.
    fn zipf(&mut self, n: usize) -> usize {
        let uniform = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        (((n as f64 + 1.0).powf(uniform)) as usize)
            .saturating_sub(1)
            .min(n - 1)
    }
}
