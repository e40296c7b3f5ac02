//! Which models there are, and which of them a selection means.

use super::state::earlier_run;
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
    let mut selection = selection(pipeline, selecting)?;
    if selection.names_tests {
        let note =
            "selectors of tests (test_type:, test_name:) select no model; codex test takes them";
        selection.warnings.push(note.to_owned());
    }
    Ok((nodes(pipeline, &selection), selection.warnings))
}

/// The selected models of a pipeline, in running order.
pub(super) fn nodes<'a>(pipeline: &'a Pipeline, selection: &Selection) -> Vec<&'a Node> {
    let names = selection.models.iter();
    names
        .filter_map(|name| pipeline.graph().node(name.as_str()))
        .collect()
}

/// What the selectors mean, compared with an earlier run where they ask for one.
pub(super) fn selection(pipeline: &Pipeline, selecting: &Selectors) -> Result<Selection> {
    let earlier = match &selecting.state {
        Some(directory) => Some(earlier_run(pipeline, directory)?),
        None => None,
    };
    pipeline
        .graph()
        .select(&selecting.select, &selecting.exclude, earlier.as_ref())
        .map_err(|e| Error::usage(e.to_string()).caused_by(e))
}
