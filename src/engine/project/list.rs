//! Which models there are, and which of them a selection means.

use super::{Models, Selectors};
use crate::cycle::Pipeline;
use crate::error::{Error, Result};
use crate::graph::Selection;
use crate::project::{Materialization, Node};
use serde::Serialize;

/// A model in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedModel {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: String,
    /// Its SQL file, from the project's root.
    pub path: String,
    /// What its query becomes.
    pub materialized: Materialization,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// The models and sources it refers to.
    pub depends_on: Vec<String>,
}

/// The models a selection means, in running order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The models.
    pub models: Vec<ListedModel>,
    /// Selectors that match nothing, in words.
    pub warnings: Vec<String>,
}

impl Models {
    /// The models that `selecting` means.
    ///
    /// # Errors
    /// Usage when a selector cannot be read.
    pub fn list(&self, selecting: &Selectors) -> Result<Listing> {
        let (nodes, warnings) = selected(&self.pipeline, selecting)?;
        Ok(Listing {
            models: nodes.into_iter().map(listed).collect(),
            warnings,
        })
    }
}

fn listed(node: &Node) -> ListedModel {
    let models = node.depends_on.iter().map(ToString::to_string);
    let sources = node.sources.iter().map(|source| format!("source:{source}"));
    ListedModel {
        name: node.name.to_string(),
        stage: node.stage.to_string(),
        path: node.path.clone(),
        materialized: node.config.materialized,
        tags: node.config.tags.clone(),
        depends_on: models.chain(sources).collect(),
    }
}

/// The nodes of a selection in running order, and what to warn of.
pub(super) fn selected<'a>(
    pipeline: &'a Pipeline,
    selecting: &Selectors,
) -> Result<(Vec<&'a Node>, Vec<String>)> {
    let graph = pipeline.graph();
    let Selection { models, warnings } = graph
        .select(&selecting.select, &selecting.exclude)
        .map_err(|e| Error::usage(e.to_string()).caused_by(e))?;
    let nodes = models
        .iter()
        .filter_map(|name| graph.node(name.as_str()))
        .collect();
    Ok((nodes, warnings))
}
