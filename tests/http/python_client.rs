//! The Python client, tried by its own tests against a running service.

use crate::service::Service;
use crate::unchecked::unchecked;
use std::process::{Command, Stdio};

#[test]
fn the_python_client_and_a_chat_with_memory_work() {
    let python = std::env::var("CODEX_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_clients = Command::new(&python)
        .args(["-c", "import httpx, openai"])
        .stderr(Stdio::null())
        .status();
    if !has_clients.is_ok_and(|status| status.success()) {
        unchecked(&format!(
            "{python} has no packages 'httpx' and 'openai' (scripts/test.sh fetches them): the Python client was not tried"
        ));
        return;
    }
    let service = Service::start();
    let key = service.key(&["--scope", "write", "--mind", "nora"]);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/python");
    let output = Command::new(&python)
        .args(["-m", "unittest", "discover", "-s", "tests"])
        .current_dir(root)
        .env("PYTHONPATH", format!("{root}/src"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CODEX_URL", format!("http://{}", service.address))
        .env("CODEX_API_KEY", &key)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
