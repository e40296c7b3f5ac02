//! The first days of the sample diary in PostgreSQL, and what is published of them.

use crate::server::{Server, server};
use crate::test_store::TestStore;
use codex_dreams::engine::WriteBack;
use codex_dreams::publish::RELATIONS;

/// A moment after the first five days of the diary.
pub const AS_OF: &str = "2026-03-07T12:00:00Z";

/// A store whose database holds the first five days of the sample diary.
pub fn diary_beside(server: &Server) -> TestStore<'_> {
    let store = TestStore::beside(server);
    fill(&store);
    store.ok(&["init", "postgres"]);
    store
}

pub fn diary() -> TestStore<'static> {
    diary_beside(server())
}

pub fn fill(store: &TestStore<'_>) {
    let mut client = store.db.client();
    let mut transaction = client.transaction().unwrap();
    for line in include_str!("../../sample/diary.jsonl").lines().take(100) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        transaction
            .execute(
                "INSERT INTO memories (content, created_at, updated_at, metadata)
                 VALUES ($1, $2::text::timestamptz, $2::text::timestamptz, jsonb_build_object('key', $3::text))",
                &[&entry["content"].as_str(), &entry["created_at"].as_str(), &entry["id"].as_str()],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
}

pub fn rows(store: &TestStore<'_>, relation: &str) -> i64 {
    store
        .db
        .count(&format!("SELECT count(*) FROM dreams.{relation}"))
}

/// Everything that is published, in an order of its own.
pub fn contents(store: &TestStore<'_>) -> String {
    RELATIONS
        .iter()
        .map(|relation| {
            store.db.text(&format!(
                "SELECT '{relation} ' || count(*) || ' ' || coalesce(md5(string_agg(md5(r::text), '' ORDER BY r.key)), '') FROM dreams.{relation} r"
            ))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

pub fn write_back(store: &TestStore<'_>) -> WriteBack {
    store.engine().write_back(false).unwrap().unwrap()
}
