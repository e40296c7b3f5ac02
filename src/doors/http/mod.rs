//! HTTP: the door for programs. Every route is a thin turn of JSON into a request of the engine and back. → service
//!
//! # Layout
//!
//! * `server`: connections and their limits; `guard`: what every request passes (host, origin, key, rate, request id, figures)
//! * `ask`: hands a request to the service, and stops it when the client hangs up; `input`, `problem`: what comes in, and errors
//! * one file a family of routes: `memories`, `filings`, `facts`, `recall`, `store` (minds, cycles, status), `health`, `compatible` (routes of other
//!   systems), `events`; `mcp` is a protocol of its own; `document` is the OpenAPI document and its page
//!
//! # Adding routes, or a door of its own
//!
//! Write a handler with `#[utoipa::path]`, take a [`Caller`](crate::service::Caller) as an argument (the guard has found out who asks),
//! call `app.ask(&caller, question)`, and name the handler in `routes` below: the document follows from that. A protocol with a router of
//! its own (MCP, chat) is `merge`d there too: the guard lies around all of them, and permissions are the service's matter.

mod ask;
mod compatible;
mod document;
mod events;
mod facts;
mod figures;
mod filings;
mod guard;
mod health;
mod input;
mod mcp;
mod memories;
mod problem;
mod recall;
mod server;
mod store;

use crate::config::{ServerSettings, Settings};
use crate::error::{Error, Result};
use crate::service::Service;
use axum::Router;
use chrono_tz::Tz;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Calls to the store at once: more would only wait for each other.
const AT_ONCE: usize = 16;
/// Threads that may wait for the store.
const THREADS: usize = AT_ONCE + 8;

/// How the daemon is, as JSON.
pub type StatusOf = Box<dyn Fn() -> Option<serde_json::Value> + Send + Sync>;

/// What handlers share.
struct App {
    service: Arc<Service>,
    settings: ServerSettings,
    /// The store's file.
    database: PathBuf,
    /// Of minds that are made.
    time_zone: Tz,
    status: StatusOf,
    /// Calls to the store that may begin.
    room: Arc<Semaphore>,
    guard: guard::Guard,
    figures: figures::Figures,
    document: String,
    /// Rings when the door closes: streams end.
    closing: tokio::sync::watch::Receiver<bool>,
}

/// The open door.
pub struct Http {
    runtime: tokio::runtime::Runtime,
    closing: tokio::sync::watch::Sender<bool>,
    served: tokio::task::JoinHandle<()>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Http {
    /// Opens the door.
    ///
    /// # Errors
    /// Usage where an address beyond loopback is to be served without a key; unavailable where the address cannot be had.
    pub fn open(service: Arc<Service>, settings: &Settings, status: StatusOf) -> Result<Http> {
        let server = settings.server.clone();
        guard::check_exposure(&server, &service.keys)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(THREADS)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(|e| Error::failed(format!("HTTP cannot be served: {e}")))?;
        let (closing, closed) = tokio::sync::watch::channel(false);
        let listener = server::bind(server.listen)?;
        let address = listener
            .local_addr()
            .map_err(|e| Error::failed(format!("HTTP cannot be served: {e}")))?;
        let (router, document) = routes().split_for_parts();
        let app = Arc::new(App {
            service,
            guard: guard::Guard::new(&server, address),
            database: settings.database.clone(),
            time_zone: settings.time_zone.0,
            status,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            figures: figures::Figures::default(),
            document: document::text(document)?,
            closing: closed.clone(),
            settings: server,
        });
        let router = finish(router, &app);
        let connections = app.settings.max_connections.get() as usize;
        let served = runtime.spawn(server::serve(listener, router, closed, connections));
        tracing::info!(%address, "HTTP is served");
        Ok(Http {
            runtime,
            closing,
            served,
            address,
        })
    }

    /// Takes no more requests, and leaves those under way so much time.
    pub fn close(self, grace: Duration) {
        self.closing.send_replace(true);
        let _ = self
            .runtime
            .block_on(async { tokio::time::timeout(grace, self.served).await });
        // What still waits for the store is the daemon's to end.
        self.runtime.shutdown_background();
    }
}

/// Every route there is.
fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(document::base())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(memories::create, memories::list))
        .routes(routes!(memories::show, memories::edit, memories::delete))
        .routes(routes!(memories::history))
        .routes(routes!(memories::explain))
        .routes(routes!(memories::mark_used))
        .routes(routes!(filings::restore))
        .routes(routes!(filings::related))
        .routes(routes!(filings::relate))
        .routes(routes!(filings::cleanup))
        .routes(routes!(facts::list))
        .routes(routes!(facts::source))
        .routes(routes!(facts::retract))
        .routes(routes!(recall::recall))
        .routes(routes!(recall::query))
        .routes(routes!(recall::insights))
        .routes(routes!(store::minds))
        .routes(routes!(store::cycles, store::run_cycle))
        .routes(routes!(store::status))
        .routes(routes!(store::audit))
        .routes(routes!(compatible::create_user))
        .routes(routes!(compatible::ingest))
        .routes(routes!(compatible::conscious))
        .routes(routes!(compatible::conscious_of))
        .routes(routes!(compatible::rotate))
        .routes(routes!(compatible::revoke))
        .routes(routes!(compatible::handshake))
        .routes(routes!(compatible::create_memory))
        .routes(routes!(compatible::edit_memory))
        .routes(routes!(compatible::delete_memory))
        .routes(routes!(compatible::move_memory))
        .routes(routes!(compatible::create_session, filings::sessions))
        .routes(routes!(compatible::history))
        .routes(routes!(compatible::consolidate))
        .routes(routes!(events::events))
}

fn finish(router: Router<Arc<App>>, app: &Arc<App>) -> Router {
    router
        .merge(mcp::router(app))
        .route("/openapi.json", axum::routing::get(document::json))
        .route("/docs", axum::routing::get(document::page))
        .route("/", axum::routing::get(document::front))
        .method_not_allowed_fallback(guard::method_not_allowed)
        .fallback(guard::not_found)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            guard::pass,
        ))
        .layer(
            tower_http::compression::CompressionLayer::new()
                .gzip(true)
                .quality(tower_http::CompressionLevel::Fastest),
        )
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(app.clone())
}
