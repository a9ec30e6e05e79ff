//! Pages for machines: `/metrics`, `/healthz`, `/readyz`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::gauges;
use super::shared::Shared;
use super::stop::{Signal, Stop};
use super::world::Carrier;
use crate::store::State;

/// `/healthz`: the process answers. `/readyz`: it takes messages and a carrier is bound.
pub fn health(shared: Arc<Shared>) -> Router {
    let ready = move || {
        let shared = Arc::clone(&shared);
        async move {
            if shared.is_stopping() {
                return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
            }
            let kept = shared.journal.as_ref().map(|kept| kept.progress.state());
            if kept.is_some_and(|state| state != State::Running) {
                return (StatusCode::SERVICE_UNAVAILABLE, "nothing more can be kept\n");
            }
            let world = shared.world();
            let mut carriers = world.carriers.iter().filter(|one| !one.is_removed).peekable();
            let is_any = carriers.peek().is_some();
            let up = |carrier: &Arc<Carrier>| carrier.binds.load(Ordering::Relaxed) > 0;
            if is_any && !carriers.any(up) {
                return (StatusCode::SERVICE_UNAVAILABLE, "no carrier bound\n");
            }
            (StatusCode::OK, "ready\n")
        }
    };
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// `/metrics`.
pub fn metrics(shared: Arc<Shared>) -> Router {
    let render = move || {
        let shared = Arc::clone(&shared);
        async move {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], gauges::text(&shared))
        }
    };
    Router::new().route("/metrics", get(render))
}

/// Serves a router until the carriers are stopped: what is watched is there to the end.
pub async fn serve(router: Router, listener: TcpListener, mut signal: watch::Receiver<Signal>) {
    let address = listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
    let until = async move {
        while signal.borrow().stop != Stop::Carriers {
            if signal.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        result = axum::serve(listener, router) => {
            if let Err(error) = result {
                tracing::error!(%address, %error, "HTTP server failed");
            }
        }
        () = until => {}
    }
}
