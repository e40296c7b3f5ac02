//! What other tools read of a run: a small, stable part of dbt's `manifest.json` and `run_results.json`.

use super::NodeResult;
use super::compile::{Target, write_file};
use crate::clock;
use crate::cycle::Pipeline;
use crate::error::{Error, Result};
use crate::project::{ModelName, Node};
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The id of a model, as dbt writes it.
pub(super) fn model_id(name: &str) -> String {
    format!("model.codex.{name}")
}

/// The id of a test.
pub(super) fn test_id(name: &str) -> String {
    format!("test.codex.{name}")
}

/// Writes `run_results.json` and returns its content.
pub(super) fn write_run_results(
    results: &[NodeResult],
    elapsed: f64,
    target: &Target,
) -> Result<Value> {
    let document = json!({
        "metadata": metadata(),
        "results": results.iter().map(result).collect::<Vec<_>>(),
        "elapsed_time": elapsed,
    });
    write_json(&target.at.join("run_results.json"), &document)?;
    Ok(document)
}

/// A model or test as dbt's readers know it.
fn result(result: &NodeResult) -> Value {
    json!({
        "unique_id": result.unique_id,
        "status": result.status,
        "execution_time": result.execution_time,
        "rows_affected": result.rows_affected,
        "failures": result.failures,
        "relation_name": result.relation_name,
        "compiled_path": result.compiled_path,
        "message": result.message,
    })
}

/// Writes `manifest.json`: the models, what they refer to and what refers to them.
pub(super) fn write_manifest(pipeline: &Pipeline, target: &Target) -> Result<()> {
    let mut nodes = Map::new();
    let (mut parents, mut children) = (Map::new(), Map::new());
    for node in pipeline.nodes() {
        let id = model_id(node.name.as_str());
        nodes.insert(id.clone(), entry(pipeline, node));
        parents.insert(id.clone(), json!(refers_to(node)));
        children.insert(
            id,
            json!(ids(pipeline.graph().children(node.name.as_str()))),
        );
    }
    let tables = pipeline.renderer().project().tables().values();
    let sources: Map<String, Value> = tables
        .map(|table| {
            let entry = json!({
                "source_name": table.name.source,
                "name": table.name.table,
                "relation_name": table.relation.plain(),
                "description": table.description.trim(),
            });
            (source_id(&table.name.to_string()), entry)
        })
        .collect();
    let document = json!({
        "metadata": metadata(),
        "nodes": nodes,
        "sources": sources,
        "parent_map": parents,
        "child_map": children,
    });
    write_json(&target.at.join("manifest.json"), &document)
}

fn entry(pipeline: &Pipeline, node: &Node) -> Value {
    let model = pipeline.renderer().project().model(node.name.as_str());
    json!({
        "resource_type": "model",
        "name": node.name,
        "schema": node.config.schema,
        "alias": node.config.alias,
        "relation_name": node.relation().plain(),
        "stage": node.stage,
        "original_file_path": node.path,
        "description": model.map_or("", |model| model.description.trim()),
        "tags": node.config.tags,
        "checksum": {"name": "md5", "checksum": checksum(pipeline, node)},
        "config": node.config,
        "depends_on": {"nodes": refers_to(node)},
    })
}

/// What a model is, in short: its SQL as written and its configuration.
pub(super) fn checksum(pipeline: &Pipeline, node: &Node) -> String {
    let sql = pipeline
        .renderer()
        .project()
        .text(&node.path)
        .unwrap_or_default();
    let config = serde_json::to_string(&node.config).unwrap_or_default();
    format!("{:x}", Md5::digest(format!("{sql}\0{config}")))
}

fn refers_to(node: &Node) -> Vec<String> {
    let sources = node
        .sources
        .iter()
        .map(|source| source_id(&source.to_string()));
    ids(&node.depends_on).into_iter().chain(sources).collect()
}

fn ids(names: &[ModelName]) -> Vec<String> {
    names.iter().map(|name| model_id(name.as_str())).collect()
}

fn source_id(name: &str) -> String {
    format!("source.codex.{name}")
}

fn metadata() -> Value {
    json!({
        "codex_version": env!("CARGO_PKG_VERSION"),
        "generated_at": clock::now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    })
}

fn write_json(path: &Path, document: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|e| Error::failed(format!("{}: {e}", path.display())))?;
    write_file(path, &format!("{text}\n"))
}
