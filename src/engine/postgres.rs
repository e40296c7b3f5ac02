//! PostgreSQL beside a store: memories in, dreams out.
//!
//! A server that fails never stops a cycle: what is in the raw log goes on, what could not travel is owed, and the circuit breaker
//! keeps retries polite.

use super::shared::ExchangeTurn;
use super::{Advance, Consolidation, CycleRequest, Engine, Period};
use crate::clock;
use crate::config::{Config, PostgresAddress, PostgresSettings, Value};
use crate::error::{Error, Result};
use crate::memory::postgres::{Intake, IntakeRequest, Mode, Oddities, SourceReport, read, take_in};
use crate::publish::{self, Insights, Law, MODELS, Sent, WriteBack};
use crate::warehouse::postgres::{Breaker, BreakerState, Limits, is_passing};
use chrono::{Duration, NaiveDateTime};
use chrono_tz::Tz;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The breaker's name.
const SERVICE: &str = "postgres";
/// How far back published insights look.
const INSIGHT_DAYS: i64 = 30;

/// Where PostgreSQL is, and how to deal with it.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) address: PostgresAddress,
    pub(super) settings: PostgresSettings,
    pub(super) extension_directory: PathBuf,
    time_zone: Tz,
}

impl Server {
    pub(super) fn of(config: &Config) -> Option<Server> {
        Some(Server {
            address: config.postgres.clone()?,
            settings: config.settings.postgres.clone(),
            extension_directory: config.settings.extension_directory.clone(),
            time_zone: config.settings.time_zone.0,
        })
    }
}

/// What came in, by source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeReport {
    /// One a table, in the order of `pipeline/sources.yaml`.
    pub sources: Vec<SourceReport>,
}

/// What a cycle exchanged with PostgreSQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What came in before it; none where that failed or was put off.
    pub intake: Option<IntakeReport>,
    /// What went out after it; none where that failed, was put off or is not wanted.
    pub write_back: Option<WriteBack>,
    /// What went wrong, for the person to see.
    pub warnings: Vec<String>,
    /// What was left to others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A consolidation with its exchange.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lived {
    /// What the cycles did.
    #[serde(flatten)]
    pub consolidation: Consolidation,
    /// What PostgreSQL gave and got; none where none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<Exchange>,
}

/// How it stands with PostgreSQL, as far as the store knows: the server is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostgresHealth {
    /// The server, without its password.
    pub address: String,
    /// closed, open, half-open.
    pub circuit: String,
    /// Failures in a row.
    pub failures: i32,
    /// When it is tried again, UTC; none while the circuit is closed.
    pub retry_at: Option<String>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// When that was, UTC.
    pub failed_at: Option<String>,
    /// Rows that have not yet arrived in `dreams`; none for a store that does not publish.
    pub owed: Option<u64>,
    /// PostgreSQL's clock when its tables were last read, UTC, by source.
    pub read_at: BTreeMap<String, String>,
    /// Rows that cannot be memories.
    #[serde(default)]
    pub rejected: u64,
    /// Rows that are missing from their table and were kept, since they were too many at once.
    #[serde(default)]
    pub kept: u64,
}

impl Engine {
    /// Whether a PostgreSQL is configured.
    pub fn has_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// Takes in what changed in PostgreSQL, whatever the circuit breaker says; none where none is configured. Features and index
    /// of what is new are left to the next question or cycle. The turn to write is taken only once everything is read.
    ///
    /// # Errors
    /// Unavailable when PostgreSQL cannot be reached; failed when no table is as it is mapped. Where some can be read, the report
    /// says what is wrong with the others.
    pub fn take_in(&mut self, request: IntakeRequest) -> Result<Option<IntakeReport>> {
        if self.postgres.is_none() {
            return Ok(None);
        }
        let turn = self.exchange("intake")?;
        self.take_in_with(&turn, request)
    }

    fn take_in_with(
        &mut self,
        _turn: &ExchangeTurn,
        request: IntakeRequest,
    ) -> Result<Option<IntakeReport>> {
        let Some(server) = self.postgres.clone() else {
            return Ok(None);
        };
        let done = self.take_in_from(&server, request);
        self.note_outcome("intake", &done)?;
        done.map(Some)
    }

