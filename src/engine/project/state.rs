//! What an earlier run left in a directory, for `state:` and `result:`: its `manifest.json` and `run_results.json`.

use super::artifacts::{checksum, model_id};
use crate::cycle::Pipeline;
use crate::error::{Error, Result};
use crate::graph::EarlierRun;
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Reads what a run left in `directory` and compares the models with it. Either of the two files may be missing, not both.
///
/// # Errors
/// Usage when neither file is there or one cannot be read as JSON.
pub(super) fn earlier_run(pipeline: &Pipeline, directory: &Path) -> Result<EarlierRun> {
    let manifest = document(directory, "manifest.json")?;
    let results = document(directory, "run_results.json")?;
    if manifest.is_none() && results.is_none() {
        return Err(Error::usage(format!(
            "{} holds neither manifest.json nor run_results.json; codex compile and codex run write them below --target-path",
            directory.display()
        )));
    }
    let mut earlier = EarlierRun::default();
    for result in results
        .iter()
        .flat_map(|all| all["results"].as_array())
        .flatten()
    {
        if let (Some(id), Some(status)) = (result["unique_id"].as_str(), result["status"].as_str())
        {
            earlier.results.insert(id.to_owned(), status.to_owned());
        }
    }
    let Some(manifest) = manifest else {
        return Ok(earlier);
    };
    for node in pipeline.nodes() {
        let then = &manifest["nodes"][model_id(node.name.as_str())];
        if then.is_null() {
            earlier.new.insert(node.name.clone());
        }
        if then["checksum"]["checksum"].as_str() != Some(&checksum(pipeline, node)) {
            earlier.modified.insert(node.name.clone());
        }
    }
    Ok(earlier)
}

/// A JSON file of the directory; none where there is none.
fn document(directory: &Path, name: &str) -> Result<Option<Value>> {
    let path = directory.join(name);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::usage(format!("{}: {e}", path.display()))),
    };
    serde_json::from_str(&text).map(Some).map_err(|e| {
        Error::usage(format!(
            "{}: {e}; it is not the file of a run",
            path.display()
        ))
    })
}
