//! What the message of a choice says, wherever in it that stands.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    super::{
        Answer, Fault,
        content::{self, Read, Unread},
    },
    absent::{has_words, says_nothing},
};
use crate::extraction::{AnswerForm, AnswerForms};

/// A message, or a piece of one. Fields are kept raw, so that a surprise in one does not hide the others, and that
/// numbers stay as they are.
#[derive(Deserialize, Default)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
}

/// What was said, put together of one message or of many pieces.
#[derive(Default)]
pub(super) struct Utterance {
    refused: bool,
    content: Words,
    /// The content is JSON's own object, not a text.
    is_object: bool,
    call: Option<Call>,
    /// There are several calls: none of them is *the* answer.
    several_calls: bool,
    reasoning: Words,
}

/// What was said in one place.
#[derive(Default)]
struct Words {
    text: String,
    /// A part of it could not be read, such as half a character: what is left is not what was said.
    is_torn: bool,
}

struct Call {
    index: u64,
    arguments: Words,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// A value that may be a text or a part of what it stands for.
enum Told {
    Nothing,
    Text(String),
    Object(String),
    /// Words that can't be read.
    Torn,
}

impl Words {
    fn of(told: Told) -> Self {
        let mut words = Self::default();
        words.add(told);
        words
    }

    fn add(&mut self, told: Told) {
        match told {
            Told::Nothing => {}
            Told::Text(text) | Told::Object(text) => self.text.push_str(&text),
            Told::Torn => self.is_torn = true,
        }
    }

    fn is_empty(&self) -> bool {
        !self.is_torn && self.text.trim().is_empty()
    }

    fn read(self) -> Result<Read, Unread> {
        if self.is_torn { Err(Unread::NotJson) } else { content::read(self.text) }
    }
}

impl Utterance {
    /// Adds a message, or the next piece of one.
    pub(super) fn add(&mut self, message: &Message<'_>) {
        self.refused |= message.refusal.is_some_and(|refusal| has_words(&value(refusal)));
        let content = message.content.map_or(Told::Nothing, |content| self.said(content));
        self.is_object |= matches!(content, Told::Object(_));
        self.content.add(content);
        for reasoning in [message.reasoning_content, message.reasoning].into_iter().flatten() {
            let told = self.said(reasoning);
            if matches!(told, Told::Text(_) | Told::Torn) {
                self.reasoning.add(told);
                // Some servers say it twice, once under each name.
                break;
            }
        }
        let calls =
            message.tool_calls.and_then(|calls| serde_json::from_str::<Vec<ToolCall<'_>>>(calls.get()).ok());
        for (call, position) in calls.unwrap_or_default().into_iter().zip(0..) {
            self.called(call.function.as_ref(), call.index.unwrap_or(position));
        }
        let function = message.function_call.and_then(|call| serde_json::from_str(call.get()).ok());
        self.called(function.as_ref(), 0);
    }

    /// The one answer in all that was said. The content goes first; calls are read if it is none, and thoughts only if
    /// there is no content at all, and then only if they end with it.
    pub(super) fn answer(self) -> Result<(Answer, AnswerForms), Fault> {
        if self.refused {
            return Err(Fault::Refused);
        }
        let unread = match self.content.read() {
            Ok(read) if self.is_object => return Ok(found(read, Some(AnswerForm::Object))),
            Ok(read) => return Ok(found(read, None)),
            Err(unread) => unread,
        };
        if self.several_calls {
            return Err(Fault::NotJson);
        }
        if let Some(call) = self.call {
            let read = call.arguments.read().map_err(|_| Fault::NotJson)?;
            return Ok(found(read, Some(AnswerForm::ToolCall)));
        }
        match unread {
            Unread::NotJson => Err(Fault::NotJson),
            Unread::Empty => match self.reasoning.read() {
                Ok(read) if read.is_last => Ok(found(read, Some(AnswerForm::Reasoning))),
                Ok(_) | Err(_) => Err(Fault::Empty),
            },
        }
    }

    fn called(&mut self, function: Option<&Function<'_>>, index: u64) {
        let told = function.and_then(|function| function.arguments).map(|raw| self.said(raw));
        let Some(told) = told.filter(|told| !matches!(told, Told::Nothing)) else { return };
        match &mut self.call {
            Some(call) if call.index == index || call.arguments.is_empty() => {
                call.index = index;
                call.arguments.add(told);
            }
            Some(_) => self.several_calls |= !Words::of(told).is_empty(),
            None => self.call = Some(Call { index, arguments: Words::of(told) }),
        }
    }

    /// A text, the texts of a list of parts, or an object as it is.
    fn said(&mut self, raw: &RawValue) -> Told {
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map_or(Told::Torn, Told::Text),
            Some(b'{') => Told::Object(raw.get().to_owned()),
            Some(b'[') => {
                let Ok(parts) = serde_json::from_str::<Vec<Value>>(raw.get()) else { return Told::Torn };
                self.refused |= parts.iter().filter_map(|part| part.get("refusal")).any(has_words);
                Told::Text(parts.iter().filter_map(text_of_part).collect())
            }
            // A number, which is no object either, unless it says nothing.
            Some(_) if !says_nothing(&value(raw)) => Told::Text(raw.get().to_owned()),
            Some(_) | None => Told::Nothing,
        }
    }
}

fn found(read: Read, form: Option<AnswerForm>) -> (Answer, AnswerForms) {
    let mut forms = read.forms;
    if let Some(form) = form {
        forms.add(form);
    }
    (Answer { content: read.json }, forms)
}

/// The text of a part, if it has one and is no thought.
fn text_of_part(part: &Value) -> Option<&str> {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let thought = ["think", "reason"].iter().any(|thought| kind.contains(thought));
    part.as_str().or_else(|| part.get("text")?.as_str()).filter(|_| !thought)
}

/// The value; what can't be read is as good as words.
fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::String(raw.get().to_owned()))
}
