//! The one façade that daemon and command line call: requests in, results and progress out.
//!
//! # Layout
//!
//! This file opens the store, imports, consolidates and verifies. [`request`] is how others ask: every question as a value that
//! can travel to whoever owns the store. Beside it, one file a family of questions:
//!
//! * `store`: one open store that many questions share
//! * `questions`: recall and insights
//! * `context`: what to know when a conversation starts
//! * `memories`: single memories; `filings`, `relations`, `sessions`: what is said about them beside their words
//! * `facts`: what holds, held, is planned
//! * `enrichment`: what embedding and language models add
//! * `diagnostics`: status, health, lineage, doctor
//! * `postgres`: intake from PostgreSQL and write-back
//! * `project`: the pipeline as a project, as dbt users know it: list, compile, run, test
//! * `sql`: read-only SQL, snapshots
//! * `transfer`: export, and import of what it wrote
//! * `history`: replay, and a history lived anew
//! * `models`: a project made ready, shared by all who ask
//! * `rows`: rows of a query as typed values

mod context;
mod diagnostics;
mod enrichment;
mod facts;
mod filings;
mod history;
mod memories;
mod models;
mod pause;
mod postgres;
mod project;
mod questions;
mod relations;
pub mod request;
mod rows;
mod sessions;
mod sql;
mod store;
mod transfer;

pub use context::{ContextBlock, ContextItem, ContextSection};
pub use diagnostics::{
    ConceptPlace, CycleMetrics, EpisodePlace, Finding, HealthCheck, ImportanceShare, Level,
    Lineage, Link, Metrics, MindStatus, ModelMetrics, NightOfMemory, StageMetrics, Status, Trace,
    examine, health_findings, remembered,
};
pub use enrichment::{
    AnswerReport, EmbedProgress, EmbedReport, EmbedRequest, EnrichProgress, EnrichReport,
    EnrichRequest, EnrichWhat, ModelFinding, ModelFindings, ModelStatus, ServerFinding,
    examine_models, pull_on_server,
};
pub use facts::{FactEvidence, FactFilter, FactJudgement, NewFact, ShownFact};
pub use filings::{CleanedUp, Cleanup, CleanupRule, MemoryEvent, MemoryFilter};
pub use memories::{Added, MemoryDetail, MemorySummary, MemoryVersion, NewMemory, Outcome};
pub use pause::{is_paused, pause_file};
pub use postgres::{
    CycleOutcome, Exchange, IntakeReport, Listener, NotificationDebouncer, PostgresHealth,
    Prepared, prepare, rights,
};
pub use project::{
    CompiledModel, ListedModel, Listing, Models, NodeResult, NodeStatus, RunArgs, RunReport,
    Selectors, Target,
};
pub use questions::ActivationLogging;
pub use relations::{RelatedMemory, RelatedRule, RelationStep};
pub use request::{AccessMode, Operation, Progress, Reply, Request, Requirements, StoreNeeds};
pub use sessions::SessionSummary;
pub use sql::{ReadQuery, Snapshot, Table, sql_json_over_files, sql_over_files};
pub use store::{
    AccessGuard, AccessQueue, ActiveOperation, Interrupt, RequestContext, SharedStore,
};

pub(crate) use store::lock;

// What requests and results are made of, so that callers need nothing but the engine.
pub use crate::cycle::{
    ConsolidateOptions, ConsolidateReport, CycleProgress, GenerationChange, Pipeline, Replay,
    STATES, Verification, fingerprint, state_hash, to_utc,
};
pub use crate::enrich::answers::Provenance;
pub use crate::enrich::embeddings::{
    Embedded, LocalModelFiles, PullSource, list_models, pull_model,
};
pub use crate::insight::{Insight, InsightFilter, KINDS as INSIGHT_KINDS, Period};
pub use crate::memory::postgres::{IntakeRequest, Mode, RejectedRow, SourceReport};
pub use crate::memory::{
    DEFAULT_MIND, DateOrder, ExportFormat, ExportOptions, ExportReport, FilingChange, FormatInfo,
    FoundExport, FoundSecret, ImportOptions, ImportReport, KeptEdit, LEFT_OUT_KINDS, Mind, MindId,
    NewRelation, RestoreReport, SPACES, SessionChange, UndoReport, find_export,
    formats as import_formats, is_directed, parse_time_zone, to_local,
};
pub use crate::project::{CycleType, Project, ProjectSource};
pub use crate::publish::WriteBack;
pub use crate::recall::{Answer, Basis, Cut, Filter, Hit, Presentation, Question, Score};
pub use crate::warehouse::{Holder, Warehouse, absolute, canonical, restrict_new_files};

