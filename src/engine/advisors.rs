//! The models an engine may ask.

use crate::config::{Embeddings, Settings};
use crate::enrich::embeddings::{Embedder, Purpose, embedder_of};
use crate::enrich::ollama::Client;
use crate::error::{Error, Result};
use std::cell::RefCell;
use std::sync::Arc;

/// The models an engine may ask, opened when they are first needed.
#[derive(Default)]
pub(super) struct Advisors {
    settings: Option<Settings>,
    client: RefCell<Option<Arc<Client>>>,
    /// The model questions were last asked with.
    asking: RefCell<Option<Embedder>>,
}

impl Advisors {
    /// None at all.
    pub(super) fn none() -> Advisors {
        Advisors::default()
    }

    /// Those of `settings`.
    pub(super) fn of(settings: &Settings) -> Advisors {
        Advisors {
            settings: Some(settings.clone()),
            ..Advisors::default()
        }
    }

    pub(super) fn settings(&self) -> Result<&Settings> {
        self.settings
            .as_ref()
            .ok_or_else(|| Error::usage("this engine was opened without models"))
    }

    pub(super) fn client(&self) -> Result<Arc<Client>> {
        if let Some(client) = &*self.client.borrow() {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(Client::new(&self.settings()?.ollama)?);
        *self.client.borrow_mut() = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Whether questions may be asked by meaning.
    pub(super) fn may_embed(&self) -> bool {
        self.settings
            .as_ref()
            .is_some_and(|s| s.embeddings != Embeddings::None)
    }

    /// Vectors of questions by the model whose vectors the store holds.
    pub(super) fn embed_questions(
        &self,
        model: &str,
        texts: &[String],
        dimension: Option<usize>,
    ) -> Result<Vec<Vec<f32>>> {
        let mut asking = self.asking.borrow_mut();
        let embedder = match asking.take() {
            Some(embedder) if embedder.name() == model => embedder,
            _ => embedder_of(model, self.settings()?, &self.client()?)?,
        };
        let vectors: Vec<Vec<f32>> = embedder
            .embed(texts, Purpose::Question)?
            .into_iter()
            .collect::<std::result::Result<_, _>>()
            .map_err(Error::failed)?;
        *asking = Some(embedder);
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
}
