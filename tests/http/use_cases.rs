//! What programs do with it.

use crate::service::Service;
use serde_json::Value;

#[test]
fn a_memory_is_recalled_at_once_edited_and_deleted() {
    let service = Service::start();
    let key = service.key(&["--scope", "write"]);
    let added = service.post(
        &key,
        "/v1/memories",
        r#"{"content":"The spare key hangs in the greenhouse","speaker":"Nora"}"#,
    );
    assert_eq!(added.status, 201, "{}", added.body);
    let found = service.get(&key, "/query?q=where+is+the+spare+key").json();
    assert_eq!(found["results"][0]["id"], added.json()["id"]);
    let path = format!("/v1/memories/{}", added.json()["id"]);
    let headers = [("X-API-Key", key.as_str())];
    let edited = service.send(
        "PATCH",
        &path,
        &headers,
        r#"{"content":"The spare key lies in the shed"}"#,
    );
    assert_eq!(edited.json()["content"], "The spare key lies in the shed");
    let history = service.get(&key, &format!("{path}/history")).json();
    assert_eq!(
        history["earlier"][0]["content"],
        "The spare key hangs in the greenhouse"
    );
    assert_eq!(service.send("DELETE", &path, &headers, "").status, 200);
    assert_eq!(
        service.send("DELETE", &path, &headers, "").code(),
        "conflict"
    );
    assert_eq!(
        service.get(&key, "/v1/memories").json()["memories"],
        Value::Array(vec![])
    );
}

