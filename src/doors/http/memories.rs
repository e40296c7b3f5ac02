//! Single memories.

use super::App;
use super::input::{Body, Params, mind, moment};
use super::problem::{Answer, Problem};
use crate::clock;
use crate::engine::request::{
    AddMemories, DeleteMemory, EditMemory, ExplainMemory, ListMemories, ShowMemory,
};
use crate::engine::{Added, FilingChange, MemoryFilter, MemorySummary, NewMemory, Outcome};
use crate::service::Caller;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Memories of one request at most.
const MOST: usize = 10_000;
/// Memories of one page at most.
const LONGEST_PAGE: u64 = 1_000;
/// Memories of one page where the request does not say.
const PAGE: u64 = 50;

/// A memory to add.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryIn {
    /// What to remember.
    pub content: String,
    /// When it happened: RFC 3339; now where it is left out.
    pub created_at: Option<String>,
    /// Who says it.
    pub speaker: Option<String>,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// Whose memory it becomes; the key's own mind where it is left out.
    pub mind: Option<String>,
    /// A name of its own; a memory of this name that is known already is edited.
    pub key: Option<String>,
    /// Anything else.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// One memory, or several: all of them are added, or none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum MemoriesIn {
    /// Several.
    Many {
        /// The memories.
        memories: Vec<MemoryIn>,
    },
    /// One.
    One(MemoryIn),
}

impl MemoriesIn {
    /// Reads a body, and says of the form it has what is wrong with it.
    fn read(body: Value) -> Answer<MemoriesIn> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Several {
            memories: Vec<MemoryIn>,
        }
        let is_many = body.get("memories").is_some();
        let read = match is_many {
            true => serde_json::from_value(body)
                .map(|Several { memories }| MemoriesIn::Many { memories }),
            false => serde_json::from_value(body).map(MemoriesIn::One),
        };
        read.map_err(|e| {
            Problem::bad_request(
                format!("the body is not what is expected here: {e}"),
                "send {\"content\": \"…\"}, or {\"memories\": [{\"content\": \"…\"}, …]}",
            )
        })
    }
}

/// What became of a memory.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddedOut {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub key: String,
    /// Its mind.
    pub mind: String,
    /// `added`, `edited` (its key was known, with other words) or `unchanged`.
    pub outcome: String,
}

impl From<Added> for AddedOut {
    fn from(added: Added) -> AddedOut {
        let outcome = match added.outcome {
            Outcome::Added => "added",
            Outcome::Edited => "edited",
            Outcome::Unchanged => "unchanged",
        };
        AddedOut {
            id: added.id,
            key: added.key,
            mind: added.mind,
            outcome: outcome.to_owned(),
        }
    }
}

impl App {
    /// A memory as the engine takes it.
    pub(super) fn memory(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        given: MemoryIn,
    ) -> Answer<NewMemory> {
        let not_empty = |name: Option<String>| name.filter(|name| !name.trim().is_empty());
        Ok(NewMemory {
            mind: mind(caller, headers, given.mind.as_deref())?,
            time_zone: self.time_zone,
            content: given.content,
            created_at: match &given.created_at {
                Some(text) => moment(text, "created_at")?,
                None => clock::now(),
            },
            speaker: not_empty(given.speaker),
            session: not_empty(given.session),
            metadata: given.metadata,
            key: given.key,
            filing: FilingChange::default(),
            author: None,
        })
    }
}

/// Names memories after the request's `Idempotency-Key`, so that a request sent again finds what it added before, also after a
/// restart. Another body under the same key is another request.
fn name_by_request(caller: &Caller, headers: &HeaderMap, memories: &mut [MemoryIn]) {
    let Some(request) = headers.get("idempotency-key") else {
        return;
    };
    let body = serde_json::to_vec(&memories).unwrap_or_default();
    for (number, memory) in memories.iter_mut().enumerate() {
        if memory.key.is_none() {
            let mut sha = Sha256::new();
            for part in [
                caller.access.key_id().unwrap_or("").as_bytes(),
                request.as_bytes(),
                &body,
            ] {
                sha.update((part.len() as u64).to_le_bytes());
                sha.update(part);
            }
            sha.update((number as u64).to_le_bytes());
            let digest = sha.finalize();
            let name: String = digest
                .iter()
                .take(16)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            memory.key = Some(format!("request:{name}"));
        }
    }
}

