//! What can be wrong with a template.

use minijinja::ErrorKind;

use crate::config::{Place, Position, suggest};
use crate::project::ProjectError;

/// A mistake in a model's template: what, where and the way out.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A model's configuration makes no sense together with its inline `config(…)`.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Syntax, an unknown name, a wrong argument.
    #[error("{place}: {message}{snippet}")]
    Template {
        /// Where in the template.
        place: Place,
        /// What is wrong, and what would be right.
        message: String,
        /// The line, with the place marked; starts with a line break, or is empty.
        snippet: String,
    },
    /// Two macros of one name.
    #[error("{place}: macro '{name}' exists already, in {first}; give one of them another name")]
    DuplicateMacro {
        /// The second.
        place: Place,
        /// The name.
        name: String,
        /// The file of the first.
        first: String,
    },
    /// A model that does not exist, asked for by name.
    #[error("unknown model '{name}'; {hint}")]
    UnknownModel {
        /// The name as given.
        name: String,
        /// The nearest known name, or the known names.
        hint: String,
    },
    /// Ephemeral models that refer to each other in a circle.
    #[error("ephemeral models in a circle: {}; make one of them a view or table, or remove a reference", cycle.join(" → "))]
    EphemeralCycle {
        /// The names, the first again at the end.
        cycle: Vec<String>,
    },
}

/// The text of a template and how it was changed before minijinja saw it.
pub(super) struct Origin<'a> {
    /// The file as a person sees it.
    pub(super) file: String,
    /// The text of the file.
    pub(super) text: &'a str,
    /// The offset in minijinja's source where the text starts.
    pub(super) start: usize,
}

/// Turns minijinja's error into ours. `known` are the names that exist.
pub(super) fn explain<'a>(
    error: &minijinja::Error,
    origin: &Origin<'_>,
    known: impl IntoIterator<Item = &'a str>,
) -> TemplateError {
    let range = error.range().and_then(|range| {
        let start = range.start.checked_sub(origin.start)?;
        let end = range
            .end
            .saturating_sub(origin.start)
            .min(origin.text.len());
        (start <= end && origin.text.is_char_boundary(start) && origin.text.is_char_boundary(end))
            .then_some(start..end)
    });
    let place = match (&range, error.line()) {
        (Some(range), _) => Place::of_offset(&origin.file, origin.text, range.start),
        (None, Some(line)) => Place::at(&origin.file, line, 1),
        (None, None) => Place::whole(&origin.file),
    };
    let marked = range.map_or("", |range| &origin.text[range]);
    let message = message(error, marked, known);
    let snippet = place.position.map_or(String::new(), |position| {
        snippet(origin.text, position, marked)
    });
    TemplateError::Template {
        place,
        message,
        snippet,
    }
}

fn message<'a>(
    error: &minijinja::Error,
    marked: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    let name: String = marked
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let detail = error.detail().unwrap_or_default();
    let undefined = matches!(
        error.kind(),
        ErrorKind::UndefinedError | ErrorKind::UnknownFunction
    ) || detail.starts_with("value of type undefined");
    match error.kind() {
        _ if undefined && !name.is_empty() => {
            let known: Vec<&str> = known.into_iter().collect();
            if known.contains(&name.as_str()) {
                format!(
                    "'{marked}' has no value here (some names have one only while a cycle or model runs)"
                )
            } else {
                format!("'{name}' is not defined; {}", suggest::hint(&name, known))
            }
        }
        ErrorKind::InvalidOperation if !detail.is_empty() => detail.to_owned(),
        kind if detail.is_empty() => kind.to_string(),
        kind => format!("{kind}: {detail}"),
    }
}

/// The line of a text with a mark below, as compilers show it.
pub(crate) fn snippet(text: &str, position: Position, marked: &str) -> String {
    let Some(line) = text.lines().nth(position.line - 1) else {
        return String::new();
    };
    let number = position.line.to_string();
    let width = marked
        .lines()
        .next()
        .map_or(1, |first| first.chars().count())
        .max(1);
    format!(
        "\n{0:1$} |\n{number} | {line}\n{0:1$} | {0:2$}{3}",
        "",
        number.len(),
        position.column - 1,
        "^".repeat(width)
    )
}
