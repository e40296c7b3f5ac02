//! The graph of models: which refers to which, in which order they run, and how to select among them. → project

mod select;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::project::{ModelName, Node};

pub use select::{EarlierRun, SelectError, Selection, TestNode};

/// References that make no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Models that refer to each other in a circle.
    #[error(
        "models refer to each other in a circle: {}; remove one of these references",
        arrows(cycle)
    )]
    Cycle {
        /// The names, each referred to by the next, the first again at the end.
        cycle: Vec<ModelName>,
    },
    /// A reference to a model that is not in the graph.
    #[error("model '{model}' refers to '{missing}', which does not exist or is disabled")]
    Missing {
        /// The model.
        model: ModelName,
        /// What it refers to.
        missing: ModelName,
    },
}

fn arrows(names: &[ModelName]) -> String {
    let names: Vec<&str> = names.iter().map(ModelName::as_str).collect();
    names.join(" → ")
}

/// The models and their references, without circles.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    nodes: BTreeMap<ModelName, Node>,
    children: BTreeMap<ModelName, Vec<ModelName>>,
    order: Vec<ModelName>,
}

impl Graph {
    /// Builds the graph and orders it: by depth (the longest way from a model without parents), then by name.
    pub fn new(nodes: &BTreeMap<ModelName, Node>) -> Result<Graph, GraphError> {
        let mut children: BTreeMap<ModelName, Vec<ModelName>> = nodes
            .keys()
            .map(|name| (name.clone(), Vec::new()))
            .collect();
        for node in nodes.values() {
            for parent in &node.depends_on {
                let Some(siblings) = children.get_mut(parent) else {
                    return Err(GraphError::Missing {
                        model: node.name.clone(),
                        missing: parent.clone(),
                    });
                };
                siblings.push(node.name.clone());
            }
        }
        let depths = depths(nodes, &children)?;
        let mut order: Vec<ModelName> = nodes.keys().cloned().collect();
        // The sort is stable and the names are sorted already.
        order.sort_by_key(|name| depths[name]);
        Ok(Graph {
            nodes: nodes.clone(),
            children,
            order,
        })
    }

    /// All models, each after those it refers to.
    pub fn order(&self) -> impl Iterator<Item = &Node> {
        self.order.iter().filter_map(|name| self.nodes.get(name))
    }

    /// A model.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// The models that a model refers to, sorted by name.
    pub fn parents(&self, name: &str) -> &[ModelName] {
        self.nodes.get(name).map_or(&[], |node| &node.depends_on)
    }

    /// The models that refer to a model, sorted by name.
    pub fn children(&self, name: &str) -> &[ModelName] {
        self.children.get(name).map_or(&[], Vec::as_slice)
    }

    /// Everything a model is computed from, `steps` references away at most; without the model itself.
    pub fn ancestors(&self, name: &str, steps: Option<usize>) -> BTreeSet<ModelName> {
        reach(name, steps, |name| self.parents(name))
    }

    /// Everything that is computed from a model, `steps` references away at most; without the model itself.
    pub fn descendants(&self, name: &str, steps: Option<usize>) -> BTreeSet<ModelName> {
        reach(name, steps, |name| self.children(name))
    }

    /// What `--select` and `--exclude` mean; no `select` means everything. `earlier` is what `result:` and `state:` compare with.
    pub fn select(
        &self,
        select: &[String],
        exclude: &[String],
        earlier: Option<&EarlierRun>,
    ) -> Result<Selection, SelectError> {
        select::select(self, select, exclude, earlier)
    }
}

fn reach<'a>(
    name: &str,
    steps: Option<usize>,
    next: impl Fn(&str) -> &'a [ModelName],
) -> BTreeSet<ModelName> {
    let mut reached = BTreeSet::new();
    let mut frontier: Vec<&ModelName> = next(name).iter().collect();
    let mut left = steps.unwrap_or(usize::MAX);
    while left > 0 && !frontier.is_empty() {
        let new: Vec<&ModelName> = frontier
            .into_iter()
            .filter(|name| reached.insert((*name).clone()))
            .collect();
        frontier = new.iter().flat_map(|name| next(name.as_str())).collect();
        left -= 1;
    }
    reached
}

/// The longest way to each model from one without parents.
fn depths(
    nodes: &BTreeMap<ModelName, Node>,
    children: &BTreeMap<ModelName, Vec<ModelName>>,
) -> Result<BTreeMap<ModelName, usize>, GraphError> {
    let mut waiting: BTreeMap<&ModelName, usize> = nodes
        .values()
        .map(|node| (&node.name, node.depends_on.len()))
        .collect();
    let mut depths = BTreeMap::new();
    let mut ready: Vec<&ModelName> = nodes
        .values()
        .filter(|node| node.depends_on.is_empty())
        .map(|node| &node.name)
        .collect();
    let mut depth = 0;
    while !ready.is_empty() {
        let mut next = Vec::new();
        for name in ready {
            depths.insert(name.clone(), depth);
            waiting.remove(name);
            for child in &children[name] {
                if let Some(parents) = waiting.get_mut(child) {
                    *parents -= 1;
                    if *parents == 0 {
                        next.push(child);
                    }
                }
            }
        }
        ready = next;
        depth += 1;
    }
    match waiting.keys().next() {
        None => Ok(depths),
        Some(_) => Err(GraphError::Cycle {
            cycle: circle(nodes, &waiting),
        }),
    }
}

/// One circle among the models that wait for each other, from its first name on.
fn circle(
    nodes: &BTreeMap<ModelName, Node>,
    waiting: &BTreeMap<&ModelName, usize>,
) -> Vec<ModelName> {
    // Each of them waits for a parent, so going up must come back to a model seen before.
    let mut way: Vec<&ModelName> = waiting.keys().copied().take(1).collect();
    while let Some(last) = way.last()
        && let Some(parent) = nodes[*last]
            .depends_on
            .iter()
            .find(|name| waiting.contains_key(name))
    {
        if let Some(at) = way.iter().position(|name| *name == parent) {
            let mut cycle: Vec<ModelName> = way[at..].iter().map(|name| (*name).clone()).collect();
            let first = (0..cycle.len()).min_by_key(|&at| &cycle[at]).unwrap_or(0);
            cycle.rotate_left(first);
            cycle.push(cycle[0].clone());
            return cycle;
        }
        way.push(parent);
    }
    way.into_iter().cloned().collect()
}
