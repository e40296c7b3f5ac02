//! The SQL of `sql/recall/`, rendered for a mind and a moment.

use crate::error::{Error, Result};
use crate::memory::MindId;
use crate::template::{RenderContext, Renderer};
use chrono::NaiveDateTime;
use minijinja::Value;

/// What a query is rendered for. None is text of a user: what a person wrote is always bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) mind: MindId,
    pub(super) as_of: NaiveDateTime,
    pub(super) explain: bool,
    /// Whether only the memories of `allowed` may come up.
    pub(super) filtered: bool,
    /// The embedding model whose vectors join in.
    pub(super) model: Option<&'a str>,
}

/// The SQL of a query by its file's name. Templates know `mind`, `as_of`, `explain`, `filtered` and `model`, beside what models know.
pub(super) fn sql(renderer: &Renderer, name: &str, scope: &Scope<'_>) -> Result<String> {
    // A text that is marked safe is a value, to be written as a literal.
    let model = scope
        .model
        .map(|model| Value::from_safe_string(model.to_owned()));
    let context = RenderContext::new(scope.as_of)
        .with("mind", format!("'{}'::UUID", scope.mind).into())
        .with("explain", scope.explain.into())
        .with("filtered", scope.filtered.into())
        .with("model", model.into());
    renderer
        .compile_query(&format!("sql/recall/{name}.sql"), &context)
        .map(|query| query.sql)
        .map_err(|e| Error::usage(e.to_string()))
}
