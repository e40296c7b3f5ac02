//! Opening a store.

use super::lock::{FileLock, Holder};
use super::migrate;
use super::permissions;
use super::staging::{self, StagingDir};
use crate::error::{Error, Result};
use duckdb::{AccessMode, Config, Connection};
use std::cell::Cell;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the opened file may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads and writes.
    ReadWrite,
    /// The file, its directory or the disk cannot be written: questions are answered, nothing is logged.
    ReadOnly,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The DuckDB file; made, with its directory, where there is none.
    pub path: PathBuf,
    /// DuckDB's memory limit, such as `2GB`.
    pub memory_limit: String,
    /// DuckDB's threads.
    pub threads: usize,
    /// How long to wait for another owner of the file.
    pub patience: Duration,
    /// Whether a file that cannot be written may be opened for reading instead.
    pub allow_read_only: bool,
    /// Whether the user's group may read the store's files.
    pub group_readable: bool,
}

/// An open store: the file, owned by this process, and a connection to it.
#[derive(Debug)]
pub struct Warehouse {
    conn: Connection,
    path: PathBuf,
    /// Where files wait on their way in or out.
    staging: PathBuf,
    options: OpenOptions,
    access: Access,
    lock: Option<Arc<FileLock>>,
    /// The threads this connection asked for last; 0 where it has not asked.
    threads: Cell<usize>,
}

