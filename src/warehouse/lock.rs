//! The owner's lock beside the DuckDB file.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An exclusive `flock` on `<file>.lock`, held while this process owns the DuckDB file.
///
/// The kernel releases it when the process ends, however it ends. The lock file itself stays: removing it would
/// let two processes lock two different files of one name.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, waiting at most `patience`.
    ///
    /// # Errors
    /// Unavailable, naming the holder, when another process keeps it that long; failed when the lock file cannot be made.
    pub fn acquire(database: &Path, patience: Duration) -> Result<FileLock> {
        let path = lock_path(database);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| {
                Error::failed(format!("cannot open the lock file {}: {e}", path.display()))
                    .hint("codex needs to write beside the database file; check the directory's permissions")
            })?;
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(2);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    return Err(Error::unavailable(format!(
                        "{} is in use by {}",
                        database.display(),
                        if holder.trim().is_empty() {
                            "another codex process"
                        } else {
                            holder.trim()
                        }
                    ))
                    .hint("wait until it is done, or stop it, and run the command again"));
                }
                Err(TryLockError::Error(e)) => {
                    return Err(Error::failed(format!(
                        "cannot lock {}: {e}",
                        path.display()
                    )));
                }
            }
        }
        // For the message above; best effort, since the lock itself is what counts.
        let command: Vec<String> = std::env::args().take(3).collect();
        let _ = file.set_len(0);
        let _ = file.rewind();
        let _ = write!(file, "pid {} ({})", std::process::id(), command.join(" "));
        Ok(FileLock { _file: file })
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
