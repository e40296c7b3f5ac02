//! A program with a memory: `cargo run --example remember -- "what did I say about the key?"`

use codex_dreams::api::{FactFilter, MemoryStore, NewMemory};

fn main() -> codex_dreams::Result<()> {
    let question = std::env::args().nth(1);
    let store = MemoryStore::open(std::env::temp_dir().join("codex-example.duckdb"))?;
    store.add(NewMemory::of("The spare key is at the greenhouse").tag("keys"))?;
    store.add(NewMemory::of("I moved to Ghent last month.").kind("episodic"))?;
    let question = question.as_deref().unwrap_or("where is the spare key?");
    for hit in store.search(question, 3)?.results {
        println!("{}: {}", hit.id, hit.content);
    }
    for fact in store.facts(&FactFilter::default())? {
        println!("{} {}: {}", fact.subject, fact.slot, fact.value);
    }
    Ok(())
}
