//! Errors as HTTP tells them: `application/problem+json` (RFC 9457) with a stable code and what to do.

use crate::error::{Error, ErrorCode};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// An error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// A name of the kind of error: `urn:codex:error:` and its code.
    pub r#type: String,
    /// What it means, in a few words.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// The error's name, for programs: it stays.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Seconds after which to try again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// What a handler comes to.
pub(super) type Answer<T> = Result<T, Problem>;

impl Problem {
    pub(super) fn new(
        code: ErrorCode,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        Problem::from(Error::usage(detail).code(code).hint(hint))
    }

    pub(super) fn bad_request(detail: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem::new(ErrorCode::BadRequest, detail, hint)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let code = error.error_code();
        Problem {
            r#type: format!("urn:codex:error:{}", code.as_str()),
            title: code.title(),
            status: code.status(),
            detail: error.to_string(),
            code: code.as_str(),
            hint: error.next_step().map(str::to_owned),
            retry_after: matches!(
                code,
                ErrorCode::Busy | ErrorCode::QueueFull | ErrorCode::Stopping
            )
            .then_some(1),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == 401 {
            let realm = HeaderValue::from_static("Bearer realm=\"codex\"");
            headers.insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}
