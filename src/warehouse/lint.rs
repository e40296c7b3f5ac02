//! Refuses SQL whose result depends on the clock, on chance or on the order in which threads finish.
//!
//! Works on DuckDB's own syntax tree (`json_serialize_sql`). Whether a sum is exact is read from the bound plan
//! (`json_serialize_plan`) where the tables exist, and else from the syntax alone: a cast to DECIMAL or an integer,
//! an exact constant, arithmetic of these, or a column that the YAML declares with such a `data_type`.
//!
//! An order counts as total when its last key is an id: `id`, `arrival`, a name that ends in `_id` (but not
//! `mind_id` and `session_id`, which many rows share), or one of the model's `order_keys`.

mod exact;
mod finding;
mod order;

use duckdb::Connection;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::config::{Place, Position};
use crate::template::Compiled;

pub use exact::ExactColumns;
pub use finding::{Finding, LintError, Rule};

use exact::Bound;
use order::OrderKeys;

/// Checks a model. Never changes anything in the database.
pub fn lint(
    conn: &Connection,
    model: &Compiled,
    columns: &ExactColumns,
) -> Result<Vec<Finding>, LintError> {
    let tree = serialized(conn, model, "json_serialize_sql")?;
    if tree["error"] == true
        || tree["statements"]
            .as_array()
            .is_none_or(|all| all.len() != 1)
    {
        let offset = tree["position"]
            .as_str()
            .and_then(|offset| offset.parse().ok());
        return Err(LintError::NotASelect {
            file: model.file.clone(),
            message: tree["error_message"]
                .as_str()
                .unwrap_or("several statements")
                .to_owned(),
            place: match offset {
                Some(offset) => Place::of_offset("rendered SQL", &model.sql, offset),
                None => Place::whole("rendered SQL"),
            },
        });
    }
    let mut linter = Linter {
        model,
        columns,
        order_keys: OrderKeys(&model.config.order_keys),
        findings: Vec::new(),
        suspects: Vec::new(),
    };
    linter.walk(&tree["statements"]);
    if !linter.suspects.is_empty() {
        let plan = serialized(conn, model, "json_serialize_plan")?;
        let bound = Bound::of_plan(&plan);
        for (function, finding) in std::mem::take(&mut linter.suspects) {
            if bound
                .as_ref()
                .is_none_or(|bound| bound.is_inexact(function))
            {
                linter.findings.push(finding);
            }
        }
    }
    linter.findings.sort_by_key(|finding| finding.position);
    Ok(linter.findings)
}

fn serialized(conn: &Connection, model: &Compiled, function: &str) -> Result<Json, LintError> {
    let failed = |source| LintError::Database {
        file: model.file.clone(),
        source,
    };
    // json_serialize_plan takes a constant only.
    let sql = model.sql.replace('\'', "''");
    let text: String = conn
        .query_row(&format!("SELECT {function}('{sql}')"), [], |row| row.get(0))
        .map_err(failed)?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    // A chain of a hundred `||` is a tree two hundred deep.
    reader.disable_recursion_limit();
    Ok(Json::deserialize(&mut reader).unwrap_or_default())
}

struct Linter<'a> {
    model: &'a Compiled,
    columns: &'a ExactColumns,
    order_keys: OrderKeys<'a>,
    findings: Vec<Finding>,
    /// Sums that the syntax alone cannot clear.
    suspects: Vec<(&'a Json, Finding)>,
}

const CLOCK: [&str; 12] = [
    "now",
    "today",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "current_localtime",
    "current_localtimestamp",
    "get_current_time",
    "get_current_timestamp",
    "transaction_timestamp",
];
const CHANCE: [&str; 9] = [
    "random",
    "setseed",
    "uuid",
    "uuidv4",
    "uuidv7",
    "gen_random_uuid",
    "nextval",
    "currval",
    "reservoir_quantile",
];

