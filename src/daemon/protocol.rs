//! What client and daemon say to each other: one JSON document a line.
//!
//! ```text
//! both     {"protocol":3,"version":"0.1.0","pid":4242,"settings":{…}}    on connecting; versions that differ end it
//! client   {"Ask":{"request":…,"caller":…}} | {"ControlCommand":…}       as often as it likes, one after another
//! daemon   {"Progress":…} … {"Reply":…} | {"Status":…} | {"Told":…} | {"Failed":…} | "Stopping"
//! ```
//!
//! `settings` are the hashes of what the daemon works with, by group; a client whose own differ says so and goes on. A client that hangs up is no longer interested: what it asked is interrupted.

use super::status::DaemonStatus;
use crate::config::{Config, Digests};
use crate::engine::request::Failure;
use crate::engine::{Progress, Reply, Request, RequestContext};
use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};

/// Grows with every change to what is said.
pub const PROTOCOL: u32 = 3;

/// How both begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The version of codex.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// What the daemon works with; a client tells nothing.
    #[serde(default)]
    pub settings: Digests,
}

impl Hello {
    /// This process's.
    pub fn mine() -> Hello {
        Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            settings: Digests::new(),
        }
    }

    /// That of the daemon, which works with `config`.
    pub fn with(config: &Config) -> Hello {
        Hello {
            settings: config.digests(),
            ..Hello::mine()
        }
    }

    /// Whether the two understand each other: one version means one set of models, parameters and answers.
    pub fn understands(&self, other: &Hello) -> bool {
        self.protocol == other.protocol && self.version == other.version
    }
}

/// What a client says.
#[derive(Debug, Serialize, Deserialize)]
pub enum Call {
    /// A question to the store.
    Ask {
        /// The question.
        request: Box<Request>,
        /// Who asks.
        caller: RequestContext,
    },
    /// Something for the daemon itself.
    ControlCommand(ControlCommand),
}

/// Something for the daemon itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ControlCommand {
    /// How it is.
    Status,
    /// Configuration, project and schedule anew.
    Reload,
}

/// What the daemon says.
#[derive(Debug, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)] // One exists at a time.
pub enum Message {
    /// How far it is.
    Progress(Progress),
    /// The answer.
    Reply(Reply),
    /// How the daemon is.
    Status(Box<DaemonStatus>),
    /// What became of an order, in words.
    Told(String),
    /// The question's error.
    Failed(Failure),
    /// The daemon is about to stop, and has not begun with the question.
    Stopping,
}

/// Sends a document.
///
/// # Errors
/// Unavailable when the other side has gone.
pub fn send(to: &mut impl Write, document: &impl Serialize) -> Result<()> {
    let mut line =
        serde_json::to_vec(document).map_err(|e| Error::failed(format!("cannot be sent: {e}")))?;
    line.push(b'\n');
    to.write_all(&line)
        .and_then(|()| to.flush())
        .map_err(|e| Error::unavailable(format!("the connection broke: {e}")))
}

/// Receives a document; none when the other side has hung up.
///
/// # Errors
/// Unavailable when the connection breaks; failed when it is not what was expected.
pub fn receive<T: DeserializeOwned>(from: &mut impl BufRead) -> Result<Option<T>> {
    let mut line = Vec::new();
    let read = from
        .read_until(b'\n', &mut line)
        .map_err(|e| Error::unavailable(format!("the connection broke: {e}")))?;
    if read == 0 || line.last() != Some(&b'\n') {
        return Ok(None);
    }
    serde_json::from_slice(&line)
        .map(Some)
        .map_err(|e| Error::failed(format!("a message that is not understood: {e}")))
}
