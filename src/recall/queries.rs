//! The SQL of `sql/recall/`, rendered for a mind and a moment.

use crate::config::{Parameters, Value as Parameter};
use crate::error::{Error, Result};
use crate::memory::MindId;
use crate::project::Project;
use crate::warehouse::{text_literal, timestamp_literal};
use chrono::NaiveDateTime;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value, context};
use std::collections::BTreeMap;

const FOLDER: &str = "sql/recall/";

/// The project's recall queries with one set of parameters; parsed once.
pub struct Queries {
    environment: Environment<'static>,
}

/// What a query is rendered for. None is text of a user: what a person wrote is always bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) mind: MindId,
    pub(super) as_of: NaiveDateTime,
    pub(super) explain: bool,
    /// The embedding model whose vectors join in.
    pub(super) model: Option<&'a str>,
}

impl Queries {
    /// Parses the queries of `project`.
    ///
    /// # Errors
    /// Usage when a template is wrong, with its file and line.
    pub fn new(project: &Project, parameters: &Parameters) -> Result<Queries> {
        let mut environment = environment(project, parameters);
        let macros: String = project
            .macros()
            .iter()
            .filter_map(|path| project.text(path))
            .collect();
        for (path, text) in project
            .sources()
            .iter()
            .filter(|(path, _)| path.starts_with(FOLDER))
        {
            let name = path
                .trim_start_matches(FOLDER)
                .trim_end_matches(".sql")
                .to_owned();
            // On one line with the first of the query, so that errors name the query's own lines.
            environment
                .add_template_owned(name, format!("{}{text}", macros.replace('\n', " ")))
                .map_err(|e| {
                    Error::usage(format!(
                        "{}:{}: {e:#}",
                        project.shown(path),
                        e.line().unwrap_or(1)
                    ))
                })?;
        }
        Ok(Queries { environment })
    }

    pub(super) fn sql(&self, name: &str, scope: &Scope<'_>) -> Result<String> {
        let wrong = |e: minijinja::Error| {
            Error::usage(format!(
                "{FOLDER}{name}.sql:{}: {e:#}",
                e.line().unwrap_or(1)
            ))
        };
        self.environment
            .get_template(name)
            .and_then(|template| {
                template.render(context! {
                    mind => format!("'{}'::UUID", scope.mind),
                    as_of => timestamp_literal(scope.as_of),
                    explain => scope.explain,
                    model => scope.model.map(text_literal),
                })
            })
            .map_err(wrong)
    }
}

fn environment(project: &Project, parameters: &Parameters) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let tables: BTreeMap<(String, String), String> = project
        .tables()
        .values()
        .map(|t| {
            (
                (t.name.source.clone(), t.name.table.clone()),
                t.relation.plain(),
            )
        })
        .collect();
    environment.add_function("source", move |source: &str, table: &str| {
        tables
            .get(&(source.to_owned(), table.to_owned()))
            .cloned()
            .ok_or_else(|| {
                minijinja::Error::new(
                    ErrorKind::InvalidOperation,
                    format!("there is no source '{source}.{table}'"),
                )
            })
    });
    let values: BTreeMap<String, Value> = parameters
        .iter()
        .map(|p| (p.name.clone(), template_value(&p.value)))
        .collect();
    environment.add_function("var", move |name: &str| {
        values.get(name).cloned().ok_or_else(|| {
            minijinja::Error::new(
                ErrorKind::InvalidOperation,
                format!("there is no parameter '{name}'"),
            )
        })
    });
    environment
}

fn template_value(value: &Parameter) -> Value {
    match value {
        Parameter::Boolean(b) => Value::from(*b),
        Parameter::Integer(i) => Value::from(*i),
        Parameter::Number(n) => Value::from(*n),
        Parameter::Text(t) => Value::from(t.as_str()),
    }
}
