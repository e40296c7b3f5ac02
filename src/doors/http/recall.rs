//! Questions to a mind.

use super::App;
use super::compatible::relevant_facts;
use super::input::{Body, Params, mind, moment};
use super::problem::{Answer, Problem};
use crate::clock;
use crate::engine::request::{FindInsights, Recall};
use crate::engine::{ActivationLogging, Cut, Filter, InsightFilter, Period, Presentation, Score};
use crate::service::Caller;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Neighbours of a result at most, on each side.
const MOST_TURNS: usize = 50;
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
    /// Only memories made then or later: RFC 3339.
    pub since: Option<String>,
    /// Only memories made before: RFC 3339.
    pub until: Option<String>,
    /// Only memories in this tier: pending, short_term, long_term, forgotten.
    pub tier: Option<String>,
    /// Only memories of this session.
    pub session: Option<String>,
    /// Only memories filed as of this kind.
    pub kind: Option<String>,
    /// Only what this speaker said.
    pub speaker: Option<String>,
    /// Only memories with these values in their metadata.
    #[serde(default, rename = "where")]
    pub fields: BTreeMap<String, String>,
    /// Only memories at least this strong at the moment of asking, from 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub min_strength: Option<f64>,
    /// How much what repeats a better result steps back, from 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub diversity: Option<f64>,
    /// So many turns of its session before and after each result, as its `neighbours`; 50 at most.
    #[schema(minimum = 0, maximum = 50)]
    pub expand: Option<usize>,
    /// Whether what else comes to mind with the results is given as `associated`, with the path to it.
    #[serde(default)]
    pub associative: bool,
    /// No more results than fit into so many tokens of four characters.
    pub max_tokens: Option<usize>,
    /// Why the memory with this id or key is not among the results: `why_not` says it.
    pub why_not: Option<String>,
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
            since: None,
            until: None,
            tier: None,
            session: None,
            kind: None,
            speaker: None,
            fields: BTreeMap::new(),
            min_strength: None,
            diversity: None,
            expand: None,
            associative: false,
            max_tokens: None,
            why_not: None,
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

/// A number from 0 to 1.
fn share(given: Option<f64>, name: &str) -> Answer<Option<Score>> {
    match given {
        None => Ok(None),
        Some(share) if (0.0..=1.0).contains(&share) => Ok(Some(Score::from_share(share))),
        Some(_) => Err(Problem::bad_request(
            format!("{name} is out of range"),
            "from 0 to 1".to_owned(),
        )),
    }
}

fn filter(given: &RecallIn) -> Answer<Filter> {
    let time = |text: &Option<String>, name: &str| {
        text.as_deref().map(|text| moment(text, name)).transpose()
    };
    Ok(Filter {
        since: time(&given.since, "since")?,
        until: time(&given.until, "until")?,
        tier: given.tier.clone(),
        session: given.session.clone(),
        kind: given.kind.clone(),
        speaker: given.speaker.clone(),
        fields: given.fields.clone(),
        min_strength: share(given.min_strength, "min_strength")?,
        id: None,
    })
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
        cut: share(given.min_relevance, "min_relevance")?.map_or(Cut::Off, Cut::At),
        filter: filter(given)?,
        presentation: Presentation {
            diversity: share(given.diversity, "diversity")?.unwrap_or_default(),
            expand: match given.expand.unwrap_or(0) {
                turns @ 0..=MOST_TURNS => turns,
                _ => {
                    return Err(Problem::bad_request(
                        "expand is out of range",
                        format!("from 0 to {MOST_TURNS}"),
                    ));
                }
            },
            associative: given.associative,
            max_tokens: given.max_tokens,
            why_not: None,
        },
        why_not: given.why_not.clone(),
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
