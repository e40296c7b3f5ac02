//! Whether it lives, whether it answers, and its figures.

use super::App;
use super::figures::gauge;
use super::problem::{Answer, Problem};
use crate::error::ErrorCode;
use crate::service::{Caller, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

/// Whether the process lives; wants no key and says nothing else
#[utoipa::path(get, path = "/health/live", tag = "health", security(()),
    responses((status = 200, description = "It lives", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn live() -> Json<Value> {
    Json(json!({"status": "live"}))
}

/// Whether it takes requests; bare without a key
#[utoipa::path(get, path = "/health/ready", tag = "health", security((), ("bearer" = []), ("api_key" = [])),
    responses((status = 200, description = "It takes requests", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn ready(
    State(app): State<Arc<App>>,
    caller: Result<Caller, Problem>,
) -> Answer<Json<Value>> {
    if app.service.is_stopping() || *app.closing.borrow() {
        return Err(Problem::new(
            ErrorCode::Stopping,
            "the service is about to stop",
            "ask again in a moment",
        ));
    }
    let mut answer = json!({"status": "ready"});
    if caller.is_ok() {
        answer["version"] = json!(env!("CARGO_PKG_VERSION"));
        answer["waiting"] = json!(app.service.shared.queue().waiting());
        answer["at_work"] = json!(app.service.running().len());
    }
    Ok(Json(answer))
}

/// Figures in the text format of Prometheus
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Figures", body = String, content_type = "text/plain"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Answer<impl IntoResponse> {
    caller.access.require(Scope::Read)?;
    let mut text = app.figures.text();
    let service = &app.service;
    gauge(
        &mut text,
        "codex_calls_answered",
        "Calls answered since the start.",
        service.answered() as f64,
    );
    gauge(
        &mut text,
        "codex_calls_waiting",
        "Calls that wait for their turn.",
        service.shared.queue().waiting() as f64,
    );
    gauge(
        &mut text,
        "codex_calls_at_work",
        "Calls and rhythms at work.",
        service.running().len() as f64,
    );
    if let Some(status) = (app.status)() {
        let number = |name: &str| status.get(name).and_then(Value::as_f64);
        for (field, name, help) in [
            (
                "uptime_seconds",
                "codex_uptime_seconds",
                "Seconds since the start.",
            ),
            (
                "memory_bytes",
                "codex_resident_memory_bytes",
                "Resident memory.",
            ),
            (
                "database_bytes",
                "codex_store_bytes",
                "Size of the store's file with its log.",
            ),
        ] {
            if let Some(value) = number(field) {
                gauge(&mut text, name, help, value);
            }
        }
        let rhythms = status
            .get("rhythms")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let resting = rhythms
            .iter()
            .filter(|rhythm| rhythm["rests_until"].is_string())
            .count();
        gauge(
            &mut text,
            "codex_rhythms_resting",
            "Rhythms that rest after failures in a row.",
            resting as f64,
        );
    }
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    ))
}
