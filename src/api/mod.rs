//! The library that programs embed: [`MemoryStore`].
//!
//! What is public here is meant to be used, and keeps its shape between minor versions. Everything else that the crate exports is its
//! inside, which the binary needs, and may change with any version.

mod options;
#[cfg(test)]
mod tests;

pub use crate::engine::{
    Added, Answer, Cleanup, CleanupRule, FactFilter, FilingChange, MemoryDetail, MemoryFilter,
    MemorySummary, NewRelation, RelatedMemory, RelatedRule, RelationStep, ShownFact,
};
pub use options::{NewMemory, StoreOptions};

use crate::clock;
use crate::daemon::Session;
use crate::engine::request::{
    AddMemory, CleanUp, DeleteMemory, EditMemory, LinkMemories, ListFacts, ListMemories,
    MoveMemory, Recall, RelatedMemories, RemoteOperation, RestoreMemory, ShowMemory,
};
use crate::error::{Error, Result};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

/// Work for the thread that has the store.
type Job = Box<dyn FnOnce(&mut Session) + Send>;

/// A store of memories, as one mind sees it. Handles are cheap to clone, can be sent to other threads and shared between them; their
/// questions are answered one after another. Where a daemon has the store, it is asked; otherwise this process opens it with the first
/// question and keeps it until the last handle is gone.
///
/// ```no_run
/// use codex_dreams::api::{MemoryStore, NewMemory};
///
/// # fn main() -> codex_dreams::Result<()> {
/// let store = MemoryStore::open("memories.duckdb")?;
/// let key = store.add(NewMemory::of("The spare key is at the greenhouse"))?;
/// store.add(NewMemory::of("I moved to Ghent.").kind("episodic").tag("home"))?;
/// for hit in store.search("where is the spare key?", 3)?.results {
///     println!("{} {}", hit.id, hit.content);
/// }
/// for fact in store.facts(&Default::default())? {
///     println!("{} {}: {}", fact.subject, fact.slot, fact.value);
/// }
/// store.delete(key.id, "no longer true")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MemoryStore {
    jobs: mpsc::Sender<Job>,
    options: StoreOptions,
}

impl MemoryStore {
    /// The store in the file at `path`, which is made where there is none; its mind is `default`.
    ///
    /// # Errors
    /// Usage when the configuration is wrong.
    pub fn open(path: impl AsRef<Path>) -> Result<MemoryStore> {
        MemoryStore::with(StoreOptions::at(path))
    }

    /// The store that the options name.
    ///
    /// # Errors
    /// Usage when the configuration is wrong.
    pub fn with(options: StoreOptions) -> Result<MemoryStore> {
        let (config, project) = options.load()?;
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name("codex-store".to_owned())
            .spawn(move || {
                // The session stays in its thread: DuckDB's work blocks.
                let mut session = Session::new(config, project, StoreOptions::SOURCE);
                while let Ok(job) = queue.recv() {
                    job(&mut session);
                }
            })
            .map_err(|e| Error::failed(format!("cannot start a thread for the store: {e}")))?;
        Ok(MemoryStore { jobs, options })
    }

    /// The same store, as another mind sees it; a mind is made with its first memory.
    #[must_use]
    pub fn mind(&self, name: &str) -> MemoryStore {
        let mut other = self.clone();
        name.clone_into(&mut other.options.mind);
        other
    }

    fn ask<A>(&self, question: A) -> Result<A::Answer>
    where
        A: RemoteOperation + Send + 'static,
        A::Answer: Send + 'static,
    {
        let (answer, answered) = mpsc::channel();
        let job: Job = Box::new(move |session| {
            // Nobody waits any more where this fails.
            let _ = answer.send(session.ask(question, &mut |_| ()));
        });
        let gone = || Error::failed("the store's thread has ended");
        self.jobs.send(job).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }

    fn name(&self) -> String {
        self.options.mind.clone()
    }

    /// Remembers something.
    ///
    /// # Errors
    /// Usage when it cannot be taken; failed when the store cannot be written.
    pub fn add(&self, new: NewMemory) -> Result<Added> {
        let now = clock::now();
        let new = new.into_engine(&self.options, now)?;
        self.ask(AddMemory { new, now })
    }

