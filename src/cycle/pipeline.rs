//! The project's models as cycles run them: rendered for a moment, in the order of their references.

use super::due::Moment;
use crate::config::Parameters;
use crate::error::{Error, Result};
use crate::project::{CycleType, IncrementalStrategy, Materialization, ModelConfig, Project};
use crate::warehouse::{text_literal, timestamp_literal};
use md5::{Digest, Md5};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A model ready to be rendered.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: String,
    /// What becomes of its query, and where.
    pub config: ModelConfig,
    /// `schema.alias`.
    pub relation: String,
    /// The models it refers to.
    pub depends_on: BTreeSet<String>,
}

/// A project with parameters, rendered and ordered.
pub struct Pipeline {
    environment: Environment<'static>,
    steps: Vec<Step>,
    fingerprint: String,
    parameters: Parameters,
    sources: BTreeMap<String, String>,
}

impl Pipeline {
    /// Reads the models of `project` and orders them.
    ///
    /// # Errors
    /// Usage when a template is wrong, a reference unknown, or references go in a circle.
    pub fn new(project: &Project, parameters: &Parameters) -> Result<Pipeline> {
        let mut relations: BTreeMap<String, String> = BTreeMap::new();
        let mut configs: BTreeMap<String, ModelConfig> = BTreeMap::new();
        for (name, model) in project.models() {
            let config = project.config_of(model, None).map_err(|e| Error::usage(e.to_string()))?;
            relations.insert(name.to_string(), format!("{}.{}", config.schema, config.alias));
            configs.insert(name.to_string(), config);
        }
        let tables: BTreeMap<(String, String), String> = project
            .tables()
            .values()
            .map(|t| ((t.name.source.clone(), t.name.table.clone()), t.relation.plain()))
            .collect();
        let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let mut environment = environment(relations.clone(), tables, parameters, Arc::clone(&seen));
        let macros: String = project.macros().iter().filter_map(|path| project.text(path)).collect();
        let mut steps = Vec::new();
        for (name, model) in project.models() {
            let name = name.to_string();
            let text = project.text(&model.path).unwrap_or_default();
            environment
                .add_template_owned(name.clone(), format!("{macros}{text}"))
                .map_err(|e| broken(&project.shown(&model.path), &macros, &e))?;
            if let Ok(mut seen) = seen.lock() {
                seen.clear();
            }
            let probe = Moment { as_of: Default::default(), epoch_start: Default::default(), epoch_end: Default::default(), seen_arrival: 0, step: 0 };
            render(&environment, &name, &probe).map_err(|e| broken(&project.shown(&model.path), &macros, &e))?;
            let depends_on = seen.lock().map(|s| s.clone()).unwrap_or_default();
            let config = configs.remove(&name).ok_or_else(|| Error::failed(format!("model {name} has no configuration")))?;
            steps.push(Step { relation: relations[&name].clone(), stage: model.stage.to_string(), config, depends_on, name });
        }
        let mut hash = Md5::new();
        hash.update(project.fingerprint());
        hash.update(parameters.fingerprint());
        Ok(Pipeline {
            environment,
            steps: in_order(steps)?,
            fingerprint: format!("{:x}", hash.finalize()),
            parameters: parameters.clone(),
            sources: project.sources().clone(),
        })
    }

    /// The models of a cycle, in the order they run.
    pub fn of_cycle(&self, cycle: CycleType) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |s| s.config.cycle == Some(cycle))
    }

    /// All models, parents first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The SQL of a model at a moment.
    ///
    /// # Errors
    /// Usage when the template cannot be rendered.
    pub fn sql(&self, model: &str, moment: &Moment) -> Result<String> {
        render(&self.environment, model, moment).map_err(|e| Error::usage(format!("model {model}: {e:#}")))
    }

    /// What decides how memory is computed: an md5 of models and parameters.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The effective parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The project's files, as stored for replay.
    pub fn sources(&self) -> &BTreeMap<String, String> {
        &self.sources
    }

    /// A whole-number parameter.
    ///
    /// # Errors
    /// Failed when there is none of that name.
    pub fn integer(&self, name: &str) -> Result<i64> {
        self.parameters
            .get(name)
            .and_then(crate::config::Value::as_i64)
            .ok_or_else(|| Error::failed(format!("there is no whole-number parameter {name}")))
    }
}