impl Warehouse {
    /// Opens the store, takes its lock and brings its tables up to date.
    ///
    /// # Errors
    /// Unavailable when another process owns the file; usage when it is not a store of codex's; failed when it
    /// cannot be opened. A file that cannot be opened stays as it was.
    pub fn open(options: &OpenOptions) -> Result<Warehouse> {
        let deadline = Instant::now() + options.patience;
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(warehouse) = Warehouse::try_open(options)? {
                return Ok(warehouse);
            }
            if Instant::now() >= deadline {
                let path = canonical(&options.path)?;
                return Err(Holder::of(&path).refusal(&path));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Opens the store unless another process owns it.
    ///
    /// # Errors
    /// As [`open`](Warehouse::open).
    pub fn try_open(options: &OpenOptions) -> Result<Option<Warehouse>> {
        let path = canonical(&options.path)?;
        if path.to_str().is_none() {
            return Err(
                Error::usage(format!("{}: the path is not UTF-8", path.display()))
                    .hint("DuckDB opens no such file; give another one with --db PATH"),
            );
        }
        if path.is_dir() {
            return Err(Error::usage(format!(
                "{} is a directory, not a DuckDB file",
                path.display()
            ))
            .hint("give the file itself with --db PATH"));
        }
        refuse_foreign_file(&path)?;
        let existed = path.exists();
        if existed && !writable(&path) {
            if options.allow_read_only {
                return Self::open_read_only(path, options).map(Some);
            }
            return Err(
                Error::failed(format!("{} cannot be written", path.display()))
                    .hint("check its permissions and those of its directory"),
            );
        }
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(|e| {
                Error::failed(format!("cannot make the directory {}: {e}", dir.display()))
            })?;
        }
        let Some(lock) = FileLock::try_acquire(&path)? else {
            return Ok(None);
        };
        let staging = staging::root_of(&path, true);
        staging::clear(&staging);
        let conn = connect(&path, &staging, options, AccessMode::ReadWrite)?;
        if let Err(e) = migrate::migrate(&conn) {
            return Err(e.context(path.display()));
        }
        for file in permissions::tighten(&path, options.group_readable) {
            tracing::warn!("{} could be read by others; now it cannot", file.display());
        }
        Ok(Some(Warehouse {
            conn,
            staging,
            path,
            options: options.clone(),
            access: Access::ReadWrite,
            lock: Some(Arc::new(lock)),
            threads: Cell::new(0),
        }))
    }

    /// Says beside the file that its owner answers questions at `socket`.
    pub fn announce(&self, socket: &Path) {
        if let Some(lock) = &self.lock {
            lock.announce(socket);
        }
    }

    fn open_read_only(path: PathBuf, options: &OpenOptions) -> Result<Warehouse> {
        let staging = staging::root_of(&path, false);
        let conn = connect(&path, &staging, options, AccessMode::ReadOnly)?;
        if !migrate::is_current(&conn).map_err(|e| e.context(path.display()))? {
            return Err(Error::usage(format!(
                "{} is not a store of this codex's version, and cannot be written",
                path.display()
            ))
            .hint("make the file writable once, or open a copy"));
        }
        Ok(Warehouse {
            conn,
            staging,
            path,
            options: options.clone(),
            access: Access::ReadOnly,
            lock: None,
            threads: Cell::new(0),
        })
    }

    /// A store in memory, for tests and for `codex run` on a project without data.
    ///
    /// # Errors
    /// Failed when DuckDB cannot start.
    pub fn in_memory(threads: usize) -> Result<Warehouse> {
        let options = OpenOptions {
            path: PathBuf::from(":memory:"),
            memory_limit: "2GB".to_owned(),
            threads,
            patience: Duration::ZERO,
            allow_read_only: false,
            group_readable: false,
        };
        let staging = staging::root_of(&options.path, false);
        let conn = connect(&options.path, &staging, &options, AccessMode::ReadWrite)?;
        migrate::migrate(&conn)?;
        Ok(Warehouse {
            conn,
            staging,
            path: options.path.clone(),
            options,
            access: Access::ReadWrite,
            lock: None,
            threads: Cell::new(0),
        })
    }

    /// Another store, opened as this one is.
    ///
    /// # Errors
    /// See [`Warehouse::open`].
    pub fn open_existing(&self, path: &Path) -> Result<Warehouse> {
        Warehouse::open(&OpenOptions {
            path: path.to_path_buf(),
            allow_read_only: false,
            ..self.options.clone()
        })
    }

    /// A fresh store at `path`, opened as this one is.
    ///
    /// # Errors
    /// Usage when there is a file already; see [`Warehouse::open`].
    pub fn open_fresh(&self, path: &Path) -> Result<Warehouse> {
        if path.exists() {
            return Err(Error::usage(format!("{} exists already", path.display()))
                .hint("give a new file's name, or remove it"));
        }
        self.open_existing(path)
    }

    /// Whether others have connections to the same store.
    pub fn is_shared(&self) -> bool {
        self.lock
            .as_ref()
            .is_some_and(|lock| Arc::strong_count(lock) > 1)
    }

    /// Opens the file anew, in the place of a DuckDB that has given up on itself. The lock is held throughout.
    ///
    /// # Errors
    /// Failed when the file cannot be opened; usage for a store in memory.
    pub fn reopen(&mut self) -> Result<()> {
        if self.lock.is_none() {
            return Err(Error::usage(
                "this store has no file of its own to open anew",
            ));
        }
        let nothing = Connection::open_in_memory()?;
        drop(std::mem::replace(&mut self.conn, nothing));
        self.conn = connect(
            &self.path,
            &self.staging,
            &self.options,
            AccessMode::ReadWrite,
        )?;
        self.threads.set(0);
        Ok(())
    }

    /// Another connection to the same store.
    ///
    /// # Errors
    /// Failed when DuckDB makes none.
    pub fn share(&self) -> Result<Warehouse> {
        let conn = self.conn.try_clone()?;
        conn.execute_batch(&format!("USE {CATALOG}"))?;
        Ok(Warehouse {
            conn,
            staging: self.staging.clone(),
            path: self.path.clone(),
            options: self.options.clone(),
            access: self.access,
            lock: self.lock.clone(),
            threads: Cell::new(0),
        })
    }

    /// A directory for files on their way into the store or out of it, the only place where its DuckDB reads and writes files.
    ///
    /// # Errors
    /// Failed when it cannot be written.
    pub fn staging_dir(&self) -> Result<StagingDir> {
        StagingDir::new(&self.staging)
    }

    /// Has DuckDB give back the memory of what it read and may read again.
    ///
    /// # Errors
    /// Failed when DuckDB refuses it.
    pub fn shrink(&self) -> Result<()> {
        // Memory that is in use cannot be given back, and then the lower limit is refused.
        let _ = self.conn.execute_batch("SET memory_limit = '8MB'");
        Ok(self.conn.execute_batch(&format!(
            "SET memory_limit = {}",
            super::text_literal(&self.options.memory_limit)
        ))?)
    }

    /// The connection.
    pub fn conn(&self) -> &Connection {
        &self.conn
    }

    /// The file, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can be written.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Puts the store at `path`, which nobody has open, in this one's place, and opens it. The lock is held throughout.
    ///
    /// # Errors
    /// Failed when the file cannot be moved or opened; usage for a store in memory, or one that others share.
    pub fn replace_with(&mut self, path: &Path) -> Result<()> {
        if self.lock.is_none() {
            return Err(Error::usage("this store has no file of its own to replace"));
        }
        if self.is_shared() {
            return Err(Error::failed("the store is in use and cannot be replaced")
                .hint("run the command again when nothing else is running"));
        }
        self.conn.execute_batch("CHECKPOINT")?;
        // DuckDB lets go of the file when its last connection goes.
        let nothing = Connection::open_in_memory()?;
        drop(std::mem::replace(&mut self.conn, nothing));
        let moved = fs::rename(path, &self.path).map_err(|e| {
            Error::failed(format!(
                "cannot move {} to {}: {e}",
                path.display(),
                self.path.display()
            ))
            .hint("the store is as it was; the rebuilt one is still where it was built")
        });
        // Whichever of the two is there now.
        self.conn = connect(
            &self.path,
            &self.staging,
            &self.options,
            AccessMode::ReadWrite,
        )?;
        self.threads.set(0);
        moved
    }

    /// Runs `work` on one of DuckDB's threads.
    ///
    /// A night's or tick's statements touch a day's rows: more threads only cost there. So does changing their number, since
    /// DuckDB then gives all its free memory back; whoever runs many in a row asks around them all.
    ///
    /// # Errors
    /// Whatever `work` returns.
    pub fn single_threaded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.with_threads(1, work)
    }

