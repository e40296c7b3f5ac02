//! `.pgpass`: passwords by host, port, database and user, as PostgreSQL's own clients keep them.

use std::path::Path;

/// What a password is looked up for.
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: &'a str,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password of the first line that fits, or why the file was passed over. No file is no password.
pub(super) fn find(path: &Path, wanted: &Wanted<'_>) -> Result<Option<String>, String> {
    let Ok(metadata) = std::fs::metadata(path) else {
        return Ok(None);
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(format!(
                "{} was ignored: others may read it; run `chmod 600 {0}`",
                path.display()
            ));
        }
    }
    if !metadata.is_file() {
        return Err(format!("{} was ignored: it is no file", path.display()));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("{} was ignored: {e}", path.display()))?;
    // A Unix socket in the default directory is written as localhost.
    let host = match wanted.host.starts_with('/') {
        true if matches!(wanted.host, "/var/run/postgresql" | "/tmp") => "localhost",
        _ => wanted.host,
    };
    let hosts = [wanted.host, host];
    Ok(text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let fields = fields(line);
            let [h, port, database, user, password] = fields.as_slice() else {
                return None;
            };
            let fits = |field: &str, value: &str| field == "*" || field == value;
            let all = hosts.iter().any(|host| fits(h, host))
                && fits(port, wanted.port)
                && fits(database, wanted.database)
                && fits(user, wanted.user);
            all.then(|| password.clone())
        }))
}

/// The fields of a line: separated by colons; a backslash takes the next character as it is.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        let last = fields.len() - 1;
        match c {
            '\\' => fields[last].extend(characters.next()),
            ':' => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str, mode: u32) -> Result<Option<String>, String> {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pgpass");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        find(
            &path,
            &Wanted {
                host: "db.example",
                port: "5432",
                database: "codex_db",
                user: "nora",
            },
        )
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let text = "# mine\nother:*:*:*:no\n*:5432:codex_db:nora:a\\:b\\\\c\n*:*:*:*:late\n";
        assert_eq!(password(text, 0o600), Ok(Some("a:b\\c".to_owned())));
        assert_eq!(password("broken line\n", 0o600), Ok(None));
    }

    #[test]
    fn a_file_that_others_may_read_is_passed_over_and_said_so() {
        let said = password("*:*:*:*:x\n", 0o644).unwrap_err();
        assert!(said.contains("chmod 600"), "{said}");
    }
}
