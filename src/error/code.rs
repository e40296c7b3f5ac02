//! The table of error codes: what every door (command line, socket, HTTP) calls an error, and what it means there.

use super::ErrorKind;
use serde::{Deserialize, Serialize};

/// Makes [`ErrorCode`] of the table below.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, $status:literal, $kind:ident, $title:literal;)*) => {
        /// What an error is called, for programs: stable, other than the sentence that people read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name,)* }
            }

            /// The status of an HTTP answer.
            pub fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status,)* }
            }

            /// The kind, which decides the exit code.
            pub fn kind(self) -> ErrorKind {
                match self { $(ErrorCode::$variant => ErrorKind::$kind,)* }
            }

            /// What it means, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(ErrorCode::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// Wrong usage or configuration.
    BadRequest: "bad_request", 400, Usage, "The request is wrong";
    /// Several minds may be meant.
    MindRequired: "mind_required", 400, Usage, "The request does not say which mind it is about";
    /// No key, or one that is not known.
    Unauthorized: "unauthorized", 401, Usage, "A key is needed";
    /// The key is not for this.
    Forbidden: "forbidden", 403, Usage, "The key does not allow this";
    /// A page of another site asks.
    OriginNotAllowed: "origin_not_allowed", 403, Usage, "Pages of this origin may not ask";
    /// Nothing lives at this address.
    NotFound: "not_found", 404, Usage, "There is nothing at this address";
    /// No mind of that name.
    MindUnknown: "mind_unknown", 404, Usage, "There is no such mind";
    /// No such memory in the mind.
    MemoryUnknown: "memory_unknown", 404, Usage, "The mind has no such memory";
    /// No such user or AI.
    AccountUnknown: "account_unknown", 404, Usage, "There is no such user or AI";
    /// The address knows other methods.
    MethodNotAllowed: "method_not_allowed", 405, Usage, "The address does not know this method";
    /// The body took too long to come.
    RequestTimeout: "request_timeout", 408, Usage, "The request took too long to arrive";
    /// It does not fit to what is there.
    Conflict: "conflict", 409, Usage, "It does not fit to what is there";
    /// Too large a body.
    BodyTooLarge: "body_too_large", 413, Usage, "The body is too large";
    /// The name of the host is not one of ours.
    HostNotAllowed: "host_not_allowed", 421, Usage, "This host name is not served";
    /// The key's limit is reached.
    TooManyRequests: "too_many_requests", 429, Unavailable, "The key's limit of requests is reached";
    /// A model, test or check failed, or the store could not be read or written.
    Failed: "failed", 500, Failed, "It failed";
    /// It was stopped before it was done.
    Interrupted: "interrupted", 503, Failed, "It was stopped before it was done";
    /// A service that is needed is away.
    Unavailable: "unavailable", 503, Unavailable, "Something that is needed is not available";
    /// Others of codex's own are at work for longer than one waits.
    Busy: "busy", 503, Unavailable, "The store is busy";
    /// So many wait already that one more would only wait.
    QueueFull: "queue_full", 503, Unavailable, "Too many requests wait already";
    /// The daemon is about to stop, and has not begun.
    Stopping: "stopping", 503, Unavailable, "The service is about to stop";
}

impl From<ErrorKind> for ErrorCode {
    fn from(kind: ErrorKind) -> ErrorCode {
        match kind {
            ErrorKind::Failed => ErrorCode::Failed,
            ErrorKind::Usage => ErrorCode::BadRequest,
            ErrorKind::Unavailable => ErrorCode::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_a_name_of_its_own_that_comes_back() {
        let names: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
            assert!((400..600).contains(&code.status()));
        }
    }
}
