//! The one place outside the store's file where its DuckDB may read and write.
//!
//! The instance that has the store runs with `enable_external_access = false`: SQL of people and projects reaches no file. What
//! codex itself brings in or takes out passes through a directory of the store's own, which that DuckDB may use
//! (`allowed_directories`) and only the user can look into.

use crate::error::{Error, Result};
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where files wait: a directory of one operation, removed with everything in it when this is dropped.
#[derive(Debug)]
pub struct StagingDir {
    root: PathBuf,
    dir: Option<tempfile::TempDir>,
}

impl StagingDir {
    /// A directory for one operation below `root`, which is made where there is none.
    ///
    /// # Errors
    /// Failed when it cannot be written.
    pub(super) fn new(root: &Path) -> Result<StagingDir> {
        let made = fs::DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(root)
            .and_then(|()| {
                tempfile::Builder::new()
                    .permissions(fs::Permissions::from_mode(0o700))
                    .tempdir_in(root)
            });
        let dir = made.map_err(|e| {
            Error::failed(format!("cannot write in {}: {e}", root.display()))
                .hint("free some room, or make the directory writable")
        })?;
        Ok(StagingDir {
            root: root.to_owned(),
            dir: Some(dir),
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.dir.as_ref().map_or(&self.root, |dir| dir.path())
    }

    /// Another name of `file` in the directory, under which DuckDB may read it; a copy where that is another disk. (A symbolic
    /// link will not do: DuckDB follows it before it asks whether the place is allowed.)
    ///
    /// # Errors
    /// Failed when there is no room for it.
    pub fn link(&self, file: &Path, name: &str) -> Result<PathBuf> {
        let link = self.path().join(name);
        fs::hard_link(file, &link)
            .or_else(|_| fs::copy(file, &link).map(|_| ()))
            .map_err(|e| Error::failed(format!("cannot read {}: {e}", file.display())))?;
        Ok(link)
    }
}

impl Drop for StagingDir {
    fn drop(&mut self) {
        drop(self.dir.take());
        // As long as others wait in it, it stays.
        let _ = fs::remove_dir(&self.root);
    }
}

/// Moves a finished file or directory to its name at once, also where that is on another disk. `output` is replaced.
///
/// # Errors
/// The system's own; `output` then is as it was.
pub fn move_to(made: &Path, output: &Path) -> io::Result<()> {
    match fs::rename(made, output) {
        Err(e) if e.kind() == io::ErrorKind::CrossesDevices => {}
        moved => return moved,
    }
    let beside = match output.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let there = tempfile::Builder::new()
        .prefix(".codex-moving-")
        .tempdir_in(beside)?;
    let copy = there.path().join("copy");
    copy_all(made, &copy)?;
    fs::rename(&copy, output)
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return fs::File::open(to)?.sync_all();
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Where the files of the store at `database` wait: beside it, or where nothing can be written there, among the temporary files.
pub(super) fn root_of(database: &Path, is_writable: bool) -> PathBuf {
    match (is_writable, database.parent(), database.file_name()) {
        (true, Some(dir), Some(name)) => dir.join(format!(".{}.staging", name.to_string_lossy())),
        _ => temporary_files().join(format!(
            "codex-staging-{}-{}",
            std::process::id(),
            uuid::Uuid::new_v5(
                &uuid::Uuid::NAMESPACE_URL,
                database.as_os_str().as_encoded_bytes()
            )
            .simple()
        )),
    }
}

/// The directory of temporary files by the one name that DuckDB finds it under.
fn temporary_files() -> PathBuf {
    let dir = std::env::temp_dir();
    dir.canonicalize().unwrap_or(dir)
}

/// Removes what a killed process left beside the store at `database`; only whoever has its lock may.
pub(super) fn clear(root: &Path) {
    let _ = fs::remove_dir_all(root);
}
