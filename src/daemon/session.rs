//! Asking the owner of the store, or becoming it.

use super::client::{Client, Probe};
use crate::config::{Config, differing};
use crate::engine::request::RemoteOperation;
use crate::engine::{
    Engine, Holder, Pipeline, Progress, Project, ProjectSource, RequestContext, StoreNeeds,
    absolute, canonical, fingerprint,
};
use crate::error::{Error, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two looks for an owner.
const PAUSE: Duration = Duration::from_millis(50);

/// Questions to one store. Its owner is looked for when the first one comes: a daemon is asked, and where there is none the
/// store is opened as that question needs it.
pub struct Session {
    config: Config,
    project: Arc<Project>,
    source: ProjectSource,
    owner: Option<Owner>,
    /// Hears what is worth a line beside the answers.
    noted: Option<NoticeHandler>,
}

/// Somebody who hears a line.
pub type NoticeHandler = Box<dyn Fn(&str)>;

/// Who answers.
enum Owner {
    /// This process, which has opened the store.
    Here(Box<Engine>),
    /// The daemon that has it.
    Daemon(Client),
}

impl Session {
    /// A session with the store of `config`, whose models are those of `project`, which came from `source`.
    pub fn new(config: Config, project: Project, source: ProjectSource) -> Session {
        Session {
            config,
            project: Arc::new(project),
            source,
            owner: None,
            noted: None,
        }
    }

    /// The same session; `noted` hears what is worth a line beside the answers.
    #[must_use]
    pub fn telling(mut self, noted: NoticeHandler) -> Session {
        self.noted = Some(noted);
        self
    }

    /// A session with an empty store in memory, for looking at files without touching any store.
    ///
    /// # Errors
    /// Usage when configuration or project are wrong.
    pub fn in_memory(config: Config, project: Project) -> Result<Session> {
        let mut session = Session::new(config, project, ProjectSource::Embedded);
        let engine = Engine::in_memory(&session.config, session.project.clone())?;
        session.owner = Some(Owner::Here(Box::new(engine)));
        Ok(session)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Answers a question; `on_progress` is called with how far it is.
    ///
    /// # Errors
    /// Usage when there is no store; unavailable when another process keeps it; the question's own.
    pub fn ask<A: RemoteOperation>(
        &mut self,
        question: A,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<A::Answer> {
        loop {
            let mut owner = match self.owner.take() {
                Some(owner) => owner,
                None => self.find_owner(question.requirements().store)?,
            };
            let answer = match &mut owner {
                Owner::Here(engine) => question.clone().answer(engine, on_progress).map(Some),
                Owner::Daemon(client) => client.ask(question.clone(), self.caller()?, on_progress),
            };
            // One that is about to stop makes way for the next owner.
            if let Ok(None) = answer {
                std::thread::sleep(PAUSE);
                continue;
            }
            self.owner = Some(owner);
            return answer
                .and_then(|answer| answer.ok_or_else(|| Error::unavailable("nobody answered")));
        }
    }

    /// The daemon that has the store, or this process once it has it. Whoever has it for a moment is waited for, at most
    /// `lock_timeout`.
    fn find_owner(&self, needs: StoreNeeds) -> Result<Owner> {
        let settings = &self.config.settings;
        let path = canonical(&settings.database)?;
        if let Some(client) = Probe::of(&path).client()? {
            return Ok(self.through(client));
        }
        let must_exist = matches!(needs, StoreNeeds::Readable | StoreNeeds::Writable);
        if must_exist && !path.exists() {
            return Err(
                Error::usage(format!("there is no store at {}", path.display())).hint(
                    "`codex import` or `codex memory add` makes one; --db PATH names another",
                ),
            );
        }
        let pipeline = Pipeline::new(self.project.clone(), &self.config.parameters)?;
        let deadline = Instant::now() + Duration::from_secs(u64::from(settings.lock_timeout));
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(warehouse) = Engine::try_open_store(&self.config, needs)? {
                let engine = Engine::over_as(warehouse, pipeline, needs)?.configured(&self.config);
                return Ok(Owner::Here(Box::new(engine)));
            }
            // Whoever has it may have become a daemon.
            if let Some(client) = Probe::of(&path).client()? {
                return Ok(self.through(client));
            }
            if Instant::now() >= deadline {
                return Err(Holder::of(&path).refusal(&path));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSE);
        }
    }

    /// The daemon answers with its own settings: where others are wanted here, that is said.
    fn through(&self, client: Client) -> Owner {
        let mine = self.config.digests();
        let others = differing(&mine, client.settings());
        if let (Some(noted), false) = (&self.noted, others.is_empty()) {
            noted(&format!(
                "note: the daemon (pid {}) works with other settings than this command ({}); `codex daemon reload` takes up \
                 changed files, `codex daemon restart` this shell's environment too",
                client.pid(),
                others.join(", ")
            ));
        }
        Owner::Daemon(client)
    }

    fn caller(&self) -> Result<RequestContext> {
        Ok(RequestContext {
            patience: self.config.settings.lock_timeout,
            fingerprint: fingerprint(&self.project, &self.config.parameters),
            project: match &self.source {
                ProjectSource::Directory(dir) => Some(absolute(dir)?),
                ProjectSource::Embedded => None,
            },
            parameters: self.config.parameters.to_stored(),
        })
    }
}
