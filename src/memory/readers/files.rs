//! Which files there are: directories recursively, by path, each file once.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::format::Format;
use super::{Item, ReadError};

/// A file to read, or something to say about the listing.
#[derive(Debug)]
pub(super) enum Listed {
    File(Found),
    Item(Item),
}

/// A file to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub path: PathBuf,
    /// Its path below the given directory, with slashes, or its name.
    pub name: String,
    /// As the extension says.
    pub format: Option<Format>,
}

/// Lists what the given paths hold.
pub(super) fn list(paths: &[PathBuf]) -> Result<Vec<Listed>, ReadError> {
    let mut listed = Vec::new();
    // The same file by two ways would be the same memories under two keys.
    let mut seen = HashSet::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ReadError::Missing { path: path.clone() },
            _ => ReadError::Unreadable {
                path: path.clone(),
                source,
            },
        })?;
        if metadata.is_dir() {
            list_directory(path, &mut seen, &mut listed);
        } else if first_time(path, &mut seen) {
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            listed.push(Listed::File(Found {
                path: path.clone(),
                name,
                format: Format::by_extension(path),
            }));
        }
    }
    Ok(listed)
}

fn list_directory(root: &Path, seen: &mut HashSet<PathBuf>, listed: &mut Vec<Listed>) {
    let mut hidden = 0_usize;
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    let walk = WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    let visible = walk.filter_entry(|entry| {
        let is_hidden = entry.depth() > 0 && is_hidden(entry);
        hidden += usize::from(is_hidden);
        !is_hidden
    });
    for entry in visible {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => match Format::by_extension(entry.path()) {
                Some(format) if entry.file_type().is_file() => {
                    if first_time(entry.path(), seen) {
                        let name = name_below(root, entry.path());
                        found.push(Listed::File(Found {
                            path: entry.into_path(),
                            name,
                            format: Some(format),
                        }));
                    }
                }
                _ => *unknown.entry(extension(entry.path())).or_default() += 1,
            },
            // A link to a directory above it: its files are listed there already.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                let reason = error
                    .io_error()
                    .map_or_else(|| error.to_string(), ToString::to_string);
                found.push(Listed::Item(Item::reject(
                    &path,
                    1,
                    None,
                    format!("cannot be read: {reason}"),
                )));
            }
        }
    }
    if let Some(text) = skipped(hidden, &unknown) {
        listed.push(Listed::Item(Item::note(root, None, text)));
    }
    listed.append(&mut found);
}

fn skipped(hidden: usize, unknown: &BTreeMap<String, usize>) -> Option<String> {
    let mut parts = Vec::new();
    if hidden > 0 {
        parts.push(format!("{hidden} hidden"));
    }
    let count: usize = unknown.values().sum();
    if count > 0 {
        let kinds: Vec<_> = unknown
            .iter()
            .map(|(extension, count)| format!("{count} {extension}"))
            .collect();
        parts.push(format!("{count} of unknown type ({})", kinds.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("skipped {}", parts.join(" and ")))
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn extension(path: &Path) -> String {
    path.extension().map_or_else(
        || "without extension".to_owned(),
        |name| format!(".{}", name.to_string_lossy()),
    )
}

fn first_time(path: &Path, seen: &mut HashSet<PathBuf>) -> bool {
    // A pipe has no canonical path that says which one it is.
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    match fs::canonicalize(path) {
        Ok(canonical) if is_file => seen.insert(canonical),
        _ => true,
    }
}

fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts = below.components().filter_map(|part| match part {
        Component::Normal(name) => Some(OsStr::to_string_lossy(name)),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
