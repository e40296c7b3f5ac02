//! Off the record: whether what is said now may be kept by those who listen along (hooks, MCP, chat).

use super::canonical;
use crate::error::Result;
use crate::text::moments;
use chrono::NaiveDateTime;
use std::path::{Path, PathBuf};

/// The file beside the store at `database` that says so: when the pause ends, or nothing where it has no end.
///
/// # Errors
/// Usage when it is no path.
pub fn pause_file(database: &Path) -> Result<PathBuf> {
    let mut path = canonical(database)?.into_os_string();
    path.push(".paused");
    Ok(path.into())
}

/// Whether nothing is to be kept now. A file that cannot be read or understood counts as a pause: what was meant to stay off the
/// record must not get on it.
///
/// # Errors
/// Usage when it is no path.
pub fn is_paused(database: &Path, now: NaiveDateTime) -> Result<bool> {
    match std::fs::read_to_string(pause_file(database)?) {
        Ok(text) => Ok(moments::moment(&text).map_or(true, |until| now < until)),
        Err(e) => Ok(e.kind() != std::io::ErrorKind::NotFound),
    }
}