    /// Fails only where every table did.
    fn take_in_from(&mut self, server: &Server, request: IntakeRequest) -> Result<IntakeReport> {
        let intake = Intake {
            address: &server.address,
            settings: &server.settings,
            extension_directory: &server.extension_directory,
            time_zone: server.time_zone,
        };
        let mut report = IntakeReport::default();
        let mut failed = None;
        for mapping in self.pipeline().renderer().project().mappings().to_vec() {
            let done = read(&self.warehouse, &intake, &mapping, request).and_then(|read| {
                let take = |engine: &mut Engine| {
                    take_in(&engine.warehouse, &intake, &mapping, request, &read)
                };
                match read.is_news() {
                    true => self.writing("intake", take),
                    false => take(self),
                }
            });
            match done {
                Ok(source) => report.sources.push(source),
                Err(e) => {
                    report.sources.push(SourceReport::failed(&mapping, &e));
                    failed = failed.or(Some(e));
                }
            }
        }
        match failed {
            Some(e) if report.sources.iter().all(|source| source.error.is_some()) => Err(e),
            _ => Ok(report),
        }
    }

    /// Publishes what cycles changed, whatever the circuit breaker says; none where nobody asked for it. `take_over` replaces
    /// what another store has published.
    ///
    /// # Errors
    /// Unavailable when PostgreSQL cannot be reached; usage when the schema is another store's. What is owed stays owed.
    pub fn write_back(&mut self, take_over: bool) -> Result<Option<WriteBack>> {
        if self.postgres.is_none() {
            return Ok(None);
        }
        let turn = self.exchange("write-back")?;
        self.write_back_with(&turn, take_over)
    }

    fn write_back_with(
        &mut self,
        _turn: &ExchangeTurn,
        take_over: bool,
    ) -> Result<Option<WriteBack>> {
        let server = self.postgres.clone();
        let Some(server) = server.filter(|server| server.settings.write_back) else {
            return Ok(None);
        };
        let done = self.write_back_to(&server, take_over);
        self.note_outcome("write-back", &done)?;
        done
    }

    fn write_back_to(&mut self, server: &Server, take_over: bool) -> Result<Option<WriteBack>> {
        self.pipeline()
            .require(&MODELS, "nothing can be published")?;
        if publish::is_known(self.warehouse.conn())? {
            // What is owed is known even while the server is away.
            self.note_changes()?;
        }
        let limits = Limits::of(&server.settings);
        let Some(mut client) = publish::open(&server.address, &limits)? else {
            return Ok(None);
        };
        let found = publish::vectors(self.warehouse.conn())?;
        let taken = publish::make_room(&server.address, &mut client, found)?;
        if publish::is_news(self.warehouse.conn(), taken.as_deref())? {
            self.writing("write-back", |engine| {
                publish::note_taken(engine.warehouse.conn(), taken.as_deref())
            })?;
        }
        self.note_changes()?;
        let law = self.law()?;
        loop {
            let conn = self.warehouse.conn();
            match publish::send(conn, &server.address, &mut client, law, take_over)? {
                Sent::Arrived(done) => {
                    self.writing("write-back", |engine| {
                        publish::acknowledge(&engine.warehouse, done.version)
                    })?;
                    return Ok(Some(done));
                }
                Sent::Elsewhere(version) => self.writing("write-back", |engine| {
                    publish::forget(&engine.warehouse, version)?;
                    engine.note_changes().map(|_| ())
                })?,
            }
        }
    }

    fn note_changes(&mut self) -> Result<u64> {
        if !publish::is_due(self.warehouse.conn())? {
            return Ok(0);
        }
        self.writing("write-back", |engine| {
            publish::note(&engine.warehouse, || engine.published_insights())
        })
    }

    /// Runs what is due, with PostgreSQL's changes taken in before and the results published after. A PostgreSQL that fails is
    /// in the warnings.
    ///
    /// # Errors
    /// See [`Engine::consolidate`].
    pub fn live(&mut self, request: &CycleRequest, heard: impl FnMut(Advance)) -> Result<Lived> {
        let consolidate = |engine: &mut Engine| engine.consolidate(request, heard);
        if self.postgres.is_none() {
            let consolidation = self.writing("consolidate", consolidate)?;
            return Ok(Lived {
                consolidation,
                postgres: None,
            });
        }
        let mut exchange = Exchange::default();
        let intake = self.guarded("intake", &mut exchange, |engine, turn| {
            engine.take_in_with(turn, IntakeRequest::default())
        })?;
        exchange.intake = intake.flatten();
        for source in exchange.intake.iter().flat_map(|report| &report.sources) {
            if let Some(error) = &source.error {
                let hint = source.hint.as_ref().map(|h| format!("; {h}"));
                let hint = hint.unwrap_or_default();
                exchange.warnings.push(format!("intake: {error}{hint}"));
            }
        }
        let consolidation = self.writing("consolidate", consolidate)?;
        let write_back = self.guarded("write-back", &mut exchange, |engine, turn| {
            engine.write_back_with(turn, false)
        })?;
        exchange.write_back = write_back.flatten();
        Ok(Lived {
            consolidation,
            postgres: Some(exchange),
        })
    }

