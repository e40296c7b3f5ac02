//! The owner's lock beside the DuckDB file.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An exclusive `flock` on `<file>.lock`, held while this process owns the DuckDB file.
///
/// The kernel releases it when the process ends, however it ends. The lock file itself stays: removing it would
/// let two processes lock two different files of one name. What it says is about its last holder.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

/// What a lock file says of its last holder, who may be gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: Option<u32>,
    /// It, for people: `pid 4242 (codex import diary.jsonl)`.
    pub name: String,
    /// Where it answers questions, when it is a daemon.
    pub socket: Option<PathBuf>,
}

impl Holder {
    /// The last holder of the store at `database`.
    pub fn of(database: &Path) -> Holder {
        let text = fs::read_to_string(lock_path(database)).unwrap_or_default();
        let mut lines = text.lines();
        let name = lines.next().unwrap_or_default().trim().to_owned();
        Holder {
            pid: name
                .strip_prefix("pid ")
                .and_then(|rest| rest.split_whitespace().next())
                .and_then(|pid| pid.parse().ok()),
            socket: lines
                .find_map(|line| line.strip_prefix("socket "))
                .map(PathBuf::from),
            name,
        }
    }

    /// Whether somebody has the store at `database` now.
    pub fn is_there(database: &Path) -> bool {
        let Ok(file) = File::open(lock_path(database)) else {
            return false;
        };
        matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// The error of one who cannot have the store because of this holder.
    pub fn refusal(&self, database: &Path) -> Error {
        let name = match self.name.is_empty() {
            true => "another codex process",
            false => &self.name,
        };
        Error::unavailable(format!("{} is in use by {name}", database.display()))
            .hint("wait until it is done, or stop it, and run the command again")
    }
}

impl FileLock {
    /// Takes the lock, waiting at most `patience`.
    ///
    /// # Errors
    /// Unavailable, naming the holder, when another process keeps it that long; failed when the lock file cannot be made.
    pub fn acquire(database: &Path, patience: Duration) -> Result<FileLock> {
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(lock) = FileLock::try_acquire(database)? {
                return Ok(lock);
            }
            if Instant::now() >= deadline {
                return Err(Holder::of(database).refusal(database));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Takes the lock, unless another process has it.
    ///
    /// # Errors
    /// Failed when the lock file cannot be made.
    pub fn try_acquire(database: &Path) -> Result<Option<FileLock>> {
        let path = lock_path(database);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| {
                Error::failed(format!("cannot open the lock file {}: {e}", path.display()))
                    .hint("codex needs to write beside the database file; check the directory's permissions")
            })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => {
                return Err(Error::failed(format!(
                    "cannot lock {}: {e}",
                    path.display()
                )));
            }
        }
        let command: Vec<String> = std::env::args_os()
            .take(3)
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let lock = FileLock { file };
        lock.say(&command.join(" "), None);
        Ok(Some(lock))
    }

    /// Says that the holder answers questions at `socket`.
    pub fn announce(&self, socket: &Path) {
        self.say("the codex daemon", Some(socket));
    }

    /// For the messages of others; best effort, since the lock itself is what counts.
    fn say(&self, command: &str, socket: Option<&Path>) {
        let mut text = format!("pid {} ({command})\n", std::process::id());
        if let Some(socket) = socket {
            text.push_str(&format!("socket {}\n", socket.display()));
        }
        let mut file = &self.file;
        let _ = file.set_len(0);
        let _ = file.rewind();
        let _ = file.write_all(text.as_bytes());
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
