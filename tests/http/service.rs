//! A running service, and a client that sends exactly what it is told.

use crate::test_store::TestStore;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Service {
    pub store: TestStore,
    pub address: SocketAddr,
    child: Child,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("none").to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    pub fn start() -> Service {
        Service::over(TestStore::new(), &[])
    }

    pub fn over(store: TestStore, environment: &[(&str, &str)]) -> Service {
        // Free a moment ago; should somebody else have been faster, the service says so and the test fails.
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let child = Command::new(assert_cmd::cargo::cargo_bin!("codex"))
            .args(["--db"])
            .arg(store.store())
            .args(["serve", "--listen", &address.to_string()])
            .env("CODEX_ENRICHMENT", "rules")
            .env("CODEX_EMBEDDINGS", "none")
            .envs(environment.iter().copied())
            .current_dir(store.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut service = Service {
            store,
            address,
            child,
        };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "no answer");
            assert!(service.child.try_wait().unwrap().is_none(), "it ended");
            std::thread::sleep(Duration::from_millis(10));
        }
        service
    }

    /// Kills it at once, and gives back what it leaves.
    pub fn kill(mut self) -> TestStore {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.store, TestStore::new())
    }

    /// Makes a key with `codex keys create`.
    pub fn key(&self, arguments: &[&str]) -> String {
        let mut all = vec!["keys", "create", "--json", "--name", "test"];
        all.extend(arguments);
        let made: Value = serde_json::from_str(&self.store.ok(&all)).unwrap();
        made["key"].as_str().unwrap().to_owned()
    }

    pub fn get(&self, key: &str, path: &str) -> Answer {
        self.send(
            "GET",
            path,
            &[("Authorization", &format!("Bearer {key}"))],
            "",
        )
    }

    pub fn post(&self, key: &str, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("X-API-Key", key)], body)
    }

    /// One request over a connection of its own.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.raw(request.as_bytes())
    }

    /// Exactly these bytes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        // It may answer and hang up before it has read all of it.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .unwrap_or(0);
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// The paths and methods of the OpenAPI document.
    pub fn routes(&self, key: &str) -> Vec<(String, String)> {
        let document = self.get(key, "/openapi.json").json();
        let paths = document["paths"].as_object().unwrap().clone();
        let each = paths.into_iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().clone();
            methods
                .into_iter()
                .map(move |(method, _)| (method.to_uppercase(), path.clone()))
        });
        each.collect()
    }
}
