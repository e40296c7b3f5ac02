//! `codex test`: what the YAML and `sql/tests` say of the data. A test is a query, and every row it returns is a failure.

use super::artifacts::test_id;
use super::compile::write_sql;
use super::list::selection;
use super::{NodeResult, NodeStatus, RunArgs, RunReport};
use crate::cycle::ByHand;
use crate::engine::Engine;
use crate::error::Result;
use crate::graph::{Selection, TestNode};
use crate::project::{DataTest, TestTarget, quoted};
use crate::template::{RenderContext, TemplateError};
use std::collections::BTreeMap;
use std::time::Instant;

/// A test with its query, or why there is none.
struct Query {
    name: String,
    /// Where the test stands, as a person sees it.
    file: String,
    sql: Result<String, TemplateError>,
}

impl Engine {
    /// Runs the tests of the selected models; `on_progress` gets each with its number (from 1) and their total as it is done.
    ///
    /// # Errors
    /// Usage when a selector is wrong; failed when results cannot be written. A test's own failure is in the report.
    pub fn test_models(
        &self,
        order: &RunArgs,
        on_progress: impl FnMut(&NodeResult, usize, usize),
    ) -> Result<RunReport> {
        self.carry_out(order, || self.test_selected(order, on_progress))
    }

    fn test_selected(
        &self,
        order: &RunArgs,
        mut on_progress: impl FnMut(&NodeResult, usize, usize),
    ) -> Result<(Vec<NodeResult>, Vec<String>)> {
        let selection = selection(self.pipeline(), &order.selecting)?;
        let by_hand = match self.is_writable() && self.pipeline().caches().next().is_some() {
            true => ByHand::open(&self.warehouse, self.pipeline(), order.as_of)?,
            false => ByHand::at(order.as_of),
        };
        let queries = self.queries_of(&selection, &by_hand.context(false));
        let (mut results, mut stopped) = (Vec::new(), false);
        for (at, query) in queries.iter().enumerate() {
            let result = match stopped {
                true => {
                    let why = "not run after the first failure (--fail-fast)".to_owned();
                    NodeResult {
                        status: NodeStatus::Skipped,
                        message: Some(why),
                        ..blank(query)
                    }
                }
                false => self.test(query, order)?,
            };
            stopped |=
                order.fail_fast && matches!(result.status, NodeStatus::Fail | NodeStatus::Error);
            on_progress(&result, at + 1, queries.len());
            results.push(result);
        }
        Ok((results, selection.warnings))
    }

    fn test(&self, query: &Query, order: &RunArgs) -> Result<NodeResult> {
        let mut result = blank(query);
        let sql = match &query.sql {
            Ok(sql) => sql,
            Err(error) => {
                return Ok(NodeResult {
                    status: NodeStatus::Error,
                    message: Some(error.to_string()),
                    ..result
                });
            }
        };
        let path = write_sql(&order.target, "tests", &query.name, sql)?;
        let started = Instant::now();
        let found = self.warehouse.conn().query_row(
            &format!("SELECT count(*) FROM (\n{sql}\n)"),
            [],
            |r| r.get::<_, i64>(0),
        );
        result.execution_time = started.elapsed().as_secs_f64();
        result.failures = found.as_ref().ok().map(|rows| rows.unsigned_abs());
        match found {
            Ok(0) => result.status = NodeStatus::Pass,
            Ok(rows) => {
                result.status = NodeStatus::Fail;
                result.message = Some(format!(
                    "{}: {rows} {}; the query that finds them: {}",
                    query.file,
                    if rows == 1 { "row" } else { "rows" },
                    path.display()
                ));
            }
            Err(error) => {
                let text = error.to_string();
                let hint = match text.contains("does not exist") {
                    true => "\n  make the models first: codex run",
                    false => "",
                };
                result.message = Some(format!(
                    "{}: {}\n  in {}{hint}",
                    query.file,
                    text.trim(),
                    path.display()
                ));
            }
        }
        result.compiled_path = Some(path);
        Ok(result)
    }

    /// The selected tests: those of models in running order, then those of `sql/tests`.
    fn queries_of(&self, selection: &Selection, context: &RenderContext) -> Vec<Query> {
        let mut queries = self.generic_tests(selection, context);
        queries.extend(self.singular_tests(selection, context));
        queries
    }

