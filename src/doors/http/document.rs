//! The OpenAPI document, a page that shows it, and the front page; all from the binary.

use super::App;
use super::problem::Answer;
use crate::engine::request::GetStatus;
use crate::error::{Error, Result};
use crate::service::{Access, Caller, Scope};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use std::fmt::Write;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

/// What pages may load: nothing but what they hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

#[derive(OpenApi)]
#[openapi(
    info(title = "codex", description = "A memory for AI assistants and people. Errors are application/problem+json with a stable code."),
    security(("bearer" = []), ("api_key" = []))
)]
struct Document;

/// The document before the routes.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let components = document.components.get_or_insert_with(Default::default);
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("bearer", bearer);
    let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    components.add_security_scheme("api_key", header);
    document
}

/// The document as text.
pub(super) fn text(document: utoipa::openapi::OpenApi) -> Result<String> {
    document
        .to_json()
        .map_err(|e| Error::failed(format!("the OpenAPI document: {e}")))
}

/// The document.
pub(super) async fn json(State(app): State<Arc<App>>, caller: Caller) -> Answer<impl IntoResponse> {
    caller.access.require(Scope::Read)?;
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        app.document.clone(),
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn html(title: &str, body: &str) -> impl IntoResponse + use<> {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}}\
         code{{font-family:ui-monospace,monospace}}table{{border-collapse:collapse}}td,th{{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}}</style>\
         <h1>{title}</h1>{body}"
    );
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ],
        page,
    )
}

/// The document for people.
pub(super) async fn page(State(app): State<Arc<App>>, caller: Caller) -> Answer<impl IntoResponse> {
    caller.access.require(Scope::Read)?;
    let document: serde_json::Value = serde_json::from_str(&app.document).unwrap_or_default();
    let mut body =
        String::from("<p>The whole document: <a href=/openapi.json>/openapi.json</a>.</p>");
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    for (path, methods) in &paths {
        for (method, route) in methods.as_object().into_iter().flatten() {
            let text = |field: &str| escaped(route[field].as_str().unwrap_or_default());
            let _ = write!(
                body,
                "<h2><code>{} {}</code></h2><p>{}</p><p>{}</p>",
                method.to_uppercase(),
                escaped(path),
                text("summary"),
                text("description")
            );
            let parameters = route["parameters"].as_array().cloned().unwrap_or_default();
            let schema =
                route["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            if let Some(name) = schema.and_then(|name| name.rsplit('/').next()) {
                let _ = write!(body, "<p>Body: <code>{}</code></p>", escaped(name));
            }
            if !parameters.is_empty() {
                body.push_str("<table>");
                for parameter in parameters {
                    let field = |name: &str| escaped(parameter[name].as_str().unwrap_or_default());
                    let _ = write!(
                        body,
                        "<tr><td><code>{}</code><td>{}<td>{}",
                        field("name"),
                        field("in"),
                        field("description")
                    );
                }
                body.push_str("</table>");
            }
        }
    }
    Ok(html("codex over HTTP", &body))
}

/// What is remembered, for people.
pub(super) async fn front(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Answer<impl IntoResponse> {
    caller.access.require(Scope::Read)?;
    let mut body = String::new();
    let minds = match &caller.access {
        Access::Owner => None,
        Access::Key(grant) => grant.only_mind().map(str::to_owned),
    };
    let status = serde_json::to_value(app.ask(&caller, GetStatus { mind: minds }).await?)
        .unwrap_or_default();
    body.push_str("<h2>Remembered</h2><table>");
    for mind in status["minds"].as_array().into_iter().flatten() {
        let _ = write!(
            body,
            "<tr><th colspan=2>{}",
            escaped(
                mind["name"]
                    .as_str()
                    .or(mind["mind"].as_str())
                    .unwrap_or_default()
            )
        );
        for (name, value) in mind.as_object().into_iter().flatten() {
            if value.is_number() || value.is_string() {
                let _ = write!(
                    body,
                    "<tr><td>{}<td>{}",
                    escaped(name),
                    escaped(value.to_string().trim_matches('"'))
                );
            }
        }
    }
    body.push_str("</table>");
    if caller.access.require(Scope::Admin).is_ok() {
        body.push_str("<h2>Rhythms</h2><table><tr><th>rhythm<th>state<th>last done<th>what");
        let daemon = (app.status)().unwrap_or_default();
        for rhythm in daemon["rhythms"].as_array().into_iter().flatten() {
            let text = |field: &str| escaped(rhythm[field].as_str().unwrap_or("–"));
            let _ = write!(
                body,
                "<tr><td>{}<td>{}<td>{}<td>{}",
                text("name"),
                text("state"),
                text("last_done"),
                text("outcome")
            );
        }
        body.push_str("</table>");
    }
    body.push_str("<p><a href=/docs>Routes</a></p>");
    Ok(html("codex", &body))
}
