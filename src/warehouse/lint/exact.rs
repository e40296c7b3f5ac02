//! Which numbers add up to the same sum in any order: integers and DECIMALs, not DOUBLEs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::project::Project;

/// Aggregates that are exact when their argument is. (`avg` of an exact type divides an exact sum once.)
pub(super) fn is_sum(name: &str) -> bool {
    matches!(name, "sum" | "avg" | "mean")
}

/// Aggregates that are computed in DOUBLE in any case.
pub(super) fn is_always_inexact(name: &str) -> bool {
    name.starts_with("stddev")
        || name.starts_with("var_")
        || name.starts_with("covar")
        || name.starts_with("regr_")
        || matches!(
            name,
            "variance"
                | "corr"
                | "skewness"
                | "kurtosis"
                | "kurtosis_pop"
                | "sem"
                | "product"
                | "geomean"
                | "geometric_mean"
                | "fsum"
                | "sumkahan"
                | "kahan_sum"
                | "favg"
        )
}

/// Whether a SQL type, as written, is an integer, boolean or DECIMAL.
fn is_exact_type(name: &str) -> bool {
    let name = name.trim().to_ascii_uppercase();
    let base = name.split(['(', ' ']).next().unwrap_or_default();
    matches!(
        base,
        "DECIMAL"
            | "NUMERIC"
            | "BOOLEAN"
            | "BOOL"
            | "TINYINT"
            | "SMALLINT"
            | "INTEGER"
            | "INT"
            | "BIGINT"
            | "HUGEINT"
            | "UTINYINT"
            | "USMALLINT"
            | "UINTEGER"
            | "UBIGINT"
            | "UHUGEINT"
            | "INT1"
            | "INT2"
            | "INT4"
            | "INT8"
            | "LONG"
            | "SHORT"
            | "BIGNUM"
    )
}

/// Column names that the project's YAML declares with an exact `data_type` wherever it declares them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExactColumns(BTreeSet<String>);

impl ExactColumns {
    /// Reads the declarations of models and sources.
    pub fn of(project: &Project) -> ExactColumns {
        let models = project.models().values().flat_map(|model| &model.columns);
        let tables = project.tables().values().flat_map(|table| &table.columns);
        let mut declared: BTreeMap<&str, bool> = BTreeMap::new();
        for column in models.chain(tables) {
            if let Some(data_type) = &column.data_type {
                *declared.entry(&column.name).or_insert(true) &= is_exact_type(data_type);
            }
        }
        let exact = declared.into_iter().filter(|(_, exact)| *exact);
        ExactColumns(exact.map(|(name, _)| name.to_owned()).collect())
    }

    /// Whether the syntax alone says that an expression is exact.
    pub(super) fn is_exact(&self, node: &Json) -> bool {
        let child = |name: &str| self.is_exact(&node[name]);
        let all = |nodes: &Json| {
            let nodes = nodes.as_array().map_or(&[][..], Vec::as_slice);
            nodes.iter().all(|node| self.is_exact(node))
        };
        match node["class"].as_str() {
            Some("CAST") => is_exact_type(node["cast_type"]["id"].as_str().unwrap_or_default()),
            Some("CONSTANT") => {
                let id = node["value"]["type"]["id"].as_str().unwrap_or_default();
                id == "NULL" || is_exact_type(id)
            }
            Some("COLUMN_REF") => {
                let names = node["column_names"].as_array();
                let last = names.and_then(|names| names.last()).and_then(Json::as_str);
                last.is_some_and(|name| self.0.contains(name))
            }
            Some("CASE") => {
                let checks = node["case_checks"]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice);
                checks
                    .iter()
                    .all(|check| self.is_exact(&check["then_expr"]))
                    && child("else_expr")
            }
            Some("OPERATOR") if node["type"] == "OPERATOR_COALESCE" => all(&node["children"]),
            // What else is an operator, a comparison or a conjunction is true or false.
            Some("OPERATOR" | "COMPARISON" | "CONJUNCTION" | "BETWEEN") => true,
            Some("FUNCTION" | "WINDOW") => {
                match node["function_name"].as_str().unwrap_or_default() {
                    "+" | "-" | "*" | "%" | "//" | "abs" | "greatest" | "least" | "nullif"
                    | "sum" | "min" | "max" | "first" | "lag" | "lead" | "first_value"
                    | "last_value" => all(&node["children"]),
                    "count" | "count_star" | "row_number" | "rank" | "dense_rank" | "ntile"
                    | "length" | "len" | "strlen" | "epoch_us" | "epoch_ms" | "date_diff"
                    | "datediff" | "date_part" | "array_length" | "list_unique" => true,
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// The inexact sums of a bound plan.
pub(super) struct Bound {
    /// Function and, where its argument is a plain column, the column's name.
    inexact: BTreeSet<(String, Option<String>)>,
}

impl Bound {
    /// Reads a plan; `None` when it could not be bound, for example because a table does not exist yet.
    pub(super) fn of_plan(plan: &Json) -> Option<Bound> {
        if plan["error"] != false {
            return None;
        }
        let mut bound = Bound {
            inexact: BTreeSet::new(),
        };
        bound.collect(&plan["plans"]);
        Some(bound)
    }

    fn collect(&mut self, node: &Json) {
        match node {
            Json::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Json::Object(fields) => {
                let is_aggregate = matches!(
                    node["expression_class"].as_str(),
                    Some("BOUND_AGGREGATE" | "BOUND_WINDOW")
                );
                let name = node["name"].as_str().unwrap_or_default();
                let argument = &node["children"][0];
                let id = type_of(argument).or_else(|| node["arguments"][0]["id"].as_str());
                if is_aggregate && is_sum(name) && !id.is_some_and(is_exact_type) {
                    let column = match argument["expression_class"].as_str() {
                        Some("BOUND_REF" | "BOUND_COLUMN_REF") => {
                            argument["alias"].as_str().map(str::to_owned)
                        }
                        _ => None,
                    };
                    self.inexact.insert((name.to_owned(), column));
                }
                fields.values().for_each(|field| self.collect(field));
            }
            _ => {}
        }
    }

    /// Whether a sum of the syntax tree may be one of the inexact sums of the plan.
    pub(super) fn is_inexact(&self, function: &Json) -> bool {
        let name = function["function_name"].as_str().unwrap_or_default();
        let argument = &function["children"][0];
        let column = argument["column_names"]
            .as_array()
            .and_then(|names| names.last())
            .and_then(Json::as_str);
        self.inexact.iter().any(|(inexact, of)| {
            inexact == name
                && match (column, of) {
                    // A column in the plan may be an expression in the syntax, but not another column.
                    (Some(column), Some(of)) => column == of,
                    (Some(_), None) => false,
                    (None, _) => true,
                }
        })
    }
}

fn type_of(bound: &Json) -> Option<&str> {
    bound["return_type"]["id"].as_str()
}
