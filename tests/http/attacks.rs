//! What memory servers have met: pages of other sites, other names, keys that may less, bodies that are too much.

use crate::service::Service;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A path with something in place of each of its parameters.
fn filled(path: &str, with: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { with } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_refuses_other_hosts_other_origins_and_whoever_has_no_key() {
    let service = Service::start();
    let key = service.key(&["--scope", "admin"]);
    let routes = service.routes(&key);
    assert!(routes.len() > 25, "{}", routes.len());
    let others = ["/", "/docs", "/openapi.json", "/no-such-thing"]
        .map(|path| ("GET".to_owned(), path.to_owned()));
    for (method, path) in routes.into_iter().chain(others) {
        let path = filled(&path, "1");
        let named = |header, value| {
            service.send(
                &method,
                &path,
                &[("X-API-Key", &key), (header, value)],
                "{}",
            )
        };
        for host in ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:1", ""] {
            let answer = named("Host", host);
            assert_eq!(
                answer.status, 421,
                "{method} {path} as {host}: {}",
                answer.body
            );
        }
        for origin in ["https://evil.example", "null", "http://localhost"] {
            let answer = named("Origin", origin);
            assert_eq!(
                answer.status, 403,
                "{method} {path} from {origin}: {}",
                answer.body
            );
            assert!(
                !answer
                    .head
                    .to_ascii_lowercase()
                    .contains("access-control-allow")
            );
        }
        let answer = service.send(&method, &path, &[], "{}");
        match path.starts_with("/health/") {
            true => assert_eq!(answer.status, 200, "{path}"),
            false => assert_eq!(answer.status, 401, "{method} {path}: {}", answer.body),
        }
        let wrong = service.send(&method, &path, &[("X-API-Key", "codex_0")], "{}");
        assert_eq!(wrong.status, 401, "{method} {path}");
    }
}

#[test]
fn a_key_that_reads_writes_through_no_route() {
    let service = Service::start();
    let writer = service.key(&["--scope", "write"]);
    let reader = service.key(&["--scope", "read"]);
    let added = service.post(
        &writer,
        "/v1/memories",
        r#"{"content":"The kettle is blue"}"#,
    );
    assert_eq!(added.status, 201, "{}", added.body);
    // Cycles may move it from tier to tier meanwhile.
    let words = || {
        let listed = service.get(&writer, "/v1/memories").json();
        let memories = listed["memories"].as_array().unwrap().clone();
        let said = |memory: serde_json::Value| (memory["id"].clone(), memory["content"].clone());
        memories.into_iter().map(said).collect::<Vec<_>>()
    };
    let before = words();
    for (method, path) in service.routes(&reader) {
        if method == "GET" {
            continue;
        }
        let bodies = [
            "{}",
            r#"{"content":"x"}"#,
            r#"{"query":"kettle","used":true}"#,
            r#"{"ai_name":"A"}"#,
            r#"{"role":"user","content":"x"}"#,
            r#"{"ai_name":"A","ai_uuid":"u","memory_type":"archive","memory_id":"2","memory_data":"x"}"#,
        ];
        for body in bodies {
            let id = added.json()["id"].to_string();
            let answer = service.send(
                &method,
                &filled(&path, &id),
                &[("X-API-Key", &reader)],
                body,
            );
            let is_question =
                path == "/v1/recall" && answer.status == 200 && !body.contains("used");
            assert!(
                is_question || (400..500).contains(&answer.status),
                "{method} {path} {body}: {}",
                answer.body
            );
        }
    }
    assert_eq!(words(), before);
    let shown = service
        .get(&writer, &format!("/v1/memories/{}", added.json()["id"]))
        .json();
    assert_eq!(shown["used"], 0);
}