use crate::config::{Config, ConfigError, Parameters, Settings};
use crate::cycle;
use crate::enrich::enrich_pending;
use crate::error::{Error, Result};
use crate::facts::read_pending;
use crate::memory;
use crate::project::ProjectError;
use crate::warehouse::{Access, OpenOptions};
use chrono::NaiveDateTime;
use enrichment::clients::ModelClients;
use models::ReadyModels;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportProgress {
    /// Records read from files.
    Read(u64),
    /// New contents whose features and index are done.
    Understood(u64),
}

/// An open store with the project that works on it.
pub struct Engine {
    warehouse: Warehouse,
    models: Arc<ReadyModels>,
    /// The embedding and language models it may ask.
    model_clients: Arc<ModelClients>,
    /// Those who share the store, where this is not the only engine on it.
    coordination: Option<Arc<store::coordination::StoreCoordination>>,
    /// Whether it has a turn to read among them, and so may not wait for those who wait for it to end.
    reading: bool,
    /// Whether it has the turn to write.
    writing: bool,
    /// How long it waits for that turn; none for as long as it takes.
    patience: Option<Duration>,
    /// What stops the question it answers, where something does.
    interrupt: Option<Arc<Interrupt>>,
    /// Where PostgreSQL is, where the configuration says so.
    postgres: Option<Arc<postgres::Server>>,
}

impl Engine {
    /// Opens the store of `config` and makes it ready for `project`.
    ///
    /// # Errors
    /// Usage when configuration or project are wrong or the file is not codex's; unavailable when another process owns it.
    pub fn open(config: &Config, project: Arc<Project>, allow_read_only: bool) -> Result<Engine> {
        let pipeline = Pipeline::new(project, &config.parameters)?;
        let warehouse = Warehouse::open(&store_options(config, allow_read_only))?;
        Ok(Engine::over(warehouse, pipeline)?.configured(config))
    }

    /// Opens the store of `config` as `needs` wants it, unless another process owns it.
    ///
    /// # Errors
    /// Usage when the file is not codex's; failed when it cannot be opened.
    pub fn try_open_store(config: &Config, needs: StoreNeeds) -> Result<Option<Warehouse>> {
        let read_only_will_do = matches!(needs, StoreNeeds::Readable | StoreNeeds::MadeOrReadable);
        Warehouse::try_open(&store_options(config, read_only_will_do))
    }

    /// An engine over an open store, made ready as `needs` wants it. For [`run_models`](Self::run_models) views are left to
    /// the run, so that a model with a mistake is reported as that model's.
    ///
    /// # Errors
    /// Failed when a model cannot be bound.
    pub fn over_as(warehouse: Warehouse, pipeline: Pipeline, needs: StoreNeeds) -> Result<Engine> {
        let models = ReadyModels::new(pipeline)
            .in_generation(memory::model_generation(warehouse.conn())?)?;
        if needs != StoreNeeds::MadeWithoutViews && warehouse.access() == Access::ReadWrite {
            cycle::prepare_store(&warehouse, models.pipeline())?;
        }
        Ok(Engine {
            warehouse,
            models: Arc::new(models),
            model_clients: Arc::default(),
            coordination: None,
            reading: false,
            writing: true,
            patience: None,
            interrupt: None,
            postgres: None,
        })
    }

    /// An engine over an empty store in memory, for looking at files without touching any store.
    ///
    /// # Errors
    /// Usage when configuration or project are wrong.
    pub fn in_memory(config: &Config, project: Arc<Project>) -> Result<Engine> {
        let pipeline = Pipeline::new(project, &config.parameters)?;
        Engine::over(
            Warehouse::in_memory(config.settings.threads.get() as usize)?,
            pipeline,
        )
    }

    /// An engine over an open store.
    ///
    /// # Errors
    /// Failed when a model cannot be bound.
    pub fn over(warehouse: Warehouse, pipeline: Pipeline) -> Result<Engine> {
        Engine::over_as(warehouse, pipeline, StoreNeeds::Made)
    }

    /// Asks the models of `settings` from now on, where they are others than before.
    pub fn use_settings(&mut self, settings: &Settings) {
        if !self.model_clients.are_of(settings) {
            self.model_clients = Arc::new(ModelClients::of(settings));
        }
    }

    /// The same, with the services that `config` names.
    pub fn configured(mut self, config: &Config) -> Engine {
        self.configure(config);
        self
    }

    fn configure(&mut self, config: &Config) {
        self.postgres = postgres::Server::of(config).map(Arc::new);
        self.use_settings(&config.settings);
    }

    /// The store.
    pub fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    /// Whether the store can be written: else questions are answered and nothing is logged.
    pub fn is_writable(&self) -> bool {
        self.warehouse.access() == Access::ReadWrite
    }

    /// The models.
    pub fn pipeline(&self) -> &Pipeline {
        self.models.pipeline()
    }

    /// The effective parameters.
    pub fn parameters(&self) -> &Parameters {
        self.pipeline().parameters()
    }

