//! Where a daemon answers: a socket only its user can reach, at a path short enough for every system.

use crate::error::{Error, Result};
use rustix::fs::Mode;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Bytes of a socket's path that every system takes (104 on macOS, 108 on Linux, with the NUL).
const LONGEST: usize = 103;

/// Listens for the store at `database`. Clients find the path beside the store, so it may depend on this process's surroundings.
///
/// # Errors
/// Failed when there is no directory of this user's own, or the socket cannot be made.
pub(super) fn listen(database: &Path) -> Result<(UnixListener, PathBuf)> {
    let dir = directory()?;
    let path = dir.join(name(database));
    if path.as_os_str().len() > LONGEST {
        return Err(Error::failed(format!(
            "{} is too long a path for a socket",
            path.display()
        ))
        .hint("set XDG_RUNTIME_DIR to a shorter directory"));
    }
    // The lock on the store says that its daemon is gone, whatever it left.
    let _ = fs::remove_file(&path);
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let bound = UnixListener::bind(&path);
    rustix::process::umask(before);
    let listener =
        bound.map_err(|e| Error::failed(format!("cannot listen at {}: {e}", path.display())))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .map_err(|e| Error::failed(format!("{}: {e}", path.display())))?;
    Ok((listener, path))
}

/// Whether the process at the other end is this user's, or root's.
pub(super) fn is_of_this_user(stream: &UnixStream) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let own = rustix::process::geteuid();
        rustix::net::sockopt::socket_peercred(stream)
            .is_ok_and(|peer| peer.uid == own || peer.uid.is_root())
    }
    // Elsewhere the permissions of socket and directory decide alone.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = stream;
        true
    }
}

/// A name from the store's canonical path.
fn name(database: &Path) -> String {
    use md5::{Digest, Md5};
    let mut hash = Md5::new();
    hash.update(database.as_os_str().as_encoded_bytes());
    let hash = format!("{:x}", hash.finalize());
    format!("{}.sock", &hash[..16])
}

/// A directory that only this user can enter: in the runtime directory, else in the one for temporary files.
fn directory() -> Result<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .filter(|dir| !dir.is_empty())
        .map(|dir| PathBuf::from(dir).join("codex"));
    let temporary = std::env::temp_dir().join(format!("codex-{uid}"));
    let last = PathBuf::from(format!("/tmp/codex-{uid}"));
    let mut tried = Vec::new();
    for dir in [runtime, Some(temporary), Some(last)].into_iter().flatten() {
        let short = dir.as_os_str().len() + "/0123456789abcdef.sock".len() <= LONGEST;
        match short.then(|| own(&dir, uid)) {
            Some(Ok(())) => return Ok(dir),
            Some(Err(e)) => tried.push(format!("{}: {e}", dir.display())),
            None => tried.push(format!("{}: too long", dir.display())),
        }
    }
    Err(
        Error::failed("there is no private directory for the daemon's socket")
            .hint(format!("tried {}; set XDG_RUNTIME_DIR", tried.join("; "))),
    )
}

/// Makes `dir`, or checks that it is this user's and nobody else's.
fn own(dir: &Path, uid: u32) -> std::io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    let found = fs::symlink_metadata(dir)?;
    let refused = |why: &str| Err(std::io::Error::other(why.to_owned()));
    if !found.is_dir() {
        return refused("it is not a directory");
    }
    if found.uid() != uid {
        return refused("it is somebody else's");
    }
    if found.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
