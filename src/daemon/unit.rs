//! The daemon as a service of systemd or launchd: the file that says so, and how to switch it on.

use super::setup::Setup;
use crate::config::ConfigSources;
use crate::error::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A service's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where it belongs.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// The commands that switch it on.
    pub enable: Vec<String>,
    /// The commands that switch it off.
    pub disable: Vec<String>,
}

impl Unit {
    /// The service of this system for the daemon of `setup`, which `program` runs; `grace` is what stopping takes at most, in
    /// seconds.
    ///
    /// # Errors
    /// Usage when there is no home to put it into.
    pub fn of(setup: &Setup, program: &Path, grace: u32) -> Result<Unit> {
        let sources = setup.sources();
        let variable = |name: &str| {
            sources
                .environment
                .get(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = variable("HOME").ok_or_else(|| {
            Error::usage("HOME is not set, so there is no place for a service of yours").hint(
                "set HOME; or have your system's services run `codex daemon start --foreground`",
            )
        })?;
        let mut command = vec![program.display().to_string()];
        command.extend(arguments(setup));
        if cfg!(target_os = "macos") {
            let path = home.join("Library/LaunchAgents/codex.daemon.plist");
            let shown = path.display();
            return Ok(Unit {
                enable: vec![format!("launchctl bootstrap gui/$(id -u) {shown}")],
                disable: vec!["launchctl bootout gui/$(id -u)/codex.daemon".to_owned()],
                text: launchd(&command, setup.directory()),
                path,
            });
        }
        let config = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        Ok(Unit {
            path: config.join("systemd/user/codex.service"),
            text: systemd(&command, grace, setup.directory()),
            enable: vec![
                "systemctl --user daemon-reload".to_owned(),
                "systemctl --user enable --now codex".to_owned(),
                "loginctl enable-linger    # also while you are not logged in".to_owned(),
            ],
            disable: vec![
                "systemctl --user disable --now codex".to_owned(),
                "systemctl --user daemon-reload".to_owned(),
            ],
        })
    }
}

/// Writes a service's file.
///
/// # Errors
/// Usage when there is another one and `force` is not given; failed when it cannot be written.
pub fn install(unit: &Unit, force: bool) -> Result<()> {
    let path = unit.path.display();
    match fs::read_to_string(&unit.path) {
        Ok(text) if text == unit.text => return Ok(()),
        Ok(_) if !force => {
            return Err(
                Error::usage(format!("{path} exists already and says something else"))
                    .hint("look at it, and overwrite it with --force"),
            );
        }
        _ => {}
    }
    let written = fs::create_dir_all(unit.path.parent().unwrap_or(&unit.path))
        .and_then(|()| fs::write(&unit.path, &unit.text));
    written.map_err(|e| {
        Error::failed(format!("cannot write {path}: {e}"))
            .hint("`codex daemon install --print` shows what it would say")
    })
}

/// Removes a service's file. Says whether there was one.
///
/// # Errors
/// Failed when it cannot be removed.
pub fn uninstall(unit: &Unit) -> Result<bool> {
    match fs::remove_file(&unit.path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::failed(format!(
            "cannot remove {}: {e}",
            unit.path.display()
        ))),
    }
}

/// The global options that lead to the same store, project and parameters from anywhere.
pub(super) fn options(sources: &ConfigSources) -> Vec<String> {
    let path = |path: &PathBuf| path.display().to_string();
    let named = sources.variables().get("CODEX_CONFIG").map(PathBuf::from);
    [
        (
            "--config",
            sources.file.as_ref().or(named.as_ref()).map(path),
        ),
        ("--project-dir", sources.project_dir.as_ref().map(path)),
        ("--vars", sources.vars.clone()),
        ("--db", sources.database.as_ref().map(path)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some([name.to_owned(), value?]))
    .flatten()
    .collect()
}

fn arguments(setup: &Setup) -> Vec<String> {
    let mut arguments = options(setup.sources());
    arguments.extend(["daemon", "start", "--foreground"].map(str::to_owned));
    arguments
}

/// `directory` holds the file `.env`.
fn systemd(command: &[String], grace: u32, directory: Option<&Path>) -> String {
    let words: Vec<String> = command.iter().map(|word| systemd_word(word)).collect();
    // A dash: the daemon runs also where the directory has gone.
    let directory = directory.map_or_else(String::new, |dir| {
        let dir = dir.display().to_string().replace('%', "%%");
        format!("WorkingDirectory=-{dir}\n")
    });
    format!(
        "\
[Unit]
Description=codex: a memory that consolidates on biological rhythms

[Service]
Type=exec
{directory}ExecStart={}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
TimeoutStopSec={}

[Install]
WantedBy=default.target
",
        words.join(" "),
        grace + 20
    )
}

/// A word as systemd reads it: quoted where it has to be, its own signs doubled.
fn systemd_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let escaped: String = word
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '%' => "%%".to_owned(),
            '$' => "$$".to_owned(),
            '\n' => "\\n".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn launchd(command: &[String], directory: Option<&Path>) -> String {
    let escaped = |word: &str| {
        word.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let words: Vec<String> = command
        .iter()
        .map(|word| format!("    <string>{}</string>\n", escaped(word)))
        .collect();
    let directory = directory.map_or_else(String::new, |dir| {
        let dir = escaped(&dir.display().to_string());
        format!("  <key>WorkingDirectory</key>\n  <string>{dir}</string>\n")
    });
    format!(
        "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
  <key>Label</key>
  <string>codex.daemon</string>
  <key>ProgramArguments</key>
  <array>
{}  </array>
{directory}  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
</dict>
</plist>
",
        words.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_systemd() {
        for (word, written) in [
            ("/usr/bin/codex", "/usr/bin/codex"),
            ("my diary.duckdb", "\"my diary.duckdb\""),
            ("{a: 50%}", "\"{a: 50%%}\""),
            ("say \"hi\" for $5", "\"say \\\"hi\\\" for $$5\""),
            ("", "\"\""),
        ] {
            assert_eq!(systemd_word(word), written);
        }
    }

    #[test]
    fn words_survive_launchd() {
        let text = launchd(&["codex".to_owned(), "a<b>&c".to_owned()], None);
        assert!(text.contains("<string>a&lt;b&gt;&amp;c</string>"), "{text}");
        assert!(!text.contains("WorkingDirectory"), "{text}");
    }

    #[test]
    fn a_service_works_where_its_env_file_is() {
        let dir = Path::new("/srv/50% & more");
        let text = systemd(&["codex".to_owned()], 20, Some(dir));
        assert!(
            text.contains("\nWorkingDirectory=-/srv/50%% & more\nExecStart=codex\n"),
            "{text}"
        );
        let text = launchd(&["codex".to_owned()], Some(dir));
        assert!(
            text.contains("<key>WorkingDirectory</key>\n  <string>/srv/50% &amp; more</string>"),
            "{text}"
        );
    }
}
