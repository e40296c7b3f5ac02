//! Model generations: what nights ran with when a store was made.
//!
//! A generation is the version of the reading rules, the cycles' models and the defaults of their parameters. A store keeps its own
//! (`codex consolidate --rebuild --generation latest` adopts the newest), so that an upgrade of codex changes no night. The newest is
//! the project itself; earlier ones are kept whole under `generations/N/` and take the place of the same stages. Recall, analytics and
//! insight are the installed project's in every generation.

use super::{Project, ProjectError};
use crate::config::Parameters;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;

static FIRST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/generations/1");

/// A version of the reading rules, the cycles' models and their parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u32);

impl Generation {
    /// That of codex 0.1.
    pub const FIRST: Generation = Generation(1);
    /// The newest, which new stores begin with.
    pub const LATEST: Generation = Generation(2);

    /// The generation of a number.
    ///
    /// # Errors
    /// Invalid when this codex does not know it.
    pub fn of(number: u32) -> Result<Generation, ProjectError> {
        if (Self::FIRST.0..=Self::LATEST.0).contains(&number) {
            return Ok(Generation(number));
        }
        Err(ProjectError::UnknownGeneration {
            number,
            latest: Self::LATEST.0,
        })
    }

    /// Its number, from 1.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Project {
    /// The project as nights of `generation` have it. A project in a directory is its owner's, whatever the generation.
    ///
    /// # Errors
    /// Invalid when the stages do not fit together.
    pub fn in_generation(&self, generation: Generation) -> Result<Project, ProjectError> {
        if self.directory.is_some() || generation == Generation::LATEST {
            return Ok(self.clone());
        }
        let kept = sources_of(&FIRST);
        let mut sources = self.sources.clone();
        sources.retain(|path, _| !kept.keys().any(|own| own == path || same_stage(own, path)));
        sources.extend(kept.into_iter().filter(|(path, _)| path != PARAMETERS));
        Project::build(None, sources)
    }

    /// The parameters with the defaults of `generation` where nobody has set another value.
    ///
    /// # Errors
    /// Malformed when what is kept of the generation cannot be read.
    pub fn parameters_in(
        &self,
        generation: Generation,
        parameters: &Parameters,
    ) -> Result<Parameters, ProjectError> {
        let mut parameters = parameters.clone();
        if self.directory.is_none()
            && generation != Generation::LATEST
            && let Some(text) = FIRST
                .get_file(PARAMETERS)
                .and_then(|file| file.contents_utf8())
        {
            parameters.restore_defaults("generations/1/parameters.yaml", text)?;
        }
        Ok(parameters)
    }
}

const PARAMETERS: &str = "parameters.yaml";

/// Paths and texts of a folder.
fn sources_of(dir: &Dir<'_>) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut folders = vec![dir];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            if let Some(text) = file.contents_utf8() {
                let path: Vec<_> = file
                    .path()
                    .components()
                    .map(|part| part.as_os_str().to_string_lossy())
                    .collect();
                sources.insert(path.join("/"), text.to_owned());
            }
        }
    }
    sources
}

/// Whether both are models of one stage; macros are replaced one by one.
fn same_stage(own: &str, path: &str) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    !own.starts_with("sql/macros/")
        && own.starts_with("sql/")
        && folder(own).is_some()
        && folder(own) == folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::ProjectSource;
    use md5::{Digest, Md5};

    /// Stores of codex 0.1 go on with these, so they are never edited.
    #[test]
    fn an_earlier_generation_stays_as_it_was() {
        let mut hash = Md5::new();
        for (path, text) in sources_of(&FIRST) {
            if path != PARAMETERS {
                hash.update(format!("{}:{path}{}:{text}", path.len(), text.len()));
            }
        }
        assert_eq!(
            format!("{:x}", hash.finalize()),
            "f837ef8099b9f3b14c3350e761ba86fd"
        );
    }

    #[test]
    fn an_earlier_generation_takes_the_place_of_its_stages_and_of_nothing_else() {
        let latest = Project::load(ProjectSource::Embedded).unwrap();
        let first = latest.in_generation(Generation::FIRST).unwrap();
        for (path, text) in sources_of(&FIRST) {
            if path != PARAMETERS {
                assert_eq!(first.text(&path), Some(text.as_str()));
            }
        }
        assert_eq!(
            first.text("sql/recall/ranking.sql"),
            latest.text("sql/recall/ranking.sql")
        );
        assert_eq!(
            latest.in_generation(Generation::LATEST).unwrap().sources(),
            latest.sources()
        );
        assert!(Generation::of(0).is_err() && Generation::of(99).is_err());
    }
}
