//! An answered write is there, whatever happens next; one that is sent again is there once.

use crate::service::Service;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn every_answered_write_survives_a_kill_and_none_is_there_twice() {
    let mut service = Service::start();
    let key = service.key(&["--scope", "write"]);
    let answered = Mutex::new(BTreeSet::new());
    for round in 0..3 {
        let enough = AtomicBool::new(false);
        let sent = |worker: usize| {
            for number in 0.. {
                if enough.load(Ordering::SeqCst) {
                    break;
                }
                let content = format!("note {round}-{worker}-{number}");
                let answer = service.post(
                    &key,
                    "/v1/memories",
                    &format!(r#"{{"content":"{content}"}}"#),
                );
                if answer.status == 201 {
                    let mut answered = answered.lock().unwrap();
                    answered.insert(content);
                    if answered.len() >= 40 * (round + 1) {
                        enough.store(true, Ordering::SeqCst);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let sent = &sent;
                scope.spawn(move || sent(worker));
            }
        });
        service = Service::over(service.kill(), &[]);
        let kept = service.get(&key, "/v1/memories?limit=1000").json();
        let mut contents: Vec<String> = kept["memories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["content"].as_str().unwrap().to_owned())
            .collect();
        let all = contents.len();
        contents.sort();
        contents.dedup();
        assert_eq!(contents.len(), all, "twice");
        for content in answered.lock().unwrap().iter() {
            assert!(
                contents.contains(content),
                "{content} was answered and is gone"
            );
        }
    }
}

#[test]
fn a_request_with_its_own_name_may_be_sent_again_after_a_restart() {
    let service = Service::start();
    let key = service.key(&["--scope", "write"]);
    let headers = [("X-API-Key", key.as_str()), ("Idempotency-Key", "order-17")];
    let body = r#"{"content":"The plumber comes on Tuesday"}"#;
    let first = service.send("POST", "/v1/memories", &headers, body);
    assert_eq!(first.status, 201);
    let service = Service::over(service.kill(), &[]);
    let again = service.send("POST", "/v1/memories", &headers, body);
    assert_eq!(
        (again.status, again.json()["id"].clone()),
        (200, first.json()["id"].clone())
    );
    let count = service.get(&key, "/v1/memories").json()["memories"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(count, 1);
}
