//! Whether the models are there that the settings ask for, and what to do where they are not.

use crate::config::{Embeddings, Enrichment, Settings};
use crate::engine::Engine;
use crate::engine::enrichment::enrich::same_model;
use crate::enrich::answers::{self, ExtractionSpec, Provenance};
use crate::enrich::embeddings::{
    Embedded, active_model, count_pending, list_models, vector_counts,
};
use crate::enrich::llm::{Client, Kind, on_the_network};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// What was found of the models that the settings name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFindings {
    /// The Ollama server.
    pub server: ServerFinding,
    /// The model that reads memories, and those for special tasks, and the one that embeds.
    pub models: Vec<ModelFinding>,
    /// The local embedding model.
    pub local: ModelFinding,
    /// What embeds now: `ollama:…`, `local:…`, or nothing.
    pub embeds: Option<String>,
    /// What reads memories now: a model, or nothing beside rules.
    pub reads: Option<String>,
}

/// What was found of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFinding {
    /// Where it should listen.
    pub url: String,
    /// Its version, where it answers.
    pub version: Option<String>,
    /// Whether the settings ask for it by name.
    pub needed: bool,
    /// What is wrong.
    pub problem: Option<String>,
    /// What to do.
    pub fix: Option<String>,
}

/// What was found of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFinding {
    /// Its name.
    pub name: String,
    /// What it is for: reading, embedding, episodes, clusters, insights.
    pub task: String,
    /// Whether it is there.
    pub there: bool,
    /// Whether the settings ask for it by name.
    pub needed: bool,
    /// The line that fetches it.
    pub fix: Option<String>,
}

/// Looks at the server, its models and the local model of `settings`. Contacts the server, unless the settings use none.
///
/// # Errors
/// Usage when the server's address is none.
pub fn examine_models(settings: &Settings) -> Result<ModelFindings> {
    let client = Client::new(&settings.ollama)?;
    let asks = settings.enrichment != Enrichment::Rules
        || matches!(settings.embeddings, Embeddings::Auto | Embeddings::Ollama);
    let needed =
        settings.enrichment == Enrichment::Ollama || settings.embeddings == Embeddings::Ollama;
    let service = match asks {
        true => Some(on_the_network(client.service())?),
        false => None,
    };
    let (version, known, problem) = match service {
        Some(Ok(service)) => (Some(service.version), service.models, None),
        Some(Err(trouble)) => (None, Vec::new(), Some(trouble.to_string())),
        None => (None, Vec::new(), None),
    };
    let answers = version.is_some();
    let ollama = &settings.ollama;
    let reads = settings.enrichment != Enrichment::Rules;
    let embeds = matches!(settings.embeddings, Embeddings::Auto | Embeddings::Ollama);
    let wanted = [
        (
            "reading",
            Some(&ollama.model),
            reads,
            settings.enrichment == Enrichment::Ollama,
        ),
        ("episodes", ollama.episode_model.as_ref(), reads, false),
        ("clusters", ollama.cluster_model.as_ref(), reads, false),
        ("insights", ollama.insight_model.as_ref(), reads, false),
        (
            "embedding",
            Some(&ollama.embedding_model),
            embeds,
            settings.embeddings == Embeddings::Ollama,
        ),
    ];
    let models: Vec<ModelFinding> = wanted
        .into_iter()
        .filter_map(|(task, name, used, needed)| Some((task, name.filter(|_| used)?, needed)))
        .map(|(task, name, needed)| {
            let there = known.iter().any(|k| same_model(k, name));
            ModelFinding {
                name: name.clone(),
                task: task.to_owned(),
                there,
                needed,
                fix: (answers && !there).then(|| format!("ollama pull {name}")),
            }
        })
        .collect();
    let there = list_models(&settings.models)
        .iter()
        .any(|m| m.complete && m.name == settings.local_model);
    let has = |task: &str| {
        models
            .iter()
            .find(|m| m.task == task && m.there)
            .map(|m| m.name.clone())
    };
    let local = ModelFinding {
        name: settings.local_model.clone(),
        task: "embedding".to_owned(),
        there,
        needed: settings.embeddings == Embeddings::Local,
        fix: (!there).then(|| format!("codex models pull {}", settings.local_model)),
    };
    Ok(ModelFindings {
        embeds: has("embedding")
            .map(|name| format!("ollama:{name}"))
            .or_else(|| {
                let may = matches!(settings.embeddings, Embeddings::Auto | Embeddings::Local);
                (may && there).then(|| format!("local:{}", settings.local_model))
            }),
        reads: has("reading"),
        server: ServerFinding {
            url: client.url(),
            version,
            needed,
            fix: problem
                .is_some()
                .then(|| "start it with `ollama serve`, or set OLLAMA_URL".to_owned()),
            problem,
        },
        models,
        local,
    })
}

