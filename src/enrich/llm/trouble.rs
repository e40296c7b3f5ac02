//! What can go wrong with a request.

use crate::error::Error;
use reqwest::StatusCode;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// Failures of the server in a row after which it is left alone for a while.
pub(super) const FAILURES: u32 = 5;

/// What went wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The server cannot be reached, or hung up.
    Unreachable(String),
    /// It took longer than it may.
    Timeout(Duration),
    /// Its queue stayed full.
    Busy,
    /// It does not have the model.
    NoModel(String),
    /// It refused the request, with a status and its words.
    Refused(u16, String),
    /// What it said cannot be read.
    Unreadable(String),
    /// It failed too often just now and is left alone for a while.
    Resting(Duration),
}

impl Trouble {
    /// Whether the server is to blame, not what it was asked.
    pub fn is_of_the_service(&self) -> bool {
        matches!(
            self,
            Trouble::Unreachable(_) | Trouble::Busy | Trouble::NoModel(_) | Trouble::Resting(_)
        )
    }

    /// Whether the server may be to blame: it is, where nothing else it was asked fared better.
    pub fn may_be_of_the_service(&self) -> bool {
        self.is_of_the_service() || matches!(self, Trouble::Timeout(_) | Trouble::Refused(500.., _))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Unreachable(why) => write!(f, "Ollama cannot be reached: {why}"),
            Trouble::Timeout(limit) => {
                write!(f, "Ollama did not answer within {} s", limit.as_secs())
            }
            Trouble::Busy => f.write_str("Ollama's queue is full"),
            Trouble::NoModel(model) => write!(f, "Ollama does not have the model {model}"),
            Trouble::Refused(status, words) => write!(f, "Ollama refused it ({status}): {words}"),
            Trouble::Unreadable(what) => write!(f, "Ollama's answer cannot be read: {what}"),
            Trouble::Resting(left) => write!(
                f,
                "Ollama failed {FAILURES} times in a row and is left alone for {} s",
                left.as_secs().max(1)
            ),
        }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        let what = trouble.to_string();
        match trouble {
            Trouble::Unreachable(_) | Trouble::Timeout(_) => Error::unavailable(what)
                .hint("start it with `ollama serve`, or set OLLAMA_URL; what it would have said stays owed and is made up later"),
            Trouble::NoModel(model) => Error::unavailable(what).hint(format!("ollama pull {model}")),
            Trouble::Busy | Trouble::Resting(_) => Error::unavailable(what).hint("try again later"),
            Trouble::Refused(..) | Trouble::Unreadable(_) => Error::failed(what),
        }
    }
}

/// What a server's refusal means.
pub(super) fn refusal(status: StatusCode, words: &str, model: &str) -> Trouble {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let said = serde_json::from_str::<Refusal>(words).map_or_else(
        |_| words.trim().chars().take(300).collect(),
        |refusal| refusal.error,
    );
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Trouble::Busy,
        StatusCode::NOT_FOUND if !model.is_empty() && said.contains("not found") => {
            Trouble::NoModel(model.to_owned())
        }
        status => Trouble::Refused(status.as_u16(), said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_status_and_words() {
        let of = |status: u16, words: &str| {
            refusal(StatusCode::from_u16(status).unwrap(), words, "llama")
        };
        assert_eq!(
            of(404, r#"{"error":"model 'llama' not found"}"#),
            Trouble::NoModel("llama".into())
        );
        assert_eq!(
            of(
                503,
                r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#
            ),
            Trouble::Busy
        );
        assert_eq!(
            of(400, r#"{"error":"invalid input type"}"#),
            Trouble::Refused(400, "invalid input type".into())
        );
        assert_eq!(
            of(502, "<html>bad gateway</html>"),
            Trouble::Refused(502, "<html>bad gateway</html>".into())
        );
    }

    #[test]
    fn a_missing_model_names_the_line_that_fetches_it() {
        let error = Error::from(Trouble::NoModel("gpt-oss:20b".into()));
        assert_eq!(error.next_step(), Some("ollama pull gpt-oss:20b"));
    }
}
