//! Facts: what holds about people, by the slots of `config/slots.yaml`.

use super::App;
use super::input::{Params, mind, moment};
use super::memories::MindParam;
use super::problem::{Answer, Problem};
use crate::clock;
use crate::engine::request::{JudgeFact, ListFacts};
use crate::engine::{FactFilter, FactJudgement, ShownFact};
use crate::error::ErrorCode;
use crate::service::Caller;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::IntoParams;

/// Which facts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FactParams {
    /// Whose; the key's own mind where it is left out.
    mind: Option<String>,
    /// About this person; `self` is the mind's own.
    subject: Option<String>,
    /// Of this slot: residence, employer, allergy …
    slot: Option<String>,
    /// What held then: RFC 3339.
    as_of: Option<String>,
    /// What was known then: RFC 3339.
    known_at: Option<String>,
    /// What is over, superseded or retracted too.
    history: Option<bool>,
}

/// What holds about people, held or is planned
#[utoipa::path(get, path = "/v1/facts", tag = "facts", params(FactParams),
    responses((status = 200, description = "Facts, each with the memories and words that say so", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<FactParams>,
) -> Answer<Json<Value>> {
    let time =
        |text: &Option<String>, name| text.as_deref().map(|text| moment(text, name)).transpose();
    let question = ListFacts {
        mind: mind(&caller, &headers, params.mind.as_deref())?,
        filter: FactFilter {
            as_of: time(&params.as_of, "as_of")?,
            known_at: time(&params.known_at, "known_at")?,
            subject: params.subject,
            slot: params.slot,
            history: params.history.unwrap_or_default(),
        },
        now: clock::now(),
    };
    Ok(Json(json!({"facts": app.ask(&caller, question).await?})))
}

/// The memories that say a fact, with their very words
#[utoipa::path(get, path = "/v1/facts/{id}/source", tag = "facts", params(("id" = String, Path, description = "The fact's id"), MindParam),
    responses((status = 200, description = "The evidence", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn source(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let fact = found(&app, &caller, &mind, &id).await?;
    Ok(Json(json!({"id": fact.id, "evidence": fact.evidence})))
}

/// A fact by its id, whatever became of it.
async fn found(app: &App, caller: &Caller, mind: &str, id: &str) -> Answer<ShownFact> {
    let question = ListFacts {
        mind: mind.to_owned(),
        filter: FactFilter {
            history: true,
            ..FactFilter::default()
        },
        now: clock::now(),
    };
    let mut facts = app.ask(caller, question).await?.into_iter();
    facts.find(|fact| fact.id == id).ok_or_else(|| {
        Problem::new(
            ErrorCode::NotFound,
            "the mind has no fact with this id",
            "`GET /v1/facts?history=true` lists them",
        )
    })
}

/// Say that a fact never was so
#[utoipa::path(delete, path = "/v1/facts/{id}", tag = "facts", params(("id" = String, Path, description = "The fact's id"), MindParam),
    responses((status = 200, description = "The fact, now retracted", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn retract(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let fact = found(&app, &caller, &mind, &id).await?;
    let question = JudgeFact {
        mind,
        id: fact.id,
        judgement: FactJudgement::Retract { reason: None },
        author: None,
        now: clock::now(),
    };
    Ok(Json(json!({"facts": app.ask(&caller, question).await?})))
}

/// A fact in the shape of a system with users and chats.
pub(super) fn with_category(fact: &ShownFact) -> Value {
    let words = fact
        .evidence
        .first()
        .map(|evidence| evidence.words.as_str());
    let plain = format!("{}: {}", fact.slot, fact.value);
    json!({
        "id": fact.id,
        "category": fact.slot,
        "content": words.filter(|words| words.contains(&fact.value)).unwrap_or(&plain),
        "confidence": fact.confidence,
        "temporal_state": fact.state,
        "superseded_by": fact.superseded_by,
        "last_refreshed_at": fact.last_refreshed_at,
        "is_essential": fact.essential,
    })
}
