//! What happens, pushed: server-sent events that go on where a client was.

use super::App;
use super::input::Params;
use super::problem::{Answer, Problem};
use crate::service::{Access, Caller, Event, Scope};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use utoipa::IntoParams;

/// What to listen to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EventParams {
    /// Only of this mind.
    mind: Option<String>,
    /// Where to go on, for clients that cannot send `Last-Event-ID`.
    last_event_id: Option<String>,
    /// End after so many events.
    #[param(minimum = 1)]
    limit: Option<u64>,
    /// End after so many seconds.
    #[param(minimum = 1, maximum = 86400)]
    seconds: Option<u64>,
}

struct Listener {
    app: Arc<App>,
    access: Access,
    mind: Option<String>,
    newest: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    sequence: u64,
    ready: VecDeque<SseEvent>,
    left: u64,
    until: tokio::time::Instant,
}

impl Listener {
    fn hears(&self, event: &Event) -> bool {
        let Some(mind) = &event.mind else { return true };
        self.mind.as_ref().is_none_or(|wanted| wanted == mind)
            && self.access.require_mind(mind).is_ok()
    }

    fn told(&self, sequence: u64, kind: &str, data: &serde_json::Value) -> SseEvent {
        SseEvent::default()
            .id(self.app.service.outbox.id(sequence))
            .event(kind)
            .data(data.to_string())
    }

    /// The next event; none when the stream ends.
    async fn next(mut self) -> Option<(Result<SseEvent, Infallible>, Listener)> {
        loop {
            if self.left == 0 || *self.closing.borrow() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                self.left -= 1;
                return Some((Ok(event), self));
            }
            let newest = *self.newest.borrow_and_update();
            if newest != self.sequence {
                match self.app.service.outbox.after(self.sequence) {
                    Some(events) => {
                        let heard = events.iter().filter(|event| self.hears(event));
                        let told = heard
                            .map(|e| self.told(e.sequence, e.kind, &e.data))
                            .collect();
                        self.sequence = events.last().map_or(self.sequence, |event| event.sequence);
                        self.ready = told;
                    }
                    None => {
                        self.sequence = newest;
                        let lagged = self.told(newest, "lagged", &serde_json::json!({}));
                        self.ready.push_back(lagged);
                    }
                }
                continue;
            }
            tokio::select! {
                changed = self.newest.changed() => changed.ok()?,
                _ = self.closing.changed() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
            }
        }
    }
}

/// What happens to memories, as server-sent events: ids, never contents
///
/// Events are `memory_added`, `memory_edited`, `memory_deleted` and `cycle`. `Last-Event-ID` goes on where a client was; `lagged` says that
/// something was missed, because the service was started anew or the client was too slow.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    params(EventParams, ("Last-Event-ID" = Option<String>, Header, description = "Where to go on")),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<EventParams>,
) -> Answer<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>> {
    caller.access.require(Scope::Read)?;
    if let Some(mind) = &params.mind {
        caller.access.require_mind(mind)?;
    }
    let newest = app.service.outbox.newest();
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok().map(str::to_owned))
        .or(params.last_event_id);
    let now = *newest.borrow();
    // A number that never was, as one of another generation, is told as something missed.
    let sequence = last.map_or(now, |id| {
        app.service.outbox.sequence(&id).unwrap_or(u64::MAX)
    });
    let seconds = params.seconds.unwrap_or(86_400).min(86_400);
    let listener = Listener {
        closing: app.closing.clone(),
        app,
        access: caller.access,
        mind: params.mind,
        newest,
        sequence,
        ready: VecDeque::new(),
        left: params.limit.unwrap_or(u64::MAX),
        until: tokio::time::Instant::now() + Duration::from_secs(seconds),
    };
    let stream = stream::unfold(listener, Listener::next);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}
