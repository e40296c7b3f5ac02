//! What embedding and language models add. Nothing waits for them: memories flow with what rules read, and what a model says later
//! is recorded as an event. No transaction is open while a model is asked.

use crate::clock;
use crate::config::{Enrichment, Settings};
use crate::engine::Engine;
use crate::engine::enrichment::embed::{EmbedReport, EmbedRequest};
use crate::enrich::answers::{self, ExtractionSpec, ExtractionTask};
use crate::enrich::llm::{Client, Kind, Prompts, Trouble, on_the_network};
use crate::error::{Error, Result};
use crate::insight::{InsightFilter, Period};
use chrono::{Duration, NaiveDateTime};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Insights of a mind that get a sentence, the surest of the last week.
const INSIGHTS: usize = 10;

/// One kind of what models add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrichWhat {
    /// Vectors.
    Vectors,
    /// What memories say.
    Memories,
    /// Titles and gists of episodes.
    Episodes,
    /// What columns of long-term memory come to.
    Clusters,
    /// Insights in a sentence.
    Insights,
}

/// What is to be enriched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EnrichRequest {
    /// At most this many of each kind.
    pub limit: Option<u64>,
    /// Only this kind.
    pub only: Option<EnrichWhat>,
    /// Ask again about what another model or an earlier prompt has answered, or rules were kept for.
    pub redo: bool,
    /// Ask this language model instead of the one in the settings.
    pub model: Option<String>,
    /// Keep to the budgets of a tick and a day.
    pub budgeted: bool,
}

/// What enriching did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EnrichReport {
    /// Vectors.
    pub vectors: EmbedReport,
    /// What memories say.
    pub memories: AnswerReport,
    /// Episodes.
    pub episodes: AnswerReport,
    /// Columns.
    pub clusters: AnswerReport,
    /// Insights.
    pub insights: AnswerReport,
}

/// What asking a language model came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerReport {
    /// The model; none where there is none.
    pub model: Option<String>,
    /// Why there is none, or why it stopped early.
    pub note: Option<String>,
    /// Answers that could be used.
    pub answered: u64,
    /// Of them, answers to the same words that were there already.
    pub from_cache: u64,
    /// Of them, answers that took a second request.
    pub repaired: u64,
    /// Values that were set right.
    pub clamped: u64,
    /// Subjects whose answers could not be used: they keep what rules say.
    pub kept_rules: u64,
    /// Subjects that failed and are tried again later.
    pub failed: u64,
    /// Requests made: one a subject, more for long memories and for answers that had to be asked for again.
    #[serde(default)]
    pub requests: u64,
    /// Subjects that still wait.
    pub owed: u64,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrichProgress {
    /// With what.
    pub what: EnrichWhat,
    /// Done.
    pub done: u64,
    /// There are.
    pub total: u64,
}

impl EnrichWhat {
    fn of(kind: Kind) -> EnrichWhat {
        match kind {
            Kind::Memory => EnrichWhat::Memories,
            Kind::Episode => EnrichWhat::Episodes,
            Kind::Cluster => EnrichWhat::Clusters,
            Kind::Insight => EnrichWhat::Insights,
        }
    }
}

/// Everything that is needed to ask a language model.
pub(in crate::engine) struct Asking {
    pub(in crate::engine) client: Arc<Client>,
    pub(in crate::engine) prompts: Arc<Prompts>,
    settings: Settings,
    pub(in crate::engine) key: String,
}

