//! What a request says: its body, its query, moments and minds.

use super::App;
use super::problem::{Answer, Problem};
use crate::error::ErrorCode;
use crate::service::{Access, Caller, Scope};
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// A JSON body, whatever Content-Type it says: `curl -d` sends a form's.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let bytes = whole(request.into_body(), app).await?;
        let bytes = if bytes.is_empty() {
            b"{}".as_slice().into()
        } else {
            bytes
        };
        serde_json::from_slice(&bytes).map(Body).map_err(|e| {
            Problem::bad_request(
                format!("the body is not what is expected here: {e}"),
                "it is a JSON object; /docs shows its fields",
            )
        })
    }
}

/// The whole body, if it is not too large and comes in time.
pub(super) async fn whole(body: axum::body::Body, app: &App) -> Answer<axum::body::Bytes> {
    let limit = usize::try_from(app.settings.body_limit.bytes()).unwrap_or(usize::MAX);
    let time = Duration::from_secs(u64::from(app.settings.body_timeout.get()));
    match tokio::time::timeout(time, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Problem::new(
            ErrorCode::BodyTooLarge,
            format!(
                "the body is larger than {} or broke off",
                app.settings.body_limit.as_str()
            ),
            "send less at once, or raise server.body_limit",
        )),
        Err(_) => Err(Problem::new(
            ErrorCode::RequestTimeout,
            format!("the body did not arrive within {} s", time.as_secs()),
            "send it faster, or raise server.body_timeout",
        )),
    }
}

/// The query of the address.
pub(super) struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(params)| Params(params))
            .map_err(|e| {
                Problem::bad_request(
                    format!("the query of the address: {e}"),
                    "/docs shows the parameters",
                )
            })
    }
}

/// Who asks, as the middleware found out.
impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
            Problem::new(
                ErrorCode::Unauthorized,
                "a key is needed",
                "send it as Authorization: Bearer",
            )
        })
    }
}

/// The mind of a request: `named` by it or by the header `X-Codex-Mind`, else the only one of the key.
pub(super) fn mind(caller: &Caller, headers: &HeaderMap, named: Option<&str>) -> Answer<String> {
    let header = headers
        .get("x-codex-mind")
        .and_then(|value| value.to_str().ok());
    if let Some(name) = named.or(header).filter(|name| !name.is_empty()) {
        return Ok(name.to_owned());
    }
    match &caller.access {
        Access::Owner => Ok(crate::engine::DEFAULT_MIND.to_owned()),
        Access::Key(grant) => match grant.only_mind() {
            Some(mind) => Ok(mind.to_owned()),
            None if grant.scopes.contains(&Scope::Admin) && grant.minds.is_empty() => {
                Ok(crate::engine::DEFAULT_MIND.to_owned())
            }
            None => Err(Problem::new(
                ErrorCode::MindRequired,
                "the key is for several minds, and the request names none",
                "add mind= to the address, \"mind\" to the body, or the header X-Codex-Mind",
            )),
        },
    }
}

/// A moment: RFC 3339, or a date with or without a time, in UTC.
pub(super) fn moment(text: &str, field: &str) -> Answer<NaiveDateTime> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return in_range(at.naive_utc(), field);
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return in_range(at, field);
        }
    }
    match NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .and_then(|day| day.and_hms_opt(0, 0, 0))
    {
        Some(at) => in_range(at, field),
        None => Err(Problem::bad_request(
            format!("{field}: '{text}' is no moment"),
            "write RFC 3339, such as 2026-03-14T09:30:00Z",
        )),
    }
}

fn in_range(at: NaiveDateTime, field: &str) -> Answer<NaiveDateTime> {
    use chrono::Datelike;
    match (1..=9999).contains(&at.year()) {
        true => Ok(at),
        false => Err(Problem::bad_request(
            format!("{field}: the year lies too far away"),
            "write a year from 1 to 9999",
        )),
    }
}
