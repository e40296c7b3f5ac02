//! Routes by the names and in the shapes of other memory systems: users with sessions and chats, AIs with a handshake.
//!
//! A user or an AI is one mind. Its id is random and recorded; its key is for that mind alone. Facts carry memories here.

use super::App;
use super::facts::with_category;
use super::input::Body;
use super::memories::MemoryIn;
use super::problem::{Answer, Problem};
use super::recall::{RecallIn, question, results};
use crate::clock;
use crate::engine::request::{
    BuildContext, Consolidate, DeleteMemory, EditMemory, ListFacts, ListMemories, MoveMemory,
};
use crate::engine::{FactFilter, FilingChange, Hit, MemoryFilter};
use crate::error::ErrorCode;
use crate::service::{Access, Account, AccountKind, Caller, Scope, random_uuid};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

/// The collections that an AI files its memories in.
const MEMORY_TYPES: [&str; 4] = [
    "working_memory",
    "long_term_memory",
    "personal_logs",
    "archive",
];
/// Tokens of what to know of a user, of four characters.
const ESSENTIAL_TOKENS: usize = 1_500;
/// Facts looked through where some are left out afterwards.
const CANDIDATES: usize = 200;
/// Messages of a session at most.
const MESSAGES: u64 = 1_000;

impl App {
    /// The mind of a user: one with an id that was given out, or one that an application calls so.
    fn user_mind(&self, caller: &Caller, user: &str) -> Answer<String> {
        let mind = match self.service.keys.account(user)? {
            Some(account) => account.mind,
            None => match &caller.access {
                Access::Key(grant) => match grant.name_space() {
                    Some(space) if !user.is_empty() => format!("{space}/{user}"),
                    _ if grant.has(Scope::Admin) => return Err(unknown_account()),
                    _ => return Err(not_yours()),
                },
                Access::Owner => return Err(unknown_account()),
            },
        };
        // Whether there is such a user is told to nobody else's key.
        caller.access.require_mind(&mind).map_err(|_| not_yours())?;
        Ok(mind)
    }

    /// The user whose key this is, or whom `user` names.
    fn own_or_named(&self, caller: &Caller, user: Option<&str>) -> Answer<String> {
        match (user, &caller.access) {
            (Some(user), _) => self.user_mind(caller, user),
            (None, Access::Key(grant)) => grant.only_mind().map(str::to_owned).ok_or_else(|| {
                Problem::new(
                    ErrorCode::MindRequired,
                    "the key is for several users, and the request names none",
                    "add user_id",
                )
            }),
            (None, Access::Owner) => Ok(crate::engine::DEFAULT_MIND.to_owned()),
        }
    }

    fn account(&self, caller: &Caller, id: &str) -> Answer<Account> {
        let account = self.service.keys.account(id)?;
        let own = account.filter(|account| caller.access.require_mind(&account.mind).is_ok());
        own.ok_or_else(not_yours)
    }

    async fn register(
        &self,
        caller: &Caller,
        kind: AccountKind,
        name: Option<String>,
    ) -> Answer<(Account, String)> {
        caller.access.require(Scope::Register)?;
        if let Some(name) = &name
            && (name.len() > 200 || name.chars().any(char::is_control))
        {
            return Err(Problem::bad_request(
                "the name is too long or holds control characters",
                "use at most 200 bytes",
            ));
        }
        let space = match &caller.access {
            Access::Key(grant) => grant.name_space().map(str::to_owned),
            Access::Owner => None,
        };
        let space = space.unwrap_or_else(|| match kind {
            AccountKind::User => "users".to_owned(),
            AccountKind::Ai => "ai".to_owned(),
        });
        let service = self.service.clone();
        let made_by = caller.access.key_id().map(str::to_owned);
        let made = tokio::task::spawn_blocking(move || {
            service
                .keys
                .register(kind, name, &space, made_by.as_deref())
        });
        let failed = |_| crate::error::Error::failed("the account was not made");
        let (account, fresh) = made.await.map_err(failed)??;
        self.service
            .note(caller, "register", Some(&account.mind), "ok");
        Ok((account, fresh.key))
    }
}

