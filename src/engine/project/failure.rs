//! What went wrong with a model: DuckDB speaks of rendered SQL, a person wants the place in the file they wrote.

use crate::config::Position;
use crate::warehouse::materialize::{MaterializeError, SqlError};

/// An error as the model's author reads it: file, line and column first, where they can be told.
pub(super) fn error_with_hint(error: MaterializeError, text: &str, rendered: &str) -> String {
    match error {
        MaterializeError::Sql(error) => sql_error_with_hint(*error, text, rendered),
        refused => refused.to_string(),
    }
}

fn sql_error_with_hint(error: SqlError, text: &str, rendered: &str) -> String {
    let place = error
        .position
        .and_then(|position| in_source(position, text, rendered));
    let file = match place {
        Some(Position { line, column }) => format!("{}:{line}:{column}", error.file),
        None => error.file.clone(),
    };
    SqlError { file, ..error }.to_string()
}

/// The place in a template of a place in what was rendered from it, where it can be told for sure: the line is there as it is, or
/// the same as far as the column.
fn in_source(position: Position, text: &str, rendered: &str) -> Option<Position> {
    let line = rendered.lines().nth(position.line - 1)?;
    let before: String = line.chars().take(position.column - 1).collect();
    let candidates = |whole: bool| -> Vec<usize> {
        let is_it = |source: &str| match whole {
            true => source.trim_end() == line.trim_end(),
            false => source.starts_with(&before) && !before.trim().is_empty(),
        };
        text.lines()
            .enumerate()
            .filter(|(_, source)| is_it(source))
            .map(|(at, _)| at + 1)
            .collect()
    };
    [true, false]
        .into_iter()
        .find_map(|whole| match candidates(whole).as_slice() {
            [line] => Some(Position {
                line: *line,
                ..position
            }),
            // Of several, the one at the same line: nothing above it was rendered into more or fewer lines.
            several => several.contains(&position.line).then_some(position),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn a_place_below_a_block_is_found_in_the_template() {
        let text = "{% set n = 1 %}\nSELECT\n    {{ n }} AS a,\n    nope\nFROM t";
        let rendered = "SELECT\n    1 AS a,\n    nope\nFROM t";
        assert_eq!(in_source(at(3, 5), text, rendered), Some(at(4, 5)));
    }

    #[test]
    fn a_place_at_a_reference_is_found_by_what_stands_before_it() {
        let text = "SELECT a\nFROM {{ ref('b') }}";
        assert_eq!(
            in_source(at(2, 6), text, "SELECT a\nFROM \"s\".\"b\""),
            Some(at(2, 6))
        );
    }

    #[test]
    fn a_place_that_only_the_rendered_sql_has_is_not_made_up() {
        let text = "{{ all_of_it() }}";
        assert_eq!(in_source(at(1, 8), text, "SELECT nope"), None);
    }
}
