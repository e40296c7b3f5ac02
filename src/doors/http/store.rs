//! The store as a whole: minds, cycles, status, the audit log.

use super::App;
use super::input::{Body, Params, mind};
use super::memories::MindParam;
use super::problem::{Answer, Problem};
use crate::clock;
use crate::engine::request::{Consolidate, GetMetrics, GetStatus, ListMinds};
use crate::service::{Access, Caller, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The minds that the key is for, by name
#[utoipa::path(get, path = "/v1/minds", tag = "store",
    responses((status = 200, description = "Minds with their time zones", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn minds(State(app): State<Arc<App>>, caller: Caller) -> Answer<Json<Value>> {
    let mut minds = app.ask(&caller, ListMinds {}).await?;
    if let Access::Key(grant) = &caller.access {
        minds.retain(|mind| grant.covers(&mind.name));
    }
    Ok(Json(json!({"minds": minds})))
}

/// A length of time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CyclesParams {
    /// The last so many hours; 24 where it is left out.
    #[param(minimum = 1, maximum = 8760)]
    hours: Option<i64>,
}

/// What cycles of the last hours did and cost; needs a key for every mind
#[utoipa::path(get, path = "/v1/cycles", tag = "store", params(CyclesParams),
    responses((status = 200, description = "Figures by cycle, stage and model", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn cycles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<CyclesParams>,
) -> Answer<Json<Value>> {
    let hours = params.hours.unwrap_or(24);
    if !(1..=8_760).contains(&hours) {
        return Err(Problem::bad_request(
            "hours is out of range",
            "from 1 to 8760",
        ));
    }
    let since = clock::now() - Duration::hours(hours);
    Ok(Json(json!(app.ask(&caller, GetMetrics { since }).await?)))
}

/// Which cycles to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunIn {
    /// Whom: the key's own mind where it is left out.
    pub mind: Option<String>,
    /// Only up to this type: working, short_term, hippocampal, deep_sleep, rem_sleep, homeostasis.
    pub r#type: Option<String>,
    /// Sleep now, whatever the hour.
    #[serde(default)]
    pub nap: bool,
}

/// Run what is due, and nothing when nothing is
#[utoipa::path(post, path = "/v1/cycles", tag = "store", request_body = RunIn,
    responses((status = 200, description = "What ran", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn run_cycle(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(given): Body<RunIn>,
) -> Answer<Json<Value>> {
    let cycle = match given.r#type.as_deref() {
        Some(name) => Some(name.parse().map_err(|_| {
            Problem::bad_request(
                format!("'{name}' is no type of cycle"),
                "there are working, short_term, hippocampal, deep_sleep, rem_sleep, homeostasis",
            )
        })?),
        None => None,
    };
    let question = Consolidate {
        cycle,
        as_of: clock::now(),
        mind: Some(mind(&caller, &headers, given.mind.as_deref())?),
        nap: given.nap,
        rebuild: false,
        latest_generation: false,
        make: false,
        by_clock: true,
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// What is remembered, and how well
#[utoipa::path(get, path = "/v1/status", tag = "store", params(MindParam),
    responses((status = 200, description = "The mind at a glance", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let mut status = json!(app.ask(&caller, GetStatus { mind: Some(mind) }).await?);
    // Where the store lies is nobody's business who is not on the machine.
    if let (Some(fields), Access::Key(grant)) = (status.as_object_mut(), &caller.access)
        && !grant.has(Scope::Admin)
    {
        fields.remove("database");
    }
    Ok(Json(status))
}

/// How much of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditParams {
    /// The last so many lines, from 1 to 10000; 100 where it is left out.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<usize>,
    /// Only with this outcome: `ok`, or an error's code.
    outcome: Option<String>,
    /// Only of this key, by its name.
    who: Option<String>,
}

/// Who did what, with which key, and what came of it; needs an admin's key
#[utoipa::path(get, path = "/v1/audit", tag = "store", params(AuditParams),
    responses((status = 200, description = "Lines, oldest first; no contents", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn audit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(params): Params<AuditParams>,
) -> Answer<Json<Value>> {
    caller.access.require(Scope::Admin)?;
    let limit = params.limit.unwrap_or(100);
    if !(1..=10_000).contains(&limit) {
        return Err(Problem::bad_request(
            "limit is out of range",
            "from 1 to 10000",
        ));
    }
    let service = app.service.clone();
    let read = tokio::task::spawn_blocking(move || {
        service.audit.last(limit, |entry| {
            params
                .outcome
                .as_ref()
                .is_none_or(|outcome| *outcome == entry.outcome)
                && params.who.as_ref().is_none_or(|who| *who == entry.who)
        })
    });
    let entries = read
        .await
        .map_err(|_| crate::error::Error::failed("the audit log cannot be read"))??;
    Ok(Json(json!({"entries": entries})))
}