impl Engine {
    /// Makes up what is owed; `on_progress` is called with how far it is.
    ///
    /// # Errors
    /// What was asked for by name and is not there: unavailable for a service, usage for a local model; failed when the store cannot
    /// be written. What was done before stays done.
    pub fn enrich_pending_tasks(
        &mut self,
        request: &EnrichRequest,
        mut on_progress: impl FnMut(EnrichProgress),
    ) -> Result<EnrichReport> {
        let mut report = EnrichReport::default();
        let wanted = |what| request.only.is_none_or(|only| only == what);
        if wanted(EnrichWhat::Vectors) && !request.redo {
            let order = EmbedRequest {
                limit: self.vector_limit(request)?,
            };
            report.vectors = self.embed(&order, |advance| {
                on_progress(EnrichProgress {
                    what: EnrichWhat::Vectors,
                    done: advance.done,
                    total: advance.total,
                });
            })?;
        }
        let kinds: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| wanted(EnrichWhat::of(*kind)))
            .collect();
        if kinds.is_empty() || self.stopped()() {
            return Ok(report);
        }
        self.enrich_in_turn()?;
        let asking = match self.asking(request)? {
            Ok(asking) => asking,
            Err(why) => {
                for kind in kinds {
                    report.of(kind).note = Some(why.clone());
                }
                return Ok(report);
            }
        };
        for kind in kinds {
            let night = match kind {
                Kind::Insight => {
                    let night = answers::night_since_insights(self.warehouse.conn(), clock::now())?;
                    // They are what nights are told of.
                    let has_night = answers::has_night(self.warehouse.conn())?;
                    if night.is_none() && (request.budgeted || !has_night) {
                        continue;
                    }
                    night
                }
                _ => None,
            };
            let done = self.answer_pending(&asking, kind, request, &mut on_progress)?;
            let ended = done.note.is_some();
            if let (Some(night), false, 0) = (night, ended, done.owed) {
                self.writing("enrich", |engine| {
                    answers::looked_at_insights(&engine.warehouse, night)
                })?;
            }
            *report.of(kind) = done;
            if ended {
                break;
            }
        }
        Ok(report)
    }

    /// What is needed to ask, or why nobody is asked.
    fn asking(&mut self, request: &EnrichRequest) -> Result<Result<Asking, String>> {
        let settings = self.model_clients.settings()?.clone();
        if settings.enrichment == Enrichment::Rules && request.model.is_none() {
            return Ok(Err("settings.enrichment is rules".to_owned()));
        }
        let client = self.model_clients.client()?;
        let model = request
            .model
            .clone()
            .unwrap_or_else(|| settings.ollama.model.clone());
        let there = on_the_network(async {
            let service = client.service().await?;
            let has = service.models.iter().any(|known| same_model(known, &model));
            if has {
                Ok(())
            } else {
                Err(Trouble::NoModel(model.clone()))
            }
        })?;
        if let Err(trouble) = there {
            if settings.enrichment == Enrichment::Ollama || request.model.is_some() {
                return Err(trouble.into());
            }
            let error = Error::from(trouble);
            let hint = error
                .next_step()
                .map(|h| format!(" ({h})"))
                .unwrap_or_default();
            return Ok(Err(format!("{error}{hint}")));
        }
        let project = self.pipeline().renderer().project();
        let prompts = Prompts::new(|kind| project.prompt(&kind.path()).map(str::to_owned))?;
        let key = match answers::known_answer_key(self.warehouse.conn())? {
            Some(key) => key,
            None => self.writing("enrich", |engine| answers::answer_key(&engine.warehouse))?,
        };
        Ok(Ok(Asking {
            client,
            prompts: Arc::new(prompts),
            key,
            settings,
        }))
    }

    fn answer_pending(
        &mut self,
        asking: &Asking,
        kind: Kind,
        request: &EnrichRequest,
        on_progress: &mut impl FnMut(EnrichProgress),
    ) -> Result<AnswerReport> {
        let ollama = &asking.settings.ollama;
        let special = match kind {
            Kind::Memory => &None,
            Kind::Episode => &ollama.episode_model,
            Kind::Cluster => &ollama.cluster_model,
            Kind::Insight => &ollama.insight_model,
        };
        let model = request
            .model
            .as_ref()
            .or(special.as_ref())
            .unwrap_or(&ollama.model);
        let spec = ExtractionSpec {
            kind,
            model: model.clone(),
            prompt: asking.prompts.version(kind).to_owned(),
            redo_since: request.redo.then(clock::now),
        };
        let mut report = AnswerReport {
            model: Some(model.clone()),
            ..AnswerReport::default()
        };
        let (most, budget) = self.allowance(asking, request)?;
        let in_flight = ollama.in_flight.get() as usize;
        // Sixteen requests in flight and as many answers to record: what a kill loses is little.
        let round = in_flight * 4;
        let mut total = self.count_tasks(&spec, true)?.min(most);
        let mut done = 0;
        while done < total {
            let left = usize::try_from(total - done).unwrap_or(usize::MAX);
            let tasks = self.tasks(&spec, round.min(left))?;
            if tasks.is_empty() {
                break;
            }
            let room = budget.saturating_sub(report.requests);
            let ended =
                self.extraction_batch(asking, &spec, tasks, room, in_flight, &mut report)?;
            let now_done = report.answered + report.kept_rules + report.failed;
            if now_done == done && ended.is_none() {
                // Only duplicates of what is being asked were left: the next round finds their answers.
                total = total.min(done);
            }
            done = now_done;
            on_progress(EnrichProgress {
                what: EnrichWhat::of(kind),
                done,
                total: total.max(done),
            });
            if ended.is_some() {
                report.note = ended;
                break;
            }
        }
        report.owed = match self.stopped()() {
            // The store answers no more questions of this one's.
            true => total.saturating_sub(done),
            false => self.count_tasks(&spec, false)?,
        };
        tracing::info!(%kind, model, answered = report.answered, owed = report.owed, "asked");
        Ok(report)
    }

    /// Vectors of a tick: embedding is far faster than reading.
    fn vector_limit(&self, request: &EnrichRequest) -> Result<Option<u64>> {
        if !request.budgeted {
            return Ok(request.limit);
        }
        let tick = u64::from(self.model_clients.settings()?.enrich_per_tick) * 10;
        Ok(Some(request.limit.map_or(tick, |limit| limit.min(tick))))
    }

    /// How many subjects may be done, and how many requests made.
    fn allowance(&self, asking: &Asking, request: &EnrichRequest) -> Result<(u64, u64)> {
        let limit = request.limit.unwrap_or(u64::MAX);
        if !request.budgeted {
            return Ok((limit, u64::MAX));
        }
        let now = clock::now();
        let asked = answers::requests_on(self.warehouse.conn(), now.date())?;
        let today = u64::from(asking.settings.enrich_per_day).saturating_sub(asked);
        Ok((limit.min(u64::from(asking.settings.enrich_per_tick)), today))
    }

    /// How many subjects wait, those to be tried again later left out where only what is due `now` counts.
    fn count_tasks(&self, spec: &ExtractionSpec, now: bool) -> Result<u64> {
        let (conn, now) = (self.warehouse.conn(), now.then(clock::now));
        match spec.kind {
            Kind::Memory => answers::count_pending_memories(conn, spec, now),
            Kind::Episode => answers::count_pending_episodes(conn, spec, now),
            Kind::Cluster => answers::count_pending_clusters(conn, spec, now),
            Kind::Insight => Ok(self.insight_tasks(spec, usize::MAX)?.len() as u64),
        }
    }

    fn tasks(&self, spec: &ExtractionSpec, most: usize) -> Result<Vec<ExtractionTask>> {
        let (conn, now) = (self.warehouse.conn(), clock::now());
        match spec.kind {
            Kind::Memory => answers::pending_memory_tasks(conn, spec, now, most),
            Kind::Episode => answers::pending_episode_tasks(conn, spec, now, most),
            Kind::Cluster => answers::pending_cluster_tasks(conn, spec, now, most),
            Kind::Insight => self.insight_tasks(spec, most),
        }
    }

    /// The surest insights without a sentence: of the last week, or of the last one that has memories.
    fn insight_tasks(&self, spec: &ExtractionSpec, most: usize) -> Result<Vec<ExtractionTask>> {
        let now = clock::now();
        let last: Option<NaiveDateTime> = self.warehouse.conn().query_row(
            "SELECT max(created_at) FROM raw.memories WHERE created_at <= ?",
            [now],
            |r| r.get(0),
        )?;
        let week = Duration::days(7);
        let as_of = match last.and_then(|last| last.checked_add_signed(Duration::seconds(1))) {
            Some(last) if last < now - week => last,
            _ => now,
        };
        let period = Period {
            since: as_of - week,
            as_of,
        };
        let mut tasks = Vec::new();
        let mut taken: HashMap<String, usize> = HashMap::new();
        for insight in self.insights(period, None, &InsightFilter::default())? {
            let taken = taken.entry(insight.mind.clone()).or_default();
            *taken += 1;
            if *taken > INSIGHTS {
                continue;
            }
            let Some(task) = self.insight_task(&insight)? else {
                continue;
            };
            let known = answers::was_answered(self.warehouse.conn(), spec, &task, now)?;
            if !known && tasks.len() < most {
                tasks.push(task);
            }
        }
        Ok(tasks)
    }
}

impl EnrichReport {
    fn of(&mut self, kind: Kind) -> &mut AnswerReport {
        match kind {
            Kind::Memory => &mut self.memories,
            Kind::Episode => &mut self.episodes,
            Kind::Cluster => &mut self.clusters,
            Kind::Insight => &mut self.insights,
        }
    }
}

pub(in crate::engine) fn error_with_hint(trouble: Trouble) -> String {
    let error = Error::from(trouble);
    let hint = error
        .next_step()
        .map(|h| format!(" ({h})"))
        .unwrap_or_default();
    format!("{error}{hint}")
}

/// Whether two names mean one model: a name without a tag is its `latest`.
pub(in crate::engine) fn same_model(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.strip_suffix(":latest").unwrap_or(name).to_lowercase();
    plain(a) == plain(b)
}
