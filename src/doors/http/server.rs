//! Connections: how many, how long one may take to say what it wants, and how they end.

use crate::error::{Error, Result};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How long a connection may take to send a request's headers, and how long it may rest between two requests.
const HEADERS: Duration = Duration::from_secs(20);
/// Bytes of a request's headers.
const BUFFER: usize = 64 << 10;
/// Headers of a request.
const MOST_HEADERS: usize = 100;

/// Has the address.
///
/// # Errors
/// Unavailable when it cannot be had.
pub(super) fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|e| {
        Error::unavailable(format!("{address} cannot be served: {e}"))
            .hint("listen somewhere else: `codex serve --listen 127.0.0.1:8090`, or server.listen")
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|e| Error::failed(format!("{address} cannot be served: {e}")))?;
    Ok(listener)
}

/// Serves until `closing` rings, and then until those under way have ended.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    mut closing: watch::Receiver<bool>,
    connections: usize,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        tracing::error!("HTTP cannot be served");
        return;
    };
    let room = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = closing.changed() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, held)) = accepted else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(BUFFER)
            .max_headers(MOST_HEADERS)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(router.clone()),
            );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _held = held;
            if let Err(e) = connection.await {
                tracing::debug!(error = %e, "a connection ended");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(
    listener: &tokio::net::TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let held = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, held)),
        Err(e) => {
            tracing::warn!(error = %e, "a connection could not be taken");
            // Out of file descriptors, for one, it would fail again at once.
            tokio::time::sleep(Duration::from_millis(20)).await;
            None
        }
    }
}
