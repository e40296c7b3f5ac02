//! Asking the owner of the store, or becoming it.

use crate::config::Config;
use crate::engine::request::Wired;
use crate::engine::{Engine, Progress, Project, StoreNeeds};
use crate::error::{Error, Result};
use std::sync::Arc;

/// Questions to one store. It is opened when the first one comes, as that one needs it.
pub struct Session {
    config: Config,
    project: Arc<Project>,
    engine: Option<Engine>,
}

impl Session {
    /// A session with the store of `config`, whose models are those of `project`.
    pub fn new(config: Config, project: Project) -> Session {
        Session {
            config,
            project: Arc::new(project),
            engine: None,
        }
    }

    /// A session with an empty store in memory, for looking at files without touching any store.
    ///
    /// # Errors
    /// Usage when configuration or project are wrong.
    pub fn in_memory(config: Config, project: Project) -> Result<Session> {
        let mut session = Session::new(config, project);
        session.engine = Some(Engine::in_memory(&session.config, session.project.clone())?);
        Ok(session)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Answers a question; `heard` is told how far it is.
    ///
    /// # Errors
    /// Usage when there is no store; unavailable when another process keeps it; the question's own.
    pub fn ask<A: Wired>(
        &mut self,
        question: A,
        heard: &mut dyn FnMut(Progress),
    ) -> Result<A::Answer> {
        let mut engine = match self.engine.take() {
            Some(engine) => engine,
            None => self.open(question.needs().store)?,
        };
        let answer = question.answer(&mut engine, heard);
        self.engine = Some(engine);
        answer
    }

    fn open(&self, needs: StoreNeeds) -> Result<Engine> {
        let path = &self.config.settings.database;
        let must_exist = matches!(needs, StoreNeeds::Readable | StoreNeeds::Writable);
        if must_exist && !path.exists() {
            return Err(
                Error::usage(format!("there is no store at {}", path.display())).hint(
                    "`codex import` or `codex memory add` makes one; --db PATH names another",
                ),
            );
        }
        let project = self.project.clone();
        match needs {
            StoreNeeds::MadeWithoutViews => Engine::open_to_run(&self.config, project),
            StoreNeeds::Readable | StoreNeeds::MadeOrReadable => {
                Engine::open(&self.config, project, true)
            }
            StoreNeeds::Writable | StoreNeeds::Made => Engine::open(&self.config, project, false),
        }
    }
}
