//! The directories of local models: listing them, fetching one.

use super::local::LocalModel;
use crate::error::{Error, Result};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a model; those not `needed` are taken where there are any.
const FILES: [(&str, bool); 5] = [
    ("config.json", true),
    ("tokenizer.json", true),
    ("model.safetensors", true),
    ("sentence_bert_config.json", false),
    ("1_Pooling/config.json", false),
];

/// Models that can be fetched by name, and where they are on the hub.
const KNOWN: [(&str, &str); 3] = [
    ("all-minilm-l6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
    (
        "all-minilm-l12-v2",
        "sentence-transformers/all-MiniLM-L12-v2",
    ),
    ("bge-small-en-v1.5", "BAAI/bge-small-en-v1.5"),
];

const HUB: &str = "https://huggingface.co";

/// A model on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LocalModelFiles {
    /// Its name: its directory's.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Size of its weights.
    pub bytes: u64,
    /// Whether every file it needs is there.
    pub complete: bool,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullSource {
    /// The hub on the internet.
    Hub,
    /// A directory, or one that holds it somewhere below.
    Directory(PathBuf),
}

/// The models in `dir`, by name; none where there is no such directory.
pub fn list_models(dir: &Path) -> Vec<LocalModelFiles> {
    let mut models: Vec<LocalModelFiles> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (!name.starts_with('.')).then(|| files_of(&entry.path(), name))
        })
        .collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    models
}

fn files_of(path: &Path, name: String) -> LocalModelFiles {
    let there = |file: &str| path.join(file).is_file();
    LocalModelFiles {
        bytes: fs::metadata(path.join("model.safetensors")).map_or(0, |m| m.len()),
        complete: FILES.iter().all(|(file, needed)| !needed || there(file)),
        path: path.to_owned(),
        name,
    }
}

/// Puts the model `name` into `models`, loads it once to see that it works, and gives it its name only then.
/// `progress` hears the file and its bytes so far.
///
/// # Errors
/// Usage when the name is no model's or a directory holds none; unavailable when the hub cannot be reached; failed when it cannot
/// be written.
pub fn pull_model(
    models: &Path,
    name: &str,
    source: &PullSource,
    mut progress: impl FnMut(&str, u64),
) -> Result<LocalModelFiles> {
    let name = name.to_lowercase();
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(Error::usage(format!("'{name}' is no name of a model"))
            .hint("name one such as all-minilm-l6-v2"));
    }
    fs::create_dir_all(models).map_err(|e| unwritable(models, &e))?;
    let room = tempfile::Builder::new()
        .prefix(".pull-")
        .tempdir_in(models)
        .map_err(|e| unwritable(models, &e))?;
    match source {
        PullSource::Directory(dir) => copy(dir, room.path(), &mut progress)?,
        PullSource::Hub => fetch(&name, room.path(), &mut progress)?,
    }
    LocalModel::load(room.path())?.embed(&["a sentence".to_owned()])?;
    let place = models.join(&name);
    // A rename, so that nobody ever sees half a model; an earlier one steps aside first.
    let aside = models.join(format!(".{name}.before"));
    let _ = fs::remove_dir_all(&aside);
    if place.exists() {
        fs::rename(&place, &aside).map_err(|e| unwritable(&place, &e))?;
    }
    fs::rename(room.path(), &place).map_err(|e| {
        let _ = fs::rename(&aside, &place);
        unwritable(&place, &e)
    })?;
    let _ = fs::remove_dir_all(&aside);
    Ok(files_of(&place, name))
}

/// The directory that holds the model: `dir` itself, or the first below it, at most four levels down.
fn model_below(dir: &Path) -> Option<PathBuf> {
    walkdir::WalkDir::new(dir)
        .max_depth(4)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_dir())
        .map(|entry| entry.path().to_owned())
        .find(|path| {
            path.join("model.safetensors").is_file() && path.join("tokenizer.json").is_file()
        })
}

fn copy(dir: &Path, room: &Path, progress: &mut impl FnMut(&str, u64)) -> Result<()> {
    let from = model_below(dir).ok_or_else(|| {
        Error::usage(format!("{} holds no model", dir.display()))
            .hint("name a directory with config.json, tokenizer.json and model.safetensors")
    })?;
    for (file, needed) in FILES {
        let path = from.join(file);
        if !path.is_file() {
            if needed {
                return Err(Error::usage(format!("{} has no {file}", from.display())));
            }
            continue;
        }
        let target = prepared(room, file)?;
        let bytes = fs::copy(&path, &target).map_err(|e| unwritable(&target, &e))?;
        progress(file, bytes);
    }
    Ok(())
}

fn fetch(name: &str, room: &Path, progress: &mut impl FnMut(&str, u64)) -> Result<()> {
    let Some((_, repository)) = KNOWN.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = KNOWN.iter().map(|(known, _)| *known).collect();
        return Err(
            Error::usage(format!("codex knows no model '{name}' to fetch")).hint(format!(
                "fetch one of {}; or take any BERT-family sentence model from disk with --from DIR",
                names.join(", ")
            )),
        );
    };
    crate::enrich::llm::on_the_network(async {
        let client = reqwest::Client::builder()
            .connect_timeout(std::time::Duration::from_secs(10))
            .read_timeout(std::time::Duration::from_secs(60))
            .build()
            .map_err(|e| unreachable_hub(&e))?;
        for (file, needed) in FILES {
            let url = format!("{HUB}/{repository}/resolve/main/{file}");
            let mut response = client
                .get(&url)
                .send()
                .await
                .map_err(|e| unreachable_hub(&e))?;
            if response.status() == reqwest::StatusCode::NOT_FOUND && !needed {
                continue;
            }
            if !response.status().is_success() {
                return Err(Error::unavailable(format!("{url}: {}", response.status()))
                    .hint("take the model from disk instead: codex models pull NAME --from DIR"));
            }
            let target = prepared(room, file)?;
            let mut out = fs::File::create(&target).map_err(|e| unwritable(&target, &e))?;
            let mut bytes = 0;
            while let Some(chunk) = response.chunk().await.map_err(|e| unreachable_hub(&e))? {
                std::io::Write::write_all(&mut out, &chunk).map_err(|e| unwritable(&target, &e))?;
                bytes += chunk.len() as u64;
                progress(file, bytes);
            }
        }
        Ok(())
    })?
}

fn prepared(room: &Path, file: &str) -> Result<PathBuf> {
    let target = room.join(file);
    let dir = target.parent().unwrap_or(room);
    fs::create_dir_all(dir).map_err(|e| unwritable(dir, &e))?;
    Ok(target)
}

fn unreachable_hub(error: &reqwest::Error) -> Error {
    Error::unavailable(format!("{HUB} cannot be reached: {error}"))
        .hint("take the model from disk instead: codex models pull NAME --from DIR")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("cannot write {}: {error}", path.display())).hint(
        "check that there is room, and the permissions; settings.models names another directory",
    )
}