/// Fetches a model onto the server of `settings`; `progress` hears what it does, bytes done and bytes in all.
///
/// # Errors
/// Unavailable when the server cannot be reached; failed when it cannot fetch the model.
pub fn pull_on_server(
    settings: &Settings,
    model: &str,
    progress: impl FnMut(&str, u64, u64),
) -> Result<()> {
    let client = Client::new(&settings.ollama)?;
    on_the_network(client.pull(model, progress))?.map_err(Error::from)
}

/// What models have added to a store, and what they owe.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelStatus {
    /// Vectors by model.
    pub vectors: Vec<Embedded>,
    /// Contents without a vector of the model questions are asked with.
    pub vectors_owed: u64,
    /// Where answers come from, by kind and model.
    pub answers: Vec<Provenance>,
    /// Contents that only rules have read and a language model is to read; none where the settings say rules.
    pub memories_owed: u64,
    /// What failed and waits for another try.
    pub retries: u64,
}

impl Engine {
    /// What models have added, and what they owe.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn model_status(&self) -> Result<ModelStatus> {
        let conn = self.warehouse.conn();
        let reads = self
            .model_clients
            .settings()
            .is_ok_and(|s| s.enrichment != Enrichment::Rules);
        let spec = ExtractionSpec {
            kind: Kind::Memory,
            model: String::new(),
            prompt: String::new(),
            redo_since: None,
        };
        let retries: i64 =
            conn.query_row("SELECT count(*) FROM enrichment.retries", [], |r| r.get(0))?;
        Ok(ModelStatus {
            vectors: vector_counts(conn)?,
            vectors_owed: match active_model(conn)? {
                Some(model) => count_pending(conn, &model, None)?,
                None => 0,
            },
            answers: answers::provenance(conn)?,
            memories_owed: match reads {
                true => answers::count_pending_memories(conn, &spec, None)?,
                false => 0,
            },
            retries: retries.unsigned_abs(),
        })
    }

    /// A tick of the daemon's: what is owed, within the budgets. Says in a line what it did, or nothing where nothing was to do.
    ///
    /// # Errors
    /// See [`enrich_pending_tasks`](Engine::enrich_pending_tasks).
    pub fn enrich_tick(&mut self) -> Result<Option<String>> {
        let request = super::EnrichRequest {
            budgeted: true,
            ..super::EnrichRequest::default()
        };
        Ok(in_a_line(&self.enrich_pending_tasks(&request, |_| ())?))
    }
}

/// What was done, what failed, and why it stopped early; nothing where nothing was to do, or nobody was there to do it.
fn in_a_line(report: &super::EnrichReport) -> Option<String> {
    let vectors = &report.vectors;
    let answers = [
        (&report.memories, "memory", "memories"),
        (&report.episodes, "episode", "episodes"),
        (&report.clusters, "column", "columns"),
        (&report.insights, "insight", "insights"),
    ];
    let done: Vec<String> = std::iter::once((vectors.embedded, "vector", "vectors"))
        .chain(answers.map(|(said, one, more)| (said.answered, one, more)))
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, more)| format!("{n} {}", if n == 1 { one } else { more }))
        .collect();
    let failed = vectors.failed + answers.iter().map(|(said, ..)| said.failed).sum::<u64>();
    if done.is_empty() && failed == 0 {
        return None;
    }
    let stopped = std::iter::once((&vectors.model, &vectors.note))
        .chain(answers.iter().map(|(said, ..)| (&said.model, &said.note)))
        .find_map(|(model, note)| model.as_ref().and(note.clone()));
    let parts = [
        (!done.is_empty()).then(|| done.join(", ")),
        (failed > 0).then(|| format!("{failed} failed and are tried again later")),
        stopped,
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EnrichReport;

    #[test]
    fn a_tick_tells_every_kind_and_why_it_stopped() {
        let mut report = EnrichReport::default();
        // Nobody to ask is nothing that was done.
        report.vectors.note = Some("settings.embeddings is none".to_owned());
        assert_eq!(in_a_line(&report), None);
        report.memories.model = Some("m".to_owned());
        report.memories.answered = 2;
        report.episodes.answered = 1;
        report.clusters.failed = 3;
        report.insights.failed = 1;
        assert_eq!(
            in_a_line(&report).as_deref(),
            Some("2 memories, 1 episode; 4 failed and are tried again later")
        );
        report.memories.note = Some("the day's budget is used up".to_owned());
        report.clusters.failed = 0;
        report.insights.failed = 0;
        assert_eq!(
            in_a_line(&report).as_deref(),
            Some("2 memories, 1 episode; the day's budget is used up")
        );
    }
}
