//! What a template sees while it is rendered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDateTime;
use minijinja::value::{Object, Value};

use crate::config::Parameters;
use crate::project::{ConfigPatch, ModelName, Relation, SourceName};

/// What differs from one rendering to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderContext {
    /// The clock, UTC: `as_of`.
    pub as_of: NaiveDateTime,
    /// What a running cycle adds; without it a model that asks for these fails with a message.
    pub cycle: Option<CycleValues>,
    /// Whether the model's table exists and is not built anew: what `is_incremental()` says.
    pub incremental: bool,
    /// Names that one query knows beside these.
    names: BTreeMap<&'static str, Value>,
}

/// The values that a running cycle gives to its models, by these names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CycleValues {
    /// The earliest start of the epochs in question, UTC.
    pub epoch_start: NaiveDateTime,
    /// Their latest end, UTC.
    pub epoch_end: NaiveDateTime,
    /// The arrival number up to which earlier nights have seen everything.
    pub seen_arrival: i64,
    /// The place of this step in the night's chain, from 1.
    pub step: i32,
}

impl RenderContext {
    /// A first run at a time, outside a cycle.
    pub fn new(as_of: NaiveDateTime) -> RenderContext {
        RenderContext {
            as_of,
            cycle: None,
            incremental: false,
            names: BTreeMap::new(),
        }
    }

    /// The same, where a name has a value.
    pub fn with(mut self, name: &'static str, value: Value) -> RenderContext {
        self.names.insert(name, value);
        self
    }

    /// The same, for a table that exists.
    pub fn incremental(self, incremental: bool) -> RenderContext {
        RenderContext {
            incremental,
            ..self
        }
    }

    /// The same, in a running cycle.
    pub fn in_cycle(self, values: CycleValues) -> RenderContext {
        RenderContext {
            cycle: Some(values),
            ..self
        }
    }
}

/// A time as a literal of SQL.
pub fn timestamp_literal(time: NaiveDateTime) -> String {
    format!("TIMESTAMP '{}'", time.format("%Y-%m-%d %H:%M:%S%.6f"))
}

/// What names mean; the same for all renderings of a project.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) models: BTreeMap<String, Target>,
    pub(super) sources: BTreeMap<SourceName, Value>,
    pub(super) parameters: BTreeMap<String, Value>,
}

/// What `ref` of a model means.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) name: ModelName,
    pub(super) stage: String,
    /// The relation, or the name of the common table expression.
    pub(super) sql: Value,
    pub(super) ephemeral: bool,
    pub(super) enabled: bool,
}

impl Target {
    pub(super) fn new(
        name: &ModelName,
        stage: &str,
        relation: &Relation,
        ephemeral: bool,
    ) -> Target {
        let sql = match ephemeral {
            true => Value::from(cte_name(name)),
            false => Value::from(relation.to_string()),
        };
        Target {
            name: name.clone(),
            stage: stage.to_owned(),
            sql,
            ephemeral,
            enabled: true,
        }
    }
}

/// The name of the common table expression that an ephemeral model becomes.
pub(super) fn cte_name(name: &ModelName) -> String {
    format!("__cte__{name}")
}

/// Parameters as values of the template engine. A text is marked as *safe*, which here means: a value, to be
/// written as a literal. So `{{ var('x') }}` is quoted and `var('x') == 'defer'` compares.
pub(super) fn parameter_values(parameters: &Parameters) -> BTreeMap<String, Value> {
    use crate::config::Value as Parameter;
    parameters
        .iter()
        .map(|parameter| {
            let value = match &parameter.value {
                Parameter::Boolean(value) => Value::from(*value),
                Parameter::Integer(value) => Value::from(*value),
                Parameter::Number(value) => Value::from(*value),
                Parameter::Text(value) => Value::from_safe_string(value.clone()),
            };
            (parameter.name.clone(), value)
        })
        .collect()
}

/// What a rendering used.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) models: Vec<ModelName>,
    pub(super) ephemerals: Vec<ModelName>,
    pub(super) sources: Vec<SourceName>,
    pub(super) config: Option<ConfigPatch>,
}

/// The root of a template's names during one rendering.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) tables: Arc<Tables>,
    pub(super) model: Option<ModelName>,
    as_of: Value,
    cycle: Option<CycleValues>,
    this: Option<Value>,
    names: BTreeMap<&'static str, Value>,
    pub(super) incremental: bool,
    used: Mutex<Used>,
}

/// The names that a [`Scope`] defines.
pub(super) const SCOPE_NAMES: [&str; 6] = [
    "as_of",
    "this",
    "epoch_start",
    "epoch_end",
    "seen_arrival",
    "step",
];
/// Where functions find the scope; not a name that a template can write.
const SELF: &str = "<scope>";

impl Scope {
    pub(super) fn new(
        tables: &Arc<Tables>,
        model: Option<&ModelName>,
        this: Option<&Relation>,
        context: &RenderContext,
    ) -> Arc<Scope> {
        Arc::new(Scope {
            tables: Arc::clone(tables),
            model: model.cloned(),
            as_of: Value::from(timestamp_literal(context.as_of)),
            cycle: context.cycle.clone(),
            this: this.map(|relation| Value::from(relation.to_string())),
            names: context.names.clone(),
            incremental: context.incremental,
            used: Mutex::default(),
        })
    }

    /// The scope of a running template.
    pub(super) fn of(state: &minijinja::State<'_, '_>) -> Result<Arc<Scope>, minijinja::Error> {
        state
            .lookup(SELF)
            .and_then(|value| value.downcast_object::<Scope>())
            .ok_or_else(|| {
                minijinja::Error::new(
                    minijinja::ErrorKind::InvalidOperation,
                    "this function works in models and tests only",
                )
            })
    }

    pub(super) fn note(&self, note: impl FnOnce(&mut Used)) {
        note(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn take_used(&self) -> Used {
        std::mem::take(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let cycle = self.cycle.as_ref();
        match key {
            "as_of" => Some(self.as_of.clone()),
            "this" => self.this.clone(),
            "epoch_start" => cycle.map(|cycle| timestamp_literal(cycle.epoch_start).into()),
            "epoch_end" => cycle.map(|cycle| timestamp_literal(cycle.epoch_end).into()),
            "seen_arrival" => cycle.map(|cycle| cycle.seen_arrival.into()),
            "step" => cycle.map(|cycle| cycle.step.into()),
            SELF => Some(Value::from_dyn_object(Arc::clone(self))),
            _ => self.names.get(key).cloned(),
        }
    }
}