impl<'a> Linter<'a> {
    fn walk(&mut self, node: &'a Json) {
        match node {
            Json::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Json::Object(fields) => {
                match node["class"].as_str() {
                    // A sorted list is the same in any order of rows; DuckDB reads list(x ORDER BY x) as one.
                    Some("FUNCTION") if order::is_sorted_list(node) => {
                        let list = &node["children"][0];
                        self.walk(&list["children"]);
                        return self.walk(&list["filter"]);
                    }
                    Some("FUNCTION") => self.function(node),
                    Some("WINDOW") => self.window(node),
                    Some("COLUMN_REF") => self.column(node),
                    _ => {}
                }
                if node["modifiers"].is_array() {
                    self.query(node);
                }
                if fields.get("sample").is_some_and(Json::is_object) {
                    self.find(
                        Rule::Chance,
                        "a sample",
                        node,
                        "which rows it takes is chance",
                        || "choose by md5 of the id and a seed".to_owned(),
                    );
                }
                fields.values().for_each(|field| self.walk(field));
            }
            _ => {}
        }
    }

    fn function(&mut self, node: &'a Json) {
        let name = node["function_name"].as_str().unwrap_or_default();
        let arguments = node["children"].as_array().map_or(0, Vec::len);
        if CLOCK.contains(&name) || (name == "age" && arguments == 1) {
            self.clock(name, node);
        } else if CHANCE.contains(&name) {
            self.find(
                Rule::Chance,
                &format!("{name}()"),
                node,
                "its value is chance",
                || "use md5 of the id and a seed".to_owned(),
            );
        } else {
            self.aggregate(name, node, &node["order_bys"]["orders"], &Json::Null);
        }
    }