fn environment(
    relations: BTreeMap<String, String>,
    tables: BTreeMap<(String, String), String>,
    parameters: &Parameters,
    seen: Arc<Mutex<BTreeSet<String>>>,
) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.add_function("ref", move |name: &str| -> Result<String, minijinja::Error> {
        if let Ok(mut seen) = seen.lock() {
            seen.insert(name.to_owned());
        }
        relations.get(name).cloned().ok_or_else(|| invalid(format!("there is no model '{name}'")))
    });
    env.add_function("source", move |source: &str, table: &str| -> Result<String, minijinja::Error> {
        tables
            .get(&(source.to_owned(), table.to_owned()))
            .cloned()
            .ok_or_else(|| invalid(format!("there is no source '{source}.{table}'")))
    });
    let values: BTreeMap<String, Value> = parameters
        .iter()
        .map(|p| (p.name.clone(), template_value(&p.value)))
        .collect();
    env.add_function("var", move |name: &str| -> Result<Value, minijinja::Error> {
        values.get(name).cloned().ok_or_else(|| invalid(format!("there is no parameter '{name}'")))
    });
    env.add_function("config", |_options: minijinja::value::Kwargs| String::new());
    env.add_filter("literal", |text: &str| text_literal(text));
    env
}

fn invalid(message: String) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
}

fn render(env: &Environment<'_>, name: &str, m: &Moment) -> Result<String, minijinja::Error> {
    env.get_template(name)?.render(context! {
        as_of => timestamp_literal(m.as_of),
        epoch_start => timestamp_literal(m.epoch_start),
        epoch_end => timestamp_literal(m.epoch_end),
        seen_arrival => m.seen_arrival,
        step => m.step,
    })
}

fn broken(path: &str, macros: &str, error: &minijinja::Error) -> Error {
    let before = macros.lines().count();
    let line = error.line().map_or(0, |l| l.saturating_sub(before));
    Error::usage(format!("{path}:{line}: {error:#}"))
}

/// Parents before children, names in order among equals.
fn in_order(mut steps: Vec<Step>) -> Result<Vec<Step>> {
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(steps.len());
    while !steps.is_empty() {
        let Some(next) = steps.iter().position(|s| s.depends_on.iter().all(|d| *d == s.name || done.contains(d))) else {
            let names: Vec<_> = steps.iter().map(|s| s.name.as_str()).collect();
            return Err(Error::usage(format!("models refer to each other in a circle: {}", names.join(" → "))));
        };
        let step = steps.remove(next);
        done.insert(step.name.clone());
        ordered.push(step);
    }
    Ok(ordered)
}

impl Step {
    /// The statements that bring `sql` into the model's relation; `clear` first empties the epochs that are due.
    pub(super) fn statements(&self, sql: &str, clear: bool) -> Vec<String> {
        let relation = &self.relation;
        let keys = |left: &str| {
            self.config
                .unique_key
                .iter()
                .map(|k| format!("{left}.{k} = incoming.{k}"))
                .collect::<Vec<_>>()
                .join(" AND ")
        };
        let insert = format!("INSERT INTO {relation} BY NAME\n{sql}");
        match (self.config.materialized, self.config.incremental_strategy) {
            (Materialization::View, _) => vec![format!("CREATE OR REPLACE VIEW {relation} AS\n{sql}")],
            (Materialization::EpochCache, _) if clear => vec![
                format!("DELETE FROM {relation} WHERE mind_id IN (SELECT mind_id FROM temp.main.due)"),
                insert,
            ],
            (Materialization::Transition, IncrementalStrategy::Merge) => vec![format!(
                "MERGE INTO {relation} AS known USING (\n{sql}\n) AS incoming ON {}\n\
                 WHEN MATCHED THEN UPDATE BY NAME\nWHEN NOT MATCHED THEN INSERT BY NAME",
                keys("known")
            )],
            (Materialization::Transition, IncrementalStrategy::Delete) => {
                vec![format!("DELETE FROM {relation} AS known USING (\n{sql}\n) AS incoming WHERE {}", keys("known"))]
            }
            _ => vec![insert],
        }
    }
}

fn template_value(value: &crate::config::Value) -> Value {
    use crate::config::Value as Parameter;
    match value {
        Parameter::Boolean(b) => Value::from(*b),
        Parameter::Integer(i) => Value::from(*i),
        Parameter::Number(n) => Value::from(*n),
        Parameter::Text(t) => Value::from(t.as_str()),
    }
}
