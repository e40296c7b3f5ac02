//! The test server against the official Python client, so that what the other tests rely on is the protocol and not our reading of it.

use crate::server::Server;
use crate::unchecked::unchecked;
use crate::{MODELS, has_program};
use std::process::Command;

#[test]
fn the_official_client_understands_the_test_server() {
    let python = std::env::var("CODEX_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !has_program(&python, &["-c", "import ollama"]) {
        unchecked(&format!(
            "{python} has no package 'ollama' (the official client; scripts/test.sh fetches it): the shapes of the test server were not compared"
        ));
        return;
    }
    let server = Server::with(&MODELS);
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/ollama/official_client.py"
    );
    let output = Command::new(&python)
        .arg(script)
        .arg(server.url())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
