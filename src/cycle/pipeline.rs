//! The project's models as cycles run them: rendered for a moment, parents first.

use super::due::CycleContext;
use crate::config::{Parameters, Value};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::project::{CycleType, Generation, Materialization, Node, Project, ProjectError};
use crate::template::{Compiled, CycleValues, RenderContext, Renderer};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The schemas that hold what happened and what nights made of it. Only transitions write there.
const OF_THE_STORE: [&str; 5] = ["codex", "raw", "enrichment", "lexical", "state"];

/// What decides how memory is computed: an md5 of models and parameters.
pub fn fingerprint(project: &Project, parameters: &Parameters) -> String {
    let mut hash = Md5::new();
    hash.update(project.fingerprint());
    hash.update(parameters.fingerprint());
    format!("{:x}", hash.finalize())
}

/// A project with parameters, rendered and ordered.
pub struct Pipeline {
    renderer: Renderer,
    graph: Graph,
    parameters: Parameters,
    fingerprint: String,
    /// The models and parameters as asked for, where the store keeps an earlier generation.
    latest: Option<Arc<Pipeline>>,
    generation: Generation,
}

impl Pipeline {
    /// Reads the models of `project` and orders them.
    ///
    /// # Errors
    /// Usage when a template is wrong, a reference unknown, or references go in a circle.
    pub fn new(project: Arc<Project>, parameters: &Parameters) -> Result<Pipeline> {
        let fingerprint = fingerprint(&project, parameters);
        let renderer =
            Renderer::new(project, parameters).map_err(|e| Error::usage(e.to_string()))?;
        let graph = Graph::new(renderer.nodes()).map_err(|e| Error::usage(e.to_string()))?;
        refuse_store_tables(&renderer)?;
        Ok(Pipeline {
            renderer,
            graph,
            parameters: parameters.clone(),
            fingerprint,
            latest: None,
            generation: Generation::LATEST,
        })
    }

    /// The pipeline as nights of a store of `generation` have it; a project in a directory is its owner's and stays as it is.
    ///
    /// # Errors
    /// Usage when what is kept of the generation does not fit the project.
    pub fn in_generation(self: Arc<Self>, generation: Generation) -> Result<Arc<Pipeline>> {
        if self.generation == generation {
            return Ok(self);
        }
        let latest = self.latest.clone().unwrap_or(self);
        if latest.generation == generation {
            return Ok(latest);
        }
        let project = latest.renderer.project();
        let wrong = |e: ProjectError| Error::usage(e.to_string());
        let parameters = project
            .parameters_in(generation, &latest.parameters)
            .map_err(wrong)?;
        let project = project.in_generation(generation).map_err(wrong)?;
        let mut pipeline = Pipeline::new(Arc::new(project), &parameters)?;
        pipeline.generation = generation;
        pipeline.latest = Some(latest);
        Ok(Arc::new(pipeline))
    }

    /// The model generation it is of.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The fingerprint of the models and parameters that were asked for, whatever generation the store keeps.
    pub fn requested_fingerprint(&self) -> &str {
        self.latest
            .as_ref()
            .map_or(&self.fingerprint, |latest| &latest.fingerprint)
    }

    /// The pipeline of a project as it was stored: sources and parameters.
    ///
    /// # Errors
    /// Failed when what was stored cannot be read.
    pub fn from_stored(sources: &str, parameters: &str) -> Result<Pipeline> {
        let stored =
            |what: &str, e: String| Error::failed(format!("the stored {what} cannot be read: {e}"));
        let sources: BTreeMap<String, String> =
            serde_json::from_str(sources).map_err(|e| stored("project", e.to_string()))?;
        let project =
            Project::from_sources(sources).map_err(|e| stored("project", e.to_string()))?;
        let parameters =
            Parameters::from_stored(parameters).map_err(|e| stored("parameters", e.to_string()))?;
        Pipeline::new(Arc::new(project), &parameters)
    }

    /// The models of a cycle, in the order they run.
    pub fn of_cycle(&self, cycle: CycleType) -> impl Iterator<Item = &Node> {
        self.graph
            .order()
            .filter(move |node| node.config.cycle == Some(cycle))
    }