    /// The selected tests that the YAML of models asks for.
    fn generic_tests(&self, selection: &Selection, context: &RenderContext) -> Vec<Query> {
        let renderer = self.pipeline().renderer();
        let project = renderer.project();
        let mut queries = Vec::new();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for node in self.pipeline().graph().order() {
            let Some(model) = project.model(node.name.as_str()) else {
                continue;
            };
            let of_columns = model.columns.iter().flat_map(|column| {
                let tests = column.tests.iter();
                tests.map(move |test| (test, vec![column.name.clone()]))
            });
            let of_model = model.tests.iter().map(|test| (test, Vec::new()));
            let all = of_columns.chain(of_model).flat_map(|(test, column)| {
                let columns = columns_of(test, column);
                columns.into_iter().map(move |columns| (test, columns))
            });
            for (test, columns) in all {
                let name = numbered(
                    &mut names,
                    format!("{}_{}_{}", test.kind(), node.name, columns.join("_")),
                );
                let is_meant = selection.has_test(TestNode {
                    id: &test_id(&name),
                    types: &["generic", test.kind()],
                    names: &[test.kind(), &name],
                    models: std::slice::from_ref(&node.name),
                });
                if is_meant {
                    let relation = renderer.relation_sql(node.name.as_str(), context);
                    queries.push(Query {
                        name,
                        file: project.shown(&model.yaml_file),
                        sql: relation
                            .and_then(|relation| self.generic(test, &relation, &columns, context)),
                    });
                }
            }
        }
        queries
    }

    /// The selected tests of `sql/tests`. One whose SQL cannot be read is about no model.
    fn singular_tests(&self, selection: &Selection, context: &RenderContext) -> Vec<Query> {
        let renderer = self.pipeline().renderer();
        let project = renderer.project();
        let mut queries = Vec::new();
        for test in project.tests() {
            let compiled = renderer.compile_test(&test.path, context);
            let models = compiled
                .as_ref()
                .map_or(Vec::new(), |query| query.depends_on.clone());
            let is_meant = selection.has_test(TestNode {
                id: &test_id(&test.name),
                types: &["singular"],
                names: &[&test.name],
                models: &models,
            });
            if is_meant || compiled.is_err() {
                queries.push(Query {
                    name: test.name.clone(),
                    file: project.shown(&test.path),
                    sql: compiled.map(|query| query.sql),
                });
            }
        }
        queries
    }

    /// The query of a generic test over a relation: the rows that must not be.
    fn generic(
        &self,
        test: &DataTest,
        relation: &str,
        columns: &[String],
        context: &RenderContext,
    ) -> Result<String, TemplateError> {
        let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let list = names.join(", ");
        let are_there = names
            .iter()
            .map(|name| format!("{name} IS NOT NULL"))
            .collect::<Vec<_>>()
            .join(" AND ");
        Ok(match test {
            DataTest::Unique { .. } => {
                format!(
                    "SELECT {list}, count(*) AS rows\nFROM {relation}\nWHERE {are_there}\nGROUP BY {list}\nHAVING count(*) > 1"
                )
            }
            DataTest::NotNull { .. } => format!("SELECT *\nFROM {relation}\nWHERE {list} IS NULL"),
            DataTest::AcceptedValues { values } => format!(
                "SELECT {list}, count(*) AS rows\nFROM {relation}\nWHERE {list} NOT IN ({})\nGROUP BY {list}",
                values.join(", ")
            ),
            DataTest::Relationships { to, field } => {
                let target = match to {
                    TestTarget::Model(model) => self
                        .pipeline()
                        .renderer()
                        .relation_sql(model.as_str(), context)?,
                    TestTarget::Source(name) => {
                        match self.pipeline().renderer().project().tables().get(name) {
                            Some(table) => table.relation.to_string(),
                            None => return Err(unknown_source(name.to_string())),
                        }
                    }
                };
                let field = quoted(field);
                format!(
                    "SELECT child.{list}\nFROM {relation} AS child\nANTI JOIN {target} AS parent ON parent.{field} = child.{list}\nWHERE child.{list} IS NOT NULL"
                )
            }
        })
    }
}

/// The name, with a number from the second of its kind on.
fn numbered(names: &mut BTreeMap<String, usize>, name: String) -> String {
    let number = names
        .entry(name.clone())
        .and_modify(|n| *n += 1)
        .or_insert(1);
    match *number {
        1 => name,
        number => format!("{name}_{number}"),
    }
}

fn unknown_source(name: String) -> TemplateError {
    TemplateError::UnknownModel {
        name,
        hint: "a relationships test names a model or a source of pipeline/sources.yaml".to_owned(),
    }
}

/// The columns of each query of a test: one for all its columns, but one for each that must not be null.
fn columns_of(test: &DataTest, column: Vec<String>) -> Vec<Vec<String>> {
    match test {
        DataTest::Unique { columns } if !columns.is_empty() => vec![columns.clone()],
        DataTest::NotNull { columns } if !columns.is_empty() => {
            columns.iter().map(|name| vec![name.clone()]).collect()
        }
        _ => vec![column],
    }
}

fn blank(query: &Query) -> NodeResult {
    NodeResult {
        unique_id: test_id(&query.name),
        name: query.name.clone(),
        kind: "test".to_owned(),
        status: NodeStatus::Error,
        execution_time: 0.0,
        rows_affected: None,
        failures: None,
        relation_name: None,
        compiled_path: None,
        message: None,
    }
}