fn not_yours() -> Problem {
    Problem::new(
        ErrorCode::Forbidden,
        "the key is not for this user or AI",
        "use the key that came with it, or the key of the application that made it",
    )
}

fn unknown_account() -> Problem {
    Problem::new(
        ErrorCode::AccountUnknown,
        "there is no user or AI with this id",
        "POST /v1/users or /v1/handshake makes one",
    )
}

/// A memory in the shape of a fact.
fn fact(hit: &Hit) -> Value {
    json!({
        "id": hit.id.to_string(),
        "category": null,
        "content": hit.content,
        "confidence": null,
        "temporal_state": null,
        "superseded_by": null,
        "last_refreshed_at": clock::rfc3339(hit.created_at),
        "is_essential": hit.tier == "long_term",
    })
}

/// What comes to mind about a user, as facts.
pub(super) async fn relevant_facts(
    app: &App,
    caller: &Caller,
    user: &str,
    given: &RecallIn,
) -> Answer<Vec<Value>> {
    let limit = results(given.limit.or(given.k), 5)?;
    let oldest = match given.max_age_days {
        Some(days @ 0..=36_500) => clock::now().checked_sub_signed(Duration::days(days)),
        Some(_) => {
            return Err(Problem::bad_request(
                "max_age_days is out of range",
                "from 0 to 36500",
            ));
        }
        None => None,
    };
    let mind = app.user_mind(caller, user)?;
    let k = if oldest.is_some() {
        limit.max(CANDIDATES)
    } else {
        limit
    };
    let found = app.ask(caller, question(mind, given, k)?).await;
    // A user without a memory yet knows nothing; that is no error.
    let hits = match found {
        Ok(answer) => answer.results,
        Err(problem) if problem.code == ErrorCode::MindUnknown.as_str() => Vec::new(),
        Err(problem) => return Err(problem),
    };
    // Memories have no slot: asked for those of some slots, there are none.
    let fits =
        |hit: &&Hit| given.categories.is_none() && oldest.is_none_or(|at| hit.created_at >= at);
    Ok(hits.iter().filter(fits).take(limit).map(fact).collect())
}

/// A user to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct UserIn {
    /// What people call it.
    pub name: Option<String>,
}

/// Make a user: a mind of its own, and a key for that alone, shown once
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = UserIn,
    responses((status = 201, description = "Its id and key", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(given): Body<UserIn>,
) -> Answer<(StatusCode, Json<Value>)> {
    let (account, key) = app.register(&caller, AccountKind::User, given.name).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"id": account.id, "api_key": key})),
    ))
}

/// Replace a user's key: the one before lets nobody in from now on
#[utoipa::path(post, path = "/v1/users/{id}/api-key/rotate", tag = "users", params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "The new key", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    caller.access.require(Scope::Write)?;
    let account = app.account(&caller, &id)?;
    let fresh = app.service.keys.rotate(&account.key_id)?;
    app.service
        .note(&caller, "keys rotate", Some(&account.mind), "ok");
    Ok(Json(json!({"api_key": fresh.key})))
}

/// Revoke a user's key; the memories stay
#[utoipa::path(delete, path = "/v1/users/{id}/api-key", tag = "users", params(("id" = String, Path, description = "The user")),
    responses((status = 204, description = "It lets nobody in from now on"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    caller.access.require(Scope::Write)?;
    let account = app.account(&caller, &id)?;
    app.service.keys.revoke(&account.key_id)?;
    app.service
        .note(&caller, "keys revoke", Some(&account.mind), "ok");
    Ok(StatusCode::NO_CONTENT)
}

/// Have a user's mind live through what is due
#[utoipa::path(post, path = "/v1/users/{id}/consolidate", tag = "users", params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "What ran", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn consolidate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let question = Consolidate {
        cycle: None,
        as_of: clock::now(),
        mind: Some(app.user_mind(&caller, &id)?),
        nap: false,
        rebuild: false,
        latest_generation: false,
        make: false,
        by_clock: true,
    };
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// A session to begin.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SessionIn {
    /// Whose; the key's own user where it is left out.
    pub user_id: Option<String>,
}

