//! Which embedding model is asked.

use super::local::LocalModel;
pub use super::remote::Purpose;
use super::remote::RemoteModel;
use super::{list_models, local_name, ollama_name};
use crate::config::{Embeddings, Settings};
use crate::enrich::llm::{Client, Trouble, on_the_network, on_the_network_unless};
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A vector a text, or why there is none.
pub type Vectors = Vec<Result<Vec<f32>, String>>;

/// A model that embeds texts, ready to be asked.
pub struct Embedder {
    name: String,
    way: Way,
}

enum Way {
    /// Loaded when it is first asked: what is owed can be counted without it.
    Local(PathBuf, OnceLock<Box<LocalModel>>),
    Remote(RemoteModel),
}

/// What the settings come to on this machine at this moment.
pub enum Choice {
    /// A model to embed with.
    Model(Embedder),
    /// None, and why.
    Nothing(String),
}

impl Embedder {
    /// The name its vectors are kept under: `local:…` or `ollama:…`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One result a text, in their order.
    ///
    /// # Errors
    /// Unavailable when the server is in trouble, failed when the local model breaks; a text that cannot be embedded is its own result.
    pub fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Vectors> {
        let results = self.embed_unless(texts, purpose, &|| false)?;
        Ok(results.unwrap_or_default())
    }

    /// The same, given up once it is `stopped`: none then.
    ///
    /// # Errors
    /// As [`embed`](Embedder::embed).
    pub fn embed_unless(
        &self,
        texts: &[String],
        purpose: Purpose,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Vectors>> {
        match &self.way {
            Way::Local(dir, loaded) => {
                let model = match loaded.get() {
                    Some(model) => model,
                    None => {
                        let model = Box::new(LocalModel::load(dir)?);
                        loaded.get_or_init(|| model)
                    }
                };
                Ok(Some(model.embed(texts)?.into_iter().map(Ok).collect()))
            }
            Way::Remote(model) => {
                let embedded = on_the_network_unless(stopped, model.embed(texts, purpose))?;
                Ok(embedded.transpose()?)
            }
        }
    }

    /// Texts embedded in one go, between which others may come.
    pub fn batch(&self) -> usize {
        match &self.way {
            Way::Local(..) => 128,
            Way::Remote(model) => model.batch,
        }
    }
}

/// Chooses as the settings say: `auto` is Ollama where it answers and has the model, else a local model where there is one, else
/// none. Contacts the server unless the setting is `local` or `none`.
///
/// # Errors
/// What was asked for by name and is not there: unavailable for Ollama, usage for a local model.
pub fn choose(settings: &Settings, client: &Arc<Client>) -> Result<Choice> {
    match settings.embeddings {
        Embeddings::None => Ok(Choice::Nothing("settings.embeddings is none".to_owned())),
        Embeddings::Local => local(settings, &settings.local_model).map(Choice::Model),
        Embeddings::Ollama => Ok(Choice::Model(remote(settings, client)??)),
        Embeddings::Auto => match remote(settings, client)? {
            Ok(model) => Ok(Choice::Model(model)),
            Err(trouble) if has_local(settings) => {
                tracing::info!(%trouble, "embedding with the local model");
                local(settings, &settings.local_model).map(Choice::Model)
            }
            Err(trouble) => Ok(Choice::Nothing(format!(
                "{trouble}, and there is no local model (codex models pull {})",
                settings.local_model
            ))),
        },
    }
}

/// The embedder whose vectors are kept under `name`, to ask questions with. The server is not contacted before it is asked.
///
/// # Errors
/// Usage when it is a local model that is not there, or the name is none.
pub fn embedder_of(name: &str, settings: &Settings, client: &Arc<Client>) -> Result<Embedder> {
    match name.split_once(':') {
        Some(("local", model)) => local(settings, model),
        Some(("ollama", model)) => Ok(Embedder {
            name: name.to_owned(),
            way: Way::Remote(RemoteModel {
                client: Arc::clone(client),
                model: model.to_owned(),
                dimension: None,
                batch: 1,
            }),
        }),
        _ => Err(Error::failed(format!("'{name}' is no embedding model"))),
    }
}

fn has_local(settings: &Settings) -> bool {
    list_models(&settings.models)
        .iter()
        .any(|model| model.complete && model.name == settings.local_model)
}

fn local(settings: &Settings, model: &str) -> Result<Embedder> {
    let dir = settings.models.join(model);
    if !dir.is_dir() {
        return Err(missing(model));
    }
    Ok(Embedder {
        name: local_name(model),
        way: Way::Local(dir, OnceLock::new()),
    })
}

fn missing(model: &str) -> Error {
    Error::usage(format!("there is no local model '{model}'"))
        .hint(format!("codex models pull {model}"))
}

fn remote(settings: &Settings, client: &Arc<Client>) -> Result<Result<Embedder, Trouble>> {
    let model = settings.ollama.embedding_model.clone();
    let known = on_the_network(client.dimension(&model))?;
    Ok(known.map(|dimension| Embedder {
        name: ollama_name(&model),
        way: Way::Remote(RemoteModel {
            client: Arc::clone(client),
            model,
            dimension,
            batch: settings.ollama.batch.get() as usize,
        }),
    }))
}