    fn column(&mut self, node: &'a Json) {
        let names = node["column_names"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let last = names.last().and_then(Json::as_str).unwrap_or_default();
        if names.len() == 1 && CLOCK.contains(&last) {
            self.clock(last, node);
        } else if last == "rowid" {
            self.find(
                Rule::Chance,
                "rowid",
                node,
                "it changes when a table is written anew",
                || "use the row's id".to_owned(),
            );
        }
    }

    fn clock(&mut self, name: &str, node: &'a Json) {
        self.find(Rule::Clock, name, node, "it asks the wall clock", || {
            "use {{ as_of }}".to_owned()
        });
    }

    /// Aggregates, as such or over a window.
    fn aggregate(&mut self, name: &str, node: &'a Json, orders: &'a Json, partitions: &'a Json) {
        if exact::is_sum(name) {
            if !self.columns.is_exact(&node["children"][0]) {
                let finding = self.finding(
                    Rule::InexactSum,
                    &format!("{name}()"),
                    node,
                    "a sum of DOUBLE differs with the number of threads",
                    format!("cast the argument: {name}((…)::DECIMAL(18, 6))"),
                );
                self.suspects.push((node, finding));
            }
        } else if exact::is_always_inexact(name) {
            self.find(
                Rule::InexactSum,
                &format!("{name}()"),
                node,
                "it is computed in DOUBLE, whatever its argument, and differs with the number of threads",
                || "compute it from count(*), sum(x) and sum(x * x) of a DECIMAL".to_owned(),
            );
        } else if let Some(fix) = order::fix_of_aggregate(name)
            && !self.order_keys.make_total(orders, partitions)
            && !order::orders_by_arguments(name, node, orders)
            && !self.order_keys.make_extreme_total(name, node)
        {
            self.find(
                Rule::UnorderedAggregate,
                &format!("{name}()"),
                node,
                "its result depends on the order of rows, and nothing orders them fully",
                || fix.to_owned(),
            );
        }
    }

    fn window(&mut self, node: &'a Json) {
        let name = node["function_name"].as_str().unwrap_or_default();
        let (orders, partitions) = (&node["orders"], &node["partitions"]);
        let is_total = self.order_keys.make_total(orders, partitions);
        if node["type"] == "WINDOW_AGGREGATE" {
            let orders = match node["arg_orders"].as_array() {
                Some(own) if !own.is_empty() => &node["arg_orders"],
                _ => orders,
            };
            self.aggregate(name, node, orders, partitions);
        }
        let bounded = |how: fn(&str) -> bool| {
            ["start", "end"]
                .iter()
                .any(|bound| node[bound].as_str().is_some_and(how))
        };
        let by_rows = bounded(|bound| bound.ends_with("_ROWS"));
        let by_distance = bounded(|bound| bound.starts_with("EXPR_") && bound.ends_with("_RANGE"));
        if !is_total && by_distance {
            self.find(
                Rule::UnorderedWindow,
                &format!("{name}() OVER"),
                node,
                "DuckDB 1.5.5 miscounts a frame by RANGE where rows tie in its order, and differently with the number of threads",
                || "count those before with rank() - 1, or order by what is unique in the partition and name it in the model's order_keys".to_owned(),
            );
        }
        if !is_total && (order::is_by_position(name) || by_rows) {
            self.find(
                Rule::UnorderedWindow,
                &format!("{name}() OVER"),
                node,
                "rows that tie in its order change places",
                || "end its ORDER BY with the row's id, or name the columns that are unique in the partition in the model's order_keys".to_owned(),
            );
        }
    }

    /// LIMIT, DISTINCT ON and high-water marks of a SELECT or set operation.
    fn query(&mut self, node: &'a Json) {
        let modifiers = node["modifiers"].as_array().map_or(&[][..], Vec::as_slice);
        let of_type = |wanted: &str| modifiers.iter().find(|modifier| modifier["type"] == wanted);
        let orders = of_type("ORDER_MODIFIER").map_or(&Json::Null, |order| &order["orders"]);
        let is_ordered = self.order_keys.make_total_in_query(orders, node);
        for (kind, construct) in [
            ("LIMIT_MODIFIER", "LIMIT"),
            ("LIMIT_PERCENT_MODIFIER", "LIMIT %"),
            ("DISTINCT_MODIFIER", "DISTINCT ON"),
        ] {
            let Some(modifier) = of_type(kind) else {
                continue;
            };
            let takes_all = kind == "DISTINCT_MODIFIER"
                && modifier["distinct_on_targets"]
                    .as_array()
                    .is_none_or(Vec::is_empty);
            if !takes_all && !is_ordered {
                let place = [&modifier["limit"], &modifier["distinct_on_targets"][0]];
                let place = place.into_iter().find(|place| place.is_object());
                self.find(
                    Rule::UnorderedLimit,
                    construct,
                    place.unwrap_or(node),
                    "which rows it takes depends on their order, and nothing orders them fully",
                    || "add an ORDER BY that ends with the row's id".to_owned(),
                );
            }
        }
        let is_grouped = node["group_expressions"]
            .as_array()
            .is_some_and(|groups| !groups.is_empty());
        if !is_grouped && self.reads_itself(&node["from_table"]) {
            for mark in high_water_marks(&node["select_list"]) {
                let name = mark["function_name"].as_str().unwrap_or_default();
                self.find(
                    Rule::OwnHighWaterMark,
                    &format!("{name}() over {{{{ this }}}}"),
                    mark,
                    "what arrives late would be left out for ever",
                    || "take the rows of the running cycle from source('cycle', 'due')".to_owned(),
                );
            }
        }
    }

    /// Whether a FROM (not its subqueries) reads the model's own table.
    fn reads_itself(&self, from: &Json) -> bool {
        match from["type"].as_str() {
            Some("BASE_TABLE") => {
                from["schema_name"] == self.model.relation.schema.as_str()
                    && from["table_name"] == self.model.relation.name.as_str()
            }
            Some("JOIN") => self.reads_itself(&from["left"]) || self.reads_itself(&from["right"]),
            _ => false,
        }
    }

    fn find(
        &mut self,
        rule: Rule,
        construct: &str,
        node: &Json,
        why: &'static str,
        fix: impl FnOnce() -> String,
    ) {
        let finding = self.finding(rule, construct, node, why, fix());
        self.findings.push(finding);
    }

    fn finding(
        &self,
        rule: Rule,
        construct: &str,
        node: &Json,
        why: &'static str,
        fix: String,
    ) -> Finding {
        // DuckDB gives the largest number where it knows no place.
        let offset = node["query_location"]
            .as_u64()
            .and_then(|offset| usize::try_from(offset).ok())
            .filter(|offset| *offset < self.model.sql.len());
        Finding {
            model: self.model.name.clone(),
            file: self.model.file.clone(),
            rule,
            construct: construct.to_owned(),
            position: offset.map(|offset| Position::of_offset(&self.model.sql, offset)),
            why,
            fix,
        }
    }
}

/// The `max` and `min` of a select list, not those of its subqueries.
fn high_water_marks(node: &Json) -> Vec<&Json> {
    match node {
        Json::Array(items) => items.iter().flat_map(high_water_marks).collect(),
        Json::Object(_) if node["class"] == "SUBQUERY" => Vec::new(),
        Json::Object(_)
            if node["class"] == "FUNCTION"
                && matches!(node["function_name"].as_str(), Some("max" | "min")) =>
        {
            vec![node]
        }
        Json::Object(fields) => fields.values().flat_map(high_water_marks).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
