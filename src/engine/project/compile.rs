//! The models' SQL, as files below `target/compiled`.

use super::list::selected;
use super::{Models, Selectors, wrong_template};
use crate::cycle::ByHand;
use crate::error::{Error, Result};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Where rendered SQL and results are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The directory, as the person named it.
    pub shown: PathBuf,
    /// The same, absolute: whoever writes may work in another directory.
    pub at: PathBuf,
}

impl Target {
    /// The directory that is called `shown` in the current one.
    ///
    /// # Errors
    /// Usage when it is no path.
    pub fn here(shown: PathBuf) -> Result<Target> {
        let at = std::path::absolute(&shown)
            .map_err(|e| Error::usage(format!("{} is not a path: {e}", shown.display())))?;
        Ok(Target { shown, at })
    }
}

/// A model rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompiledModel {
    /// Its name.
    pub name: String,
    /// Where its SQL was written.
    pub compiled_path: PathBuf,
    /// Its SQL.
    pub compiled_code: String,
}

impl Models {
    /// Renders what `selecting` means, as for a first run at `as_of` outside any cycle, and writes it below `target`.
    /// Also returns selectors that match nothing, in words.
    ///
    /// # Errors
    /// Usage when a template is wrong; failed when a file cannot be written.
    pub fn compile(
        &self,
        selecting: &Selectors,
        as_of: NaiveDateTime,
        target: &Target,
    ) -> Result<(Vec<CompiledModel>, Vec<String>)> {
        let (nodes, warnings) = selected(&self.pipeline, selecting)?;
        let context = ByHand::at(as_of).context(false);
        let mut compiled = Vec::new();
        for node in nodes {
            let model = self
                .pipeline
                .renderer()
                .compile(node.name.as_str(), &context)
                .map_err(wrong_template)?;
            compiled.push(CompiledModel {
                name: node.name.to_string(),
                compiled_path: write_sql(
                    target,
                    node.stage.as_str(),
                    node.name.as_str(),
                    &model.sql,
                )?,
                compiled_code: model.sql,
            });
        }
        super::artifacts::write_manifest(&self.pipeline, target)?;
        Ok((compiled, warnings))
    }
}

/// Writes a rendered query where people look for it: `target/compiled/<folder>/<name>.sql`.
/// Returns where that is, as a person names it.
pub(super) fn write_sql(target: &Target, folder: &str, name: &str, sql: &str) -> Result<PathBuf> {
    let below = Path::new("compiled")
        .join(folder)
        .join(format!("{name}.sql"));
    write_file(&target.at.join(&below), &format!("{sql}\n"))?;
    Ok(target.shown.join(below))
}

/// Writes a file and, where they are missing, its directories.
pub(super) fn write_file(path: &Path, text: &str) -> Result<()> {
    let written = match fs::write(path, text) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| fs::write(path, text))
        }
        written => written,
    };
    written.map_err(|e| {
        Error::failed(format!("cannot write {}: {e}", path.display()))
            .hint("choose another directory with --target-path DIR")
    })
}
