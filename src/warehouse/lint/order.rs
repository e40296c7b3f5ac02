//! Which functions depend on the order of rows, and which orders are total.

use serde_json::Value as Json;

/// What to write instead of an aggregate that depends on the order of its rows; `None` where it does not.
pub(super) fn fix_of_aggregate(name: &str) -> Option<&'static str> {
    match name {
        "list" | "array_agg" | "string_agg" | "group_concat" | "listagg" => Some(
            "order inside it by an id or by the argument itself: list(x ORDER BY created_at, memory_id)",
        ),
        "first" | "last" | "any_value" | "arbitrary" => Some(
            "order inside it: first(x ORDER BY created_at, memory_id), or use min(x) where all are the same",
        ),
        "arg_max" | "argmax" | "max_by" => Some("end its key with an id: arg_max(x, (y, id))"),
        "arg_min" | "argmin" | "min_by" => Some("end its key with an id: arg_min(x, (y, id))"),
        "mode" => Some("count the values and take first(x ORDER BY n DESC, x)"),
        "approx_quantile" | "approx_top_k" => Some("use quantile_disc, or count and sort"),
        _ => None,
    }
}

/// Whether a window function gives a row a place among its peers, or takes the row at a place.
pub(super) fn is_by_position(name: &str) -> bool {
    matches!(
        name,
        "row_number"
            | "ntile"
            | "lag"
            | "lead"
            | "first_value"
            | "last_value"
            | "nth_value"
            | "first"
            | "last"
            | "fill"
    )
}

/// Whether rows that tie have the same arguments, so that their order does not matter.
pub(super) fn orders_by_arguments(name: &str, node: &Json, orders: &Json) -> bool {
    let arguments = node["children"].as_array().map_or(&[][..], Vec::as_slice);
    // The second of string_agg is the separator; arg_max takes the first at the extreme second.
    let arguments = &arguments[..arguments.len().min(1)];
    let keys: Vec<String> = keys(orders).map(text).collect();
    !matches!(name, "approx_quantile" | "approx_top_k" | "mode")
        && !arguments.is_empty()
        && arguments
            .iter()
            .all(|argument| keys.contains(&text(argument)))
}

/// Whether a function sorts the list that an aggregate makes.
pub(super) fn is_sorted_list(node: &Json) -> bool {
    let sorts = matches!(
        node["function_name"].as_str(),
        Some("list_sort" | "array_sort" | "list_reverse_sort" | "array_reverse_sort")
    );
    let inner = &node["children"][0];
    sorts
        && inner["class"] == "FUNCTION"
        && matches!(inner["function_name"].as_str(), Some("list" | "array_agg"))
}

/// The names that order rows fully, besides ids.
pub(super) struct OrderKeys<'a>(pub(super) &'a [String]);

impl OrderKeys<'_> {
    /// Whether an ORDER BY ends with a column that is unique within the partition.
    pub(super) fn make_total(&self, orders: &Json, partitions: &Json) -> bool {
        let constant: Vec<String> = partitions
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(text)
            .collect();
        keys(orders)
            .last()
            .is_some_and(|last| self.is_unique(last) && !constant.contains(&text(last)))
    }

    /// The same for the ORDER BY of a whole query, where keys may be numbers of columns, and where keys that
    /// include every GROUP BY expression are total.
    pub(super) fn make_total_in_query(&self, orders: &Json, query: &Json) -> bool {
        let resolved: Vec<&Json> = keys(orders).map(|key| resolve(key, query)).collect();
        let Some(last) = resolved.last() else {
            return false;
        };
        let texts: Vec<String> = resolved.iter().map(|key| text(key)).collect();
        let groups = query["group_expressions"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let covers_groups = !groups.is_empty()
            && groups
                .iter()
                .all(|group| texts.contains(&text(resolve(group, query))));
        self.is_unique(last) || covers_groups
    }

    /// Whether the key of an arg_min or arg_max is a column that is unique, or a row that ends with one: `arg_min(x, (y, id))`. It
    /// takes what `row_number() OVER (ORDER BY y, id)` numbers first, without a window's fixed cost.
    pub(super) fn make_extreme_total(&self, name: &str, node: &Json) -> bool {
        let key = &node["children"][1];
        let is_row = key["class"] == "FUNCTION" && key["function_name"] == "row";
        let last = match is_row {
            true => key["children"].as_array().and_then(|keys| keys.last()),
            false => Some(key),
        };
        matches!(
            name,
            "arg_min" | "argmin" | "min_by" | "arg_max" | "argmax" | "max_by"
        ) && last.is_some_and(|last| self.is_unique(last))
    }

    fn is_unique(&self, key: &Json) -> bool {
        let Some(name) = name_of(key) else {
            return false;
        };
        let is_shared = matches!(name, "mind_id" | "session_id");
        matches!(name, "id" | "arrival")
            || (name.ends_with("_id") && !is_shared)
            || self.0.iter().any(|known| known == name)
    }
}

/// The last part of a column's name, or the alias of an expression.
fn name_of(key: &Json) -> Option<&str> {
    match key["class"].as_str() {
        Some("COLUMN_REF") => key["column_names"].as_array()?.last()?.as_str(),
        _ => key["alias"].as_str().filter(|alias| !alias.is_empty()),
    }
}

/// The expression that `ORDER BY 2` means.
fn resolve<'a>(key: &'a Json, query: &'a Json) -> &'a Json {
    let number = match key["class"].as_str() {
        Some("CONSTANT") => key["value"]["value"].as_u64(),
        _ => None,
    };
    number
        .and_then(|number| usize::try_from(number).ok()?.checked_sub(1))
        .and_then(|at| query["select_list"].get(at))
        .unwrap_or(key)
}

fn keys(orders: &Json) -> impl Iterator<Item = &Json> {
    orders
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|order| &order["expression"])
}

/// An expression as text, the same wherever it stands.
fn text(node: &Json) -> String {
    match node {
        Json::Object(fields) => {
            let inner: Vec<String> = fields
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "query_location" | "alias"))
                .map(|(name, value)| match name.as_str() {
                    // `e.x` and `x` are taken for the same column.
                    "column_names" => value
                        .as_array()
                        .and_then(|names| names.last())
                        .map_or(String::new(), Json::to_string),
                    _ => format!("{name}:{}", text(value)),
                })
                .collect();
            format!("{{{}}}", inner.join(","))
        }
        Json::Array(items) => {
            let inner: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", inner.join(","))
        }
        other => other.to_string(),
    }
}
