//! Which files there are, and their bytes as text: folders recursively, by path, each file once; zips like folders.

mod archive;
pub(crate) mod decode;
pub(crate) mod ignore;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod scanner;
pub(crate) mod source;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDateTime;
use walkdir::{DirEntry, WalkDir};

use crate::{Item, ReadError};
use archive::Archive;
use ignore::Ignore;

/// A file to read.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// As it was reached from the given path.
    pub path: PathBuf,
    /// Its path below the given directory or zip, with slashes, or its name.
    pub name: String,
    /// Which of the given paths it lies under.
    pub root: usize,
    /// It was given itself, not found in a folder.
    pub given: bool,
    /// When it was last changed, UTC.
    pub modified: Option<NaiveDateTime>,
    pub place: Place,
}

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Disk,
    Zip(Arc<Archive>, usize),
}

/// Everything that one import was given.
#[derive(Debug, Default)]
pub(crate) struct InputSet {
    pub entries: Vec<Entry>,
    /// What there is to say about the listing itself.
    pub items: Vec<Item>,
    by_name: HashMap<(usize, String), usize>,
}

impl InputSet {
    /// Lists what the given paths hold.
    pub fn list(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let mut set = Self::default();
        // The same file by two ways would be the same memories twice.
        let mut seen = HashSet::new();
        for (root, path) in paths.iter().enumerate() {
            let metadata = fs::metadata(path).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => ReadError::Missing { path: path.clone() },
                _ => ReadError::Unreadable {
                    path: path.clone(),
                    source,
                },
            })?;
            if metadata.is_dir() {
                set.list_directory(root, path, &mut seen);
            } else if first_time(path, &mut seen) {
                let name = path
                    .file_name()
                    .unwrap_or(path.as_os_str())
                    .to_string_lossy()
                    .into_owned();
                set.add_file(
                    root,
                    path,
                    name,
                    true,
                    metadata.modified().ok().and_then(utc),
                );
            }
        }
        for (index, entry) in set.entries.iter().enumerate() {
            set.by_name.insert((entry.root, entry.name.clone()), index);
        }
        Ok(set)
    }

    /// The entry of this path below the same root.
    pub fn named(&self, root: usize, name: &str) -> Option<&Entry> {
        self.by_name
            .get(&(root, name.to_owned()))
            .map(|index| &self.entries[*index])
    }

    /// A file of this name in the entry's folder or one of those above it, the nearest first. A file given alone is looked up
    /// on the disk beside it.
    pub fn beside(&self, entry: &Entry, name: &str) -> Option<Entry> {
        let mut folder = entry.name.as_str();
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if let Some(found) = self.named(entry.root, &format!("{folder}/{name}")) {
                return Some(found.clone());
            }
        }
        if let Some(found) = self.named(entry.root, name) {
            return Some(found.clone());
        }
        if !matches!(entry.place, Place::Disk) {
            return None;
        }
        // An export's folder is shallow: three levels are enough, and a home directory is not searched.
        entry
            .path
            .ancestors()
            .skip(1)
            .take(3)
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .map(|path| Entry {
                path,
                name: name.to_owned(),
                ..entry.clone()
            })
    }

    fn add_file(
        &mut self,
        root: usize,
        path: &Path,
        name: String,
        given: bool,
        modified: Option<NaiveDateTime>,
    ) {
        if is_zip(path) {
            match Archive::open(path) {
                Ok(archive) => return self.list_zip(root, path, archive),
                Err(reason) => return self.items.push(Item::reject(path, 1, None, reason)),
            }
        }
        self.entries.push(Entry {
            path: path.to_path_buf(),
            name,
            root,
            given,
            modified,
            place: Place::Disk,
        });
    }

    fn list_zip(&mut self, root: usize, path: &Path, archive: Archive) {
        let archive = Arc::new(archive);
        let ignore = Ignore::parse(&archive.text(ignore::FILE));
        let (mut hidden, mut ignored) = (0, 0);
        let mut unknown = BTreeMap::new();
        for (index, member) in archive.members().iter().enumerate() {
            if member
                .name
                .split('/')
                .any(|part| part.starts_with('.') || part == "__MACOSX")
            {
                hidden += 1;
            } else if ignore.covers(&member.name, false) {
                ignored += 1;
            } else if !is_readable_name(Path::new(&member.name)) {
                *unknown
                    .entry(extension(Path::new(&member.name)))
                    .or_default() += 1;
            } else {
                self.entries.push(Entry {
                    path: path.join(&member.name),
                    name: member.name.clone(),
                    root,
                    given: false,
                    modified: member.modified,
                    place: Place::Zip(Arc::clone(&archive), index),
                });
            }
        }
        if let Some(text) = skipped(hidden, ignored, &unknown) {
            self.items.push(Item::note(path, None, text));
        }
    }

    fn list_directory(&mut self, root: usize, folder: &Path, seen: &mut HashSet<PathBuf>) {
        let (mut hidden, mut ignored) = (0_usize, 0_usize);
        let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
        let ignore = Ignore::of(folder);
        let walk = WalkDir::new(folder)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter();
        let visible = walk.filter_entry(|entry| {
            if entry.depth() == 0 {
                return true;
            }
            let below = name_below(folder, entry.path());
            let is_hidden = is_hidden(entry);
            let is_ignored = !is_hidden && ignore.covers(&below, entry.file_type().is_dir());
            hidden += usize::from(is_hidden);
            ignored += usize::from(is_ignored);
            !is_hidden && !is_ignored
        });
        let mut found = Vec::new();
        let mut problems = Vec::new();
        for entry in visible {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry)
                    if entry.file_type().is_file()
                        && (is_readable_name(entry.path()) || is_zip(entry.path())) =>
                {
                    if first_time(entry.path(), seen) {
                        let modified = entry
                            .metadata()
                            .ok()
                            .and_then(|metadata| metadata.modified().ok())
                            .and_then(utc);
                        found.push((
                            name_below(folder, entry.path()),
                            entry.into_path(),
                            modified,
                        ));
                    }
                }
                Ok(entry) => *unknown.entry(extension(entry.path())).or_default() += 1,
                // A link to a directory above it: its files are listed there already.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_path_buf();
                    let reason = error
                        .io_error()
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    problems.push(Item::reject(
                        &path,
                        1,
                        None,
                        format!("cannot be read: {reason}"),
                    ));
                }
            }
        }
        if let Some(text) = skipped(hidden, ignored, &unknown) {
            self.items.push(Item::note(folder, None, text));
        }
        self.items.append(&mut problems);
        for (name, path, modified) in found {
            self.add_file(root, &path, name, false, modified);
        }
    }
}