    /// All models, parents first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.graph.order()
    }

    /// The relations that hold caches of the open epoch, and what the night's dreams are made of.
    pub fn caches(&self) -> impl Iterator<Item = String> {
        self.caches_where(|_| true)
    }

    /// Those that nobody looks into once deep sleep is over.
    pub fn caches_until_dreams(&self) -> impl Iterator<Item = String> {
        self.caches_where(|node| !self.is_dreamt_of(node))
    }

    /// Those of them that the night itself fills; working and short-term memory are ready before it in a backfill.
    pub fn caches_of_deep_sleep(&self) -> impl Iterator<Item = String> {
        self.caches_where(|node| {
            matches!(
                node.config.cycle,
                Some(CycleType::Hippocampal | CycleType::DeepSleep)
            ) && !self.is_dreamt_of(node)
        })
    }

    /// Those that the steps after deep sleep look into.
    pub fn caches_of_dreams(&self) -> impl Iterator<Item = String> {
        self.caches_where(|node| self.is_dreamt_of(node))
    }

    fn caches_where(&self, wanted: impl Fn(&Node) -> bool) -> impl Iterator<Item = String> {
        self.nodes()
            .filter(move |node| {
                node.config.materialized == Materialization::EpochCache && wanted(node)
            })
            .map(|node| node.relation().to_string())
    }

    fn is_dreamt_of(&self, cache: &Node) -> bool {
        self.nodes().any(|node| {
            matches!(
                node.config.cycle,
                Some(CycleType::RemSleep | CycleType::Homeostasis)
            ) && node.depends_on.contains(&cache.name)
        })
    }

    /// The references between models.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What renders them.
    pub fn renderer(&self) -> &Renderer {
        &self.renderer
    }

    /// A model at a moment of a cycle.
    ///
    /// # Errors
    /// Usage when the template cannot be rendered.
    pub(super) fn compile(&self, model: &Node, moment: &CycleContext) -> Result<Compiled> {
        let context = RenderContext::new(moment.as_of)
            .incremental(true)
            .in_cycle(CycleValues {
                epoch_start: moment.epoch_start,
                epoch_end: moment.epoch_end,
                seen_arrival: moment.seen_arrival,
                step: moment.step,
            });
        self.renderer
            .compile(model.name.as_str(), &context)
            .map_err(|e| Error::usage(e.to_string()))
    }

    /// Refuses a project that has no such models, which is one that computes something other than memory.
    ///
    /// # Errors
    /// Usage, naming what is missing.
    pub fn require(&self, models: &[&str], what: &str) -> Result<()> {
        let missing: Vec<&str> = models
            .iter()
            .copied()
            .filter(|name| self.graph.node(name).is_none())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::usage(format!("this project has no model {}, and {what} without", missing.join(", ")))
            .hint("use codex's own models (leave --project-dir out, or write them with `codex init DIR`); `codex run` runs any project"))
    }

    /// What decides how memory is computed: an md5 of models and parameters.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The effective parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// A whole-number parameter.
    ///
    /// # Errors
    /// Failed when there is none of that name.
    pub fn integer(&self, name: &str) -> Result<i64> {
        self.parameters
            .get(name)
            .and_then(Value::as_i64)
            .ok_or_else(|| Error::failed(format!("there is no whole-number parameter {name}")))
    }
}

/// Refuses a model that would take the place of one of the store's own tables, or change it outside a night.
fn refuse_store_tables(renderer: &Renderer) -> Result<()> {
    let wrong = renderer.nodes().values().find(|node| {
        node.config.materialized != Materialization::Transition
            && OF_THE_STORE.contains(&node.config.schema.as_str())
    });
    let Some(node) = wrong else { return Ok(()) };
    let place = renderer
        .project()
        .model(node.name.as_str())
        .map(|model| renderer.project().place_of(model).to_string());
    Err(Error::usage(format!(
        "{}: model '{}' would write into the schema '{}', which is the store's own",
        place.as_deref().unwrap_or(&node.path),
        node.name,
        node.config.schema
    ))
    .hint("give it another schema in its config; only transitions write there, in cycles"))
}
