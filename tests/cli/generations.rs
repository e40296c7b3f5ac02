//! A store keeps its model generation until its owner adopts another.

use crate::test_store::{AFTER, TestStore};
use duckdb::Connection;

/// The state that codex 0.1 came to with the diary.
const STATE_OF_0_1: &str = "db687911bce733c26cbfcbe5c7336a0f";

/// The diary in a store of generation 1: what codex 0.1 leaves after an import, read by its rules.
fn of_codex_0_1() -> TestStore {
    let store = TestStore::with_diary();
    let conn = Connection::open(store.store()).unwrap();
    conn.execute_batch(
        "UPDATE codex.meta SET value = '1' WHERE key = 'model_generation';
         UPDATE raw.memories SET source = 'diary.jsonl';
         DELETE FROM enrichment.features;
         DELETE FROM lexical.postings;
         DELETE FROM lexical.documents;
         CHECKPOINT",
    )
    .unwrap();
    store
}

#[test]
fn nights_of_a_store_of_0_1_go_on_as_they_were_until_the_newest_generation_is_adopted() {
    let store = of_codex_0_1();
    store.ok(&["consolidate", "--as-of", AFTER]);
    assert_eq!(store.json(&["verify"])["state_hash"], STATE_OF_0_1);
    assert_eq!(store.json(&["status"])["model_generation"], 1);
    assert!(
        store
            .ok(&["status"])
            .contains("--rebuild --generation latest")
    );
    store.ok(&["replay", "--into", "again.duckdb"]);

    // A rebuild alone keeps the generation.
    store.ok(&["consolidate", "--rebuild", "--as-of", AFTER]);
    assert_eq!(store.json(&["verify"])["state_hash"], STATE_OF_0_1);

    let adopted = store.json(&[
        "consolidate",
        "--rebuild",
        "--generation",
        "latest",
        "--as-of",
        AFTER,
    ]);
    let change = &adopted["generation"];
    assert_eq!((&change["from"], &change["to"]), (&1.into(), &2.into()));
    assert_eq!(change["before"]["default"]["long_term"], 6);
    assert_eq!(store.json(&["status"])["model_generation"], 2);
    assert_ne!(store.json(&["verify"])["state_hash"], STATE_OF_0_1);
    store.ok(&["replay", "--into", "anew.duckdb"]);

    // The store as it was is beside it.
    let kept = change["kept"].as_str().unwrap();
    let before = store.json(&["--db", kept, "verify"]);
    assert_eq!(before["state_hash"], STATE_OF_0_1);
}

#[test]
fn a_generation_is_adopted_by_a_rebuild_alone() {
    let store = TestStore::with_diary();
    store.refused(2, "--rebuild", &["consolidate", "--generation", "latest"]);
    assert_eq!(store.json(&["status"])["model_generation"], 2);
}