/// Extensions of texts that memories come in. In a folder other files are passed over.
fn is_readable_name(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(OsStr::to_str)
        .unwrap_or("")
        .to_ascii_lowercase();
    matches!(
        extension.as_str(),
        "jsonl"
            | "ndjson"
            | "json"
            | "csv"
            | "tsv"
            | "tab"
            | "md"
            | "markdown"
            | "txt"
            | "text"
            | "log"
            | "mbox"
    )
}

fn is_zip(path: &Path) -> bool {
    let named = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    named
        && fs::File::open(path).is_ok_and(|mut file| {
            let mut magic = [0; 2];
            io::Read::read_exact(&mut file, &mut magic).is_ok() && magic == *b"PK"
        })
}

fn utc(time: std::time::SystemTime) -> Option<NaiveDateTime> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    chrono::DateTime::from_timestamp(i64::try_from(since.as_secs()).ok()?, 0)
        .map(|time| time.naive_utc())
}

fn skipped(hidden: usize, ignored: usize, unknown: &BTreeMap<String, usize>) -> Option<String> {
    let mut parts = Vec::new();
    if hidden > 0 {
        parts.push(format!("{hidden} hidden"));
    }
    if ignored > 0 {
        parts.push(format!("{ignored} by {}", ignore::FILE));
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
