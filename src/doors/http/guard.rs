//! What every request passes, whatever its route: the host it names, the origin of the page that asks, the key, and the key's limit.

use super::App;
use super::problem::{Answer, Problem};
use crate::config::ServerSettings;
use crate::engine::lock;
use crate::error::{Error, ErrorCode, Result};
use crate::service::{Access, Caller, Grant, KeyRing, MindPattern, Scope};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Routes that want no key.
const OPEN: [&str; 1] = ["/health/live"];
/// Routes that say more to one who has a key.
const BARE: [&str; 1] = ["/health/ready"];
/// The longest address that is read.
const LONGEST_URI: usize = 8_192;

/// What is compared with each request.
pub(super) struct Guard {
    hosts: HashSet<String>,
    origins: HashSet<String>,
    is_loopback: bool,
    limits: Mutex<HashMap<String, (u32, Arc<DefaultDirectRateLimiter>)>>,
    requests: AtomicU64,
}

/// Refuses an address beyond loopback that nobody could safely ask.
///
/// # Errors
/// Usage without a key.
pub(super) fn check_exposure(settings: &ServerSettings, keys: &KeyRing) -> Result<()> {
    if settings.listen.ip().is_loopback() {
        return Ok(());
    }
    if keys.is_empty()? {
        return Err(Error::usage(format!(
            "{} can be reached from other machines, and there is no key",
            settings.listen
        ))
        .hint("`codex keys create --name NAME --scope read` makes one; or listen on 127.0.0.1"));
    }
    if !settings.behind_proxy {
        tracing::warn!(address = %settings.listen, "HTTP is served beyond this machine without TLS: keys travel in the open; put a proxy in front and say --behind-proxy");
    }
    Ok(())
}

impl Guard {
    pub(super) fn new(settings: &ServerSettings, address: SocketAddr) -> Guard {
        let port = address.port();
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "[::1]".to_owned(),
        ];
        match address.ip() {
            ip if ip.is_unspecified() => {}
            IpAddr::V6(ip) => names.push(format!("[{ip}]")),
            ip => names.push(ip.to_string()),
        }
        let mut hosts: HashSet<String> =
            names.iter().map(|name| format!("{name}:{port}")).collect();
        let mut origins: HashSet<String> =
            hosts.iter().map(|host| format!("http://{host}")).collect();
        if port == 80 {
            hosts.extend(names.iter().cloned());
            origins.extend(names.iter().map(|name| format!("http://{name}")));
        }
        for host in &settings.hosts {
            let host = host.to_ascii_lowercase();
            origins.extend([format!("http://{host}"), format!("https://{host}")]);
            hosts.insert(format!("{host}:{port}"));
            hosts.insert(host);
        }
        origins.extend(
            settings
                .origins
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()),
        );
        Guard {
            hosts,
            origins,
            is_loopback: address.ip().is_loopback(),
            limits: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// The host that a browser was led to, and the page that led it there.
    fn check_names(&self, request: &Request) -> Answer<()> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let host = match (named.next(), named.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default().to_ascii_lowercase(),
            _ => String::new(),
        };
        // An address with a host of its own must say the same.
        let own = request
            .uri()
            .authority()
            .map(|a| a.as_str().to_ascii_lowercase());
        if !self.hosts.contains(&host) || own.is_some_and(|own| own != host) {
            return Err(Problem::new(
                ErrorCode::HostNotAllowed,
                "the host name of the request is not one of this service",
                "add it to server.hosts where a proxy or tunnel brings it",
            ));
        }
        for origin in request.headers().get_all(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
            if !self.origins.contains(&origin) {
                return Err(Problem::new(
                    ErrorCode::OriginNotAllowed,
                    "pages of this origin may not ask",
                    "add it to server.origins if they should",
                ));
            }
        }
        Ok(())
    }

    /// Whether the key's limit leaves room for one more.
    fn check_rate(&self, access: &Access) -> Answer<()> {
        let Access::Key(grant) = access else {
            return Ok(());
        };
        let Some(rate) = grant.rate.and_then(NonZeroU32::new) else {
            return Ok(());
        };
        let limiter = {
            let mut limits = lock(&self.limits);
            let fresh = || {
                (
                    rate.get(),
                    Arc::new(RateLimiter::direct(Quota::per_second(rate))),
                )
            };
            let kept = limits.entry(grant.id.clone()).or_insert_with(fresh);
            if kept.0 != rate.get() {
                *kept = fresh();
            }
            kept.1.clone()
        };
        limiter.check().map_err(|_| {
            let mut problem = Problem::new(
                ErrorCode::TooManyRequests,
                format!("the key may make {rate} requests a second"),
                "wait a second, or make a key with a higher --rate",
            );
            problem.retry_after = Some(1);
            problem
        })
    }
}

