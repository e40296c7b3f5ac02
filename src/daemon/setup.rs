//! What a daemon is set up with, read again at every reload.

use super::rhythms::{self, Rhythm};
use crate::config::{Config, ConfigSources};
use crate::engine::{Project, ProjectSource};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a daemon's configuration, project and schedule come from, each time they are read.
#[derive(Debug, Clone)]
pub struct Setup {
    sources: ConfigSources,
    source: ProjectSource,
}

/// What was read.
pub(super) struct Loaded {
    pub(super) config: Config,
    pub(super) project: Arc<Project>,
    pub(super) rhythms: Vec<Rhythm>,
}

impl Setup {
    /// As `sources` say, with every path absolute: a daemon works in no directory of anybody's.
    ///
    /// # Errors
    /// Usage when the configuration is wrong.
    pub fn new(mut sources: ConfigSources, source: ProjectSource) -> Result<Setup> {
        let config =
            Config::load(&sources).map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
        sources.database = Some(config.settings.database);
        for path in [&mut sources.file, &mut sources.project_dir]
            .into_iter()
            .flatten()
        {
            *path = absolute(path)?;
        }
        if let Some(file) = sources.vars.as_ref().and_then(|v| v.strip_prefix('@')) {
            sources.vars = Some(format!("@{}", absolute(Path::new(file))?.display()));
        }
        if let Some(file) = sources.environment.get_mut("CODEX_CONFIG")
            && !file.is_empty()
        {
            *file = absolute(Path::new(file.as_str()))?.display().to_string();
        }
        let source = match source {
            ProjectSource::Directory(dir) => ProjectSource::Directory(absolute(&dir)?),
            ProjectSource::Embedded => ProjectSource::Embedded,
        };
        Ok(Setup { sources, source })
    }

    /// Where the configuration comes from.
    pub fn sources(&self) -> &ConfigSources {
        &self.sources
    }

    /// Where the project comes from.
    pub(super) fn source(&self) -> &ProjectSource {
        &self.source
    }

    /// The rhythms of the project, read anew.
    ///
    /// # Errors
    /// Usage, with line and column, when they are wrong.
    pub fn rhythms(&self) -> Result<Vec<Rhythm>> {
        Ok(self.load()?.rhythms)
    }

    /// Reads all of it.
    pub(super) fn load(&self) -> Result<Loaded> {
        let config =
            Config::load(&self.sources).map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
        let project = Project::load(self.source.clone())
            .map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
        let rhythms = rhythms::of_project(&project)?;
        Ok(Loaded {
            config,
            project: Arc::new(project),
            rhythms,
        })
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|e| Error::usage(format!("{} is not a path: {e}", path.display())))
}
