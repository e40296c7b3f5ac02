//! The project's prompt templates, with their versions.

use crate::error::{Error, Result};
use md5::{Digest, Md5};
use minijinja::{Environment, UndefinedBehavior, context};
use std::collections::BTreeMap;
use std::fmt;

/// What a model is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What a memory says.
    Memory,
    /// What an episode was.
    Episode,
    /// What the memories of a column come to.
    Cluster,
    /// An insight in a sentence.
    Insight,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::Memory, Kind::Episode, Kind::Cluster, Kind::Insight];

    /// Its name: in the store, and of its template.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Memory => "memory",
            Kind::Episode => "episode",
            Kind::Cluster => "cluster",
            Kind::Insight => "insight",
        }
    }

    /// Its template in a project.
    pub fn path(self) -> String {
        format!("prompts/{}.md", self.as_str())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a template is filled with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filling<'a> {
    pub fence: &'a str,
    pub text: &'a str,
    pub speaker: &'a str,
    pub label: &'a str,
    pub part: usize,
    pub parts: usize,
}

/// Parsed templates: for each kind the system's words and the question.
pub struct Prompts {
    environment: Environment<'static>,
    versions: BTreeMap<Kind, String>,
}

impl Prompts {
    /// Parses the templates that `text` gives, each two parts with a line `---` between them.
    ///
    /// # Errors
    /// Usage when one is missing, has no such line or cannot be filled.
    pub fn new(text: impl Fn(Kind) -> Option<String>) -> Result<Prompts> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let mut versions = BTreeMap::new();
        for kind in Kind::ALL {
            let path = kind.path();
            let text = text(kind).ok_or_else(|| Error::usage(format!("there is no {path}")))?;
            let (system, question) = text.split_once("\n---\n").ok_or_else(|| {
                Error::usage(format!(
                    "{path}: there is no line --- between the system's words and the question"
                ))
            })?;
            versions.insert(
                kind,
                format!("{kind}@{}", &format!("{:x}", Md5::digest(&text))[..8]),
            );
            for (part, source) in [("system", system), ("question", question)] {
                environment
                    .add_template_owned(format!("{kind}/{part}"), source.to_owned())
                    .map_err(|e| wrong(kind, &e))?;
            }
        }
        let prompts = Prompts {
            environment,
            versions,
        };
        // A slip shows when codex starts to ask, not in the middle of the night.
        for kind in Kind::ALL {
            prompts.fill(
                kind,
                &Filling {
                    parts: 1,
                    part: 1,
                    ..Filling::default()
                },
            )?;
        }
        Ok(prompts)
    }

    /// The version of a template: its kind and a hash of its text.
    pub fn version(&self, kind: Kind) -> &str {
        self.versions.get(&kind).map_or("", String::as_str)
    }

    /// The system's words, and the question.
    pub(super) fn fill(&self, kind: Kind, filling: &Filling<'_>) -> Result<(String, String)> {
        let render = |part: &str| {
            self.environment
                .get_template(&format!("{kind}/{part}"))
                .and_then(|template| {
                    template.render(context! {
                        fence => filling.fence,
                        text => filling.text,
                        speaker => filling.speaker,
                        label => filling.label,
                        part => filling.part,
                        parts => filling.parts,
                    })
                })
                .map_err(|e| wrong(kind, &e))
        };
        Ok((render("system")?, render("question")?))
    }
}

fn wrong(kind: Kind, error: &minijinja::Error) -> Error {
    Error::usage(format!("{}: {error:#}", kind.path()))
        .hint("the template's own comment names the variables it may use")
}
