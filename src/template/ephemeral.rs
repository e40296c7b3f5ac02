//! Ephemeral models become common table expressions of the queries that use them.

use crate::project::ModelName;

use super::scope::{RenderContext, cte_name};
use super::{Renderer, TemplateError};

impl Renderer {
    /// The query of `name` with the ephemeral models it uses in front.
    pub(super) fn with_ephemerals(
        &self,
        name: &str,
        sql: String,
        ephemerals: &[ModelName],
        context: &RenderContext,
    ) -> Result<String, TemplateError> {
        let mut ctes = Ctes::default();
        for ephemeral in ephemerals {
            self.add_cte(ephemeral, &mut vec![name.to_owned()], &mut ctes, context)?;
        }
        Ok(ctes.in_front_of(sql))
    }

    /// Adds an ephemeral model after those it uses itself.
    fn add_cte(
        &self,
        model: &ModelName,
        above: &mut Vec<String>,
        ctes: &mut Ctes,
        context: &RenderContext,
    ) -> Result<(), TemplateError> {
        if ctes.list.iter().any(|(name, _)| name == model) {
            return Ok(());
        }
        if let Some(at) = above.iter().position(|name| *model == name.as_str()) {
            let mut cycle = above[at..].to_vec();
            cycle.push(model.to_string());
            return Err(TemplateError::EphemeralCycle { cycle });
        }
        let node = self.node(model.as_str())?;
        // An ephemeral model has no table that it could add to.
        let context = context.clone().incremental(false);
        let (sql, used) = self.render(&node.path, Some(node), &context)?;
        above.push(model.to_string());
        for inner in &used.ephemerals {
            self.add_cte(inner, above, ctes, &context)?;
        }
        above.pop();
        ctes.list.push((model.clone(), sql));
        Ok(())
    }
}

/// The ephemeral models that a query uses, each after those it uses itself.
#[derive(Default)]
struct Ctes {
    list: Vec<(ModelName, String)>,
}

impl Ctes {
    /// The query with these in front of its own common table expressions. (DuckDB reads no WITH around a WITH.)
    fn in_front_of(self, sql: String) -> String {
        if self.list.is_empty() {
            return sql;
        }
        let ctes: Vec<String> = self
            .list
            .iter()
            .map(|(name, sql)| format!("{} AS (\n{sql}\n)", cte_name(name)))
            .collect();
        let ctes = ctes.join(",\n");
        let (before, query) = sql.split_at(first_token(&sql));
        match after_word(query, "WITH") {
            Some(rest) => match after_word(rest, "RECURSIVE") {
                Some(rest) => format!("{before}WITH RECURSIVE {ctes},\n{rest}"),
                None => format!("{before}WITH {ctes},\n{rest}"),
            },
            None => format!("{before}WITH {ctes}\n{query}"),
        }
    }
}

/// What follows a keyword that a text starts with.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len())?;
    let rest = &text[word.len()..];
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (ends && start.eq_ignore_ascii_case(word)).then(|| rest[first_token(rest)..].trim_start())
}

/// The offset of the first token: after white space and comments.
fn first_token(sql: &str) -> usize {
    let mut rest = sql;
    loop {
        rest = rest.trim_start();
        rest = if rest.starts_with("--") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or("", |end| &rest[end + 2..])
        } else {
            return sql.len() - rest.len();
        };
    }
}
