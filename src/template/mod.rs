//! Templates: a model's SQL with `ref`, `source`, `var`, `config`, `as_of`, `is_incremental`, `this` and the
//! project's macros becomes SQL that DuckDB reads. → project, config
//!
//! Templates are parsed once; only what differs is rendered again, because a backfill renders every model for
//! every night.

mod discover;
mod ephemeral;
mod error;
mod functions;
mod macros;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Environment, Value};

use crate::config::{Parameters, suggest};
use crate::project::{
    Materialization, ModelConfig, ModelName, Node, Project, Relation, SourceName,
};

pub use error::TemplateError;
pub(crate) use error::snippet;
pub use scope::{CycleValues, RenderContext, timestamp_literal};

use error::{Origin, explain};
use macros::{LIBRARY, Macros};
use scope::{SCOPE_NAMES, Scope, Tables, Used, parameter_values};

/// A model's SQL, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The model.
    pub name: ModelName,
    /// Its SQL file as a person sees it.
    pub file: String,
    /// The SQL: one SELECT, with the ephemeral models it uses in front.
    pub sql: String,
    /// The relation it becomes.
    pub relation: Relation,
    /// Its complete configuration.
    pub config: ModelConfig,
    /// The models it refers to.
    pub depends_on: Vec<ModelName>,
    /// The source tables it refers to.
    pub sources: Vec<SourceName>,
}

/// A query that is no model (a test, a line of the user), ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledQuery {
    /// The SQL.
    pub sql: String,
    /// The models it refers to.
    pub depends_on: Vec<ModelName>,
    /// The source tables it refers to.
    pub sources: Vec<SourceName>,
}

/// Renders the models of a project with one set of parameters.
pub struct Renderer {
    project: Arc<Project>,
    environment: Environment<'static>,
    macros: Macros,
    tables: Arc<Tables>,
    nodes: BTreeMap<ModelName, Node>,
}

impl Renderer {
    /// Parses all templates and renders each once to learn its inline `config(…)` and what it refers to.
    pub fn new(project: Arc<Project>, parameters: &Parameters) -> Result<Renderer, TemplateError> {
        let mut environment = functions::environment();
        let macros = Macros::load(&project, &mut environment)?;
        let mut renderer = Renderer {
            project: Arc::clone(&project),
            environment,
            macros,
            tables: Arc::default(),
            nodes: BTreeMap::new(),
        };
        let tests = project.tests().iter().map(|test| test.path.as_str());
        let queries = project.queries();
        for path in project
            .models()
            .values()
            .map(|model| model.path.as_str())
            .chain(tests)
            .chain(queries)
        {
            renderer.add_template(&project, path)?;
        }
        renderer.tables = Arc::new(renderer.provisional_tables(parameter_values(parameters)));
        renderer.nodes = renderer.discover()?;
        renderer.tables = Arc::new(renderer.final_tables());
        Ok(renderer)
    }

    /// The enabled models with their complete configuration and what they refer to.
    pub fn nodes(&self) -> &BTreeMap<ModelName, Node> {
        &self.nodes
    }

    /// A model's node.
    pub fn node(&self, model: &str) -> Result<&Node, TemplateError> {
        self.nodes
            .get(model)
            .ok_or_else(|| TemplateError::UnknownModel {
                name: model.to_owned(),
                hint: suggest::hint(model, self.nodes.keys().map(ModelName::as_str)),
            })
    }

    /// The project rendered.
    pub fn project(&self) -> &Arc<Project> {
        &self.project
    }

    /// A model's SQL.
    pub fn compile(&self, model: &str, context: &RenderContext) -> Result<Compiled, TemplateError> {
        let node = self.node(model)?;
        let relation = node.relation();
        let (sql, used) = self.render(&node.path, Some(node), context)?;
        Ok(Compiled {
            name: node.name.clone(),
            file: self.project.shown(&node.path),
            sql: self.with_ephemerals(model, sql, &used.ephemerals, context)?,
            relation,
            config: node.config.clone(),
            depends_on: node.depends_on.clone(),
            sources: node.sources.clone(),
        })
    }

