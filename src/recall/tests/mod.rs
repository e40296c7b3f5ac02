//! What recall promises, on a real DuckDB store.

use super::*;
use crate::clock;
use crate::config::{Config, ConfigSources};
use crate::enrich::enrich_pending;
use crate::error::ErrorKind;
use crate::memory::{Incoming, MindId, append_deletion, append_edit, append_memories, ensure_mind};
use crate::project::{Project, ProjectSource};
use crate::template::Renderer;
use crate::warehouse::Warehouse;
use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};

mod change;
mod context;
mod edges;
mod meaning;
mod options;
mod relevance;
mod resident;
mod scores;
mod times;

struct Store {
    warehouse: Warehouse,
    queries: Renderer,
}

fn day(number: u64) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 3, 1)
        .unwrap()
        .and_hms_opt(10, 0, 0)
        .unwrap()
        + Days::new(number)
}

fn queries(vars: Option<&str>) -> Renderer {
    let config = Config::load(&ConfigSources {
        vars: vars.map(str::to_owned),
        database: Some(":memory:".into()),
        ..ConfigSources::default()
    })
    .unwrap();
    let project = Project::load(ProjectSource::Embedded).unwrap();
    Renderer::new(project.into(), &config.parameters).unwrap()
}

/// A line of a test history: key, day, session, speaker, content.
type Line<'a> = (&'a str, u64, Option<&'a str>, Option<&'a str>, &'a str);

impl Store {
    fn new() -> Store {
        let warehouse = Warehouse::in_memory(2).unwrap();
        warehouse
            .transaction(|conn| ensure_mind(conn, "default", chrono_tz::UTC, day(0)))
            .unwrap();
        Store {
            warehouse,
            queries: queries(None),
        }
    }

    fn with(lines: &[Line]) -> Store {
        let store = Store::new();
        store.add("default", lines);
        store
    }

    fn add(&self, mind: &str, lines: &[Line]) {
        self.warehouse
            .transaction(|conn| {
                ensure_mind(conn, mind, chrono_tz::UTC, day(0))?;
                let memories: Vec<Incoming> = lines
                    .iter()
                    .enumerate()
                    .map(|(i, (key, at, session, speaker, content))| Incoming {
                        mind: MindId::of(mind),
                        source: "test".into(),
                        key: (*key).into(),
                        content: (*content).into(),
                        created_at: day(*at) + TimeDelta::seconds(i as i64),
                        speaker: speaker.map(str::to_owned),
                        session: session.map(str::to_owned),
                        metadata: r#"{"mood":"calm"}"#.into(),
                    })
                    .collect();
                append_memories(conn, &memories, clock::now())
            })
            .unwrap();
        enrich_pending(&self.warehouse, |_| ()).unwrap();
    }

    fn id(&self, key: &str) -> i64 {
        self.warehouse
            .conn()
            .query_row(
                "SELECT memory_id FROM raw.memories WHERE key = ?",
                [key],
                |r| r.get(0),
            )
            .unwrap()
    }

    fn ask(&self, text: &str) -> Answer {
        self.ask_as(question(text))
    }

    fn ask_as(&self, question: Question) -> Answer {
        recall(self.warehouse.conn(), &self.queries, &question, None).unwrap()
    }
}

fn question(text: &str) -> Question {
    Question::new(text, MindId::of("default"), day(300))
}

fn keys(answer: &Answer) -> Vec<&str> {
    answer.results.iter().map(|h| h.key.as_str()).collect()
}

fn component(hit: &Hit, name: &str) -> Score {
    hit.components.iter().find(|(n, _)| n == name).unwrap().1
}

const DIARY: &[Line] = &[
    (
        "swim",
        0,
        Some("a"),
        Some("Ana"),
        "I swam two kilometres in the lake this morning.",
    ),
    (
        "ask",
        0,
        Some("a"),
        Some("Bento"),
        "Was the water of the lake cold?",
    ),
    (
        "cold",
        0,
        Some("a"),
        Some("Ana"),
        "Freezing! My toes were blue for an hour.",
    ),
    (
        "bread",
        5,
        Some("b"),
        Some("Bento"),
        "I baked sourdough bread with walnuts.",
    ),
    (
        "loaf",
        5,
        Some("b"),
        Some("Ana"),
        "Your loaf tasted wonderful.",
    ),
    ("note", 9, None, None, "Renew the passport before June."),
];
