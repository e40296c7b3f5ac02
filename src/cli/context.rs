//! The global options, and what they open.

use super::render::note;
use crate::config::{Config, ConfigSources};
use crate::daemon::{Session, Setup};
use crate::engine::request::RemoteOperation;
use crate::engine::{DEFAULT_MIND, Project, ProjectSource, Target, restrict_new_files};
use crate::error::{Error, Result};
use clap::Args;
use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use std::rc::Rc;
use tracing_subscriber::filter::LevelFilter;

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// Settings and parameters from this file
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The DuckDB file to work on
    #[arg(long, global = true, value_name = "PATH")]
    db: Option<PathBuf>,
    /// The mind it is about; a key may be for several
    #[arg(long, global = true, value_name = "NAME")]
    mind: Vec<String>,
    /// Models, SQL and configuration from a directory that `codex init` made
    #[arg(long, global = true, value_name = "DIR")]
    project_dir: Option<PathBuf>,
    /// Parameters as a YAML mapping, or @FILE: '{consolidation_threshold: 0.5}'
    #[arg(long, global = true, value_name = "YAML")]
    vars: Option<String>,
    /// Let the user's group read what codex writes
    #[arg(long, global = true)]
    group_readable: bool,
    /// Machine output on stdout
    #[arg(long, global = true)]
    json: bool,
    /// No progress and no notes on stderr
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Log what happens on stderr; twice for more
    #[arg(short = 'v', global = true, action = clap::ArgAction::Count)]
    loud: u8,
}

/// What a command needs to know of where it runs.
pub(super) struct Context {
    globals: Globals,
    /// Read once: its warnings are told once.
    config: OnceCell<Config>,
    /// Whether a note about the daemon's settings was told.
    told: Rc<Cell<bool>>,
}

impl Context {
    pub(super) fn new(globals: Globals) -> Context {
        Context {
            globals,
            config: OnceCell::new(),
            told: Rc::default(),
        }
    }

    pub(super) fn json(&self) -> bool {
        self.globals.json
    }

    pub(super) fn quiet(&self) -> bool {
        self.globals.quiet
    }

    /// A line on stderr, unless the caller wants quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.globals.quiet {
            note(text);
        }
    }

    /// Logs on stderr, as loud as asked.
    pub(super) fn start_log(&self) {
        let level = match (self.globals.quiet, self.globals.loud) {
            (true, _) => LevelFilter::ERROR,
            (_, 0) => LevelFilter::WARN,
            (_, 1) => LevelFilter::INFO,
            (_, 2) => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        };
        let _ = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(std::io::stderr)
            .without_time()
            .try_init();
    }

    /// Where configuration comes from, but for the file `.env`.
    fn own_sources(&self) -> ConfigSources {
        let mut sources = ConfigSources {
            file: self.globals.config.clone(),
            project_dir: self.globals.project_dir.clone(),
            vars: self.globals.vars.clone(),
            database: self.globals.db.clone(),
            ..ConfigSources::from_process()
        };
        if self.globals.group_readable {
            sources
                .environment
                .insert("CODEX_GROUP_READABLE".to_owned(), "true".to_owned());
        }
        sources
    }

    /// The file `.env` of the project, else of the directory one is in.
    fn env_file(&self) -> PathBuf {
        self.globals
            .project_dir
            .clone()
            .unwrap_or_default()
            .join(".env")
    }

    /// Where configuration comes from; what the environment says wins over `.env`.
    pub(super) fn sources(&self) -> Result<ConfigSources> {
        let mut sources = self.own_sources();
        sources.read_env_file(&self.env_file())?;
        Ok(sources)
    }

    /// The effective configuration; warnings about it are told.
    pub(super) fn config(&self) -> Result<Config> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let config = Config::load(&self.sources()?)?;
        restrict_new_files(config.settings.group_readable);
        for warning in &config.warnings {
            self.note(&format!("warning: {warning}"));
        }
        Ok(self.config.get_or_init(|| config).clone())
    }

    /// Where the project comes from.
    pub(super) fn source(&self) -> ProjectSource {
        match &self.globals.project_dir {
            Some(dir) => ProjectSource::Directory(dir.clone()),
            None => ProjectSource::Embedded,
        }
    }

    /// The project: the directory's, else the one in the binary.
    pub(super) fn project(&self) -> Result<Project> {
        Ok(Project::load(self.source())?)
    }

    /// Where rendered SQL and results go: as given, else `target` beside the project.
    pub(super) fn target(&self, given: Option<PathBuf>) -> Result<Target> {
        Target::here(given.unwrap_or_else(|| {
            self.globals
                .project_dir
                .clone()
                .unwrap_or_default()
                .join("target")
        }))
    }

    /// What a daemon for this store, project and configuration is set up with.
    pub(super) fn setup(&self) -> Result<Setup> {
        Setup::new(self.own_sources(), &self.env_file(), self.source())
    }

    /// The same, where an option stands for settings of the environment.
    pub(super) fn setup_with(&self, settings: Vec<(&str, String)>) -> Result<Setup> {
        let mut sources = self.own_sources();
        for (name, value) in settings {
            sources.environment.insert(name.to_owned(), value);
        }
        Setup::new(sources, &self.env_file(), self.source())
    }

    /// Questions to the store.
    pub(super) fn session(&self) -> Result<Session> {
        let session = Session::new(self.config()?, self.project()?, self.source());
        if self.globals.quiet {
            return Ok(session);
        }
        let told = self.told.clone();
        Ok(session.telling(Box::new(move |text| {
            // Once, however many questions a command asks.
            if !told.replace(true) {
                note(text);
            }
        })))
    }

    /// Questions to the store, of which a dry run is one: it makes none where there is none.
    pub(super) fn session_for(&self, dry_run: bool) -> Result<Session> {
        match dry_run && !self.config()?.settings.database.exists() {
            true => Session::in_memory(self.config()?, self.project()?),
            false => self.session(),
        }
    }

    /// Questions to another store, or to this one, with other parameters.
    pub(super) fn session_with(
        &self,
        database: Option<PathBuf>,
        vars: Option<String>,
    ) -> Result<Session> {
        let mut sources = self.sources()?;
        if vars.is_some() && sources.vars.is_some() {
            return Err(
                Error::usage("--vars and --ablate would overwrite each other")
                    .hint("give the parameters in a file with --config"),
            );
        }
        sources.database = database.or(sources.database);
        sources.vars = vars.or(sources.vars);
        Ok(Session::new(
            Config::load(&sources)?,
            self.project()?,
            self.source(),
        ))
    }

    /// Asks the store one question.
    pub(super) fn ask<A: RemoteOperation>(&self, question: A) -> Result<A::Answer> {
        self.session()?.ask(question, &mut |_| ())
    }

    /// The mind of commands about the whole store: all of them unless one is named.
    pub(super) fn mind_name(&self) -> Option<&str> {
        self.globals.mind.first().map(String::as_str)
    }

    /// The same, to send along.
    pub(super) fn only_mind(&self) -> Option<String> {
        self.globals.mind.first().cloned()
    }

    /// Every mind that is named.
    pub(super) fn minds(&self) -> &[String] {
        &self.globals.mind
    }

    /// The mind of commands about one: `default` unless another is named.
    pub(super) fn mind(&self) -> String {
        self.mind_name().unwrap_or(DEFAULT_MIND).to_owned()
    }
}
