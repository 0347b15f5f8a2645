//! `/metrics`, in the form that the reader asks for.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    AdminState,
    accept::{self, Form},
};

/// Answers with the page. Rendering takes a while, so it is kept off the threads that serve calls.
pub(super) async fn page(State(state): State<AdminState>, headers: HeaderMap) -> Response {
    let form = accept::form(&headers);
    let rendered = tokio::task::spawn_blocking(move || match form {
        Form::Text => state.metrics.render(),
        Form::OpenMetrics1 | Form::OpenMetrics0 => state.metrics.render_open_metrics(),
    });
    match rendered.await {
        Ok(page) => {
            let described = [(header::CONTENT_TYPE, form.content_type()), (header::VARY, "accept")];
            (described, page).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
