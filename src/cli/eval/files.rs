//! Questions and runs as files of JSON lines.

use super::measures::Judged;
use crate::error::{Error, Result};
use crate::text::moments;
use chrono::NaiveDateTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// A question with what answers it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asked {
    #[serde(alias = "question", alias = "query")]
    pub(super) text: String,
    /// Ids as they were imported; none: nothing fits.
    #[serde(alias = "evidence")]
    pub(super) answers: Vec<String>,
    #[serde(alias = "conversation")]
    pub(super) mind: Option<String>,
    #[serde(default, alias = "category_name", alias = "part")]
    pub(super) category: Option<serde_json::Value>,
    #[serde(alias = "asked_at")]
    pub(super) as_of: Option<String>,
}

impl Asked {
    /// When it is asked.
    pub(super) fn moment(&self) -> Result<Option<NaiveDateTime>> {
        self.as_of
            .as_deref()
            .map(|text| {
                moments::moment(text).map_err(|e| Error::usage(format!("as_of {text:?}: {e}")))
            })
            .transpose()
    }

    pub(super) fn category(&self) -> String {
        match &self.category {
            Some(serde_json::Value::String(name)) => name.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

/// What came up for a question.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunLine {
    pub(super) text: String,
    pub(super) mind: Option<String>,
    pub(super) ranked: Vec<String>,
    pub(super) given: Vec<String>,
}

pub(super) fn questions(file: &Path) -> Result<Vec<Asked>> {
    let asked: Vec<Asked> = lines(
        file,
        "each line is {\"text\": \"…\", \"answers\": [\"id\", …], \"mind\"?: \"…\", \"category\"?: \"…\", \"as_of\"?: \"…\"}",
    )?;
    match asked.is_empty() {
        true => Err(Error::usage(format!("{} has no questions", file.display()))),
        false => Ok(asked),
    }
}

pub(super) fn read_run(file: &Path) -> Result<Vec<RunLine>> {
    lines(file, "give a file that `codex eval --run` wrote")
}

pub(super) fn write_run(file: &Path, judged: &[Judged]) -> Result<()> {
    let told =
        |e: std::io::Error| Error::unavailable(format!("cannot write {}: {e}", file.display()));
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).map_err(told)?);
    for one in judged {
        let line = RunLine {
            text: one.text.clone(),
            mind: one.mind.clone(),
            ranked: one.ranked.clone(),
            given: one.given.clone(),
        };
        serde_json::to_writer(&mut out, &line).map_err(|e| Error::failed(e.to_string()))?;
        out.write_all(b"\n").map_err(told)?;
    }
    out.flush().map_err(told)
}

fn lines<T: DeserializeOwned>(file: &Path, hint: &str) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::usage(format!("cannot read {}: {e}", file.display())).hint("check the path")
    })?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line.trim_start_matches('\u{feff}')).map_err(|e| {
                Error::usage(format!(
                    "{}:{}:{}: {e}",
                    file.display(),
                    number + 1,
                    e.column()
                ))
                .hint(hint)
            })
        })
        .collect()
}
