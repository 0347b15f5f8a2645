//! The admin HTTP server: the live page and its facts, `/metrics`, `/healthz`, `/readyz`. It serves no
//! content of calls and takes no orders. What it may do at once is bounded: see `renders`.

mod accept;
mod api;
mod browser;
mod metrics;
mod page;
mod prompt;
mod renders;

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::{from_fn, map_response},
    routing::get,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

pub use self::renders::CALLS_RENDERS_MAX;
use self::{prompt::Prompt, renders::Renders};
use crate::telemetry::{MetricsPage, Recorder};

/// The most connections served at once. A further one takes the place of the oldest, so that a probe is
/// answered also when somebody holds them all.
pub const CONNECTIONS_MAX: usize = 64;
/// The longest wait for a request's head.
const HEAD_MAX: Duration = Duration::from_secs(5);
/// The longest life of a connection.
const CONNECTION_MAX: Duration = Duration::from_mins(5);
/// The longest wait for running requests at the end.
const DRAIN_MAX: Duration = Duration::from_secs(1);
/// The pause after a connection could not be accepted, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the admin server shows, and to whom.
#[derive(Clone)]
pub struct AdminState {
    /// The page of `/metrics`.
    pub metrics: MetricsPage,
    /// The facts of the live page.
    pub recorder: Recorder,
    /// Whether calls are welcome.
    pub ready: watch::Receiver<bool>,
    /// Whether the live page and its facts are only for who asks by a local name.
    pub local_names_only: bool,
}

/// What answers are made from, and the places to make them in.
#[derive(Clone)]
struct Served {
    state: AdminState,
    calls: Renders,
    overviews: Renders,
    metrics: Renders,
}

/// Serves until `shutdown`, then lets running requests end. All connections share this one task.
pub async fn serve(listener: TcpListener, state: AdminState, shutdown: CancellationToken) {
    let router = router(state);
    let mut connections = FuturesUnordered::new();
    let mut places = Places::default();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(()) = connections.next() => {}
            stream = accept(&listener) => {
                let lost = places.take();
                connections.push(connection(stream, router.clone(), lost, shutdown.clone()));
            }
        }
    }
    // Past the limit, dropping the connections cuts what is left.
    let _ = timeout(DRAIN_MAX, async { while connections.next().await.is_some() {} }).await;
}

/// Who holds a place, the oldest first.
#[derive(Default)]
struct Places(VecDeque<oneshot::Sender<Infallible>>);

impl Places {
    /// A place, which is held as long as what is returned, and lost when that ends.
    fn take(&mut self) -> oneshot::Receiver<Infallible> {
        self.0.retain(|place| !place.is_closed());
        if self.0.len() >= CONNECTIONS_MAX {
            self.0.pop_front();
        }
        let (place, lost) = oneshot::channel();
        self.0.push_back(place);
        lost
    }
}

/// The next connection. Never ends without one.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn router(state: AdminState) -> Router {
    let mut page = Router::new().merge(page::routes()).merge(api::routes());
    if state.local_names_only {
        page = page.route_layer(from_fn(browser::only_local_names));
    }
    page.route("/metrics", get(metrics::page))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .layer(map_response(browser::protect))
        .with_state(Served {
            state,
            calls: Renders::of_calls(),
            overviews: Renders::of_overviews(),
            metrics: Renders::of_metrics(),
        })
}

async fn ready(State(served): State<Served>) -> (StatusCode, &'static str) {
    if *served.state.ready.borrow() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    lost: oneshot::Receiver<Infallible>,
    shutdown: CancellationToken,
) {
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .serve_connection(TokioIo::new(Prompt::new(stream)), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    let ended = async {
        tokio::select! {
            _ = served.as_mut() => {}
            () = shutdown.cancelled() => {
                served.as_mut().graceful_shutdown();
                let _ = served.as_mut().await;
            }
        }
    };
    // A peer that never goes is cut.
    tokio::select! {
        _ = timeout(CONNECTION_MAX, ended) => {}
        _ = lost => {}
    }
}
