use super::*;

fn shared<T: Send + Sync + Clone>() {}

#[test]
fn handles_can_be_shared_between_threads() {
    shared::<MemoryStore>();
    let dir = tempfile::tempdir().unwrap();
    let store = MemoryStore::open(dir.path().join("m.duckdb")).unwrap();
    let adding: Vec<_> = (0..4)
        .map(|n| {
            let store = store.clone();
            std::thread::spawn(move || store.add(NewMemory::of(format!("note {n}"))).unwrap())
        })
        .collect();
    for thread in adding {
        thread.join().unwrap();
    }
    assert_eq!(
        store
            .list(&MemoryFilter::default(), None, 10)
            .unwrap()
            .len(),
        4
    );
    assert!(
        store
            .mind("nobody")
            .list(&MemoryFilter::default(), None, 10)
            .is_err()
    );
}

#[test]
fn a_store_adds_finds_relates_states_and_hides() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions::at(dir.path().join("m.duckdb")).author("a test");
    let store = MemoryStore::with(options).unwrap();
    let key = store
        .add(
            NewMemory::of("The spare key is at the greenhouse")
                .kind("semantic")
                .tag("keys"),
        )
        .unwrap();
    let home = store.add(NewMemory::of("I moved to Ghent.")).unwrap();
    let found = store.search("spare key", 3).unwrap();
    assert_eq!(found.results[0].id, key.id);
    let relation = NewRelation {
        kind: "related_to".into(),
        strength: 0.5,
        directed: false,
        half_life_days: None,
    };
    store.relate(key.id, home.id, relation).unwrap();
    let rule = RelatedRule {
        kind: None,
        depth: 1,
        learned: false,
        limit: 10,
    };
    assert_eq!(store.related(home.id, &rule).unwrap()[0].id, key.id);
    let facts = store.facts(&FactFilter::default()).unwrap();
    assert_eq!(facts[0].value, "Ghent");
    let edited = store
        .update(key.id, "The spare key is under the pot")
        .unwrap();
    assert_eq!(edited.memory.kind.as_deref(), Some("semantic"));
    store.delete(key.id, "moved").unwrap();
    assert_eq!(
        store
            .list(&MemoryFilter::default(), None, 10)
            .unwrap()
            .len(),
        1
    );
    let again = store.restore(key.id).unwrap();
    assert_eq!(again.memory.content, "The spare key is under the pot");
}
