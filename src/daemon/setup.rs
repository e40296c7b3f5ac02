//! What a daemon is set up with, read again at every reload.

use super::rhythms::{self, Rhythm};
use crate::config::{Config, ConfigSources};
use crate::engine::{Project, ProjectSource, absolute, restrict_new_files};
use crate::error::Result;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a daemon's configuration, project and schedule come from, each time they are read.
#[derive(Debug, Clone)]
pub struct Setup {
    sources: ConfigSources,
    /// More of the environment, read each time.
    env_file: PathBuf,
    source: ProjectSource,
}

/// What was read.
pub(super) struct Loaded {
    pub(super) config: Config,
    pub(super) project: Arc<Project>,
    pub(super) rhythms: Vec<Rhythm>,
}

impl Setup {
    /// As `sources` and the file `.env` say, with every path absolute: a daemon works in no directory of anybody's.
    ///
    /// # Errors
    /// Usage when the configuration is wrong.
    pub fn new(sources: ConfigSources, env_file: &Path, source: ProjectSource) -> Result<Setup> {
        let mut setup = Setup {
            sources,
            env_file: absolute(env_file)?,
            source,
        };
        let database = setup.config()?.settings.database;
        let sources = &mut setup.sources;
        sources.database = Some(database);
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
        if let ProjectSource::Directory(dir) = &mut setup.source {
            *dir = absolute(dir)?;
        }
        Ok(setup)
    }

    fn config(&self) -> Result<Config> {
        let mut sources = self.sources.clone();
        sources.read_env_file(&self.env_file)?;
        Ok(Config::load(&sources)?)
    }

    /// Where the configuration comes from.
    pub fn sources(&self) -> &ConfigSources {
        &self.sources
    }

    /// The directory whose `.env` is read, where there is one and no option leads to it.
    pub fn directory(&self) -> Option<&Path> {
        let is_read = self.sources.project_dir.is_none() && self.env_file.exists();
        self.env_file.parent().filter(|_| is_read)
    }

    /// What of the environment says something about codex and reaches neither a service nor cron, by name: no option carries it,
    /// and no file.
    ///
    /// # Errors
    /// Usage when `.env` is wrong.
    pub fn left_behind(&self) -> Result<Vec<String>> {
        const CARRIED: [&str; 3] = ["DUCKDB_PATH", "CODEX_CONFIG", "CODEX_CACHE"];
        let mut file = ConfigSources::default();
        file.read_env_file(&self.env_file)?;
        let variables = self.sources.variables().into_iter();
        Ok(variables
            .filter(|(name, _)| !CARRIED.contains(name))
            .filter(|(name, value)| file.environment.get(*name).map(String::as_str) != Some(*value))
            .map(|(name, _)| name.to_owned())
            .collect())
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
        let config = self.config()?;
        restrict_new_files(config.settings.group_readable);
        let project = Project::load(self.source.clone())?;
        let rhythms = rhythms::of_project(&project)?;
        Ok(Loaded {
            config,
            project: Arc::new(project),
            rhythms,
        })
    }
}
