//! The functions and filters of templates: `ref`, `source`, `var`, `config`, `is_incremental`, `literal`, `identifier`.

use std::borrow::Cow;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use serde::Deserialize;

use crate::config::{YamlError, suggest, yaml};
use crate::project::{ConfigPatch, SourceName, quoted};

use super::scope::Scope;

/// An environment for SQL: nothing undefined is forgiven, nothing is escaped for HTML.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_debug(true);
    environment.set_formatter(write_sql);
    // These mean HTML; and the mark of `safe` has another meaning here.
    for html in ["safe", "escape", "e", "urlencode"] {
        environment.remove_filter(html);
    }
    environment.add_function("ref", reference);
    environment.add_function("source", source);
    environment.add_function("var", var);
    environment.add_function("config", config);
    environment.add_function("is_incremental", is_incremental);
    environment.add_filter("literal", literal);
    environment.add_filter("identifier", identifier);
    environment
}

fn wrong(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// Writes a value into SQL: texts of parameters (marked safe) as literals, `none` as NULL, other texts as they are.
fn write_sql(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        out.write_str("NULL")?;
    } else if let (true, Some(text)) = (value.is_safe(), value.as_str()) {
        out.write_str(&text_literal(text))?;
    } else if let Some(text) = value.as_str() {
        out.write_str(text)?;
    } else if value.kind() == ValueKind::Bool {
        // The engine would write True and False.
        out.write_str(if value.is_true() { "true" } else { "false" })?;
    } else {
        write!(out, "{value}")?;
    }
    Ok(())
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `ref('model')` or `ref('stage', 'model')`.
fn reference(state: &State, first: &str, second: Option<&str>) -> Result<Value, Error> {
    let scope = Scope::of(state)?;
    let (stage, name) = match second {
        Some(name) => (Some(first), name),
        None => (None, first),
    };
    let models = &scope.tables.models;
    let Some(target) = models.get(name) else {
        let hint = suggest::hint(name, models.keys().map(String::as_str));
        return Err(wrong(format!("unknown model '{name}'; {hint}")));
    };
    if let Some(stage) = stage
        && stage != target.stage
    {
        return Err(wrong(format!(
            "model '{name}' is in the stage '{}', not in '{stage}'",
            target.stage
        )));
    }
    if !target.enabled {
        return Err(wrong(format!(
            "model '{name}' is disabled; remove `enabled: false` from its config, or this reference"
        )));
    }
    if scope.model.as_ref() == Some(&target.name) {
        return Err(wrong(format!(
            "model '{name}' refers to itself; its own table is {{{{ this }}}}"
        )));
    }
    scope.note(|used| {
        if !used.models.contains(&target.name) {
            used.models.push(target.name.clone());
        }
        if target.ephemeral && !used.ephemerals.contains(&target.name) {
            used.ephemerals.push(target.name.clone());
        }
    });
    Ok(target.sql.clone())
}

/// `source('raw', 'memories')`.
fn source(state: &State, source: &str, table: &str) -> Result<Value, Error> {
    let scope = Scope::of(state)?;
    let name = SourceName {
        source: source.to_owned(),
        table: table.to_owned(),
    };
    let sources = &scope.tables.sources;
    let Some(sql) = sources.get(&name) else {
        let (what, hint) = match sources.keys().any(|known| known.source == source) {
            true => {
                let tables = sources.keys().filter(|known| known.source == source);
                let tables = tables.map(|known| known.table.as_str());
                (
                    format!("unknown table '{table}' of source '{source}'"),
                    suggest::hint(table, tables),
                )
            }
            false => {
                let mut known: Vec<&str> =
                    sources.keys().map(|known| known.source.as_str()).collect();
                known.dedup();
                (
                    format!("unknown source '{source}'"),
                    suggest::hint(source, known),
                )
            }
        };
        return Err(wrong(format!(
            "{what}; {hint} (sources are in pipeline/sources.yaml)"
        )));
    };
    scope.note(|used| {
        if !used.sources.contains(&name) {
            used.sources.push(name.clone());
        }
    });
    Ok(sql.clone())
}

/// `var('name')` or `var('name', default)`.
fn var(state: &State, name: &str, default: Option<Value>) -> Result<Value, Error> {
    let scope = Scope::of(state)?;
    let parameters = &scope.tables.parameters;
    match (parameters.get(name), default) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => Ok(match default.as_str() {
            Some(text) => Value::from_safe_string(text.to_owned()),
            None => default,
        }),
        (None, None) => {
            let hint = suggest::hint(name, parameters.keys().map(String::as_str));
            Err(wrong(format!(
                "unknown parameter '{name}'; {hint} (parameters are declared in config/default.yaml)"
            )))
        }
    }
}

/// `config(materialized='table', …)`: noted when the model is read, nothing in the SQL.
fn config(state: &State, options: Kwargs) -> Result<Value, Error> {
    let scope = Scope::of(state)?;
    let value = Value::from(options);
    let patch = ConfigPatch::deserialize(&value).map_err(|error| {
        // The same words as for a mistake in the YAML.
        let text = error.detail().unwrap_or_default().to_owned();
        let error = <serde_yaml::Error as serde::de::Error>::custom(text);
        let YamlError { message, .. } = yaml::explain("", &error);
        wrong(format!("config: {message}"))
    })?;
    scope.note(|used| used.config = Some(patch));
    Ok(Value::from(""))
}

/// `is_incremental()`: whether the model adds to a table that exists.
fn is_incremental(state: &State) -> Result<bool, Error> {
    Ok(Scope::of(state)?.incremental)
}

/// The filter `literal`: a value as a literal of SQL, a list as a list.
fn literal(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::None => Ok("NULL".to_owned()),
        ValueKind::Bool => Ok(value.is_true().to_string()),
        ValueKind::Number => Ok(value.to_string()),
        ValueKind::String => Ok(text_literal(value.as_str().unwrap_or_default())),
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Result<Vec<String>, Error> =
                value.try_iter()?.map(|item| literal(&item)).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        other => Err(wrong(format!("{other} cannot be a literal of SQL"))),
    }
}

/// The filter `identifier`: a name in double quotes.
fn identifier(value: &str) -> String {
    quoted(value)
}
