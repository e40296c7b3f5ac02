//! The project's macros, callable in every model without import, as in dbt.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Environment;

use crate::config::Place;
use crate::project::Project;

use super::error::{Origin, TemplateError, explain};

/// The name under which all macros are one template, so that they can call each other.
pub(super) const LIBRARY: &str = "<macros>";

/// Where each macro file is in the library.
#[derive(Debug, Default)]
pub(super) struct Macros {
    /// First line in the library (from 0), path, in order.
    files: Vec<(usize, String)>,
    names: BTreeSet<String>,
    source: String,
}

impl Macros {
    /// Reads the macro files and adds them to the environment.
    pub(super) fn load(
        project: &Project,
        environment: &mut Environment<'static>,
    ) -> Result<Macros, TemplateError> {
        let mut macros = Macros::default();
        let mut first_of: BTreeMap<String, String> = BTreeMap::new();
        for path in project.macros() {
            let text = project.text(path).unwrap_or_default();
            let shown = project.shown(path);
            // Alone first: a block left open would else be reported in another file.
            environment
                .template_from_named_str(&shown, text)
                .map_err(|error| {
                    let origin = Origin {
                        file: shown.clone(),
                        text,
                        start: 0,
                    };
                    explain(&error, &origin, [])
                })?;
            for (offset, name) in declared(text) {
                if let Some(first) = first_of.insert(name.to_owned(), shown.clone()) {
                    return Err(TemplateError::DuplicateMacro {
                        place: Place::of_offset(&shown, text, offset),
                        name: name.to_owned(),
                        first,
                    });
                }
                macros.names.insert(name.to_owned());
            }
            macros
                .files
                .push((macros.source.matches('\n').count(), path.clone()));
            macros.source.push_str(text);
            macros.source.push('\n');
        }
        environment
            .add_template_owned(LIBRARY, macros.source.clone())
            .map_err(|error| macros.explain(&error, project, []))?;
        Ok(macros)
    }

    /// The names of all macros.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The import of the macros that a template mentions, to stand in front of it on its first line.
    pub(super) fn import_for(&self, text: &str) -> String {
        let mut used: Vec<&str> = text
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| self.names.contains(*word))
            .collect();
        used.sort_unstable();
        used.dedup();
        match used.is_empty() {
            true => String::new(),
            false => format!("{{% from '{LIBRARY}' import {} %}}", used.join(", ")),
        }
    }

    /// Explains an error within the library in terms of the macro's file.
    pub(super) fn explain<'a>(
        &self,
        error: &minijinja::Error,
        project: &Project,
        known: impl IntoIterator<Item = &'a str>,
    ) -> TemplateError {
        let line = error.line().unwrap_or(1) - 1;
        let file = self.files.iter().rev().find(|(first, _)| *first <= line);
        let (first, path) = file.map_or((0, ""), |(first, path)| (*first, path.as_str()));
        let start = self
            .source
            .split_inclusive('\n')
            .take(first)
            .map(str::len)
            .sum();
        let origin = Origin {
            file: project.shown(path),
            text: project.text(path).unwrap_or_default(),
            start,
        };
        explain(error, &origin, known)
    }
}

/// The macros that a text declares, with the offsets of their names.
fn declared(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("{%").filter_map(|(at, _)| {
        let after = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let after = after.strip_prefix("macro")?;
        let name = after.strip_prefix(char::is_whitespace)?.trim_start();
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let offset = name.as_ptr() as usize - text.as_ptr() as usize;
        Some((offset, &name[..end]))
    })
}