    /// Files in, raw log out; then features and index for what is new. `progress` hears how far it is.
    ///
    /// # Errors
    /// See [`memory::import`].
    pub fn import(
        &self,
        options: &ImportOptions,
        mut progress: impl FnMut(ImportProgress),
    ) -> Result<ImportReport> {
        let report = memory::import(&self.warehouse, options, |read| {
            progress(ImportProgress::Read(read))
        })?;
        if !options.dry_run {
            self.enrich(|done| progress(ImportProgress::Understood(done)))?;
        }
        Ok(report)
    }

    /// Takes the import of this number back.
    ///
    /// # Errors
    /// See [`memory::undo`].
    pub fn undo_import(&self, batch: i64) -> Result<UndoReport> {
        let report = memory::undo(&self.warehouse, batch)?;
        self.enrich(|_| ())?;
        Ok(report)
    }

    /// Features and index for every revision that has none yet.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn enrich(&self, progress: impl FnMut(u64)) -> Result<u64> {
        let revisions = enrich_pending(&self.warehouse, progress)?;
        read_pending(&self.warehouse)?;
        if revisions > 0 {
            tracing::info!(revisions, "read and indexed");
        }
        Ok(revisions)
    }

    /// Runs what is due.
    ///
    /// # Errors
    /// See [`cycle::consolidate`].
    pub fn consolidate(
        &self,
        request: &cycle::ConsolidateOptions,
        on_progress: impl FnMut(CycleProgress),
    ) -> Result<ConsolidateReport> {
        self.enrich(|_| ())?;
        let generation = memory::model_generation(self.warehouse.conn())?;
        // An export that was read back may have brought another generation than the store was opened with.
        if generation != self.pipeline().generation() {
            let models = self.models.in_generation(generation)?;
            cycle::prepare_store(&self.warehouse, models.pipeline())?;
            return cycle::consolidate(&self.warehouse, models.pipeline(), request, on_progress);
        }
        cycle::consolidate(&self.warehouse, self.pipeline(), request, on_progress)
    }

    /// A nap at `at`: the mind named, or every mind with memories, sleeps then, whatever the hour. `by_clock` says that the system
    /// clock named the time: what a wrong clock had minds live is taken back first, and a mind that is still ahead takes no nap.
    ///
    /// # Errors
    /// Usage when no mind has memories, or none can nap then; failed when the store cannot be written.
    pub fn nap(&self, mind: Option<&Mind>, at: NaiveDateTime, by_clock: bool) -> Result<u64> {
        let mut minds = match mind {
            Some(mind) => vec![mind.clone()],
            None => memory::all_minds(self.warehouse.conn())?,
        };
        if minds.is_empty() {
            return Err(Error::usage("there is no mind that could take a nap")
                .hint("import or add a memory first"));
        }
        let only = mind.map(|mind| mind.id);
        if by_clock {
            cycle::take_back(&self.warehouse, self.pipeline(), at, only)?;
        }
        let ahead = cycle::minds_ahead(self.warehouse.conn(), at, only)?;
        if by_clock && ahead.len() < minds.len() {
            minds.retain(|mind| ahead.iter().all(|ahead| ahead.mind != mind.name));
        } else if let Some(early) = ahead.first() {
            return Err(Error::usage(format!(
                "a nap at {at} lies before the last night of mind '{}' ({})",
                early.mind, early.night_at
            ))
            .hint("the past is settled; nap at a later time, or without --as-of now"));
        }
        self.warehouse.transaction(|conn| {
            for mind in &minds {
                memory::append_nap(conn, mind.id, at)?;
            }
            Ok(minds.len() as u64)
        })
    }

    /// Checks the invariants.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn verify(&self) -> Result<Verification> {
        cycle::verify(&self.warehouse, self.pipeline())
    }

    /// Every mind, by name.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn minds(&self) -> Result<Vec<Mind>> {
        memory::all_minds(self.warehouse.conn())
    }

    /// The mind called `name`.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn mind(&self, name: &str) -> Result<Mind> {
        memory::find_mind(self.warehouse.conn(), name)
    }
}

fn store_options(config: &Config, allow_read_only: bool) -> OpenOptions {
    let settings = &config.settings;
    OpenOptions {
        path: settings.database.clone(),
        memory_limit: settings.memory_limit.as_str().to_owned(),
        threads: settings.threads.get() as usize,
        patience: Duration::from_secs(u64::from(settings.lock_timeout)),
        allow_read_only,
        group_readable: settings.group_readable,
    }
}

impl From<ConfigError> for Error {
    fn from(wrong: ConfigError) -> Error {
        Error::usage(wrong.to_string()).caused_by(wrong)
    }
}

impl From<ProjectError> for Error {
    fn from(wrong: ProjectError) -> Error {
        Error::usage(wrong.to_string()).caused_by(wrong)
    }
}
