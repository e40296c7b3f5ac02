//! Memories beside their words: restoring, relations, cleanup, the sessions they belong to.

use super::App;
use super::input::{Body, Params, mind};
use super::memories::MindParam;
use super::problem::{Answer, Problem};
use crate::clock;
use crate::engine::request::{
    CleanUp, LinkMemories, ListSessions, RelatedMemories, RestoreMemory, UndoCleanup,
};
use crate::engine::{CleanupRule, NewRelation, RelatedRule, is_directed};
use crate::service::Caller;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Memories that another one leads to, where the request does not say.
const RELATED: u64 = 20;
/// Sessions of a page, where the request does not say, and at most.
const SESSIONS: (u64, u64) = (50, 1_000);

/// Remember a deleted memory again
#[utoipa::path(post, path = "/v1/memories/{id}/restore", tag = "memories", params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "The memory", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn restore(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let question = RestoreMemory {
        mind: mind(&caller, &headers, params.mind.as_deref())?,
        id,
        author: None,
        now: clock::now(),
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// Which related memories are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct RelatedParams {
    /// Whose; the key's own mind where it is left out.
    mind: Option<String>,
    /// Only relations of this kind.
    kind: Option<String>,
    /// At most so many steps.
    #[param(minimum = 1, maximum = 10)]
    depth: Option<u32>,
    /// The associations that nights learned too.
    learned: Option<bool>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// What a memory leads to, with the ways there
#[utoipa::path(get, path = "/v1/memories/{id}/related", tag = "memories", params(("id" = String, Path, description = "Its id or key"), RelatedParams),
    responses((status = 200, description = "Memories, nearest first", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn related(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<RelatedParams>,
) -> Answer<Json<Value>> {
    let question = RelatedMemories {
        mind: mind(&caller, &headers, params.mind.as_deref())?,
        id,
        rule: RelatedRule {
            kind: params.kind,
            depth: params.depth.unwrap_or(1),
            learned: params.learned.unwrap_or_default(),
            limit: params.limit.unwrap_or(RELATED).clamp(1, SESSIONS.1),
        },
        now: clock::now(),
    };
    Ok(Json(json!({"related": app.ask(&caller, question).await?})))
}

/// A relation to draw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationIn {
    /// The other memory: its id or key.
    to: String,
    /// related_to, causes, contradicts, part_of, supersedes, or one of its own.
    kind: String,
    /// 0..1; 1 where it is left out.
    strength: Option<f64>,
    /// Whether it goes one way; as its kind means where it is left out.
    directed: Option<bool>,
}

/// Draw a relation from a memory to another
#[utoipa::path(post, path = "/v1/memories/{id}/relations", tag = "memories", request_body = RelationIn,
    params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 201, description = "The relation", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn relate(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
    Body(given): Body<RelationIn>,
) -> Answer<(StatusCode, Json<Value>)> {
    let question = LinkMemories {
        mind: mind(&caller, &headers, params.mind.as_deref())?,
        from: id,
        to: given.to,
        relation: NewRelation {
            directed: given.directed.unwrap_or_else(|| is_directed(&given.kind)),
            kind: given.kind,
            strength: given.strength.unwrap_or(1.0),
            half_life_days: None,
        },
        author: None,
        now: clock::now(),
    };
    let drawn = app.ask(&caller, question).await?;
    Ok((StatusCode::CREATED, Json(json!(drawn))))
}

/// What a cleanup archives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CleanupIn {
    /// Whose; the key's own mind where it is left out.
    mind: Option<String>,
    /// Older than so many days.
    #[schema(minimum = 0, maximum = 36500)]
    max_age_days: Option<i64>,
    /// Less important than this, 0..1.
    min_importance: Option<f64>,
    /// Weaker than this, 0..1.
    min_strength: Option<f64>,
    /// Only of this kind.
    kind: Option<String>,
    /// Only what all the conditions select; else any of them does.
    #[serde(default)]
    all_of: bool,
    /// Change nothing, and say what would be.
    #[serde(default)]
    dry_run: bool,
    /// Take this cleanup back instead.
    undo: Option<String>,
}

/// Archive what is old, unimportant or weak; nothing is erased, and `undo` takes it back
#[utoipa::path(post, path = "/v1/cleanup", tag = "memories", request_body = CleanupIn,
    responses((status = 200, description = "What was archived, and the name for undoing it", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn cleanup(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(given): Body<CleanupIn>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, given.mind.as_deref())?;
    let now = clock::now();
    if let Some(batch) = given.undo {
        let question = UndoCleanup {
            mind,
            batch,
            author: None,
            now,
        };
        return Ok(Json(json!({"restored": app.ask(&caller, question).await?})));
    }
    let max_age_seconds = match given.max_age_days {
        Some(days @ 0..=36_500) => Some(days * 86_400),
        Some(_) => {
            return Err(Problem::bad_request(
                "max_age_days is out of range",
                "send 0 to 36500",
            ));
        }
        None => None,
    };
    let question = CleanUp {
        mind,
        rule: CleanupRule {
            max_age_seconds,
            min_importance: given.min_importance,
            min_strength: given.min_strength,
            kind: given.kind,
            all_of: given.all_of,
            protect: Vec::new(),
        },
        dry_run: given.dry_run,
        author: None,
        now,
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// Which sessions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionsParams {
    /// Whose; the key's own mind where it is left out.
    mind: Option<String>,
    /// How many, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// How many to pass over.
    offset: Option<u64>,
}

/// The conversations of a mind, the latest first
#[utoipa::path(get, path = "/v1/sessions", tag = "memories", params(SessionsParams),
    responses((status = 200, description = "Sessions", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn sessions(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<SessionsParams>,
) -> Answer<Json<Value>> {
    let question = ListSessions {
        mind: mind(&caller, &headers, params.mind.as_deref())?,
        limit: params.limit.unwrap_or(SESSIONS.0).clamp(1, SESSIONS.1),
        offset: params.offset.unwrap_or_default().min(i64::MAX as u64),
    };
    Ok(Json(json!({"sessions": app.ask(&caller, question).await?})))
}