/// Remember something, or several things
///
/// The answer comes when they are on the disk and can be recalled. With `Idempotency-Key`, a request may be sent again.
#[utoipa::path(post, path = "/v1/memories", tag = "memories", request_body = MemoriesIn,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it can be sent again")),
    responses((status = 201, description = "Added", body = Value), (status = 200, description = "All were known already", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(given): Body<Value>,
) -> Answer<(StatusCode, Json<Value>)> {
    let status = |added: &[AddedOut]| match added.iter().all(|one| one.outcome == "unchanged") {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    match MemoriesIn::read(given)? {
        MemoriesIn::One(mut one) => {
            name_by_request(&caller, &headers, std::slice::from_mut(&mut one));
            let new = app.memory(&caller, &headers, one)?;
            let added = AddedOut::from(app.add(&caller, new).await?);
            Ok((status(std::slice::from_ref(&added)), Json(json!(added))))
        }
        MemoriesIn::Many { mut memories } => {
            if memories.is_empty() || memories.len() > MOST {
                return Err(Problem::bad_request(
                    format!("{} memories cannot be added at once", memories.len()),
                    format!("send from 1 to {MOST} a request"),
                ));
            }
            name_by_request(&caller, &headers, &mut memories);
            let new: Vec<NewMemory> = memories
                .into_iter()
                .map(|one| app.memory(&caller, &headers, one))
                .collect::<Answer<_>>()?;
            let added = app
                .ask(
                    &caller,
                    AddMemories {
                        new,
                        now: clock::now(),
                    },
                )
                .await?;
            let added: Vec<AddedOut> = added.into_iter().map(AddedOut::from).collect();
            Ok((status(&added), Json(json!({"memories": added}))))
        }
    }
}

/// Which memories a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    /// Whose.
    mind: Option<String>,
    /// Only of this conversation.
    session: Option<String>,
    /// Only what this one says.
    speaker: Option<String>,
    /// Only in this state: pending, working, short_term, long_term, forgotten.
    tier: Option<String>,
    /// Only what happened then or later: RFC 3339.
    since: Option<String>,
    /// Only what happened before then: RFC 3339.
    until: Option<String>,
    /// How many, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Where the page before ended, as its `next` says.
    cursor: Option<String>,
}

/// The newest memories first, page by page
#[utoipa::path(get, path = "/v1/memories", tag = "memories", params(ListParams),
    responses((status = 200, description = "A page: memories, and next where there are more", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<ListParams>,
) -> Answer<Json<Value>> {
    let limit = params.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(Problem::bad_request(
            "limit is out of range",
            format!("from 1 to {LONGEST_PAGE}"),
        ));
    }
    let at =
        |text: &Option<String>, field| text.as_deref().map(|text| moment(text, field)).transpose();
    let question = ListMemories {
        mind: mind(&caller, &headers, params.mind.as_deref())?,
        limit: limit + 1,
        filter: MemoryFilter {
            session: params.session,
            speaker: params.speaker,
            tier: params.tier,
            since: at(&params.since, "since")?,
            until: at(&params.until, "until")?,
            ..MemoryFilter::default()
        },
        after: params.cursor,
    };
    let mut memories = app.ask(&caller, question).await?;
    let has_more = memories.len() as u64 > limit;
    memories.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = memories
        .last()
        .filter(|_| has_more)
        .map(MemorySummary::place);
    Ok(Json(json!({"memories": memories, "next": next})))
}

/// Whose memory it is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MindParam {
    /// Whose; the key's own mind where it is left out.
    pub mind: Option<String>,
}

/// A memory in full; looking does not count as using it
#[utoipa::path(get, path = "/v1/memories/{id}", tag = "memories", params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "The memory", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let question = ShowMemory {
        mind,
        id,
        now: clock::now(),
        used: false,
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// Say that a memory helped: the next night strengthens it
#[utoipa::path(post, path = "/v1/memories/{id}/use", tag = "memories", params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "The memory", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn mark_used(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let question = ShowMemory {
        mind,
        id,
        now: clock::now(),
        used: true,
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// What a memory says from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditIn {
    /// Its words.
    pub content: String,
}

/// Change what a memory says; its earlier words stay in its history
#[utoipa::path(patch, path = "/v1/memories/{id}", tag = "memories", request_body = EditIn,
    params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "The memory", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
    Body(given): Body<EditIn>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let question = EditMemory {
        mind,
        id,
        text: given.content,
        author: None,
        now: clock::now(),
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// Delete a memory: it no longer comes up, its raw row stays
#[utoipa::path(delete, path = "/v1/memories/{id}", tag = "memories", params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "The memory, now deleted", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let question = DeleteMemory {
        mind,
        id,
        reason: "deleted over HTTP".to_owned(),
        author: None,
        now: clock::now(),
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// What a memory said before each edit, oldest first, and what it says now
#[utoipa::path(get, path = "/v1/memories/{id}/history", tag = "memories", params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "Its versions", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let question = ShowMemory {
        mind,
        id,
        now: clock::now(),
        used: false,
    };
    let shown = app.ask(&caller, question).await?;
    Ok(Json(json!({
        "id": shown.memory.id,
        "content": shown.memory.content,
        "tier": shown.memory.tier,
        "earlier": shown.earlier,
    })))
}

/// Where a memory comes from and what became of it
#[utoipa::path(get, path = "/v1/memories/{id}/explain", tag = "memories", params(("id" = String, Path, description = "Its id or key"), MindParam),
    responses((status = 200, description = "Its lineage", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): Params<MindParam>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    Ok(Json(json!(
        app.ask(&caller, ExplainMemory { mind, id }).await?
    )))
}