/// The key of a request, in either of the headers that people use.
fn key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer.or_else(|| headers.get("x-api-key")?.to_str().ok())
}

fn access(app: &App, request: &Request) -> Answer<Option<Access>> {
    if let Some(key) = key(request.headers()) {
        return Ok(Some(app.service.keys.access(key)?));
    }
    let path = request.uri().path();
    let settings = &app.settings;
    let is_open_read = path == "/query" && request.method() == Method::GET && settings.open_reads;
    if is_open_read && app.guard.is_loopback {
        return Ok(Some(Access::Key(Arc::new(Grant {
            id: "open_reads".to_owned(),
            name: "open_reads".to_owned(),
            scopes: BTreeSet::from([Scope::Read]),
            minds: vec![MindPattern::new(&settings.open_mind)?],
            expires_at: None,
            rate: None,
        }))));
    }
    let hint = match path {
        "/query" => {
            "send one as Authorization: Bearer (`codex keys create` makes one), or let this address be read without one: server.open_reads"
        }
        _ => "send one as Authorization: Bearer or X-API-Key; `codex keys create` makes one",
    };
    match OPEN.contains(&path) || BARE.contains(&path) {
        true => Ok(None),
        false => Err(Problem::new(
            ErrorCode::Unauthorized,
            "a key is needed",
            hint,
        )),
    }
}

/// The middleware around every route.
pub(super) async fn pass(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let number = app.guard.requests.fetch_add(1, Ordering::Relaxed);
    let id = app.service.outbox.id(number);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());
    let admitted = admit(&app, &mut request, &id);
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let status = response.status();
    app.figures
        .count(method.as_str(), &route, status.as_u16(), started.elapsed());
    if status.is_server_error() {
        tracing::info!(request = id, %method, route, status = status.as_u16(), "a request was not answered");
    }
    response
}

fn admit(app: &App, request: &mut Request, id: &str) -> Answer<()> {
    app.guard.check_names(request)?;
    let uri = request.uri();
    if uri
        .path_and_query()
        .is_some_and(|path| path.as_str().len() > LONGEST_URI)
    {
        return Err(Problem::bad_request(
            format!("the address is longer than {LONGEST_URI} characters"),
            "send what is long in the body",
        ));
    }
    let caller = |access| Caller {
        access,
        door: "http",
        request_id: Some(id.to_owned()),
        context: None,
    };
    if let Some(access) = access(app, request)? {
        app.guard.check_rate(&access)?;
        request.extensions_mut().insert(caller(access));
    }
    Ok(())
}

/// Where no route is.
pub(super) async fn not_found() -> Problem {
    Problem::new(
        ErrorCode::NotFound,
        "there is nothing at this address",
        "/docs lists the addresses",
    )
}

/// Where the route knows other methods.
pub(super) async fn method_not_allowed() -> Response {
    let mut response = Problem::new(
        ErrorCode::MethodNotAllowed,
        "the address does not know this method",
        "/docs lists them",
    )
    .into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
