//! `codex connect`: other programs' files keep what they say, gain codex once, and lose it again.

use crate::test_store::TestStore;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

struct Home {
    store: TestStore,
}

impl Home {
    fn new() -> Home {
        Home {
            store: TestStore::new(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.store.path(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file(name)).unwrap()).unwrap()
    }

    /// Exit code, and what was said on both streams.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let ran = self.store.run(arguments);
        (ran.code, ran.stdout + &ran.stderr)
    }
}

const SETTINGS: &str =
    r#"{"model":"opus","hooks":{"Stop":[{"hooks":[{"type":"command","command":"say done"}]}]}}"#;

#[test]
fn connecting_shows_first_then_writes_once_and_disconnecting_leaves_what_was_there() {
    let home = Home::new();
    home.write(".claude/settings.json", SETTINGS);
    let (code, said) = home.run(&["connect", "claude-code", "--mind", "nora"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("nothing was written") && said.contains("codex-memory"),
        "{said}"
    );
    assert!(!home.file(".claude.json").exists());

    let (code, said) = home.run(&["connect", "claude-code", "--mind", "nora", "--yes"]);
    assert_eq!(code, 0, "{said}");
    let server = &home.json(".claude.json")["mcpServers"]["codex-memory"];
    let arguments: Vec<&str> = server["args"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(arguments[2..], ["--mind", "nora", "mcp"]);
    let settings = home.json(".claude/settings.json");
    assert_eq!(settings["model"], "opus");
    assert_eq!(settings["hooks"]["Stop"].as_array().unwrap().len(), 2);
    assert_eq!(
        settings["hooks"]["SessionStart"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        fs::read_to_string(home.file(".claude/settings.json.before-codex")).unwrap(),
        SETTINGS
    );

    let (_, said) = home.run(&["connect", "claude-code", "--mind", "nora", "--yes"]);
    assert!(said.contains("nothing to change"), "{said}");

    let (code, said) = home.run(&["disconnect", "claude-code", "--yes"]);
    assert_eq!(code, 0, "{said}");
    let before: Value = serde_json::from_str(SETTINGS).unwrap();
    assert_eq!(home.json(".claude/settings.json"), before);
    assert_eq!(
        home.json(".claude.json")["mcpServers"],
        serde_json::json!({})
    );
}

#[test]
fn toml_keeps_its_comments_and_one_file_takes_servers_and_hooks() {
    let home = Home::new();
    home.write(
        ".codex/config.toml",
        "# mine\nmodel = \"o3\" # best\n\n[mcp_servers.other]\ncommand = \"x\"\n",
    );
    assert_eq!(home.run(&["connect", "codex-cli", "--yes"]).0, 0);
    let text = fs::read_to_string(home.file(".codex/config.toml")).unwrap();
    assert!(
        text.contains("# mine")
            && text.contains("# best")
            && text.contains("[mcp_servers.codex-memory]"),
        "{text}"
    );
    assert_eq!(home.run(&["disconnect", "codex-cli", "--yes"]).0, 0);
    let text = fs::read_to_string(home.file(".codex/config.toml")).unwrap();
    assert!(
        !text.contains("codex-memory") && text.contains("[mcp_servers.other]"),
        "{text}"
    );

    assert_eq!(home.run(&["connect", "gemini", "--yes"]).0, 0);
    let settings = home.json(".gemini/settings.json");
    assert!(
        settings["mcpServers"]["codex-memory"].is_object()
            && settings["hooks"]["BeforeAgent"].is_array()
    );
}

#[test]
fn a_file_that_cannot_be_understood_is_left_as_it_is() {
    let home = Home::new();
    home.write(".cursor/mcp.json", "{ // mine\n}");
    let (code, said) = home.run(&["connect", "cursor", "--yes"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("mcp.json") && said.contains("nothing was written"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(home.file(".cursor/mcp.json")).unwrap(),
        "{ // mine\n}"
    );
}
