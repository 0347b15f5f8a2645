//! From a fault to what is sent: every reply is a true one, spoilt in one way.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    body::{Body, Step},
    echo::Echo,
    entities::{self, Entity, Kind},
    epoch::Epoch,
    instance::instance,
    line::Severed,
    log::Ticket,
    openai::{self, Chat, Completion},
    script::{ErrorReply, Fault, Place, RetryAfter, Rule},
};

/// Bytes of a huge body that are sent at once.
const BLOCK_BYTES: usize = 64 << 10;
/// Somebody whom no text knows.
const STRANGER: &str = "Zaphod Quillfeather";

/// What becomes of an arrival.
#[derive(Debug)]
pub(super) enum Act {
    Reply(Reply),
    Sever(Severed),
    Silence,
}

/// A reply about to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    steps: Vec<Step>,
    /// What it tells the client to wait.
    retry_after: Option<Duration>,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: &Value) -> Reply {
        Reply::whole(status, "application/json", body.to_string().into())
    }

    pub(super) fn empty(status: StatusCode) -> Reply {
        Reply { status, headers: HeaderMap::new(), steps: Vec::new(), retry_after: None }
    }

    pub(super) fn header(mut self, name: &'static str, value: HeaderValue) -> Reply {
        self.headers.insert(name, value);
        self
    }

    /// Sends it, and tells `ticket` how that goes.
    pub(super) fn send(self, ticket: Option<Ticket>) -> Response<Body> {
        if let Some(ticket) = &ticket {
            ticket.reply(self.status, self.retry_after);
        }
        let mut response = Response::new(Body::new(self.steps, ticket));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    fn whole(status: StatusCode, content_type: &'static str, body: Bytes) -> Reply {
        let mut reply = Reply::empty(status);
        reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        reply.headers.insert(header::CONTENT_LENGTH, body.len().into());
        reply.steps.push(Step::Data(body));
        reply
    }

    /// Sends the body in this way instead of at once.
    fn stepwise(mut self, steps: impl FnOnce(Bytes) -> Vec<Step>) -> Reply {
        if let Some(Step::Data(body)) = self.steps.pop() {
            self.steps = steps(body);
        }
        self
    }

    fn set(&mut self, headers: &HeaderMap) {
        for name in headers.keys() {
            self.headers.remove(name);
        }
        self.headers.extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// What a reply is made from.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    chat: &'a Chat,
    authorization: &'a str,
    number: u64,
    epoch: Epoch,
    /// What the reply throws back, if its rule says so.
    echo: Option<Echo>,
}

/// What `rule` does; without one, a true answer.
pub(super) fn act(rule: Option<&Rule>, mut scene: Scene<'_>) -> Act {
    let Some(rule) = rule else { return Act::Reply(scene.identified(scene.truth())) };
    if rule.echo && rule.fault.echoes() {
        scene.echo = Some(Echo::new(scene.authorization, &scene.chat.text));
    }
    let reply = match &rule.fault {
        Fault::Silent => return Act::Silence,
        Fault::Reset => return Act::Sever(Severed::Reset),
        Fault::Close => return Act::Sever(Severed::Close),
        Fault::EndlessHeaders { bytes } => return Act::Sever(Severed::EndlessHeaders { bytes: *bytes }),
        fault => scene.spoilt(fault),
    };
    let mut reply = scene.identified(reply);
    reply.set(&rule.headers);
    Act::Reply(reply)
}

impl<'a> Scene<'a> {
    /// A request, its credential, and the arrival's number.
    pub(super) fn new(chat: &'a Chat, authorization: &'a str, number: u64, epoch: Epoch) -> Scene<'a> {
        Scene { chat, authorization, number, epoch, echo: None }
    }

    /// The reply of a fault that has one.
    fn spoilt(&self, fault: &Fault) -> Reply {
        match fault {
            Fault::Status(error) => self.error(error),
            Fault::ErrorBody(error) => self.error(&ErrorReply { status: 200, ..error.clone() }),
            Fault::Stall => self.truth().stepwise(|_| vec![Step::Stall]),
            &Fault::Drip { bytes: at_once, every } => {
                self.truth().stepwise(|bytes| vec![Step::Drip { bytes, at_once, every }])
            }
            Fault::Cut => self.truth().stepwise(|mut bytes| {
                bytes.truncate(bytes.len() / 2);
                vec![Step::Data(bytes), Step::Flush, Step::Break]
            }),
            Fault::Malformed { place } => self.malformed(*place),
            Fault::DeepJson { depth, place } => {
                let nest = format!("{}{}", "[".repeat(*depth), "]".repeat(*depth));
                match place {
                    Place::Body => Reply::whole(StatusCode::OK, "application/json", nest.into()),
                    Place::Content => self.completion(Some(&nest)),
                }
            }
            Fault::InvalidUtf8 => self.invalid_utf8(),
            Fault::WrongContentType => {
                self.truth().header("content-type", HeaderValue::from_static("text/plain; charset=utf-8"))
            }
            Fault::Html => self.html(),
            Fault::Huge { bytes } => huge(*bytes),
            Fault::Prose => self.completion(Some(&self.prose())),
            Fault::WrongSchema => self.completion(Some(&self.wrong_schema().to_string())),
            Fault::Invented => self.completion(Some(&self.invented())),
            Fault::ZeroEntities => self.completion(Some(&instance(&self.chat.schema, &[]).to_string())),
            Fault::Truncated => self.truncated(),
            Fault::Refused => {
                let refusal = self.echo.as_ref().map_or("I'm sorry, I can't help with that.", Echo::as_str);
                self.written(&Completion { refusal: Some(refusal), ..self.draft(None) })
            }
            Fault::Empty { null } => self.completion(if *null { None } else { Some("") }),
            Fault::Slow | Fault::Silent | Fault::Reset | Fault::Close | Fault::EndlessHeaders { .. } => {
                self.truth()
            }
        }
    }

    fn truth(&self) -> Reply {
        self.completion(Some(&self.content()))
    }

    fn content(&self) -> String {
        instance(&self.chat.schema, &entities::find(&self.chat.text)).to_string()
    }

    fn completion(&self, content: Option<&str>) -> Reply {
        self.written(&self.draft(content))
    }

    fn written(&self, completion: &Completion<'_>) -> Reply {
        Reply::json(StatusCode::OK, &completion.json(self.chat))
    }

    fn draft<'c>(&'c self, content: Option<&'c str>) -> Completion<'c> {
        let echo = self.echo.as_ref().map(Echo::as_str);
        Completion {
            id: echo.map_or_else(|| format!("chatcmpl-{:08}", self.number), str::to_owned),
            model: echo.unwrap_or(&self.chat.model),
            created: self.epoch.unix(Instant::now()).as_secs(),
            content,
            refusal: None,
            finish_reason: "stop",
        }
    }

    /// With the headers that every reply has.
    fn identified(&self, mut reply: Reply) -> Reply {
        if let Ok(id) = HeaderValue::from_str(&format!("req_{:08}", self.number)) {
            reply.headers.insert("x-request-id", id);
        }
        if let Some(echo) = &self.echo {
            reply.set(&echo.headers());
        }
        reply
    }

    fn error(&self, error: &ErrorReply) -> Reply {
        let status = StatusCode::from_u16(error.status).ok().filter(|status| status.as_u16() >= 200);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let echo = self.echo.as_ref().map(Echo::as_str);
        let mut reply = match &error.body {
            _ if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) => Reply::empty(status),
            Some(body) => {
                let body = echo.map_or_else(|| body.clone(), |echo| format!("{body}{echo}"));
                Reply::whole(status, "application/json", body.into())
            }
            None => {
                let mut body = openai::error(error, None, echo);
                if let (Some(body), Some(echo)) = (body.as_object_mut(), echo) {
                    body.extend([("id".into(), echo.into()), ("model".into(), echo.into())]);
                }
                Reply::json(status, &body)
            }
        };
        if let Some(retry_after) = &error.retry_after {
            let (name, value, wait) = self.retry_after(retry_after);
            if let Ok(value) = HeaderValue::from_str(&value) {
                reply = reply.header(name, value);
                reply.retry_after = wait;
            }
        }
        reply
    }

    /// The header, its value, and the wait that it means.
    fn retry_after(&self, retry_after: &RetryAfter) -> (&'static str, String, Option<Duration>) {
        match retry_after {
            RetryAfter::Seconds(wait) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                ("retry-after", seconds.to_string(), Some(Duration::from_secs(seconds)))
            }
            RetryAfter::Date(wait) => {
                let (date, wait) = self.epoch.http_date(Instant::now(), *wait);
                ("retry-after", date, Some(wait))
            }
            RetryAfter::Millis(wait) => ("retry-after-ms", wait.as_millis().to_string(), Some(*wait)),
            RetryAfter::Raw(raw) => {
                let seconds = raw.trim().parse().ok();
                let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                ("retry-after", raw.clone(), wait)
            }
        }
    }

    fn malformed(&self, place: Place) -> Reply {
        let echo = json!(self.echo.as_ref().map_or("", Echo::as_str));
        match place {
            Place::Body => {
                let broken = format!("{{\"id\":{echo},\"model\":{echo},\"choices\":[{{\"message\":{echo}]}}");
                Reply::whole(StatusCode::OK, "application/json", broken.into())
            }
            Place::Content => self.completion(Some(&format!("{{\"entities\":[{{\"text\":{echo}]}}"))),
        }
    }

    fn invalid_utf8(&self) -> Reply {
        const STAND_IN: &str = "\u{FFFD}";
        let content = format!("{STAND_IN}{}", self.content());
        self.completion(Some(&content)).stepwise(|bytes| {
            let mut bytes = bytes.to_vec();
            let at = bytes.windows(STAND_IN.len()).position(|window| window == STAND_IN.as_bytes());
            if let Some(at) = at {
                bytes.splice(at..at + STAND_IN.len(), [0xff, 0xff, 0xff]);
            }
            vec![Step::Data(bytes.into())]
        })
    }

    fn html(&self) -> Reply {
        let echo = self.echo.as_ref().map_or("", Echo::as_str);
        let page = format!(
            "<!doctype html>\n<html><head><title>502 Bad Gateway</title></head>\
             <body><h1>502 Bad Gateway</h1><p>{echo}</p></body></html>\n"
        );
        Reply::whole(StatusCode::OK, "text/html; charset=utf-8", page.into())
    }

    /// What a model says that was only asked nicely for JSON.
    fn prose(&self) -> String {
        let found: Vec<&str> = entities::find(&self.chat.text).iter().map(|entity| entity.text).collect();
        let echo = self.echo.as_ref().map_or("", Echo::as_str);
        format!("Sure! The text names: {}. {echo}", found.join(", "))
    }

    /// JSON that the schema forbids: the nearest miss of a few.
    fn wrong_schema(&self) -> Value {
        let misses = [
            json!({ "entities": [{ "type": "person", "text": 42 }] }),
            json!({ "unexpected": true }),
            json!([]),
            json!("nothing of the kind"),
            json!(42.5),
        ];
        let validator = jsonschema::validator_for(&self.chat.schema).ok();
        let misses_it = |miss: &&Value| validator.as_ref().is_none_or(|schema| !schema.is_valid(miss));
        // A schema that allows all of them can't be violated.
        misses.iter().find(misses_it).cloned().unwrap_or_default()
    }

    fn invented(&self) -> String {
        let text = &self.chat.text;
        let mut stranger = STRANGER.to_owned();
        while text.contains(&stranger) {
            stranger.push_str(" II");
        }
        let strangers = Kind::ALL.map(|kind| Entity { kind, text: &stranger });
        let found = entities::find(text);
        // One of a type that the schema allows will do.
        let one = strangers
            .iter()
            .find(|one| instance(&self.chat.schema, &[**one]).to_string().contains(&stranger));
        let entities: Vec<_> = one.copied().into_iter().chain(found).collect();
        instance(&self.chat.schema, &entities).to_string()
    }

    fn truncated(&self) -> Reply {
        let content = self.content();
        let half = content.get(..content.floor_char_boundary(content.len() / 2));
        self.written(&Completion { finish_reason: "length", ..self.draft(half) })
    }
}

/// A completion of this many bytes, of which no more than a block is ever in memory.
fn huge(bytes: u64) -> Reply {
    const OPEN: &str =
        r#"{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":""#;
    const CLOSE: &str = r#""}}]}"#;
    let left = bytes.saturating_sub((OPEN.len() + CLOSE.len()) as u64);
    let mut reply =
        Reply::empty(StatusCode::OK).header("content-type", HeaderValue::from_static("application/json"));
    let block = Bytes::from(vec![b'a'; BLOCK_BYTES]);
    reply.steps = vec![Step::Data(OPEN.into()), Step::Fill { block, left }, Step::Data(CLOSE.into())];
    reply
}