    /// Runs `work` on all the threads the store was opened with.
    ///
    /// # Errors
    /// Whatever `work` returns.
    pub fn fully_threaded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.with_threads(u32::try_from(self.options.threads).unwrap_or(1), work)
    }

    /// Runs `work` on so many of DuckDB's threads.
    ///
    /// # Errors
    /// Whatever `work` returns.
    pub fn with_threads<T>(&self, threads: u32, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let before = match self.threads.get() {
            0 => self.options.threads,
            threads => threads,
        };
        self.use_threads(threads as usize)?;
        let result = work();
        self.use_threads(before)?;
        result
    }

    fn use_threads(&self, threads: usize) -> Result<()> {
        if self.threads.replace(threads) != threads {
            self.conn
                .execute_batch(&format!("SET threads = {threads}"))?;
        }
        Ok(())
    }

    /// Runs `work` in a transaction and takes all of it back: what a dry run tells is what would happen.
    ///
    /// # Errors
    /// Whatever `work` returns.
    pub fn rehearse<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.conn.execute_batch("BEGIN")?;
        let result = work(&self.conn);
        let _ = self.conn.execute_batch("ROLLBACK");
        result
    }

    /// Runs `work` in one transaction: all of it, or nothing.
    ///
    /// # Errors
    /// Whatever `work` or the commit returns; the transaction is rolled back first.
    pub fn transaction<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.conn.execute_batch("BEGIN")?;
        match work(&self.conn) {
            Ok(value) => match self.conn.execute_batch("COMMIT") {
                Ok(()) => Ok(value),
                Err(e) => {
                    let _ = self.conn.execute_batch("ROLLBACK");
                    Err(e.into())
                }
            },
            Err(e) => {
                let _ = self.conn.execute_batch("ROLLBACK");
                Err(e)
            }
        }
    }
}

fn base_config(memory_limit: &str, threads: usize) -> Result<Config> {
    Ok(Config::default()
        .max_memory(memory_limit)?
        .threads(threads as i64)?
        // Behaviour must not depend on whether there is a network.
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("disabled_optimizers", WRONG_OPTIMIZERS)?)
}

/// DuckDB's optimizers that give wrong answers. In 1.5.5 `common_subplan` takes two uses of one view for the same rows although each
/// wants another column of it.
pub(super) const WRONG_OPTIMIZERS: &str = "common_subplan";