    /// The SQL of a test in `sql/tests/`, by its path.
    pub fn compile_test(
        &self,
        path: &str,
        context: &RenderContext,
    ) -> Result<CompiledQuery, TemplateError> {
        self.compile_query(path, context)
    }

    /// The SQL of a file that is no model, by its path: of a test, or of a question in `sql/recall/`.
    pub fn compile_query(
        &self,
        path: &str,
        context: &RenderContext,
    ) -> Result<CompiledQuery, TemplateError> {
        let (sql, used) = self.render(path, None, context)?;
        Ok(CompiledQuery {
            sql: self.with_ephemerals(path, sql, &used.ephemerals, context)?,
            depends_on: used.models,
            sources: used.sources,
        })
    }

    /// The SQL of a text that is not part of the project; `file` names it in errors.
    pub fn compile_text(
        &self,
        file: &str,
        text: &str,
        context: &RenderContext,
    ) -> Result<CompiledQuery, TemplateError> {
        let import = self.macros.import_for(text);
        let scope = Scope::new(&self.tables, None, None, context);
        let sql = self
            .environment
            .render_named_str(
                file,
                &format!("{import}{text}"),
                Value::from_dyn_object(Arc::clone(&scope)),
            )
            .map_err(|error| self.explain(&error, file.to_owned(), text))?;
        let used = scope.take_used();
        let sql = trimmed(&sql).to_owned();
        Ok(CompiledQuery {
            sql: self.with_ephemerals(file, sql, &used.ephemerals, context)?,
            depends_on: used.models,
            sources: used.sources,
        })
    }

    /// SQL that selects from a model: its relation, or its query where it is ephemeral.
    pub fn relation_sql(
        &self,
        model: &str,
        context: &RenderContext,
    ) -> Result<String, TemplateError> {
        let node = self.node(model)?;
        match node.config.materialized {
            Materialization::Ephemeral => {
                Ok(format!("(\n{}\n)", self.compile(model, context)?.sql))
            }
            _ => Ok(node.relation().to_string()),
        }
    }

    fn render(
        &self,
        path: &str,
        node: Option<&Node>,
        context: &RenderContext,
    ) -> Result<(String, Used), TemplateError> {
        let adds = node.is_none_or(|node| {
            use Materialization::{EpochCache, Incremental, Transition};
            matches!(
                node.config.materialized,
                Incremental | EpochCache | Transition
            )
        });
        let context = context.clone().incremental(context.incremental && adds);
        let relation = node.map(Node::relation);
        let scope = Scope::new(
            &self.tables,
            node.map(|node| &node.name),
            relation.as_ref(),
            &context,
        );
        self.render_in(path, scope)
    }

    fn render_in(&self, path: &str, scope: Arc<Scope>) -> Result<(String, Used), TemplateError> {
        let rendered = self
            .environment
            .get_template(path)
            .and_then(|template| template.render(Value::from_dyn_object(Arc::clone(&scope))));
        match rendered {
            Ok(sql) => Ok((trimmed(&sql).to_owned(), scope.take_used())),
            Err(error) => {
                let text = self.project.text(path).unwrap_or_default();
                Err(self.explain(&error, self.project.shown(path), text))
            }
        }
    }

    fn add_template(&mut self, project: &Project, path: &str) -> Result<(), TemplateError> {
        let text = project.text(path).unwrap_or_default();
        let import = self.macros.import_for(text);
        self.environment
            .add_template_owned(path.to_owned(), format!("{import}{text}"))
            .map_err(|error| self.explain(&error, self.project.shown(path), text))
    }

    fn explain(&self, error: &minijinja::Error, file: String, text: &str) -> TemplateError {
        let globals: Vec<&str> = self.environment.globals().map(|(name, _)| name).collect();
        let known = globals
            .into_iter()
            .chain(SCOPE_NAMES)
            .chain(self.macros.names());
        if error.name() == Some(LIBRARY) {
            return self.macros.explain(error, &self.project, known);
        }
        let start = self.macros.import_for(text).len();
        explain(error, &Origin { file, text, start }, known)
    }
}

/// The SQL without white space around it and without a semicolon at its end.
fn trimmed(sql: &str) -> &str {
    sql.trim().trim_end_matches(';').trim_end()
}
