//! Every model of the embedded project is deterministic, as the lint sees it.

use std::sync::Arc;

use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::graph::Graph;
use codex_dreams::project::{
    ConfigPatch, IncrementalStrategy, Materialization, ModelConfig, ModelName, Project,
    ProjectSource, Relation, StageName,
};
use codex_dreams::recall::create_asked;
use codex_dreams::template::{Compiled, CycleValues, RenderContext, Renderer};
use codex_dreams::warehouse::Warehouse;
use codex_dreams::warehouse::lint::{ExactColumns, lint};
use codex_dreams::warehouse::materialize::{Options, materialize};

/// The embedded project in an empty store, so that the lint can bind every model.
struct Embedded {
    renderer: Renderer,
    graph: Graph,
    store: Warehouse,
    context: RenderContext,
}

impl Embedded {
    fn new() -> Embedded {
        // Defaults only; the database is in memory, but settings want a path.
        let sources = ConfigSources {
            database: Some("unused.duckdb".into()),
            ..ConfigSources::default()
        };
        let config = Config::load(&sources).unwrap();
        let project = Arc::new(Project::load(ProjectSource::Embedded).unwrap());
        let renderer = Renderer::new(project, &config.parameters).unwrap();
        let graph = Graph::new(renderer.nodes()).unwrap();
        let store = Warehouse::in_memory(1).unwrap();
        store
            .conn()
            .execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS due (
                    mind_id UUID, epoch INTEGER, epoch_start TIMESTAMP, epoch_end TIMESTAMP,
                    seen_arrival BIGINT, highest_arrival BIGINT)",
            )
            .unwrap();
        create_asked(store.conn()).unwrap();
        let as_of = "2026-03-02T02:00:00".parse().unwrap();
        let context = RenderContext::new(as_of).in_cycle(CycleValues::default());
        for node in graph.order() {
            if node.config.materialized != Materialization::Transition {
                let compiled = renderer.compile(node.name.as_str(), &context).unwrap();
                materialize(store.conn(), &compiled, &Options::default()).unwrap();
            }
        }
        Embedded {
            renderer,
            graph,
            store,
            context,
        }
    }
}

#[test]
fn every_model_of_the_embedded_project_passes_the_lint() {
    let embedded = Embedded::new();
    let columns = ExactColumns::of(embedded.renderer.project());
    let mut findings = Vec::new();
    for node in embedded.graph.order() {
        for incremental in [false, true] {
            let context = embedded.context.clone().incremental(incremental);
            let compiled = embedded
                .renderer
                .compile(node.name.as_str(), &context)
                .unwrap();
            for finding in lint(embedded.store.conn(), &compiled, &columns).unwrap() {
                let finding = finding.to_string();
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
    }
    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        findings.join("\n")
    );
}

/// Recall's queries are rendered for a mind and bind what a person wrote; both do not matter here.
#[test]
fn every_query_of_recall_passes_the_lint() {
    let embedded = Embedded::new();
    let project = embedded.renderer.project();
    let columns = ExactColumns::of(project);
    let mut findings = Vec::new();
    let queries: Vec<_> = project
        .sources()
        .iter()
        .filter(|(path, _)| path.starts_with("sql/recall/"))
        .collect();
    assert!(!queries.is_empty());
    // A memory's versions have revisions of their own: arrivals of what says so.
    let order_keys_of_recall = ConfigPatch {
        order_keys: Some(vec!["term".into(), "revision".into()]),
        ..ConfigPatch::default()
    };
    for (path, text) in queries {
        let values = "{% set mind = 'NULL::UUID' %}{% set explain = true %}{% set filtered = true %}{% set model = \"'local:m'\" %}";
        let query = embedded
            .renderer
            .compile_text(path, &format!("{values}{text}"), &embedded.context)
            .unwrap();
        let compiled = Compiled {
            name: ModelName::parse("query").unwrap(),
            file: path.clone(),
            // A query with a parameter cannot be bound, and so its sums could not be judged.
            sql: query
                .sql
                .replace("LIMIT $1", "LIMIT 1")
                .replace("LIMIT $2", "LIMIT 1")
                .replace("$2", "1")
                .replace("$1", "'[]'"),
            relation: Relation::new("recall", "query"),
            config: ModelConfig::resolve(
                "query",
                &StageName::parse("recall").unwrap(),
                &order_keys_of_recall,
                None,
            )
            .unwrap(),
            depends_on: query.depends_on,
            sources: query.sources,
        };
        let found = lint(embedded.store.conn(), &compiled, &columns).unwrap();
        findings.extend(found.iter().map(ToString::to_string));
    }
    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        findings.join("\n")
    );
}

#[test]
fn every_transition_that_merges_has_a_unique_test_on_its_key() {
    let embedded = Embedded::new();
    let project = embedded.renderer.project();
    for node in embedded.graph.order() {
        let merges = node.config.incremental_strategy == IncrementalStrategy::Merge;
        if node.config.materialized != Materialization::Transition || !merges {
            continue;
        }
        let tests = &project.model(node.name.as_str()).unwrap().tests;
        let has_one = tests.iter().any(|test| {
            matches!(test, codex_dreams::project::DataTest::Unique { columns } if *columns == node.config.unique_key)
        });
        assert!(
            has_one,
            "{}: no unique test of {:?}",
            node.name, node.config.unique_key
        );
    }
}
