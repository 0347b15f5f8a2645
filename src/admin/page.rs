//! The live page: a few static files in the binary. They ask the API for all that changes.

use axum::{
    Router,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::Served;

const INDEX: &str = "Tidegate\n\n\
                     /              the live page, for a browser\n\
                     /api/overview  its figures as JSON; ?window=60|300|900\n\
                     /api/calls     the last calls with their attempts; ?verdict=&upstream=&retried=&limit=\n\
                     /metrics       Prometheus metrics\n\
                     /healthz       200 while the process lives\n\
                     /readyz        200 while calls are welcome, else 503\n";

const PAGE: &str = include_str!("page/index.html");

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, type and text of everything the page is made of.
const ASSETS: &[(&str, &str, &str)] = &[
    ("/page/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/page/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/page/main.js", SCRIPT, include_str!("page/main.js")),
    ("/page/source.js", SCRIPT, include_str!("page/source.js")),
    ("/page/elements.js", SCRIPT, include_str!("page/elements.js")),
    ("/page/words.js", SCRIPT, include_str!("page/words.js")),
    ("/page/charts.js", SCRIPT, include_str!("page/charts.js")),
    ("/page/overview.js", SCRIPT, include_str!("page/overview.js")),
    ("/page/faults.js", SCRIPT, include_str!("page/faults.js")),
    ("/page/headline.js", SCRIPT, include_str!("page/headline.js")),
    ("/page/answers.js", SCRIPT, include_str!("page/answers.js")),
    ("/page/upstreams.js", SCRIPT, include_str!("page/upstreams.js")),
    ("/page/calls.js", SCRIPT, include_str!("page/calls.js")),
    ("/page/line.js", SCRIPT, include_str!("page/line.js")),
    ("/page/waterfall.js", SCRIPT, include_str!("page/waterfall.js")),
];

pub(super) fn routes() -> Router<Served> {
    let root = Router::new().route("/", get(root));
    ASSETS.iter().fold(root, |routes, &(path, kind, text)| {
        let answer =
            async move || ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text);
        routes.route(path, get(answer))
    })
}

/// The page for who can show it, a list of what there is for everybody else.
async fn root(headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let (kind, text) = if accept.is_some_and(|accept| accept.contains("text/html")) {
        ("text/html; charset=utf-8", PAGE)
    } else {
        ("text/plain; charset=utf-8", INDEX)
    };
    ([(header::CONTENT_TYPE, kind), (header::VARY, "accept")], text).into_response()
}
