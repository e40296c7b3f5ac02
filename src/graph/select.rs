//! dbt's selector grammar: `name`, `+name`, `2+name+1`, `tag:`, `stage:`, `path:`, `config.materialized:`, `state:`, `result:`, `*`,
//! and for tests `test_type:` and `test_name:`; a space means "or", a comma "and".

use std::collections::{BTreeMap, BTreeSet};

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
    /// `result:` or `state:` without an earlier run to compare with.
    #[error(
        "selector '{selector}' compares with an earlier run: give the directory of its manifest.json and run_results.json with --state DIR"
    )]
    NoEarlierRun {
        /// The selector.
        selector: String,
    },
}

/// What an earlier run left behind, as far as selectors ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarlierRun {
    /// How each model and test ended, by its id in `run_results.json`.
    pub results: BTreeMap<String, String>,
    /// The models that it did not have.
    pub new: BTreeSet<ModelName>,
    /// The models that were otherwise then, the new ones included.
    pub modified: BTreeSet<ModelName>,
}

/// A test, as selectors see it.
#[derive(Debug, Clone, Copy)]
pub struct TestNode<'a> {
    /// Its id in `run_results.json`.
    pub id: &'a str,
    /// `generic` or `singular`, then the kind of a generic test (`unique`, `not_null` …).
    pub types: &'a [&'a str],
    /// Its names: its own, and that of its kind.
    pub names: &'a [&'a str],
    /// The models it is about.
    pub models: &'a [ModelName],
}

/// What `--select` and `--exclude` mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The models selected, in running order.
    pub models: Vec<ModelName>,
    /// Selectors that match nothing, in words.
    pub warnings: Vec<String>,
    /// Whether a selector is about tests alone.
    pub names_tests: bool,
    /// Nothing means everything.
    chosen: Option<Vec<Intersection>>,
    excluded: Vec<Intersection>,
}

/// The criteria that commas join.
type Intersection = Vec<Found>;

/// What one criterion means.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    models: BTreeSet<ModelName>,
    tests: TestCriterion,
}

/// Which tests a criterion means beside those of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TestCriterion {
    None,
    Type(String),
    Name(String),
    Ids(BTreeSet<String>),
}

impl Selection {
    /// Whether a test is selected: by itself, or through one of the models it is about.
    pub fn has_test(&self, test: TestNode<'_>) -> bool {
        let is_in = |all: &[Intersection]| {
            all.iter()
                .any(|parts| parts.iter().all(|found| found.has_test(test)))
        };
        self.chosen.as_deref().is_none_or(is_in) && !is_in(&self.excluded)
    }
}

impl Found {
    fn has_test(&self, test: TestNode<'_>) -> bool {
        let is_meant = match &self.tests {
            TestCriterion::None => false,
            TestCriterion::Type(kind) => test.types.iter().any(|text| is_like(text, kind)),
            TestCriterion::Name(name) => test.names.iter().any(|text| is_like(text, name)),
            TestCriterion::Ids(ids) => ids.contains(test.id),
        };
        is_meant || test.models.iter().any(|name| self.models.contains(name))
    }
}

const METHODS: [&str; 13] = [
    "name",
    "tag",
    "stage",
    "path",
    "config.materialized",
    "config.schema",
    "config.cycle",
    "config.tags",
    "config.incremental_strategy",
    "test_type",
    "test_name",
    "result",
    "state",
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
    earlier: Option<&EarlierRun>,
) -> Result<Selection, SelectError> {
    let mut selection = Selection {
        models: Vec::new(),
        warnings: Vec::new(),
        names_tests: false,
        chosen: None,
        excluded: Vec::new(),
    };
    if select.iter().any(|text| !text.trim().is_empty()) {
        selection.chosen = Some(selection.union(graph, select, earlier)?);
    }
    selection.excluded = selection.union(graph, exclude, earlier)?;
    selection.models = graph
        .order
        .iter()
        .filter(|name| selection.has_model(name))
        .cloned()
        .collect();
    Ok(selection)
}

impl Selection {
    fn has_model(&self, name: &ModelName) -> bool {
        let is_in = |all: &[Intersection]| {
            all.iter()
                .any(|parts| parts.iter().all(|found| found.models.contains(name)))
        };
        self.chosen.as_deref().is_none_or(is_in) && !is_in(&self.excluded)
    }

    /// The criteria of some selectors; what matches nothing is noted.
    fn union(
        &mut self,
        graph: &Graph,
        selectors: &[String],
        earlier: Option<&EarlierRun>,
    ) -> Result<Vec<Intersection>, SelectError> {
        let mut all = Vec::new();
        for selector in selectors.iter().flat_map(|text| text.split_whitespace()) {
            let mut parts = Vec::new();
            for text in selector.split(',') {
                let criterion = parse(text, selector)?;
                let found = criterion.find(graph, selector, earlier)?;
                self.names_tests |= criterion.is_of_tests();
                if found.models.is_empty() && found.tests == TestCriterion::None {
                    self.warnings.push(nothing(graph, &criterion, text));
                }
                parts.push(found);
            }
            all.push(parts);
        }
        Ok(all)
    }
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
    fn is_of_tests(&self) -> bool {
        matches!(self.method, "test_type" | "test_name")
    }

    fn find(
        &self,
        graph: &Graph,
        selector: &str,
        earlier: Option<&EarlierRun>,
    ) -> Result<Found, SelectError> {
        let (of_run, tests) = match self.method {
            "test_type" => (None, TestCriterion::Type(self.value.to_owned())),
            "test_name" => (None, TestCriterion::Name(self.value.to_owned())),
            "result" | "state" => {
                let earlier = earlier.ok_or_else(|| SelectError::NoEarlierRun {
                    selector: selector.to_owned(),
                })?;
                self.of_run(earlier, selector)?
            }
            _ => (None, TestCriterion::None),
        };
        let named: BTreeSet<ModelName> = graph
            .nodes
            .values()
            .filter(|node| match &of_run {
                Some(names) => names.contains(node.name.as_str()),
                None => self.matches(node),
            })
            .map(|node| node.name.clone())
            .collect();
        Ok(Found {
            models: self.with_relatives(graph, named),
            tests,
        })
    }

    /// The models and tests that an earlier run says it of.
    fn of_run(
        &self,
        earlier: &EarlierRun,
        selector: &str,
    ) -> Result<(Option<BTreeSet<String>>, TestCriterion), SelectError> {
        let names = |models: &BTreeSet<ModelName>| models.iter().map(ToString::to_string).collect();
        match (self.method, self.value) {
            ("state", "new") => Ok((Some(names(&earlier.new)), TestCriterion::None)),
            ("state", "modified") => Ok((Some(names(&earlier.modified)), TestCriterion::None)),
            ("state", _) => Err(SelectError::Malformed {
                selector: selector.to_owned(),
                problem: "a state is new or modified",
            }),
            (_, "success" | "pass" | "fail" | "error" | "skipped") => {
                let ids: BTreeSet<String> = earlier
                    .results
                    .iter()
                    .filter(|(_, status)| *status == self.value)
                    .map(|(id, _)| id.clone())
                    .collect();
                let models = ids.iter().filter_map(|id| id.strip_prefix("model.codex."));
                Ok((
                    Some(models.map(str::to_owned).collect()),
                    TestCriterion::Ids(ids.clone()),
                ))
            }
            _ => Err(SelectError::Malformed {
                selector: selector.to_owned(),
                problem: "a result is success, pass, fail, error or skipped",
            }),
        }
    }

    fn with_relatives(&self, graph: &Graph, mut found: BTreeSet<ModelName>) -> BTreeSet<ModelName> {
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
