//! The embedding and language models an engine may ask, shared by all engines over one store.

use crate::config::{Embeddings, Settings};
use crate::engine::store::shared::lock;
use crate::enrich::embeddings::{Embedder, Purpose, dimension, embedder_of};
use crate::enrich::llm::Client;
use crate::error::{Error, Result};
use duckdb::Connection;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Opened when they are first needed.
#[derive(Default)]
pub(in crate::engine) struct ModelClients {
    settings: Option<Settings>,
    client: Mutex<Option<Arc<Client>>>,
    /// The model questions were last asked with: loading one takes longer than asking it.
    asking: Mutex<Option<Arc<Embedder>>>,
    /// When they were.
    asked: Mutex<Option<Instant>>,
    /// A model whose vectors the store holds, and their length: vectors only come, and looking at one unpacks two thousand.
    length: Mutex<Option<(String, usize)>>,
}

impl ModelClients {
    /// Those of `settings`.
    pub(in crate::engine) fn of(settings: &Settings) -> ModelClients {
        ModelClients {
            settings: Some(settings.clone()),
            ..ModelClients::default()
        }
    }

    /// Whether they are those of `settings`.
    pub(in crate::engine) fn are_of(&self, settings: &Settings) -> bool {
        self.settings.as_ref() == Some(settings)
    }

    pub(in crate::engine) fn settings(&self) -> Result<&Settings> {
        self.settings
            .as_ref()
            .ok_or_else(|| Error::usage("this engine was opened without models to ask"))
    }

    /// The connection to Ollama, whose breaker all share.
    pub(in crate::engine) fn client(&self) -> Result<Arc<Client>> {
        let mut client = lock(&self.client);
        if let Some(client) = &*client {
            return Ok(Arc::clone(client));
        }
        let opened = Arc::new(Client::new(&self.settings()?.ollama)?);
        *client = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Whether questions may be asked by meaning.
    pub(in crate::engine) fn may_embed(&self) -> bool {
        self.settings
            .as_ref()
            .is_some_and(|s| s.embeddings != Embeddings::None)
    }

    /// How many numbers the vectors of a model have in the store, where it has any.
    pub(in crate::engine) fn length(
        &self,
        conn: &Connection,
        model: &str,
    ) -> Result<Option<usize>> {
        if let Some((known, length)) = &*lock(&self.length)
            && known == model
        {
            return Ok(Some(*length));
        }
        let found = dimension(conn, model)?;
        *lock(&self.length) = found.map(|length| (model.to_owned(), length));
        Ok(found)
    }

    /// Vectors of questions by the model whose vectors the store holds.
    pub(in crate::engine) fn embed_questions(
        &self,
        model: &str,
        texts: &[String],
        dimension: Option<usize>,
    ) -> Result<Vec<Vec<f32>>> {
        let vectors: Vec<Vec<f32>> = self
            .embedder(model)?
            .embed(texts, Purpose::Question)?
            .into_iter()
            .collect::<std::result::Result<_, _>>()
            .map_err(Error::failed)?;
        match vectors
            .iter()
            .find(|v| dimension.is_some_and(|d| d != v.len()))
        {
            Some(vector) => Err(Error::failed(format!(
                "{model} gives vectors of {} numbers now, and the store's have {}",
                vector.len(),
                dimension.unwrap_or(0)
            ))),
            None => Ok(vectors),
        }
    }

    /// Lets go of a model that nobody has asked for so long. Says whether there was one.
    pub(in crate::engine) fn rest(&self, idle: Duration) -> bool {
        let asked = *lock(&self.asked);
        if asked.is_none_or(|asked| asked.elapsed() < idle) {
            return false;
        }
        let mut asking = lock(&self.asking);
        asking.take().is_some()
    }

    fn embedder(&self, model: &str) -> Result<Arc<Embedder>> {
        *lock(&self.asked) = Some(Instant::now());
        let mut asking = lock(&self.asking);
        if let Some(embedder) = asking.as_ref().filter(|e| e.name() == model) {
            return Ok(Arc::clone(embedder));
        }
        let opened = Arc::new(embedder_of(model, self.settings()?, &self.client()?)?);
        *asking = Some(Arc::clone(&opened));
        Ok(opened)
    }
}