/// The name every store has within DuckDB: named after its file, a `raw.duckdb` would hide the schema `raw`.
const CATALOG: &str = "store";

fn connect(
    path: &Path,
    staging: &Path,
    options: &OpenOptions,
    mode: AccessMode,
) -> Result<Connection> {
    let config = base_config(&options.memory_limit, options.threads).map_err(|e| {
        Error::usage(e.to_string())
            .hint("check the settings memory_limit (such as 2GB) and threads")
    })?;
    let conn = Connection::open_in_memory_with_flags(config)?;
    let read_only = match mode {
        AccessMode::ReadOnly => " (READ_ONLY)",
        _ => "",
    };
    let attach = format!(
        "ATTACH {} AS {CATALOG}{read_only}; USE {CATALOG}",
        super::text_literal(&path.to_string_lossy())
    );
    conn.execute_batch(&attach).map_err(|e| {
        let text = e.to_string();
        if let Some(owner) = foreign_owner(&text) {
            return Error::unavailable(format!("{} is open in {owner}", path.display()))
                .hint("close it there and run the command again; `codex snapshot --output FILE` makes a copy for other programs");
        }
        let damaged = ["not a valid DuckDB database file", "orrupt", "erialization", "INTERNAL"];
        if damaged.iter().any(|sign| text.contains(sign)) {
            Error::usage(format!("{} is not a DuckDB file, or is damaged: {}", path.display(), text.trim()))
                .hint("the file was left as it is; give another one with --db PATH, or restore a snapshot")
        } else {
            Error::failed(format!("cannot open {}: {}", path.display(), text.trim())).caused_by(e)
        }
    })?;
    close_to_files(&conn, staging)?;
    Ok(conn)
}

/// A DuckDB without a store, which reads the files below `directory` and no others.
///
/// # Errors
/// Failed when DuckDB cannot start.
pub fn over_files(directory: &Path) -> Result<Connection> {
    let conn = Connection::open_in_memory_with_flags(base_config("1GB", 2)?)?;
    let given = super::text_literal(&directory.to_string_lossy());
    let whole = super::text_literal(&absolute(directory)?.to_string_lossy());
    conn.execute_batch(&format!(
        "SET allowed_directories = [{given}, {whole}]; SET enable_external_access = false"
    ))?;
    Ok(conn)
}

/// From here on nothing that runs on this instance reads or writes a file outside `staging`, nor loads an extension; nothing can
/// open it again.
fn close_to_files(conn: &Connection, staging: &Path) -> Result<()> {
    let staging = super::text_literal(&staging.to_string_lossy());
    Ok(conn.execute_batch(&format!(
        "SET temp_directory = {staging}; SET allowed_directories = [{staging}]; SET enable_external_access = false"
    ))?)
}

/// The program that DuckDB says has the file open.
fn foreign_owner(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Could not set lock on file")?;
    let program = rest
        .split_once("held in ")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(program, _)| format!("{program})"));
    Some(program.unwrap_or_else(|| "another program".to_owned()))
}

/// The store's file by its one name: links to it must not lead to a second lock beside the link.
///
/// # Errors
/// Usage when it is no path.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    let path = absolute(path)?;
    Ok(path.canonicalize().unwrap_or(path))
}

/// A path as one who works in another directory finds it.
///
/// # Errors
/// Usage when it is no path.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|e| Error::usage(format!("{} is not a path: {e}", path.display())))
}

fn writable(path: &Path) -> bool {
    let beside = path
        .parent()
        .is_none_or(|dir| tempfile::tempfile_in(dir).is_ok());
    beside && fs::OpenOptions::new().append(true).open(path).is_ok()
}

/// Refuses a file that says at its beginning that it is another program's; DuckDB would look for an extension that reads it.
fn refuse_foreign_file(path: &Path) -> Result<()> {
    let mut head = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head));
    match read {
        Ok(16) if head.starts_with(b"SQLite format 3\0") => Err(Error::usage(format!(
            "{} is not a store of codex's: it is a SQLite file",
            path.display()
        ))
        .hint("it was left as it is; give another file with --db PATH")),
        _ => Ok(()),
    }
}
