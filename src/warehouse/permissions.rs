//! Who may read what codex writes: its user alone, unless the settings let the group read too.

use rustix::fs::Mode;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The permission bits that nobody but the owner, or the owner's group, may have.
fn forbidden(group_readable: bool) -> Mode {
    match group_readable {
        true => Mode::WGRP | Mode::RWXO,
        false => Mode::RWXG | Mode::RWXO,
    }
}

/// From here on this process makes files only its user can read (mode 0600, directories 0700), or its group too (0640, 0750).
/// What the caller's own umask forbids stays forbidden.
pub fn restrict_new_files(group_readable: bool) {
    static CALLERS: OnceLock<Mode> = OnceLock::new();
    let callers = *CALLERS.get_or_init(|| rustix::process::umask(forbidden(false)));
    rustix::process::umask(callers | forbidden(group_readable));
}

/// Takes from the store at `database`, its log files and its lock what others were allowed; the files that changed.
pub fn tighten(database: &Path, group_readable: bool) -> Vec<PathBuf> {
    let beside = |ending: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let logs = beside(".logs");
    let mut all = vec![database.to_owned(), beside(".wal"), beside(".lock")];
    let kept = fs::read_dir(&logs).into_iter().flatten().flatten();
    all.extend(kept.map(|entry| entry.path()));
    all.push(logs);
    all.extend(own_directory(database));
    all.retain(|path| tighten_one(path, forbidden(group_readable)));
    all
}

/// The directory of the store, where it is codex's own: nobody else's directory is touched.
fn own_directory(database: &Path) -> Option<PathBuf> {
    let dir = database.parent()?;
    (dir.file_name()? == "codex").then(|| dir.to_owned())
}

fn tighten_one(path: &Path, forbidden: Mode) -> bool {
    // A link leads to a file that somebody put elsewhere on purpose.
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    let mode = metadata.permissions().mode();
    #[allow(clippy::unnecessary_cast, reason = "u16 on macOS")]
    let forbidden = forbidden.as_raw_mode() as u32;
    let allowed = mode & !forbidden;
    !metadata.is_symlink()
        && allowed != mode
        && fs::set_permissions(path, fs::Permissions::from_mode(allowed)).is_ok()
}
