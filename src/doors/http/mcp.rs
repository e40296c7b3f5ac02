//! `/mcp`: MCP over streamable HTTP, for the one mind that a key names. Stateless, so that a restart costs a client nothing.

use super::App;
use crate::clock;
use crate::engine::is_paused;
use crate::engine::request::{Reply, Request};
use crate::error::{Error, ErrorCode, Result};
use crate::mcp::{Host, MemoryServer};
use crate::service::{Access, Caller, Collected};
use axum::Router;
use axum::http::request::Parts;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use rmcp::model::Extensions;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::sync::Arc;

/// The route. Hosts and origins are the guard's matter, which every request has passed.
pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let host: Arc<dyn Host> = Arc::new(HttpHost { app: app.clone() });
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts();
    let service = StreamableHttpService::new(
        move || Ok(MemoryServer::new(host.clone())),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    Router::new().route_service("/mcp", service)
}

struct HttpHost {
    app: Arc<App>,
}

impl HttpHost {
    fn caller<'a>(&self, extensions: &'a Extensions) -> Result<&'a Caller> {
        let parts = extensions.get::<Parts>();
        parts
            .and_then(|parts| parts.extensions.get::<Caller>())
            .ok_or_else(|| Error::failed("nobody is known to ask"))
    }
}

impl Host for HttpHost {
    fn mind(&self, extensions: &Extensions) -> Result<String> {
        let Access::Key(grant) = &self.caller(extensions)?.access else {
            return Err(Error::failed("a key is needed"));
        };
        match grant.minds.as_slice() {
            [mind] if mind.name_space().is_none() => Ok(mind.as_str().to_owned()),
            _ => Err(
                Error::usage("MCP wants a key for one mind, and this key has several or all")
                    .code(ErrorCode::Forbidden)
                    .hint(
                        "`codex keys create --name assistant --scope write --mind NAME` makes one",
                    ),
            ),
        }
    }

    fn answer(&self, request: Request, extensions: &Extensions) -> Result<Reply> {
        let mut sink = Collected::default();
        let done = self
            .app
            .service
            .call(request, self.caller(extensions)?, &mut sink);
        self.app.service.count_answer();
        done?;
        sink.reply
            .ok_or_else(|| Error::failed("nothing was answered"))
    }

    fn is_paused(&self) -> Result<bool> {
        is_paused(&self.app.database, self.now())
    }

    fn time_zone(&self) -> Tz {
        self.app.time_zone
    }

    fn now(&self) -> NaiveDateTime {
        clock::now()
    }
}
