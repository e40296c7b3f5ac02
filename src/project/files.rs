//! The files of a project: in the binary, in a directory or in a database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::config::{DEFAULT_YAML, Place};

use super::error::ProjectError;

static PIPELINE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/pipeline");
static SQL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sql");
static PROMPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/prompts");
static SCHEDULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schedules");

/// The defaults, the one file of `config/` that belongs to the project. A user's `config/codex.yaml` may hold
/// secrets, so it is never among the sources (which replay stores in the database).
const DEFAULTS: &str = "config/default.yaml";

/// Paths from the project's root, with `/`, and their texts.
pub(super) type Sources = BTreeMap<String, String>;

/// The project in the binary.
pub(super) fn embedded() -> Sources {
    let mut sources = Sources::from([(DEFAULTS.to_owned(), DEFAULT_YAML.to_owned())]);
    for (folder, dir) in [
        ("pipeline", &PIPELINE),
        ("sql", &SQL),
        ("schedules", &SCHEDULES),
        ("prompts", &PROMPTS),
    ] {
        collect(folder, dir, &mut sources);
    }
    sources
}

fn collect(folder: &str, dir: &Dir<'_>, sources: &mut Sources) {
    for file in dir.files() {
        let path = format!("{folder}/{}", slashed(file.path()));
        if let (true, Some(text)) = (belongs(&path), file.contents_utf8()) {
            sources.insert(path, text.to_owned());
        }
    }
    for inner in dir.dirs() {
        collect(folder, inner, sources);
    }
}

/// The project in a directory.
pub(super) fn directory(root: &Path) -> Result<Sources, ProjectError> {
    if !root.join("pipeline").is_dir() || !root.join("sql").is_dir() {
        return Err(ProjectError::NotAProject {
            dir: root.to_owned(),
        });
    }
    let mut sources = Sources::new();
    for folder in ["pipeline", "sql", "schedules", "prompts"] {
        let folder = root.join(folder);
        if !folder.is_dir() {
            continue;
        }
        for entry in walkdir::WalkDir::new(&folder).follow_links(true) {
            let entry = entry.map_err(|error| ProjectError::Io {
                path: error.path().unwrap_or(&folder).to_owned(),
                source: error.into(),
            })?;
            let path = slashed(entry.path().strip_prefix(root).unwrap_or(entry.path()));
            if entry.file_type().is_file() && belongs(&path) {
                sources.insert(path, read(entry.path())?);
            }
        }
    }
    let defaults = root.join(DEFAULTS);
    if defaults.is_file() {
        sources.insert(DEFAULTS.to_owned(), read(&defaults)?);
    }
    Ok(sources)
}

/// Writes sources into a directory, all or (as far as existing files go) nothing; returns what it wrote.
pub(super) fn eject(sources: &Sources, root: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let existing: Vec<String> = sources
        .keys()
        .filter(|path| root.join(path).symlink_metadata().is_ok())
        .cloned()
        .collect();
    if !existing.is_empty() {
        return Err(ProjectError::WouldOverwrite {
            dir: root.to_owned(),
            existing,
        });
    }
    let mut written = Vec::new();
    for (path, text) in sources {
        let target = root.join(path);
        let parent = target.parent().unwrap_or(root);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&target, text))
            .map_err(|source| ProjectError::Io {
                path: target.clone(),
                source,
            })?;
        written.push(target);
    }
    Ok(written)
}

fn read(path: &Path) -> Result<String, ProjectError> {
    let bytes = std::fs::read(path).map_err(|source| ProjectError::Io {
        path: path.to_owned(),
        source,
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        ProjectError::NotUtf8 {
            place: Place::of_offset(path.display().to_string(), &text, good),
        }
    })
}

/// The text of a file of the project in the binary.
pub(super) fn embedded_text(path: &str) -> Option<&'static str> {
    let name = path.strip_prefix("prompts/")?;
    PROMPTS.get_file(name)?.contents_utf8()
}

/// Whether a file is part of the project: YAML, SQL and prompts, not an editor's hidden or backup files.
fn belongs(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let known = match path.starts_with("prompts/") {
        true => matches!(extension, Some("md")),
        false => matches!(extension, Some("yaml" | "yml" | "sql")),
    };
    !name.starts_with('.') && known
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
