//! A project: which models there are, what they mean and where their SQL is. → config
//!
//! The project is built into the binary; `codex init` writes it into a directory for editing, and replay takes it
//! from the database. All three are the same map of paths to texts.

mod error;
mod files;
mod generation;
mod mapping;
mod model;
mod model_config;
mod name;
mod reader;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};

use crate::config::Place;

pub use error::ProjectError;
pub use generation::Generation;
pub use mapping::{SourceColumns, SourceMapping};
pub use model::{Column, DataTest, Model, Node, SourceTable, SqlTest, Stage, TestTarget};
pub use model_config::{ConfigPatch, CycleType, IncrementalStrategy, Materialization, ModelConfig};
pub use name::{BadName, ModelName, Relation, SourceName, StageName, quoted};

use reader::Described;

/// Where a project comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectSource {
    /// The copy in the binary.
    Embedded,
    /// A directory written by `codex init`.
    Directory(PathBuf),
}

/// A project, read and checked. The SQL itself is read by the renderer.
#[derive(Debug, Clone)]
pub struct Project {
    directory: Option<PathBuf>,
    sources: BTreeMap<String, String>,
    described: Described,
}

impl Project {
    /// Loads a project and checks that YAML and SQL fit together.
    pub fn load(source: ProjectSource) -> Result<Project, ProjectError> {
        match source {
            ProjectSource::Embedded => Project::build(None, files::embedded()),
            ProjectSource::Directory(dir) => {
                let sources = files::directory(&dir)?;
                Project::build(Some(dir), sources)
            }
        }
    }

    /// A project from paths and texts, as [`sources`](Self::sources) gives them.
    pub fn from_sources(sources: BTreeMap<String, String>) -> Result<Project, ProjectError> {
        Project::build(None, sources)
    }

    fn build(
        directory: Option<PathBuf>,
        sources: BTreeMap<String, String>,
    ) -> Result<Project, ProjectError> {
        let described = reader::read(&sources, &|path| shown(directory.as_deref(), path))?;
        Ok(Project {
            directory,
            sources,
            described,
        })
    }

    /// The stages, in the order of their files' names.
    pub fn stages(&self) -> &[Stage] {
        &self.described.stages
    }

    /// The models by name.
    pub fn models(&self) -> &BTreeMap<ModelName, Model> {
        &self.described.models
    }

    /// A model.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.described.models.get(name)
    }

    /// The source tables by name.
    pub fn tables(&self) -> &BTreeMap<SourceName, SourceTable> {
        &self.described.tables
    }

    /// The tables of PostgreSQL that memories are read from.
    pub fn mappings(&self) -> &[SourceMapping] {
        &self.described.mappings
    }

    /// The SQL tests of `sql/tests/`.
    pub fn tests(&self) -> &[SqlTest] {
        &self.described.tests
    }

    /// The paths of the queries that questions ask, in order: those of `sql/recall/`.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        self.sources
            .keys()
            .map(String::as_str)
            .filter(|path| path.starts_with("sql/recall/") && path.ends_with(".sql"))
    }

    /// The paths of the macro files, in order.
    pub fn macros(&self) -> &[String] {
        &self.described.macros
    }

    /// The text of a file, by its path from the root.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.sources.get(path).map(String::as_str)
    }

    /// The prompt at a path: the project's own, else codex's.
    pub fn prompt(&self, path: &str) -> Option<&str> {
        self.text(path).or_else(|| files::embedded_text(path))
    }

    /// All paths from the root with their texts: pipeline/, sql/, schedules/, prompts/ and config/default.yaml.
    pub fn sources(&self) -> &BTreeMap<String, String> {
        &self.sources
    }

    /// The path of a file as a person sees it: with the directory, where there is one.
    pub fn shown(&self, path: &str) -> String {
        shown(self.directory.as_deref(), path)
    }

    /// The place of a model's entry in its YAML.
    pub fn place_of(&self, model: &Model) -> Place {
        reader::model_place(model, &self.sources, &|path| self.shown(path))
    }

    /// A model's complete configuration, from its YAML and its inline `config(…)`.
    pub fn config_of(
        &self,
        model: &Model,
        inline: Option<&ConfigPatch>,
    ) -> Result<ModelConfig, ProjectError> {
        reader::resolve(model, inline).map_err(|message| ProjectError::Invalid {
            place: self.place_of(model),
            message: format!("model '{}': {message}", model.name),
        })
    }

    /// md5 (hex) over the sorted paths and texts of pipeline/ and sql/: what decides how memory is computed.
    pub fn fingerprint(&self) -> String {
        let mut hash = Md5::new();
        for (path, text) in &self.sources {
            if path.starts_with("pipeline/") || path.starts_with("sql/") {
                // Lengths keep "a" + "bc" and "ab" + "c" apart.
                hash.update(format!("{}:{path}{}:{text}", path.len(), text.len()));
            }
        }
        format!("{:x}", hash.finalize())
    }

    /// Writes the project into a directory for editing; refuses to overwrite; returns what it wrote.
    pub fn eject(&self, dir: &Path) -> Result<Vec<PathBuf>, ProjectError> {
        files::eject(&self.sources, dir)
    }
}

fn shown(directory: Option<&Path>, path: &str) -> String {
    let shown = match directory {
        Some(directory) => Cow::Owned(directory.join(path).display().to_string()),
        None => Cow::Borrowed(path),
    };
    shown.into_owned()
}

#[cfg(test)]
mod tests;