    /// A memory in full. Looking at one counts as using it.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn get(&self, id: i64) -> Result<MemoryDetail> {
        self.ask(ShowMemory {
            mind: self.name(),
            id: id.to_string(),
            now: clock::now(),
            used: true,
        })
    }

    /// Memories, newest first: those that the filter lets through, after the place `after` ([`MemorySummary::place`]).
    ///
    /// # Errors
    /// Usage when there is no such mind or place.
    pub fn list(
        &self,
        filter: &MemoryFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<MemorySummary>> {
        self.ask(ListMemories {
            mind: self.name(),
            filter: filter.clone(),
            after: after.map(str::to_owned),
            limit,
        })
    }

    /// From now on the memory reads `text`; what it said before stays in its history.
    ///
    /// # Errors
    /// Usage when there is none, or the text cannot be taken.
    pub fn update(&self, id: i64, text: &str) -> Result<MemoryDetail> {
        self.ask(EditMemory {
            mind: self.name(),
            id: id.to_string(),
            text: text.to_owned(),
            author: self.options.author.clone(),
            now: clock::now(),
        })
    }

    /// Changes what a memory is filed as.
    ///
    /// # Errors
    /// Usage when there is none, or the change cannot be taken.
    pub fn file(&self, id: i64, change: &FilingChange) -> Result<MemoryDetail> {
        self.ask(MoveMemory {
            mind: self.name(),
            id: id.to_string(),
            change: change.clone(),
            author: self.options.author.clone(),
            now: clock::now(),
        })
    }

    /// Hides a memory; [`restore`](Self::restore) brings it back.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn delete(&self, id: i64, reason: &str) -> Result<MemoryDetail> {
        self.ask(DeleteMemory {
            mind: self.name(),
            id: id.to_string(),
            reason: reason.to_owned(),
            author: self.options.author.clone(),
            now: clock::now(),
        })
    }

    /// Remembers a deleted memory again, as one of its own.
    ///
    /// # Errors
    /// Usage when it is not deleted.
    pub fn restore(&self, id: i64) -> Result<MemoryDetail> {
        self.ask(RestoreMemory {
            mind: self.name(),
            id: id.to_string(),
            author: self.options.author.clone(),
            now: clock::now(),
        })
    }

    /// What is remembered about a question, best first.
    ///
    /// # Errors
    /// Usage when there is no such mind.
    pub fn search(&self, text: &str, k: usize) -> Result<Answer> {
        self.ask(Recall {
            k: k.max(1),
            ..Recall::new(self.name(), text.to_owned(), clock::now())
        })
    }

    /// Draws a relation between two memories.
    ///
    /// # Errors
    /// Usage when it cannot be drawn.
    pub fn relate(&self, from: i64, to: i64, relation: NewRelation) -> Result<RelationStep> {
        self.ask(LinkMemories {
            mind: self.name(),
            from: from.to_string(),
            to: to.to_string(),
            relation,
            author: self.options.author.clone(),
            now: clock::now(),
        })
    }

    /// What a memory leads to, with the ways there.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn related(&self, id: i64, rule: &RelatedRule) -> Result<Vec<RelatedMemory>> {
        self.ask(RelatedMemories {
            mind: self.name(),
            id: id.to_string(),
            rule: rule.clone(),
            now: clock::now(),
        })
    }

    /// What holds about people, held or is planned.
    ///
    /// # Errors
    /// Usage when there is no such slot.
    pub fn facts(&self, filter: &FactFilter) -> Result<Vec<ShownFact>> {
        self.ask(ListFacts {
            mind: self.name(),
            filter: filter.clone(),
            now: clock::now(),
        })
    }

    /// Archives what is old, unimportant or weak; nothing is erased.
    ///
    /// # Errors
    /// Usage when the rule has no condition.
    pub fn cleanup(&self, rule: &CleanupRule, dry_run: bool) -> Result<Cleanup> {
        self.ask(CleanUp {
            mind: self.name(),
            rule: rule.clone(),
            dry_run,
            author: self.options.author.clone(),
            now: clock::now(),
        })
    }
}
