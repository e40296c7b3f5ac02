//! A store and the history that happens to it.

use crate::history::{Arrival, History, What};
use chrono::NaiveDateTime;
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::cycle::Pipeline;
use codex_dreams::engine::{
    ConsolidateOptions as Request, ConsolidateReport, Engine, Project, ProjectSource,
};
use codex_dreams::memory::{
    Activation, ActivationKind, Incoming, MindId, append_activations, append_deletion, append_edit,
    append_memories, append_nap, ensure_mind, parse_time_zone,
};
use codex_dreams::warehouse::{OpenOptions, Warehouse};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A store in a directory of its own, and how far its history has come.
pub struct TestHistory<'h> {
    pub engine: Engine,
    history: &'h History,
    /// Arrivals that have arrived.
    arrived: usize,
    pub dir: Arc<tempfile::TempDir>,
}

/// The embedded project with some parameters changed: `{replay_rate: 0.3}`.
pub fn pipeline(vars: &str) -> Pipeline {
    let sources = ConfigSources {
        vars: Some(vars.to_owned()),
        database: Some("unused.duckdb".into()),
        ..ConfigSources::default()
    };
    let config = Config::load(&sources).unwrap();
    let project = Arc::new(Project::load(ProjectSource::Embedded).unwrap());
    Pipeline::new(project, &config.parameters).unwrap()
}

pub fn open(path: PathBuf, threads: usize) -> Warehouse {
    Warehouse::open(&OpenOptions {
        path,
        memory_limit: "1GB".to_owned(),
        threads,
        patience: Duration::from_secs(5),
        allow_read_only: false,
        group_readable: false,
    })
    .unwrap()
}

impl<'h> TestHistory<'h> {
    /// An empty store in which all minds are known.
    pub fn new(history: &'h History) -> TestHistory<'h> {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let warehouse = open(dir.path().join("memory.duckdb"), 1);
        let engine = Engine::over(warehouse, pipeline("{}")).unwrap();
        let start = history
            .arrivals
            .first()
            .map_or(NaiveDateTime::default(), |a| a.at);
        engine
            .warehouse()
            .transaction(|conn| {
                for (name, zone) in &history.minds {
                    ensure_mind(conn, name, parse_time_zone(zone)?, start)?;
                }
                Ok(())
            })
            .unwrap();
        TestHistory {
            engine,
            history,
            arrived: 0,
            dir,
        }
    }

    /// The same store with other parameters from now on.
    pub fn with_parameters(self, vars: &str, threads: usize) -> TestHistory<'h> {
        let TestHistory {
            engine,
            history,
            arrived,
            dir,
        } = self;
        let path = engine.warehouse().path().to_path_buf();
        drop(engine);
        let engine = Engine::over(open(path, threads), pipeline(vars)).unwrap();
        TestHistory {
            engine,
            history,
            arrived,
            dir,
        }
    }

    /// Everything up to `at` arrives.
    pub fn arrive_until(&mut self, at: NaiveDateTime) {
        let upcoming = &self.history.arrivals[self.arrived..];
        let upcoming = &upcoming[..upcoming.partition_point(|a| a.at <= at)];
        if upcoming.is_empty() {
            return;
        }
        self.engine
            .warehouse()
            .transaction(|_| {
                // Memories that come in one go make one batch.
                for run in upcoming.chunk_by(|a, b| {
                    a.mind == b.mind && a.is_memory() && b.is_memory() && a.at == b.at
                }) {
                    self.take_in(run);
                }
                Ok(())
            })
            .unwrap();
        self.arrived += upcoming.len();
        self.engine.enrich(|_| ()).unwrap();
    }

    fn take_in(&self, run: &[Arrival]) {
        let conn = self.engine.warehouse().conn();
        let (mind, at) = (MindId::of(&self.history.minds[run[0].mind].0), run[0].at);
        let memories: Vec<Incoming> = run.iter().filter_map(|a| a.incoming(mind)).collect();
        if !memories.is_empty() {
            append_memories(conn, &memories, at).unwrap();
            return;
        }
        match &run[0].what {
            What::Memory { .. } => unreachable!("taken in above"),
            What::Edit { key, content } => {
                if let Some(id) = self.id(mind, key) {
                    append_edit(conn, mind, id, at, content).unwrap();
                }
            }
            What::Delete { key } => {
                if let Some(id) = self.id(mind, key) {
                    append_deletion(conn, mind, id, at, "no longer true").unwrap();
                }
            }
            What::Use { keys } => {
                let memory_ids = keys.iter().filter_map(|key| self.id(mind, key)).collect();
                let activation = Activation {
                    mind,
                    at,
                    kind: ActivationKind::Used,
                    query: None,
                    memory_ids,
                };
                append_activations(conn, &activation).unwrap();
            }
            What::Nap => {
                append_nap(conn, mind, at).unwrap();
            }
        }
    }

