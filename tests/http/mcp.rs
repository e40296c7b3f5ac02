//! MCP, with the official Python client over both transports, and line by line.

use crate::service::Service;
use crate::test_store::TestStore;
use crate::unchecked::unchecked;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// What the official client saw; none where it is not installed.
fn official_client(arguments: &[&str]) -> Option<Value> {
    let python = std::env::var("CODEX_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_client = Command::new(&python)
        .args(["-c", "import mcp"])
        .stderr(Stdio::null())
        .status();
    if !has_client.is_ok_and(|status| status.success()) {
        unchecked(&format!(
            "{python} has no package 'mcp' (the official client; scripts/test.sh fetches it): MCP was not tried with it"
        ));
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/mcp_client.py");
    let output = Command::new(&python)
        .arg(script)
        .args(arguments)
        .env("CODEX_ENRICHMENT", "rules")
        .env("CODEX_EMBEDDINGS", "none")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    Some(serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {told}")))
}

/// What every transport has to show.
fn check(seen: &Value) {
    let text = |pointer: &str| {
        seen.pointer(pointer)
            .map_or_else(String::new, Value::to_string)
    };
    assert_eq!(
        seen["tools"],
        json!([
            "recall", "remember", "context", "explain", "correct", "delete"
        ])
    );
    assert!(
        seen["tool_tokens"].as_u64().unwrap() <= 1_500,
        "{}",
        seen["tool_tokens"]
    );
    assert_eq!(
        seen["recalled"]["memories"].as_array().unwrap().len(),
        1,
        "{}",
        seen["recalled"]
    );
    assert!(text("/recalled/memories/0/text").contains("Lier"));
    assert_eq!(seen["nothing"]["memories"], json!([]));
    assert!(
        text("/nothing/notes/0").contains("nothing"),
        "{}",
        seen["nothing"]
    );
    assert!(text("/explained/text").contains("Lier"));
    assert!(text("/again").contains("Mol") && text("/again").contains("sold"));
    assert!(!text("/again").contains("praise") && !text("/context").contains("praise"));
    assert!(text("/misspelt/error").contains("querry"));
    assert!(text("/unknown/error").contains("no memory"));
    assert_eq!(seen["resource"], seen["context"]["text"]);
    assert_eq!(seen["templates"], json!(["codex://memory/{id}"]));
    assert!(text("/memory").contains("Mol"));
    assert_eq!(seen["prompts"], json!(["continue", "review"]));
    assert!(text("/prompt").contains("sold her bee hives"));
}

#[test]
fn the_official_client_remembers_recalls_and_corrects_over_http() {
    let service = Service::start();
    let key = service.key(&["--scope", "write", "--mind", "nora"]);
    let url = format!("http://{}/mcp", service.address);
    if let Some(seen) = official_client(&["http", &url, &key]) {
        check(&seen);
    }
}

#[test]
fn the_official_client_remembers_recalls_and_corrects_over_stdio() {
    let store = TestStore::new();
    let file = store.store();
    let codex = env!("CARGO_BIN_EXE_codex");
    let db = file.to_str().unwrap();
    let seen = official_client(&["stdio", codex, "--db", db, "mcp", "--mind", "nora"]);
    if let Some(seen) = seen {
        check(&seen);
        // It started a daemon, which goes on for the next one.
        let status = store.ok(&["daemon", "status", "--json"]);
        assert!(
            status.contains("\"running\": true") || status.contains("\"running\":true"),
            "{status}"
        );
        store.ok(&["daemon", "stop"]);
    }
}

/// `codex mcp` with both ends of its pipe.
struct Pipe {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Pipe {
    fn start(store: &TestStore) -> Pipe {
        let mut child = Command::new(env!("CARGO_BIN_EXE_codex"))
            .arg("--db")
            .arg(store.store())
            .args(["mcp", "--mind", "nora"])
            .env("CODEX_ENRICHMENT", "rules")
            .env("CODEX_EMBEDDINGS", "none")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Pipe { child, answers }
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    /// The next line; every one has to be a message.
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        message
    }

    fn initialize(&mut self) {
        self.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}));
        assert_eq!(self.hear()["result"]["serverInfo"]["name"], "codex");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    }
}

#[test]
fn eight_assistants_at_once_keep_everything_and_say_nothing_but_the_protocol() {
    let store = TestStore::new();
    let mut clients: Vec<Pipe> = (0..8).map(|_| Pipe::start(&store)).collect();
    for client in &mut clients {
        client.initialize();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "remember", "arguments": {"content": format!("The jar number {number} holds honey.")}}}));
    }
    for client in &mut clients {
        let answer = client.hear();
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
    for mut client in clients {
        drop(client.child.stdin.take());
        assert!(client.child.wait().unwrap().success());
        let mut rest = String::new();
        client.answers.read_line(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
    let listed = store.ok(&["memory", "list", "--mind", "nora", "--json"]);
    assert_eq!(listed.matches("holds honey").count(), 8, "{listed}");
    store.ok(&["daemon", "stop"]);
}

#[test]
fn a_paused_memory_keeps_nothing_that_an_assistant_says() {
    let service = Service::start();
    let key = service.key(&["--scope", "write", "--mind", "nora"]);
    service.store.ok(&["pause"]);
    let answer = message(
        &service,
        &key,
        "remember",
        &json!({"content": "The safe is behind the clock."}),
    );
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(answer.to_string().contains("paused"), "{answer}");
    let change = json!({"id": 1, "content": "It is in the cellar.", "how": "changed"});
    let answer = message(&service, &key, "correct", &change);
    assert!(answer.to_string().contains("paused"), "{answer}");
    service.store.ok(&["resume"]);
    let answer = message(
        &service,
        &key,
        "remember",
        &json!({"content": "The safe is behind the clock."}),
    );
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

#[test]
fn mcp_wants_a_key_for_one_mind_and_a_scope_that_fits() {
    let service = Service::start();
    let several = service.key(&["--scope", "write", "--mind", "nora", "--mind", "iris"]);
    let answer = message(&service, &several, "recall", &json!({"query": "bees"}));
    assert!(answer.to_string().contains("one mind"), "{answer}");
    let reader = service.key(&["--scope", "read", "--mind", "nora"]);
    let answer = message(&service, &reader, "remember", &json!({"content": "x"}));
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let headers = [
        ("Authorization", format!("Bearer {reader}")),
        ("Origin", "https://evil.example".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(service.send("POST", "/mcp", &headers, &body).status, 403);
    assert_eq!(service.send("POST", "/mcp", &[], &body).status, 401);
}

#[test]
fn correcting_what_is_not_there_keeps_nothing() {
    let service = Service::start();
    let key = service.key(&["--scope", "write", "--mind", "nora"]);
    service.post(&key, "/v1/memories", r#"{"content":"The kettle is blue."}"#);
    let change = json!({"id": 4711, "content": "The kettle is red.", "how": "changed"});
    let answer = message(&service, &key, "correct", &change);
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let kept = service.get(&key, "/v1/memories").body;
    assert!(kept.contains("blue") && !kept.contains("red"), "{kept}");
}

/// Calls a tool over HTTP in the stateless revision.
fn message(service: &Service, key: &str, tool: &str, arguments: &Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": tool, "arguments": arguments, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}}}});
    let bearer = format!("Bearer {key}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", tool),
    ];
    service
        .send("POST", "/mcp", &headers, &body.to_string())
        .json()
}
