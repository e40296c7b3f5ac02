//! Questions to a mind.

use super::App;
use super::compatible::relevant_facts;
use super::input::{Body, Params, mind, moment};
use super::problem::{Answer, Problem};
use crate::clock;
use crate::engine::request::{FindInsights, Recall};
use crate::engine::{ActivationLogging, Cut, InsightFilter, Period, Score};
use crate::service::Caller;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Results at most.
const MOST: usize = 1_000;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RecallIn {
    /// The words asked.
    pub query: String,
    /// Whom: the key's own mind where it is left out.
    pub mind: Option<String>,
    /// At most this many results, from 1 to 1000; 10 where it is left out.
    #[schema(minimum = 1, maximum = 1000)]
    pub k: Option<usize>,
    /// The moment of asking: RFC 3339. Nothing later comes up, and nothing is logged.
    pub as_of: Option<String>,
    /// Whether results say why they came up.
    #[serde(default)]
    pub explain: bool,
    /// Whether what comes up helped: needs a key that may write.
    #[serde(default)]
    pub used: bool,
    /// Only what is at least this relevant, from 0 to 1; where nothing is, `results` is empty and `notes` say why.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub min_relevance: Option<f64>,
    /// A user: the answer is `{"relevant_facts": […]}` then.
    pub user_id: Option<String>,
    /// At most this many facts, for `user_id`; 5 where it is left out.
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// Only what is no older, for `user_id`.
    #[schema(minimum = 0, maximum = 36500)]
    pub max_age_days: Option<i64>,
    /// Only what holds now, for `user_id`.
    #[allow(dead_code)] // Memories carry no validity: facts will.
    pub current_view_only: Option<bool>,
    /// Only facts of these slots, for `user_id`.
    pub categories: Option<Vec<String>>,
}

impl RecallIn {
    pub(super) fn of(query: String) -> RecallIn {
        RecallIn {
            query,
            mind: None,
            k: None,
            as_of: None,
            explain: false,
            used: false,
            min_relevance: None,
            user_id: None,
            limit: None,
            max_age_days: None,
            current_view_only: None,
            categories: None,
        }
    }
}

pub(super) fn results(asked: Option<usize>, default: usize) -> Answer<usize> {
    match asked.unwrap_or(default) {
        k @ 1..=MOST => Ok(k),
        _ => Err(Problem::bad_request(
            "the number of results is out of range",
            format!("from 1 to {MOST}"),
        )),
    }
}

pub(super) fn question(mind: String, given: &RecallIn, k: usize) -> Answer<Recall> {
    let as_of = given
        .as_of
        .as_deref()
        .map(|text| moment(text, "as_of"))
        .transpose()?;
    Ok(Recall {
        mind,
        text: given.query.clone(),
        k,
        as_of: as_of.unwrap_or_else(clock::now),
        explain: given.explain,
        cut: match given.min_relevance {
            Some(least) if (0.0..=1.0).contains(&least) => Cut::At(Score::from_share(least)),
            None => Cut::Off,
            Some(_) => {
                return Err(Problem::bad_request(
                    "min_relevance is out of range",
                    "from 0 to 1".to_owned(),
                ));
            }
        },
        activation_logging: match (as_of, given.used) {
            (Some(_), _) => ActivationLogging::None,
            (None, true) => ActivationLogging::Used,
            (None, false) => ActivationLogging::Retrieved,
        },
    })
}

/// Ask what comes to mind
///
/// `{"query": "where is the spare key?"}` answers with `{"query", "results"}`; with `user_id`, with `{"relevant_facts"}`.
#[utoipa::path(post, path = "/v1/recall", tag = "recall", request_body = RecallIn,
    responses((status = 200, description = "What came to mind", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn recall(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(given): Body<RecallIn>,
) -> Answer<Json<Value>> {
    if let Some(user) = given.user_id.clone() {
        return relevant_facts(&app, &caller, &user, &given)
            .await
            .map(|facts| Json(json!({"relevant_facts": facts})));
    }
    let mind = mind(&caller, &headers, given.mind.as_deref())?;
    let question = question(mind, &given, results(given.k, 10)?)?;
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// A question in the address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct QueryParams {
    /// The words asked.
    q: String,
    /// Whom.
    mind: Option<String>,
    /// At most this many results.
    #[param(minimum = 1, maximum = 1000)]
    k: Option<usize>,
}

/// Ask by the address alone
#[utoipa::path(get, path = "/query", tag = "recall", params(QueryParams),
    responses((status = 200, description = "What came to mind", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn query(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<QueryParams>,
) -> Answer<Json<Value>> {
    let mind = mind(&caller, &headers, params.mind.as_deref())?;
    let question = question(mind, &RecallIn::of(params.q), results(params.k, 10)?)?;
    Ok(Json(json!(app.ask(&caller, question).await?)))
}

/// A period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct InsightParams {
    /// Whom.
    mind: Option<String>,
    /// Its beginning: RFC 3339; 28 days ago where it is left out.
    since: Option<String>,
    /// Its end: RFC 3339; now where it is left out.
    as_of: Option<String>,
    /// At most so many; ten where it is left out.
    limit: Option<usize>,
    /// Only this kind.
    kind: Option<String>,
    /// Only those that speak of this.
    about: Option<String>,
    /// Those too that are only measured.
    all: Option<bool>,
}

/// What the memories of a period say that nobody asked for
#[utoipa::path(get, path = "/v1/insights", tag = "recall", params(InsightParams),
    responses((status = 200, description = "Insights, each with confidence and evidence", body = Value),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn insights(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<InsightParams>,
) -> Answer<Json<Value>> {
    let as_of = match &params.as_of {
        Some(text) => moment(text, "as_of")?,
        None => clock::now(),
    };
    let since = match &params.since {
        Some(text) => moment(text, "since")?,
        None => as_of
            .checked_sub_signed(Duration::days(28))
            .unwrap_or(as_of),
    };
    let question = FindInsights {
        period: Period { since, as_of },
        mind: Some(mind(&caller, &headers, params.mind.as_deref())?),
        filter: InsightFilter {
            limit: params.limit,
            kinds: params.kind.into_iter().collect(),
            about: params.about,
            all: params.all.unwrap_or_default(),
        },
    };
    Ok(Json(json!({"insights": app.ask(&caller, question).await?})))
}
