//! Which endpoint a request is for.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::Instant;

use super::{
    Shared,
    body::Body,
    exchange::exchange,
    line::Line,
    openai,
    reply::Reply,
    script::{ErrorReply, Script},
};

/// Bytes of a script.
const SCRIPT_BYTES_MAX: usize = 1 << 20;
/// How many arrivals the log has dropped, beside the log itself.
const LOG_DROPPED: &str = "x-log-dropped";

/// Answers one request; the ones to the completion endpoint as the script says.
pub(super) async fn answer(shared: Arc<Shared>, request: Request<Incoming>, line: Line) -> Response<Body> {
    let (method, path) = (request.method(), request.uri().path());
    if path.ends_with("/chat/completions") {
        return exchange(shared, request, line).await;
    }
    let reply = match (method, path) {
        (&Method::GET, "/_log") => log(&shared),
        (&Method::DELETE, "/_log") => {
            shared.log.clear();
            Reply::empty(StatusCode::NO_CONTENT)
        }
        (&Method::PUT, "/_script") => set_script(&shared, request.into_body()).await,
        (&Method::GET, path) if path.ends_with("/models") => {
            Reply::json(StatusCode::OK, &openai::models(shared.epoch.unix(Instant::now()).as_secs()))
        }
        _ => unknown(method, path),
    };
    reply.send(None)
}

fn log(shared: &Shared) -> Reply {
    Reply::json(StatusCode::OK, &json!(shared.log.arrivals()))
        .header(LOG_DROPPED, HeaderValue::from(shared.log.dropped()))
}

async fn set_script(shared: &Shared, body: Incoming) -> Reply {
    let Ok(body) = Limited::new(body, SCRIPT_BYTES_MAX).collect().await else {
        let message = format!("a script has at most {SCRIPT_BYTES_MAX} bytes");
        return error(StatusCode::PAYLOAD_TOO_LARGE, message, None);
    };
    let body = body.to_bytes();
    let script = std::str::from_utf8(&body).map_err(|error| error.to_string());
    match script.and_then(|text| Script::from_toml(text).map_err(|error| error.to_string())) {
        Ok(script) => {
            shared.set_script(script);
            Reply::empty(StatusCode::NO_CONTENT)
        }
        Err(message) => error(StatusCode::BAD_REQUEST, message, None),
    }
}

fn unknown(method: &Method, path: &str) -> Reply {
    let message = format!("Unknown request URL: {method} {path}. Please check the URL for typos.");
    error(StatusCode::NOT_FOUND, message, Some("unknown_url"))
}

fn error(status: StatusCode, message: String, code: Option<&str>) -> Reply {
    let reply = ErrorReply {
        message: Some(message),
        kind: Some("invalid_request_error".into()),
        code: code.map(str::to_owned),
        ..ErrorReply::new(status.as_u16())
    };
    Reply::json(status, &openai::error(&reply, None, None))
}
