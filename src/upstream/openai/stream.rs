//! An event stream that came unasked: the pieces of a chat completion, put together.
//!
//! Nobody asks for streams here, but some servers send one whatever they are asked for, and it holds a whole answer.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    absent::says_nothing,
    message::{Message, Utterance},
};

/// What an event stream said.
#[derive(Default)]
pub(super) struct Streamed {
    /// The answer's own id.
    pub(super) id: Option<Value>,
    /// The model that answered.
    pub(super) model: Option<Value>,
    /// Tokens, as told last.
    pub(super) usage: Option<Value>,
    /// The first error that it told of.
    pub(super) error: Option<Value>,
    /// Why the generation stopped.
    pub(super) finish: Option<Value>,
    /// What was said.
    pub(super) utterance: Utterance,
    /// Whether it came to its end.
    pub(super) is_whole: bool,
}

/// What stands at the end of a stream.
const DONE: &str = "[DONE]";

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    model: Option<Value>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(borrow, default)]
    choices: Option<Vec<Piece<'a>>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    delta: Option<Message<'a>>,
    /// The whole message, in place of a piece of it.
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Value>,
}

/// Whether a body is an event stream, whatever its content type says.
pub(super) fn is_stream(body: &str) -> bool {
    ["data:", "event:", "id:", "retry:", ":"].iter().any(|begin| body.starts_with(begin))
}

/// Reads a stream up to its end, its first error, or the first event that makes no sense.
pub(super) fn read(body: &str) -> Streamed {
    let mut streamed = Streamed::default();
    let mut event = Event::default();
    for line in lines(body).chain([""]) {
        if !line.is_empty() {
            event.line(line);
        } else if !std::mem::take(&mut event).tell(&mut streamed) {
            break;
        }
    }
    streamed
}

/// The lines of one event.
#[derive(Default)]
struct Event<'a> {
    is_error: bool,
    data: Vec<&'a str>,
}

impl<'a> Event<'a> {
    fn line(&mut self, line: &'a str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.data.push(value),
            "event" => self.is_error = value == "error",
            _ => {}
        }
    }

    /// Takes an event in; false if nothing after it matters. Lines of data that are JSON each are events each: some
    /// servers leave out the empty lines.
    fn tell(self, streamed: &mut Streamed) -> bool {
        let one_by_one = self.data.first().is_some_and(|first| *first == DONE || streamed_as_json(first));
        if one_by_one {
            self.data.iter().all(|data| streamed.take(data, self.is_error))
        } else {
            self.data.is_empty() || streamed.take(&self.data.join("\n"), self.is_error)
        }
    }
}

impl Streamed {
    fn take(&mut self, data: &str, is_error: bool) -> bool {
        if data == DONE {
            self.is_whole = true;
            return false;
        }
        let Ok(chunk) = serde_json::from_str::<Chunk<'_>>(data) else {
            if is_error {
                self.error =
                    Some(serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned())));
            }
            return false;
        };
        let told = |value: Option<Value>| value.filter(|value| !says_nothing(value));
        self.error = told(chunk.error);
        if self.error.is_none() && is_error {
            self.error = serde_json::from_str(data).ok();
        }
        self.id = self.id.take().or(chunk.id);
        self.model = self.model.take().or(chunk.model);
        self.usage = told(chunk.usage).or(self.usage.take());
        let mut pieces = chunk.choices.unwrap_or_default().into_iter();
        if let Some(piece) = pieces.find(|piece| piece.index.unwrap_or_default() == 0) {
            self.error = self.error.take().or(told(piece.error));
            if let Some(whole) = &piece.message {
                self.utterance = Utterance::default();
                self.utterance.add(whole);
            } else if let Some(delta) = &piece.delta {
                self.utterance.add(delta);
            }
            let finish = piece.finish_reason.and_then(|raw| serde_json::from_str(raw.get()).ok());
            if let Some(finish) = told(finish) {
                self.finish = Some(finish);
                self.is_whole = true;
            }
        }
        self.error.is_none()
    }
}

fn streamed_as_json(data: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok()
}

/// The lines of a stream, which end in LF, CR LF or CR.
fn lines(body: &str) -> impl Iterator<Item = &str> {
    let end = if body.contains('\n') { '\n' } else { '\r' };
    body.split(end).map(|line| line.strip_suffix('\r').unwrap_or(line))
}