#[test]
fn nothing_of_another_mind_comes_through_any_route() {
    let service = Service::start();
    let theirs = service.key(&["--scope", "write", "--mind", "nora"]);
    let ours = service.key(&["--scope", "write", "--mind", "iris"]);
    let secret = service.post(
        &theirs,
        "/v1/memories",
        r#"{"content":"The safe opens with xylophone","key":"safe-code"}"#,
    );
    let id = secret.json()["id"].to_string();
    service.post(&ours, "/v1/memories", r#"{"content":"Rain all day"}"#);
    let leaks = |body: &str| body.contains("xylophone") || body.contains("nora");
    for (method, path) in service.routes(&ours) {
        if path == "/v1/events" {
            continue;
        }
        for name in [id.as_str(), "safe-code", "nora", "no-such-id"] {
            let path = filled(&path, name);
            for body in [
                r#"{"query":"xylophone safe"}"#.to_owned(),
                r#"{"query":"xylophone safe","user_id":"nora"}"#.to_owned(),
                format!(
                    r#"{{"content":"mine now","ai_name":"A","ai_uuid":"{id}","memory_type":"archive","memory_id":"{id}","memory_data":"x"}}"#
                ),
            ] {
                let answer = service.send(&method, &path, &[("X-API-Key", &ours)], &body);
                // What the question itself named may stand in the answer.
                let named = format!("\"{name}\"");
                let told = answer
                    .body
                    .replace(&named, "")
                    .replace("xylophone safe", "");
                assert!(!leaks(&told), "{method} {path} {body}: {}", answer.body);
                assert!(answer.status < 500, "{method} {path}: {}", answer.body);
            }
        }
        // A mind of somebody else's and one that nobody has are refused alike.
        let named = |mind: &str| {
            let path = format!("{}?q=safe&mind={mind}", filled(&path, &id));
            let answer = service.send(
                &method,
                &path,
                &[("X-API-Key", &ours), ("X-Codex-Mind", mind)],
                r#"{"query":"safe","content":"x","role":"user"}"#,
            );
            (answer.status, answer.body.replace(mind, "MIND"))
        };
        if !path.contains("health")
            && path != "/metrics"
            && path != "/v1/minds"
            && path != "/v1/sessions"
            && path != "/v1/ingest"
            && path != "/v1/conscious"
            && !path.contains("history/")
        {
            let (theirs, nobodys) = (named("nora"), named("nobody"));
            assert_eq!(theirs, nobodys, "{method} {path}");
            assert!(theirs.0 >= 400, "{method} {path}: {}", theirs.1);
        }
    }
    let unchanged = service.get(&theirs, &format!("/v1/memories/{id}")).json();
    assert_eq!(unchanged["content"], "The safe opens with xylophone");
}

#[test]
fn bodies_and_addresses_that_are_too_much_are_refused_and_the_service_goes_on() {
    let service = Service::over(
        crate::test_store::TestStore::new(),
        &[("CODEX_SERVER_BODY_LIMIT", "64KB")],
    );
    let key = service.key(&["--scope", "write"]);
    let large = format!(r#"{{"content":"{}"}}"#, "a".repeat(100_000));
    assert_eq!(
        service.post(&key, "/v1/memories", &large).code(),
        "body_too_large"
    );
    let deep = format!(
        r#"{{"content":"x","metadata":{{"a":{}{}}}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    assert_eq!(
        service.post(&key, "/v1/memories", &deep).code(),
        "bad_request"
    );
    let long = format!("/query?q={}", "a".repeat(20_000));
    assert!(service.get(&key, &long).status >= 400);
    for wrong in [
        "not json",
        r#"{"content":5}"#,
        r#"{"content":""}"#,
        r#"{"content":"\u0000"}"#,
        r#"{"content":"x","created_at":"soon"}"#,
        "[]",
        "null",
    ] {
        assert_eq!(
            service.post(&key, "/v1/memories", wrong).code(),
            "bad_request",
            "{wrong}"
        );
    }
    for path in [
        "/../etc/passwd",
        "/v1/memories/..%2f..%2fetc%2fpasswd",
        "/v1/memories/%00",
        "//v1/memories",
        "/v1/memories/%ff",
    ] {
        let answer = service.get(&key, path);
        assert!(
            (400..500).contains(&answer.status),
            "{path}: {}",
            answer.body
        );
        assert!(!answer.body.contains("root:"), "{path}");
    }
    assert_eq!(
        service.raw(b"GET /health/live HTTP/1.1\r\n\r\n").status,
        421
    );
    let two = format!(
        "GET /health/live HTTP/1.1\r\nHost: {0}\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        service.address
    );
    assert_eq!(service.raw(two.as_bytes()).status, 421);
    assert_eq!(service.raw(b"nonsense\r\n\r\n").status, 400);
    // Clients that begin and say no more keep nobody else waiting.
    let slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(service.address).unwrap();
            stream.write_all(b"GET /health").unwrap();
            stream
        })
        .collect();
    assert_eq!(service.get(&key, "/health/live").status, 200);
    drop(slow);
}

#[test]
fn keys_stand_in_no_log_no_error_and_no_audit() {
    let service = Service::start();
    let key = service.key(&["--scope", "admin"]);
    service.get(&key, "/no-such-thing");
    service.get(&format!("{key}0"), "/v1/minds");
    service.get(&key, &format!("/v1/memories/{key}"));
    service.post(&key, "/v1/recall", "{");
    let secret = &key["codex_".len()..];
    assert!(!service.get(&key, "/v1/audit").body.contains(secret));
    let mut files = vec![service.store.path(".")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if let Ok(mut file) = std::fs::File::open(&path) {
            let mut bytes = Vec::new();
            let _ = file.read_to_end(&mut bytes);
            assert!(
                !String::from_utf8_lossy(&bytes).contains(secret),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn a_limit_is_a_key_s_own_and_says_when_to_come_back() {
    let service = Service::start();
    let limited = service.key(&["--scope", "read", "--rate", "2/s"]);
    let other = service.key(&["--scope", "read"]);
    let answers: Vec<_> = (0..20)
        .map(|_| service.get(&limited, "/health/ready"))
        .collect();
    let refused = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("a refusal");
    assert_eq!(refused.code(), "too_many_requests");
    assert!(refused.head.to_ascii_lowercase().contains("retry-after: 1"));
    assert!((0..20).all(|_| service.get(&other, "/health/ready").status == 200));
}

#[test]
fn an_address_beyond_loopback_wants_a_key_before_it_is_served() {
    let store = crate::test_store::TestStore::new();
    let ran = store.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("there is no key"), "{}", ran.stderr);
}
