//! `/metrics`, in the form that the reader asks for.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    Served,
    accept::{self, Form},
};

/// Answers with the page.
pub(super) async fn page(
    State(Served { state, metrics, .. }): State<Served>,
    headers: HeaderMap,
) -> Response {
    let form = accept::form(&headers);
    let rendered = metrics.render(move || {
        let page = match form {
            Form::Text => state.metrics.render(),
            Form::OpenMetrics1 | Form::OpenMetrics0 => state.metrics.render_open_metrics(),
        };
        Some(page.into_bytes())
    });
    match rendered.await {
        Some(page) => {
            let described = [(header::CONTENT_TYPE, form.content_type()), (header::VARY, "accept")];
            (described, page).into_response()
        }
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