    fn id(&self, mind: MindId, key: &str) -> Option<i64> {
        let conn = self.engine.warehouse().conn();
        conn.query_row(
            "SELECT max(memory_id) FROM raw.memories WHERE mind_id = ?::UUID AND key = ?",
            [mind.to_string(), key.to_owned()],
            |r| r.get(0),
        )
        .unwrap()
    }

    pub fn consolidate(&self, as_of: NaiveDateTime) -> ConsolidateReport {
        let request = Request {
            cycle: None,
            as_of,
            mind: None,
        };
        self.engine
            .consolidate(&request, |_| ())
            .unwrap_or_else(|e| panic!("consolidating as of {as_of}: {e:#}"))
    }

    /// Lives through the history up to the last of `moments`, consolidating at each of them.
    pub fn live(mut self, moments: &BTreeSet<NaiveDateTime>) -> TestHistory<'h> {
        for at in moments {
            self.arrive_until(*at);
            self.consolidate(*at);
        }
        self
    }

    pub fn number(&self, sql: &str) -> i64 {
        let conn = self.engine.warehouse().conn();
        conn.query_row(sql, [], |r| r.get(0))
            .unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    pub fn texts(&self, sql: &str) -> Vec<String> {
        let conn = self.engine.warehouse().conn();
        let mut statement = conn.prepare(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        let rows = statement.query_map([], |r| r.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Every row of the tables named, as text, sorted.
    pub fn rows(&self, tables: &[String]) -> Vec<String> {
        let mut rows = Vec::new();
        for table in tables {
            rows.extend(self.texts(&format!(
                "SELECT '{table} ' || t::VARCHAR FROM {table} t ORDER BY 1"
            )));
        }
        rows
    }

    pub fn state(&self) -> Vec<String> {
        self.rows(&self.state_tables())
    }

    pub fn state_tables(&self) -> Vec<String> {
        self.texts(
            "SELECT 'state.' || table_name FROM duckdb_tables()
             WHERE schema_name = 'state' AND database_name = current_database() ORDER BY 1",
        )
    }

    pub fn caches(&self) -> Vec<String> {
        let tables: Vec<String> = self.engine.pipeline().caches().collect();
        self.rows(&tables)
    }

    /// Verification passes, or says what is wrong.
    pub fn verify(&self, when: &str) {
        let verification = self.engine.verify().unwrap();
        assert!(verification.ok, "verify {when}: {:?}", verification.checks);
        for (mind, states) in &verification.minds {
            let raw = self.number(&format!(
                "SELECT count(*) FROM raw.memories JOIN raw.minds USING (mind_id) WHERE name = '{mind}'"
            ));
            assert_eq!(
                states.values().sum::<i64>(),
                raw,
                "{when}: states of {mind}: {states:?}"
            );
        }
    }
}

impl Arrival {
    pub fn is_memory(&self) -> bool {
        matches!(self.what, What::Memory { .. })
    }

    fn incoming(&self, mind: MindId) -> Option<Incoming> {
        let What::Memory {
            key,
            content,
            created_at,
            speaker,
            session,
        } = &self.what
        else {
            return None;
        };
        Some(Incoming {
            mind,
            source: "test".to_owned(),
            key: key.clone(),
            content: content.clone(),
            created_at: *created_at,
            speaker: speaker.map(str::to_owned),
            session: session.clone(),
            metadata: "{}".to_owned(),
        })
    }
}

/// The first difference of two lists of rows, in few words.
pub fn assert_same(what: &str, left: &[String], right: &[String]) {
    if left == right {
        return;
    }
    let only = |a: &[String], b: &[String]| {
        let b: BTreeSet<&String> = b.iter().collect();
        a.iter()
            .filter(|r| !b.contains(r))
            .take(4)
            .map(|r| r.chars().take(420).collect::<String>())
            .collect::<Vec<_>>()
            .join("\n  ")
    };
    panic!(
        "{what}: {} and {} rows\n only on the left:\n  {}\n only on the right:\n  {}",
        left.len(),
        right.len(),
        only(left, right),
        only(right, left)
    );
}
