//! The facts of the live page as JSON, for scripts and for the page itself: docs/live-page.md.

mod query;

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use self::query::BadQuery;
use super::{Served, renders::Renders};

pub(super) fn routes() -> Router<Served> {
    Router::new().route("/api/overview", get(overview)).route("/api/calls", get(calls))
}

async fn overview(
    State(Served { state, overviews, .. }): State<Served>,
    RawQuery(query): RawQuery,
) -> Response {
    /// What the recorder knows, and whether calls are welcome.
    #[derive(Serialize)]
    struct Whole<T> {
        ready: bool,
        #[serde(flatten)]
        overview: T,
    }
    let span = match query::span(query.as_deref().unwrap_or_default()) {
        Ok(span) => span,
        Err(problem) => return refuse(&problem),
    };
    let ready = *state.ready.borrow();
    json(&overviews, move || Whole { ready, overview: state.recorder.overview(span) }).await
}

/// Answers 304 to who knows all of it already.
async fn calls(
    State(Served { state, calls, .. }): State<Served>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let filter = match query::filter(query.as_deref().unwrap_or_default(), &state.recorder) {
        Ok(filter) => filter,
        Err(problem) => return refuse(&problem),
    };
    // Before the calls are read: one that ends meanwhile is told again rather than never.
    let edition = format!("\"{}\"", state.recorder.edition());
    let known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == edition.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(&calls, move || state.recorder.calls(&filter)).await
    };
    if let Ok(edition) = HeaderValue::try_from(edition) {
        response.headers_mut().insert(header::ETAG, edition);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}

async fn json<T: Serialize>(places: &Renders, make: impl FnOnce() -> T + Send + 'static) -> Response {
    match places.render(move || serde_json::to_vec(&make()).ok()).await {
        Some(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refuse(problem: &BadQuery) -> Response {
    let body = format!("{}\n", serde_json::json!({ "error": problem.to_string() }));
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