/// Begin a session: an id for what is said in it; it is kept from its first message on
#[utoipa::path(post, path = "/v1/sessions", tag = "users", request_body = SessionIn,
    responses((status = 201, description = "Its id", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create_session(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(given): Body<SessionIn>,
) -> Answer<(StatusCode, Json<Value>)> {
    caller.access.require(Scope::Write)?;
    app.own_or_named(&caller, given.user_id.as_deref())?;
    let session = json!({
        "id": random_uuid()?,
        "user_id": given.user_id,
        "created_at": clock::rfc3339(clock::now()),
    });
    Ok((StatusCode::CREATED, Json(session)))
}

/// What was said in a session, oldest first
#[utoipa::path(get, path = "/v1/history/{session_id}", tag = "users", params(("session_id" = String, Path, description = "The session"),
        ("user_id" = Option<String>, Query, description = "Whose; the key's own user where it is left out")),
    responses((status = 200, description = "Its messages", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(session): Path<String>,
    super::input::Params(params): super::input::Params<SessionIn>,
) -> Answer<Json<Value>> {
    let question = ListMemories {
        mind: app.own_or_named(&caller, params.user_id.as_deref())?,
        limit: MESSAGES,
        after: None,
        filter: MemoryFilter {
            session: Some(session.clone()),
            ..MemoryFilter::default()
        },
    };
    let said = app.ask(&caller, question).await?;
    let messages: Vec<Value> = said
        .iter()
        .rev()
        .map(|m| json!({"id": m.id.to_string(), "role": m.speaker, "content": m.content, "created_at": m.created_at}))
        .collect();
    Ok(Json(json!({"session_id": session, "messages": messages})))
}

/// A message of a chat.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct IngestIn {
    /// Whose chat; the key's own user where it is left out.
    pub user_id: Option<String>,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
    /// When: RFC 3339; now where it is left out.
    pub created_at: Option<String>,
}

/// Remember a message of a chat; it can be recalled at once
#[utoipa::path(post, path = "/v1/ingest", tag = "users", request_body = IngestIn,
    responses((status = 201, description = "It is remembered", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn ingest(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(given): Body<IngestIn>,
) -> Answer<(StatusCode, Json<Value>)> {
    if !["user", "assistant"].contains(&given.role.as_str()) {
        return Err(Problem::bad_request(
            "the role is neither user nor assistant",
            "say who said it",
        ));
    }
    let memory = MemoryIn {
        content: given.content,
        created_at: given.created_at,
        speaker: Some(given.role),
        session: given.session_id,
        mind: Some(app.own_or_named(&caller, given.user_id.as_deref())?),
        key: None,
        metadata: Map::new(),
    };
    let new = app.memory(&caller, &headers, memory)?;
    let added = app.add(&caller, new).await?;
    let answer =
        json!({"status": "completed", "job_id": added.key, "chat_log_id": added.id.to_string()});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What to know of the key's own user at the start of a session
#[utoipa::path(get, path = "/v1/conscious", tag = "users",
    responses((status = 200, description = "Facts, and the same as text", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn conscious(State(app): State<Arc<App>>, caller: Caller) -> Answer<Json<Value>> {
    let mind = app.own_or_named(&caller, None)?;
    essentials(&app, &caller, mind, None).await
}

/// What to know of a user at the start of a session
#[utoipa::path(get, path = "/v1/conscious/{user_id}", tag = "users", params(("user_id" = String, Path, description = "The user")),
    responses((status = 200, description = "Facts, and the same as text", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn conscious_of(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Answer<Json<Value>> {
    let mind = app.user_mind(&caller, &user)?;
    essentials(&app, &caller, mind, Some(user)).await
}

async fn essentials(
    app: &App,
    caller: &Caller,
    mind: String,
    user: Option<String>,
) -> Answer<Json<Value>> {
    let now = clock::now();
    let block = BuildContext {
        mind: mind.clone(),
        budget: ESSENTIAL_TOKENS,
        as_of: now,
    };
    let facts = ListFacts {
        mind,
        filter: FactFilter::default(),
        now,
    };
    let (context, version, facts) = match app.ask(caller, block).await {
        Ok(block) => (block.text, block.version, app.ask(caller, facts).await?),
        // A user who has said nothing yet.
        Err(problem) if problem.code == ErrorCode::MindUnknown.as_str() => Default::default(),
        Err(problem) => return Err(problem),
    };
    let facts: Vec<Value> = facts.iter().map(with_category).collect();
    Ok(Json(json!({
        "user_id": user,
        "essential_facts": facts,
        "relevant_facts": facts,
        "context": context,
        "version": version,
    })))
}

/// An AI that introduces itself.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct HandshakeIn {
    /// What people call it; a name may repeat.
    pub ai_name: String,
    /// Its id, where it has one already.
    pub ai_uuid: Option<String>,
}

/// Register an AI, or greet one again: a random id, a mind and a key of its own, its collections
#[utoipa::path(post, path = "/v1/handshake", tag = "ai", request_body = HandshakeIn,
    responses((status = 201, description = "Its id and key, and where its memories go", body = Value),
        (status = 200, description = "It is known; its key is not shown again", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn handshake(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(given): Body<HandshakeIn>,
) -> Answer<(StatusCode, Json<Value>)> {
    if given.ai_name.trim().is_empty() {
        return Err(Problem::bad_request(
            "ai_name is empty",
            "say what the AI is called",
        ));
    }
    if let Some(id) = &given.ai_uuid {
        let account = app.ai(&caller, id, &given.ai_name)?;
        return Ok((StatusCode::OK, Json(greeting(&account, None)?)));
    }
    let (account, key) = app
        .register(&caller, AccountKind::Ai, Some(given.ai_name))
        .await?;
    Ok((StatusCode::CREATED, Json(greeting(&account, Some(key))?)))
}

fn greeting(account: &Account, key: Option<String>) -> Answer<Value> {
    let name = account.name.as_deref().unwrap_or_default();
    let collections: Map<String, Value> = MEMORY_TYPES
        .iter()
        .map(|kind| {
            (
                (*kind).to_owned(),
                json!(format!("{kind}_{}_{name}", account.id)),
            )
        })
        .collect();
    Ok(json!({
        "ai_uuid": account.id,
        "ai_name": name,
        "api_key": key,
        "created_at": clock::rfc3339(account.created_at),
        "permissions": ["read", "write"],
        "memory_collections": collections,
        "session": {"id": random_uuid()?, "mind": account.mind},
    }))
}

impl App {
    /// The AI with this id; a name that is not its own is a conflict.
    fn ai(&self, caller: &Caller, id: &str, name: &str) -> Answer<Account> {
        let account = self.account(caller, id)?;
        match account.kind == AccountKind::Ai && account.name.as_deref() == Some(name) {
            true => Ok(account),
            false => Err(Problem::new(
                ErrorCode::Conflict,
                "the AI with this ai_uuid has another name",
                "send the name of its handshake",
            )),
        }
    }
}

fn check_type(kind: &str) -> Answer<()> {
    match MEMORY_TYPES.contains(&kind) {
        true => Ok(()),
        false => Err(Problem::bad_request(
            format!("'{kind}' is no memory_type"),
            format!("there are {}", MEMORY_TYPES.join(", ")),
        )),
    }
}

/// Words, or an object with `content`; what else it has becomes metadata.
fn words(data: Value) -> Answer<(String, Map<String, Value>)> {
    match data {
        Value::String(text) => Ok((text, Map::new())),
        Value::Object(mut fields) => {
            match fields.remove("content").or_else(|| fields.remove("text")) {
                Some(Value::String(text)) => Ok((text, fields)),
                _ => Err(Problem::bad_request(
                    "memory_data has no content",
                    "send a text, or an object with content",
                )),
            }
        }
        _ => Err(Problem::bad_request(
            "memory_data is no text",
            "send a text, or an object with content",
        )),
    }
}

/// A memory of an AI to create.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AiMemoryIn {
    /// The AI's name.
    pub ai_name: String,
    /// The AI's id.
    pub ai_uuid: String,
    /// `working_memory`, `long_term_memory`, `personal_logs` or `archive`.
    pub memory_type: String,
    /// What to remember: a text, or an object with `content`.
    #[schema(value_type = Value)]
    pub memory_data: Value,
}

/// Remember something for an AI
#[utoipa::path(post, path = "/create_memory", tag = "ai", request_body = AiMemoryIn,
    responses((status = 201, description = "Its id", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create_memory(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(given): Body<AiMemoryIn>,
) -> Answer<(StatusCode, Json<Value>)> {
    check_type(&given.memory_type)?;
    let account = app.ai(&caller, &given.ai_uuid, &given.ai_name)?;
    let (content, metadata) = words(given.memory_data)?;
    let memory = MemoryIn {
        content,
        created_at: None,
        speaker: None,
        session: None,
        mind: Some(account.mind),
        key: None,
        metadata,
    };
    let mut new = app.memory(&caller, &headers, memory)?;
    new.filing.space = Some(given.memory_type.clone());
    let added = app.add(&caller, new).await?;
    let answer = json!({"status": "created", "memory_id": added.id.to_string(), "memory_type": given.memory_type});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A memory of an AI to change.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AiEditIn {
    /// The AI's name.
    pub ai_name: String,
    /// The AI's id.
    pub ai_uuid: String,
    /// Where the memory is filed.
    pub memory_type: String,
    /// The memory's id.
    pub memory_id: String,
    /// What it says from now on: a text, or an object with `content`.
    #[schema(value_type = Value)]
    pub memory_data: Value,
}

/// Change what a memory of an AI says
#[utoipa::path(post, path = "/edit_memory", tag = "ai", request_body = AiEditIn,
    responses((status = 200, description = "It is changed", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn edit_memory(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(given): Body<AiEditIn>,
) -> Answer<Json<Value>> {
    check_type(&given.memory_type)?;
    let account = app.ai(&caller, &given.ai_uuid, &given.ai_name)?;
    let (text, _) = words(given.memory_data)?;
    let question = EditMemory {
        mind: account.mind,
        id: given.memory_id.clone(),
        text,
        author: None,
        now: clock::now(),
    };
    app.ask(&caller, question).await?;
    Ok(Json(
        json!({"status": "updated", "memory_id": given.memory_id}),
    ))
}

/// A memory of an AI to file elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AiMoveIn {
    /// The AI's name.
    pub ai_name: String,
    /// The AI's id.
    pub ai_uuid: String,
    /// Where the memory is filed.
    pub from_memory_type: String,
    /// Where it is filed from now on.
    pub to_memory_type: String,
    /// The memory's id.
    pub document_id: String,
}

/// File a memory of an AI in another collection
#[utoipa::path(post, path = "/move_memory", tag = "ai", request_body = AiMoveIn,
    responses((status = 200, description = "It is filed there", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn move_memory(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(given): Body<AiMoveIn>,
) -> Answer<Json<Value>> {
    check_type(&given.from_memory_type)?;
    check_type(&given.to_memory_type)?;
    let account = app.ai(&caller, &given.ai_uuid, &given.ai_name)?;
    let question = MoveMemory {
        mind: account.mind,
        id: given.document_id.clone(),
        change: FilingChange {
            space: Some(given.to_memory_type.clone()),
            ..FilingChange::default()
        },
        author: None,
        now: clock::now(),
    };
    app.ask(&caller, question).await?;
    Ok(Json(
        json!({"status": "moved", "document_id": given.document_id, "memory_type": given.to_memory_type}),
    ))
}

/// A memory of an AI to delete.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AiDeleteIn {
    /// The AI's name.
    pub ai_name: String,
    /// The AI's id.
    pub ai_uuid: String,
    /// Where the memory is filed.
    pub memory_type: String,
    /// The memory's id.
    pub memory_id: String,
}

/// Delete a memory of an AI
#[utoipa::path(post, path = "/delete_memory", tag = "ai", request_body = AiDeleteIn,
    responses((status = 200, description = "It is deleted; its raw row stays", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete_memory(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(given): Body<AiDeleteIn>,
) -> Answer<Json<Value>> {
    check_type(&given.memory_type)?;
    let account = app.ai(&caller, &given.ai_uuid, &given.ai_name)?;
    let question = DeleteMemory {
        mind: account.mind,
        id: given.memory_id.clone(),
        reason: "deleted by its AI".to_owned(),
        author: None,
        now: clock::now(),
    };
    app.ask(&caller, question).await?;
    Ok(Json(
        json!({"status": "deleted", "memory_id": given.memory_id}),
    ))
}
