//! Questions with another project or other parameters than the owner's: answered beside nobody, with the store made ready for them
//! and back.

use crate::config::Parameters;
use crate::cycle::{self, Pipeline};
use crate::engine::models::ReadyModels;
use crate::engine::request::{Operation, Reply, Request};
use crate::engine::store::shared::{RequestContext, lock};
use crate::engine::{
    AccessGuard, AccessMode, Engine, Interrupt, Project, ProjectSource, Requirements, SharedStore,
    StoreNeeds,
};
use crate::error::{Error, Result};
use crate::memory;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl SharedStore {
    /// The turn of a question, and whether it is asked with other models or parameters than those in force.
    ///
    /// # Errors
    /// Unavailable when it does not come in time, or when it would keep the store from all others while something is waited for.
    pub(in crate::engine) fn turn_for(
        &self,
        request: &Request,
        caller: &RequestContext,
        interrupt: &Interrupt,
    ) -> Result<(Option<AccessGuard>, bool)> {
        let patience = Duration::from_secs(u64::from(caller.patience));
        let wanted = || !interrupt.is_stopped();
        loop {
            let is_foreign = self.is_foreign(caller);
            if is_foreign && self.waits(request) {
                return Err(Error::unavailable(format!(
                    "the daemon works with another project or other parameters, and `codex {}` with these would keep the store \
                     from everybody while it waits for others",
                    request.command()
                ))
                .hint("stop the daemon, or start it with this project (--project-dir) and these parameters (--vars)"));
            }
            let mode = match is_foreign {
                true => AccessMode::Exclusive,
                false => request.requirements().mode,
            };
            let held = match mode {
                AccessMode::SelfManaged => None,
                mode => {
                    let what = request.command();
                    Some(self.queue().take(mode, what, Some(patience), &wanted)?)
                }
            };
            // Other models may have been put in force meanwhile.
            if self.is_foreign(caller) == is_foreign {
                return Ok((held, is_foreign));
            }
        }
    }

    fn is_foreign(&self, caller: &RequestContext) -> bool {
        *lock(&self.fingerprint) != caller.fingerprint
    }

    /// Whether a question waits for a network or a model on its way.
    fn waits(&self, request: &Request) -> bool {
        request.requirements().mode == AccessMode::SelfManaged
            && (!matches!(request, Request::Consolidate(_)) || self.root().postgres.is_some())
    }

    /// Answers with another project or other parameters, beside nobody. Whatever becomes of it, ours are in force again.
    pub(in crate::engine) fn answer_as(
        &self,
        caller: &RequestContext,
        requirements: Requirements,
        interrupt: &Arc<Interrupt>,
        work: impl FnOnce(&mut Engine) -> Result<Reply>,
    ) -> Result<Reply> {
        let theirs = self.models_of(caller)?;
        let answer = |engine: &mut Engine| {
            match requirements.store {
                StoreNeeds::MadeWithoutViews => engine.models = theirs,
                _ => engine.adopt(theirs)?,
            }
            work(engine)
        };
        let ours = self.root().models.clone();
        // The last to be dropped here, also where a mistake ends it.
        let _ours_again = Again { shared: self, ours };
        // What puts another file in the store's place needs the connection that all others are made from.
        if requirements.mode == AccessMode::Exclusive {
            return interrupt.over(&mut self.root(), answer);
        }
        let (mut engine, _) = self
            .root()
            .fork_connection(self.coordination.clone(), Some(AccessMode::Exclusive))?;
        interrupt.over(&mut engine, answer)
    }

    pub(in crate::engine) fn models_of(&self, caller: &RequestContext) -> Result<Arc<ReadyModels>> {
        let mut project_override = lock(&self.project_override);
        if let Some((fingerprint, models)) = &*project_override
            && *fingerprint == caller.fingerprint
        {
            return Ok(models.clone());
        }
        let source = match &caller.project {
            Some(directory) => ProjectSource::Directory(directory.clone()),
            None => ProjectSource::Embedded,
        };
        let project = Project::load(source)?;
        let parameters = Parameters::from_stored(&caller.parameters)
            .map_err(|e| Error::failed(format!("the parameters cannot be read: {e}")))?;
        let models = Arc::new(ReadyModels::new(Pipeline::new(
            Arc::new(project),
            &parameters,
        )?));
        *project_override = Some((caller.fingerprint.clone(), models.clone()));
        Ok(models)
    }
}

/// Puts the owner's models in force again.
struct Again<'a> {
    shared: &'a SharedStore,
    ours: Arc<ReadyModels>,
}

impl Drop for Again<'_> {
    fn drop(&mut self) {
        let mut root = self.shared.root();
        root.models = self.ours.clone();
        let ready = root.adopt(self.ours.clone());
        if let Err(e) = ready {
            tracing::error!(error = %e, "the store is made ready again before the next question");
            self.shared.unready.store(true, Ordering::SeqCst);
        }
    }
}

impl Engine {
    /// Works with other models from now on.
    pub(in crate::engine) fn adopt(&mut self, models: Arc<ReadyModels>) -> Result<()> {
        let generation = memory::model_generation(self.warehouse.conn())?;
        let models = match models.pipeline().generation() == generation {
            true => models,
            false => Arc::new(models.in_generation(generation)?),
        };
        cycle::prepare_store(&self.warehouse, models.pipeline())?;
        self.models = models;
        Ok(())
    }
}