    /// Takes in, if the circuit breaker lets it, and says what came; nothing when nothing had changed.
    ///
    /// # Errors
    /// See [`take_in`](Self::take_in).
    pub fn take_in_by_rhythm(&mut self) -> Result<Option<String>> {
        if self.postgres.is_none() || self.is_left_alone()? {
            return Ok(None);
        }
        self.take_in_and_tell(IntakeRequest::default())
    }

    /// Takes in, whatever the circuit breaker says, logs what the person should know, and says what came.
    ///
    /// # Errors
    /// See [`take_in`](Self::take_in).
    pub fn take_in_and_tell(&mut self, request: IntakeRequest) -> Result<Option<String>> {
        let report = self.take_in(request)?.unwrap_or_default();
        let told: Vec<String> = report.sources.iter().filter_map(told).collect();
        Ok((!told.is_empty()).then(|| told.join("; ")))
    }

    /// Publishes, if the circuit breaker lets it and anything is owed, and says what; PostgreSQL is not asked when nothing is.
    ///
    /// # Errors
    /// See [`write_back`](Self::write_back).
    pub fn write_back_by_rhythm(&mut self) -> Result<Option<String>> {
        if self.postgres.is_none() || self.is_left_alone()? {
            return Ok(None);
        }
        let conn = self.warehouse.conn();
        let arrived = publish::owed(conn)?
            .is_some_and(|owed| owed.changes == 0 && owed.acknowledged == owed.version);
        if arrived && !publish::is_due(conn)? {
            return Ok(None);
        }
        let done = self.write_back(false)?.unwrap_or_default();
        for row in &done.refused {
            tracing::warn!("PostgreSQL cannot hold {row}");
        }
        let mut said = format!("{} rows written, {} removed", done.written, done.removed);
        if !done.refused.is_empty() {
            said = format!("{said}, {} refused", done.refused.len());
        }
        let any = done.written + done.removed > 0 || !done.refused.is_empty();
        Ok(any.then_some(said))
    }

    /// Whether the circuit is open.
    fn is_left_alone(&self) -> Result<bool> {
        let breaker = Breaker::of(self.warehouse.conn(), SERVICE)?;
        Ok(breaker.state(clock::now()) == BreakerState::Open)
    }

    /// Does `work` if the circuit breaker lets it, and turns its failure into a warning.
    fn guarded<T>(
        &mut self,
        what: &str,
        exchange: &mut Exchange,
        work: impl FnOnce(&mut Engine, &ExchangeTurn) -> Result<T>,
    ) -> Result<Option<T>> {
        let breaker = Breaker::of(self.warehouse.conn(), SERVICE)?;
        if breaker.state(clock::now()) == BreakerState::Open {
            let until = breaker.retry_at.map(|at| at.format("%H:%M:%S").to_string());
            exchange.warnings.push(format!(
                "PostgreSQL failed {} times in a row, so {what} waits until {} UTC (`codex health`)",
                breaker.failures,
                until.unwrap_or_default()
            ));
            return Ok(None);
        }
        let Some(turn) = self.exchange_now(what) else {
            exchange.notes.push(format!(
                "another exchange with PostgreSQL is under way, so {what} was left to it"
            ));
            return Ok(None);
        };
        match work(self, &turn) {
            Ok(value) => Ok(Some(value)),
            Err(e) => {
                let hint = e.next_step().map(|h| format!("; {h}")).unwrap_or_default();
                exchange.warnings.push(format!("{what}: {e}{hint}"));
                Ok(None)
            }
        }
    }

    /// Tells the circuit breaker: what passes by itself counts, not a table that is not as mapped, nor others who are at work.
    fn note_outcome<T>(&mut self, what: &str, done: &Result<T>) -> Result<()> {
        let conn = self.warehouse.conn();
        let stopped = self.interrupt.as_ref().is_some_and(|i| i.is_stopped());
        match done {
            Ok(_) if Breaker::of(conn, SERVICE)? == Breaker::default() => Ok(()),
            Ok(_) => self.writing(what, |engine| {
                Breaker::succeeded(engine.warehouse.conn(), SERVICE)
            }),
            Err(e) if stopped || !is_passing(e) => Ok(()),
            Err(e) => self.writing(what, |engine| {
                let conn = engine.warehouse.conn();
                let breaker = Breaker::failed(conn, SERVICE, &e.to_string(), clock::now())?;
                tracing::info!(failures = breaker.failures, "PostgreSQL: {e}");
                Ok(())
            }),
        }
    }

