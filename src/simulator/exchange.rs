//! One arrival at the completion endpoint, from its head to its end.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::{
    Shared,
    body::Body,
    line::Line,
    log::Ticket,
    openai::{self, BadRequest, Chat},
    reply::{self, Act, Reply, Scene},
    script::{ErrorReply, Over, Rule},
};

/// Bytes of a request's body.
const REQUEST_BYTES_MAX: usize = 16 << 20;

/// Writes the arrival to the log, decides what befalls it, and does that.
pub(super) async fn exchange(shared: Arc<Shared>, request: Request<Incoming>, line: Line) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut ticket = shared.log.open(&head);
    if head.method != Method::POST {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "Only POST is allowed here.", None)
            .send(Some(ticket));
    }
    let chat = match understood(body).await {
        Ok(chat) => chat,
        Err(reply) => return reply.send(Some(ticket)),
    };
    ticket.asked(digest(&chat.text), chat.text.chars().count(), &chat.model);

    let cast = shared.cast(&chat.text);
    let mut rule = cast.rule;
    if let Some(rule) = &rule {
        ticket.fault(rule.fault.kind());
    }
    if let Some((capacity, over)) = cast.capacity
        && !admitted(capacity, over, &mut ticket).await
    {
        ticket.fault("capacity");
        rule = Some(Arc::new(Rule::new(openai::overloaded())));
    }
    // Even the shortest sleep would last until the timer's next millisecond.
    if !cast.delay.is_zero() {
        tokio::time::sleep(cast.delay).await;
    }

    let authorization = authorization(&head.headers);
    let scene = Scene::new(&chat, &authorization, ticket.number(), shared.epoch);
    match reply::act(rule.as_deref(), scene) {
        Act::Reply(reply) => reply.send(Some(ticket)),
        Act::Sever(how) => line.sever(how, ticket).await,
        // Until the client leaves: then this is dropped, and the ticket with it.
        Act::Silence => std::future::pending().await,
    }
}

/// Reads the request, or says what is wrong with it.
async fn understood(body: Incoming) -> Result<Chat, Reply> {
    let body = read(body).await?;
    Chat::parse(&body)
        .map_err(|BadRequest { message, param }| refused(StatusCode::BAD_REQUEST, &message, param))
}

async fn read(body: Incoming) -> Result<Bytes, Reply> {
    match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("The body has more than {REQUEST_BYTES_MAX} bytes.");
            Err(refused(StatusCode::PAYLOAD_TOO_LARGE, &message, None))
        }
        Err(_) => Err(refused(StatusCode::BAD_REQUEST, "The body broke off.", None)),
    }
}

fn refused(status: StatusCode, message: &str, param: Option<&str>) -> Reply {
    let error = ErrorReply {
        message: Some(message.to_owned()),
        kind: Some("invalid_request_error".into()),
        ..ErrorReply::new(status.as_u16())
    };
    Reply::json(status, &openai::error(&error, param, None))
}

/// Takes a share of the capacity, which the ticket holds until the end; false: there is none.
async fn admitted(capacity: Arc<Semaphore>, over: Over, ticket: &mut Ticket) -> bool {
    let permit = match over {
        Over::Refuse => capacity.try_acquire_owned().ok(),
        Over::Queue => capacity.acquire_owned().await.ok(),
    };
    permit.map(|permit| ticket.hold(permit)).is_some()
}

/// The first 16 hex digits of the SHA-256.
fn digest(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text).into();
    let start = digest.first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(start))
}

fn authorization(headers: &HeaderMap) -> String {
    let value = headers.get(header::AUTHORIZATION);
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}