#[test]
fn pages_of_a_list_show_everything_once() {
    let service = Service::start();
    let key = service.key(&["--scope", "write"]);
    let many: Vec<_> = (0..25)
        .map(|n| {
            format!(
                r#"{{"content":"note {n}","created_at":"2026-03-02T08:00:{:02}Z"}}"#,
                n / 2
            )
        })
        .collect();
    let added = service.post(
        &key,
        "/v1/memories",
        &format!(r#"{{"memories":[{}]}}"#, many.join(",")),
    );
    assert_eq!(added.status, 201, "{}", added.body);
    let mut seen = Vec::new();
    let mut path = "/v1/memories?limit=10".to_owned();
    loop {
        let page = service.get(&key, &path).json();
        let ids = page["memories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["id"].as_i64().unwrap());
        seen.extend(ids);
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/memories?limit=10&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 25);
}

#[test]
fn an_application_s_users_have_a_mind_and_a_key_each() {
    let service = Service::start();
    let app = service.key(&["--scope", "register", "--scope", "write", "--mind", "app/*"]);
    let user = |name: &str| {
        let made = service.post(&app, "/v1/users", "{}");
        assert_eq!(made.status, 201, "{}", made.body);
        let made = made.json();
        let key = made["api_key"].as_str().unwrap().to_owned();
        let id = made["id"].as_str().unwrap().to_owned();
        let body = format!(
            r#"{{"user_id":"{id}","session_id":"s","role":"user","content":"I live in {name} now"}}"#
        );
        assert_eq!(service.post(&key, "/v1/ingest", &body).status, 201);
        (id, key)
    };
    let (austin, austin_key) = user("Austin");
    let (lisbon, lisbon_key) = user("Lisbon");
    let ask = |key: &str, id: &str| {
        service.post(
            key,
            "/v1/recall",
            &format!(r#"{{"user_id":"{id}","query":"where do I live?"}}"#),
        )
    };
    assert_eq!(
        ask(&austin_key, &austin).json()["relevant_facts"][0]["content"],
        "I live in Austin now"
    );
    assert_eq!(
        ask(&app, &lisbon).json()["relevant_facts"][0]["content"],
        "I live in Lisbon now"
    );
    assert_eq!(ask(&lisbon_key, &austin).code(), "forbidden");
    // Any string that the application calls a user by is one.
    let body = r#"{"user_id":"user-123","role":"user","content":"My cat is called Miso"}"#;
    assert_eq!(service.post(&app, "/v1/ingest", body).status, 201);
    assert_eq!(
        ask(&app, "user-123").json()["relevant_facts"][0]["content"],
        "My cat is called Miso"
    );
    let said = service.get(&austin_key, "/v1/history/s").json();
    assert_eq!(said["messages"][0]["role"], "user");
    let rotated = service
        .post(
            &austin_key,
            &format!("/v1/users/{austin}/api-key/rotate"),
            "",
        )
        .json();
    assert_eq!(service.get(&austin_key, "/v1/conscious").status, 401);
    let fresh = rotated["api_key"].as_str().unwrap();
    assert!(
        service.get(fresh, "/v1/conscious").json()["context"]
            .as_str()
            .unwrap()
            .contains("Austin")
    );
}

#[test]
fn two_ais_of_one_name_are_two_and_a_name_that_contradicts_is_a_conflict() {
    let service = Service::start();
    let key = service.key(&["--scope", "register"]);
    let hello = |body: &str| service.post(&key, "/v1/handshake", body);
    let (one, two) = (
        hello(r#"{"ai_name":"Assistant"}"#).json(),
        hello(r#"{"ai_name":"Assistant"}"#).json(),
    );
    assert_ne!(one["ai_uuid"], two["ai_uuid"]);
    let own = one["api_key"].as_str().unwrap();
    let id = one["ai_uuid"].as_str().unwrap();
    let memory = format!(
        r#"{{"ai_name":"Assistant","ai_uuid":"{id}","memory_type":"personal_logs","memory_data":{{"content":"Greeted Ana","mood":"calm"}}}}"#
    );
    let made = service.post(own, "/create_memory", &memory);
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(
        service
            .post(two["api_key"].as_str().unwrap(), "/create_memory", &memory)
            .code(),
        "forbidden"
    );
    let wrong = memory.replace("Assistant", "Other");
    assert_eq!(
        service.post(own, "/create_memory", &wrong).code(),
        "conflict"
    );
    let other = memory.replace("personal_logs", "somewhere");
    assert_eq!(
        service.post(own, "/create_memory", &other).code(),
        "bad_request"
    );
}

#[test]
fn a_stream_tells_of_its_own_minds_only_and_goes_on_where_it_was() {
    let service = Service::start();
    let nora = service.key(&["--scope", "write", "--mind", "nora"]);
    let iris = service.key(&["--scope", "write", "--mind", "iris"]);
    let first = service
        .post(&nora, "/v1/memories", r#"{"content":"one"}"#)
        .head;
    let request = first
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap()
        .to_owned();
    let generation = request.rsplit_once('-').unwrap().0.to_owned();
    service.post(&iris, "/v1/memories", r#"{"content":"two"}"#);
    service.post(&nora, "/v1/memories", r#"{"content":"three"}"#);
    let stream = service
        .get(
            &nora,
            &format!("/v1/events?limit=2&seconds=20&last_event_id={generation}-0"),
        )
        .body;
    let kinds: Vec<&str> = stream
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(kinds, ["memory_added", "memory_added"], "{stream}");
    assert!(!stream.contains("iris"), "{stream}");
    let lagged = service
        .get(
            &nora,
            "/v1/events?limit=1&seconds=20&last_event_id=before-7",
        )
        .body;
    assert!(lagged.contains("event: lagged"), "{lagged}");
}

#[test]
fn facts_relations_sessions_and_cleanup_are_there_over_http() {
    let service = Service::start();
    let key = service.key(&["--scope", "write", "--mind", "nora"]);
    let add = |body: &str| service.post(&key, "/v1/memories", body).json()["id"].to_string();
    let first = add(r#"{"content":"I live in Ghent.","session":"s1"}"#);
    let second = add(r#"{"content":"I moved to Lier.","session":"s1"}"#);

    let facts = service.get(&key, "/v1/facts?slot=residence").json();
    assert_eq!(facts["facts"][0]["value"], "Lier", "{facts}");
    let id = facts["facts"][0]["id"].as_str().unwrap();
    let source = service.get(&key, &format!("/v1/facts/{id}/source")).json();
    assert_eq!(
        source["evidence"][0]["memory_id"].to_string(),
        second,
        "{source}"
    );
    let told = service.get(&key, "/v1/conscious").json();
    assert_eq!(told["relevant_facts"][0]["category"], "residence", "{told}");
    assert!(told["context"].as_str().unwrap().contains("Lier"), "{told}");
    let gone = service.send(
        "DELETE",
        &format!("/v1/facts/{id}"),
        &[("X-API-Key", &key)],
        "",
    );
    assert_eq!(gone.status, 200, "{}", gone.body);
    let facts = service.get(&key, "/v1/facts?slot=residence").json();
    assert_ne!(facts["facts"][0]["value"], "Lier", "{facts}");

    let drawn = service.post(
        &key,
        &format!("/v1/memories/{second}/relations"),
        &format!(r#"{{"to":"{first}","kind":"supersedes"}}"#),
    );
    assert_eq!(drawn.status, 201, "{}", drawn.body);
    let related = service
        .get(&key, &format!("/v1/memories/{second}/related"))
        .json();
    assert_eq!(related["related"][0]["id"].to_string(), first, "{related}");

    service.send(
        "DELETE",
        &format!("/v1/memories/{first}"),
        &[("X-API-Key", &key)],
        "",
    );
    let back = service.post(&key, &format!("/v1/memories/{first}/restore"), "");
    assert_eq!(back.status, 200, "{}", back.body);
    let sessions = service.get(&key, "/v1/sessions").json();
    assert_eq!(sessions["sessions"][0]["id"], "s1", "{sessions}");
    let cleanup = service
        .post(
            &key,
            "/v1/cleanup",
            r#"{"min_importance":1.0,"dry_run":true}"#,
        )
        .json();
    assert_eq!(cleanup["dry_run"], true, "{cleanup}");
    assert_eq!(service.post(&key, "/v1/cleanup", "{}").status, 400);
}
