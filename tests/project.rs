//! From the embedded project to relations in a store, as the engine does it.

use std::sync::Arc;

use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::graph::Graph;
use codex_dreams::project::{Materialization, Project, ProjectSource};
use codex_dreams::template::{CycleValues, RenderContext, Renderer};
use codex_dreams::warehouse::Warehouse;
use codex_dreams::warehouse::materialize::{Options, materialize};

#[test]
fn every_view_and_cache_of_the_embedded_project_can_be_made_in_an_empty_store() {
    let config = Config::load(&ConfigSources::from_process()).unwrap();
    let project = Arc::new(Project::load(ProjectSource::Embedded).unwrap());
    let renderer = Renderer::new(project, &config.parameters).unwrap();
    let graph = Graph::new(renderer.nodes()).unwrap();
    let store = Warehouse::in_memory(1).unwrap();
    let as_of = "2026-03-02T02:00:00".parse().unwrap();
    let context = RenderContext::new(as_of).in_cycle(CycleValues::default());
    // What a running cycle is about; nothing here.
    store
        .conn()
        .execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS due (
                mind_id UUID, epoch INTEGER, epoch_start TIMESTAMP, epoch_end TIMESTAMP,
                seen_arrival BIGINT, highest_arrival BIGINT)",
        )
        .unwrap();
    let mut made = 0;
    for node in graph.order() {
        if node.config.materialized == Materialization::Transition {
            continue; // their tables are the store's own
        }
        let compiled = renderer.compile(node.name.as_str(), &context).unwrap();
        store
            .transaction(|conn| Ok(materialize(conn, &compiled, &Options::default()).unwrap()))
            .unwrap();
        made += 1;
    }
    assert!(made > 0, "the project has no models");
}
