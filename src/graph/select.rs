//! dbt's selector grammar: `name`, `+name`, `2+name+1`, `tag:`, `stage:`, `path:`, `config.materialized:`, `*`;
//! a space means "or", a comma "and".

use std::collections::BTreeSet;

use crate::config::suggest;
use crate::project::{ModelName, Node};

use super::Graph;

/// A selector that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// `foo:bar` with an unknown `foo`.
    #[error("selector '{selector}': unknown method '{method}'; {hint}")]
    UnknownMethod {
        /// The selector.
        selector: String,
        /// What stood before the colon.
        method: String,
        /// The nearest known method, or all.
        hint: String,
    },
    /// A selector without a name or value.
    #[error(
        "selector '{selector}': {problem}; write for example +episodes, tag:night or stage:consolidation"
    )]
    Malformed {
        /// The selector.
        selector: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// The models selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// In running order.
    pub models: Vec<ModelName>,
    /// Selectors that match nothing, in words.
    pub warnings: Vec<String>,
}

const METHODS: [&str; 9] = [
    "name",
    "tag",
    "stage",
    "path",
    "config.materialized",
    "config.schema",
    "config.cycle",
    "config.tags",
    "config.incremental_strategy",
];

/// One criterion: which models, and how far up and down from them.
#[derive(Debug, PartialEq, Eq)]
struct Criterion<'a> {
    method: &'a str,
    value: &'a str,
    /// Steps to the parents' side: none, some number, or all.
    up: Option<Reach>,
    down: Option<Reach>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    All,
    Steps(usize),
}

impl Reach {
    fn steps(self) -> Option<usize> {
        match self {
            Reach::All => None,
            Reach::Steps(steps) => Some(steps),
        }
    }
}

pub(super) fn select(
    graph: &Graph,
    select: &[String],
    exclude: &[String],
) -> Result<Selection, SelectError> {
    let mut warnings = Vec::new();
    let mut chosen = match select.iter().all(|text| text.trim().is_empty()) {
        true => graph.nodes.keys().cloned().collect(),
        false => union(graph, select, &mut warnings)?,
    };
    for name in union(graph, exclude, &mut warnings)? {
        chosen.remove(&name);
    }
    Ok(Selection {
        models: graph
            .order
            .iter()
            .filter(|name| chosen.contains(*name))
            .cloned()
            .collect(),
        warnings,
    })
}

fn union(
    graph: &Graph,
    selectors: &[String],
    warnings: &mut Vec<String>,
) -> Result<BTreeSet<ModelName>, SelectError> {
    let mut chosen = BTreeSet::new();
    for selector in selectors.iter().flat_map(|text| text.split_whitespace()) {
        let mut both: Option<BTreeSet<ModelName>> = None;
        for text in selector.split(',') {
            let criterion = parse(text, selector)?;
            let found = criterion.find(graph);
            if found.is_empty() {
                warnings.push(nothing(graph, &criterion, text));
            }
            both = Some(match both {
                Some(before) => before.intersection(&found).cloned().collect(),
                None => found,
            });
        }
        chosen.extend(both.unwrap_or_default());
    }
    Ok(chosen)
}

fn nothing(graph: &Graph, criterion: &Criterion<'_>, text: &str) -> String {
    let known: Vec<&str> = match criterion.method {
        "name" => graph.nodes.keys().map(ModelName::as_str).collect(),
        "tag" | "config.tags" => graph
            .nodes
            .values()
            .flat_map(|node| &node.config.tags)
            .map(String::as_str)
            .collect(),
        "stage" => graph
            .nodes
            .values()
            .map(|node| node.stage.as_str())
            .collect(),
        _ => Vec::new(),
    };
    let nearest = suggest::closest(criterion.value, known).map_or(String::new(), |nearest| {
        format!("; did you mean '{nearest}'?")
    });
    format!("the selector '{text}' matches no model{nearest}")
}

fn parse<'a>(text: &'a str, selector: &str) -> Result<Criterion<'a>, SelectError> {
    let malformed = |problem| SelectError::Malformed {
        selector: selector.to_owned(),
        problem,
    };
    let (up, rest) = leading_reach(text);
    let (down, rest) = trailing_reach(rest);
    let (method, value) = match rest.split_once(':') {
        Some((method, value)) => (method, value),
        // As in dbt, what looks like a path is one.
        None if rest.contains('/') || rest.ends_with(".sql") => ("path", rest),
        None => ("name", rest),
    };
    if value.is_empty() {
        return Err(malformed("there is no name or value"));
    }
    if value.contains('+') {
        return Err(malformed("a + stands only before or after"));
    }
    if !METHODS.contains(&method) {
        return Err(SelectError::UnknownMethod {
            selector: selector.to_owned(),
            method: method.to_owned(),
            hint: suggest::hint(method, METHODS),
        });
    }
    Ok(Criterion {
        method,
        value,
        up,
        down,
    })
}

/// `+name` or `2+name`.
fn leading_reach(text: &str) -> (Option<Reach>, &str) {
    if let Some(rest) = text.strip_prefix('+') {
        return (Some(Reach::All), rest);
    }
    if let Some((number, rest)) = text.split_once('+')
        && let Ok(steps) = number.parse()
    {
        return (Some(Reach::Steps(steps)), rest);
    }
    (None, text)
}

/// `name+` or `name+2`.
fn trailing_reach(text: &str) -> (Option<Reach>, &str) {
    if let Some(rest) = text.strip_suffix('+') {
        return (Some(Reach::All), rest);
    }
    if let Some((rest, number)) = text.rsplit_once('+')
        && let Ok(steps) = number.parse()
    {
        return (Some(Reach::Steps(steps)), rest);
    }
    (None, text)
}

impl Criterion<'_> {
    fn find(&self, graph: &Graph) -> BTreeSet<ModelName> {
        let mut found: BTreeSet<ModelName> = graph
            .nodes
            .values()
            .filter(|node| self.matches(node))
            .map(|node| node.name.clone())
            .collect();
        let start: Vec<ModelName> = found.iter().cloned().collect();
        for name in &start {
            if let Some(up) = self.up {
                found.extend(graph.ancestors(name.as_str(), up.steps()));
            }
            if let Some(down) = self.down {
                found.extend(graph.descendants(name.as_str(), down.steps()));
            }
        }
        found
    }

    fn matches(&self, node: &Node) -> bool {
        let like = |text: &str| is_like(text, self.value);
        match self.method {
            "name" => like(node.name.as_str()),
            "tag" | "config.tags" => node.config.tags.iter().any(|tag| like(tag)),
            "stage" => like(node.stage.as_str()),
            "path" => {
                let path = self.value.trim_start_matches("./").trim_end_matches('/');
                is_like(&node.path, path)
                    || node
                        .path
                        .strip_prefix(path)
                        .is_some_and(|rest| rest.starts_with('/'))
            }
            "config.materialized" => like(node.config.materialized.as_str()),
            "config.schema" => like(&node.config.schema),
            "config.cycle" => node.config.cycle.is_some_and(|cycle| like(cycle.as_str())),
            "config.incremental_strategy" => like(node.config.incremental_strategy.as_str()),
            _ => false,
        }
    }
}

/// Whether a text matches a pattern with `*` (any characters) and `?` (one character).
fn is_like(text: &str, pattern: &str) -> bool {
    let mut characters = pattern.chars();
    match characters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = characters.as_str();
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_like(&text[at..], rest))
        }
        Some(wanted) => {
            let mut found = text.chars();
            found.next().is_some_and(|c| wanted == '?' || c == wanted)
                && is_like(found.as_str(), characters.as_str())
        }
    }
}
