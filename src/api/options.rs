//! How a store is opened, and what is remembered.

use super::FilingChange;
use crate::config::{Config, ConfigSources};
use crate::engine::{self, DEFAULT_MIND, Project, ProjectSource};
use crate::error::Result;
use chrono::NaiveDateTime;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    path: PathBuf,
    config: Option<PathBuf>,
    pub(super) mind: String,
    pub(super) author: Option<String>,
}

impl StoreOptions {
    /// The models are those of this library.
    pub(super) const SOURCE: ProjectSource = ProjectSource::Embedded;

    /// The store in the file at `path`, for the mind `default`.
    pub fn at(path: impl AsRef<Path>) -> StoreOptions {
        StoreOptions {
            path: path.as_ref().to_owned(),
            config: None,
            mind: DEFAULT_MIND.to_owned(),
            author: None,
        }
    }

    /// For this mind.
    #[must_use]
    pub fn mind(mut self, name: &str) -> StoreOptions {
        name.clone_into(&mut self.mind);
        self
    }

    /// What is changed is noted as this one's doing.
    #[must_use]
    pub fn author(mut self, name: &str) -> StoreOptions {
        self.author = Some(name.to_owned());
        self
    }

    /// Settings and parameters from a file, over the defaults; the environment is not asked.
    #[must_use]
    pub fn config(mut self, file: impl AsRef<Path>) -> StoreOptions {
        self.config = Some(file.as_ref().to_owned());
        self
    }

    pub(super) fn load(&self) -> Result<(Config, Project)> {
        let sources = ConfigSources {
            file: self.config.clone(),
            database: Some(self.path.clone()),
            ..ConfigSources::default()
        };
        Ok((
            Config::load(&sources)?,
            Project::load(StoreOptions::SOURCE)?,
        ))
    }
}

/// Something to remember.
#[derive(Debug, Clone, Default)]
pub struct NewMemory {
    text: String,
    at: Option<NaiveDateTime>,
    speaker: Option<String>,
    session: Option<String>,
    key: Option<String>,
    metadata: Map<String, Value>,
    filing: FilingChange,
}

impl NewMemory {
    /// These words, now.
    pub fn of(text: impl Into<String>) -> NewMemory {
        NewMemory {
            text: text.into(),
            ..NewMemory::default()
        }
    }

    /// It happened at this time, UTC.
    #[must_use]
    pub fn at(mut self, at: NaiveDateTime) -> NewMemory {
        self.at = Some(at);
        self
    }

    /// Who says it.
    #[must_use]
    pub fn speaker(mut self, name: &str) -> NewMemory {
        self.speaker = Some(name.to_owned());
        self
    }

    /// The conversation it belongs to.
    #[must_use]
    pub fn session(mut self, name: &str) -> NewMemory {
        self.session = Some(name.to_owned());
        self
    }

    /// Its own name: one that is known already is edited.
    #[must_use]
    pub fn key(mut self, key: &str) -> NewMemory {
        self.key = Some(key.to_owned());
        self
    }

    /// Anything else.
    #[must_use]
    pub fn metadata(mut self, metadata: Map<String, Value>) -> NewMemory {
        self.metadata = metadata;
        self
    }

    /// What kind it is: `episodic`, `semantic`, `procedural`, `reflection`, or one of its own.
    #[must_use]
    pub fn kind(mut self, kind: &str) -> NewMemory {
        self.filing.kind = Some(kind.to_owned());
        self
    }

    /// The space it is filed in.
    #[must_use]
    pub fn space(mut self, space: &str) -> NewMemory {
        self.filing.space = Some(space.to_owned());
        self
    }

    /// How important it is, 0..1.
    #[must_use]
    pub fn importance(mut self, importance: f64) -> NewMemory {
        self.filing.importance = Some(importance);
        self
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(mut self, source: &str) -> NewMemory {
        self.filing.source = Some(source.to_owned());
        self
    }

    /// One tag more.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> NewMemory {
        self.filing
            .tags
            .get_or_insert_with(Vec::new)
            .push(tag.to_owned());
        self
    }

    pub(super) fn into_engine(
        self,
        options: &StoreOptions,
        now: NaiveDateTime,
    ) -> Result<engine::NewMemory> {
        let (config, _) = options.load()?;
        Ok(engine::NewMemory {
            mind: options.mind.clone(),
            time_zone: config.settings.time_zone.0,
            content: self.text,
            created_at: self.at.unwrap_or(now),
            speaker: self.speaker,
            session: self.session,
            metadata: self.metadata,
            key: self.key,
            filing: self.filing,
            author: options.author.clone(),
        })
    }
}
