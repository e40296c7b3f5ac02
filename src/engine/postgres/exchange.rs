//! PostgreSQL beside a store: memories in, dreams out.
//!
//! A server that fails never stops a cycle: what is in the raw log goes on, what could not travel is owed, and the circuit breaker
//! keeps retries polite.

use crate::clock;
use crate::config::{Config, PostgresAddress, PostgresSettings, Value};
use crate::engine::store::coordination::ExchangeTurn;
use crate::engine::{
    ConsolidateOptions, ConsolidateReport, CycleProgress, Engine, InsightFilter, Period,
};
use crate::error::{Error, Result};
use crate::memory::postgres::{Intake, IntakeRequest, SourceReport, read, take_in};
use crate::publish::{self, Insights, MODELS, RetentionFunction, Sent, WriteBack};
use crate::warehouse::postgres::{Breaker, BreakerState, Limits, is_passing};
use chrono::{Duration, NaiveDateTime};
use chrono_tz::Tz;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The breaker's name.
pub(in crate::engine) const SERVICE: &str = "postgres";
/// How long a cycle waits for another exchange to end: what the daemon hears at once takes no longer.
const A_MOMENT: std::time::Duration = std::time::Duration::from_secs(2);
/// How far back published insights look.
const INSIGHT_DAYS: i64 = 30;

/// Where PostgreSQL is, and how to deal with it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Server {
    pub(in crate::engine) address: PostgresAddress,
    pub(in crate::engine) settings: PostgresSettings,
    pub(in crate::engine) extension_directory: PathBuf,
    time_zone: Tz,
}

impl Server {
    pub(in crate::engine) fn of(config: &Config) -> Option<Server> {
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
pub struct CycleOutcome {
    /// What the cycles did.
    #[serde(flatten)]
    pub consolidation: ConsolidateReport,
    /// What PostgreSQL gave and got; none where none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<Exchange>,
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
                Err(e) if self.is_stopped() => return Err(e),
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
        let taken = publish::create_vector_tables(&server.address, &mut client, found)?;
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
    pub fn live(
        &mut self,
        request: &ConsolidateOptions,
        on_progress: impl FnMut(CycleProgress),
    ) -> Result<CycleOutcome> {
        let consolidate = |engine: &mut Engine| engine.consolidate(request, on_progress);
        if self.postgres.is_none() {
            let consolidation = self.writing("consolidate", consolidate)?;
            return Ok(CycleOutcome {
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
        Ok(CycleOutcome {
            consolidation,
            postgres: Some(exchange),
        })
    }

    /// Whether the circuit is open.
    pub(in crate::engine) fn is_left_alone(&self) -> Result<bool> {
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
        let Some(turn) = self.exchange_within(what, A_MOMENT) else {
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
        match done {
            Ok(_) if Breaker::of(conn, SERVICE)? == Breaker::default() => Ok(()),
            Ok(_) => self.writing(what, |engine| {
                Breaker::succeeded(engine.warehouse.conn(), SERVICE)
            }),
            Err(e) if self.is_stopped() || !is_passing(e) => Ok(()),
            Err(e) => self.writing(what, |engine| {
                let conn = engine.warehouse.conn();
                let breaker = Breaker::failed(conn, SERVICE, &e.to_string(), clock::now())?;
                tracing::info!(failures = breaker.failures, "PostgreSQL: {e}");
                Ok(())
            }),
        }
    }

    /// The insights of the last 30 days before the clock, as rows.
    fn published_insights(&self) -> Result<Insights> {
        let as_of: Option<NaiveDateTime> = self.warehouse.conn().query_row(
            "SELECT max(as_of) FROM codex.ledger WHERE outcome = 'success'",
            [],
            |r| r.get(0),
        )?;
        let Some(as_of) = as_of else {
            return Ok(Vec::new());
        };
        let since = as_of
            .checked_sub_signed(Duration::days(INSIGHT_DAYS))
            .unwrap_or(as_of);
        let mut rows = BTreeMap::new();
        for insight in self.insights(Period { since, as_of }, None, &InsightFilter::everything())? {
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
    fn law(&self) -> Result<RetentionFunction> {
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
        Ok(RetentionFunction {
            factor: rate.powf(-1.0 / exponent) - 1.0,
            exponent,
        })
    }
}