    /// How it stands with PostgreSQL, as far as the store knows; none where none is configured.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn postgres_health(&self) -> Result<Option<PostgresHealth>> {
        let Some(server) = &self.postgres else {
            return Ok(None);
        };
        let conn = self.warehouse.conn();
        let breaker = Breaker::of(conn, SERVICE)?;
        let mut statement = conn
            .prepare("SELECT source, watermark FROM codex.intakes WHERE watermark IS NOT NULL ORDER BY source")?;
        let read_at = statement
            .query_map([], |r| Ok((r.get::<_, String>(0)?, shown(r.get(1)?))))?
            .collect::<duckdb::Result<_>>()?;
        let odd = Oddities::of(conn)?;
        Ok(Some(PostgresHealth {
            address: server.address.to_string(),
            circuit: breaker.state(clock::now()).as_str().to_owned(),
            failures: breaker.failures,
            retry_at: breaker.retry_at.map(shown),
            last_error: breaker.last_error,
            failed_at: breaker.failed_at.map(shown),
            owed: publish::owed(conn)?.map(|owed| owed.changes),
            read_at,
            rejected: odd.rejected,
            kept: odd.kept,
        }))
    }

    /// The insights of the last 30 days before the clock, as rows.
    fn published_insights(&self) -> Result<Insights> {
        let as_of: Option<NaiveDateTime> =
            self.warehouse
                .conn()
                .query_row("SELECT max(as_of) FROM codex.ledger", [], |r| r.get(0))?;
        let Some(as_of) = as_of else {
            return Ok(Vec::new());
        };
        let since = as_of
            .checked_sub_signed(Duration::days(INSIGHT_DAYS))
            .unwrap_or(as_of);
        let mut rows = BTreeMap::new();
        for insight in self.insights(Period { since, as_of }, None)? {
            let key = format!(
                "{:x}",
                Md5::digest(format!(
                    "{}/{}/{}",
                    insight.mind, insight.kind, insight.title
                ))
            );
            let evidence: Vec<i64> = insight.evidence.iter().map(|e| e.id).collect();
            let row = serde_json::json!({
                "key": key,
                "mind_id": crate::memory::MindId::of(&insight.mind).to_string(),
                "mind": insight.mind,
                "kind": insight.kind,
                "title": insight.title,
                "confidence": insight.confidence,
                "evidence": evidence,
                "details": insight.details,
            });
            rows.entry(key).or_insert_with(|| row.to_string());
        }
        Ok(rows.into_iter().collect())
    }

    /// The retention law of `sql/macros/retention.sql` with this project's parameters.
    fn law(&self) -> Result<Law> {
        let number = |name: &str| {
            self.parameters()
                .get(name)
                .and_then(Value::as_f64)
                .ok_or_else(|| Error::failed(format!("there is no parameter {name}")))
        };
        let (rate, exponent) = (
            number("gradual_forgetting_rate")?,
            number("forgetting_exponent")?,
        );
        Ok(Law {
            factor: rate.powf(-1.0 / exponent) - 1.0,
            exponent,
        })
    }
}

/// What came from a table, in a line; nothing where nothing did. What the person should know is logged.
fn told(source: &SourceReport) -> Option<String> {
    let table = &source.table;
    if let Some(error) = &source.error {
        tracing::warn!(table, "{error}");
    }
    // A look that read nothing repeats only what is known.
    if source.mode != Mode::Nothing {
        for note in &source.notes {
            tracing::warn!(table, "{note}");
        }
    }
    for row in &source.rejections {
        tracing::warn!(table, id = row.id, "a row was rejected: {}", row.reason);
    }
    let counts = [
        (source.added, "added"),
        (source.edited, "edited"),
        (source.deleted, "deleted"),
        (source.rejected, "rejected"),
        (u64::from(source.error.is_some()), "failed"),
    ];
    let (came, odd) = counts.split_at(3);
    let said: Vec<String> = came
        .iter()
        .chain(odd.iter().filter(|(n, _)| *n > 0))
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    let any = counts.iter().any(|(n, _)| *n > 0);
    any.then(|| format!("{table}: {}", said.join(", ")))
}

fn shown(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
