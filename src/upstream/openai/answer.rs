//! Reads the body of a 2xx answer.

use ::http::{HeaderMap, header};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use super::{
    super::{Answer, Fault, Pushback, settings::MaxTokensField},
    absent::says_nothing,
    error_body::{self, ErrorBody},
    error_words::{NO_STATUS, SentFields},
    finish,
    message::{Message, Utterance},
    stream::{self, Streamed},
};
use crate::extraction::{AnswerForm, AnswerForms, FinishReason, Identifier, ResponseFacts, Said, Usage};

/// The most tokens believed of one exchange.
const TOKENS_MAX: u64 = 100_000_000;

/// What an answer says.
pub(super) struct Reading {
    /// The content, or what is wrong with it.
    pub(super) result: Result<Answer, Fault>,
    /// Tokens as reported.
    pub(super) usage: Usage,
    /// The wait that the body asked for.
    pub(super) body_retry_delay: Option<Pushback>,
    /// What is known of the words of an error.
    pub(super) said: Said,
    /// The error itself, where it has a field or an event of its own.
    pub(super) error: Option<Value>,
    /// The field for the limit of tokens that an error does not take.
    pub(super) refused: Option<MaxTokensField>,
    /// What the answer says of itself.
    pub(super) response: ResponseFacts,
}

impl Reading {
    /// Nothing but a fault.
    pub(super) fn failed(fault: Fault) -> Self {
        Self {
            result: Err(fault),
            usage: Usage::default(),
            body_retry_delay: None,
            said: Said::default(),
            error: None,
            refused: None,
            response: ResponseFacts::default(),
        }
    }

    /// An error and all that it tells.
    pub(super) fn of_error(fault: Fault, told: ErrorBody) -> Self {
        let ErrorBody { form: _, word: _, refused, said, retry_delay, usage } = told;
        Self { usage, body_retry_delay: retry_delay, said, refused, ..Self::failed(fault) }
    }

    fn of(result: Result<(Answer, AnswerForms), Fault>, usage: Usage, mut response: ResponseFacts) -> Self {
        let result = result.map(|(answer, forms)| {
            response.read = Some(forms);
            answer
        });
        Self { result, usage, response, ..Self::failed(Fault::Malformed) }
    }
}

/// Reads a 2xx answer, whatever its content type says: a completion, or an event stream of its pieces. Depth is no
/// danger: what is not looked at is skipped without recursion, and what is looked at has `serde_json`'s limit of 128
/// levels.
pub(super) fn read(headers: &HeaderMap, body: &[u8], sent: &SentFields) -> Reading {
    let Ok(text) = std::str::from_utf8(body) else { return Reading::failed(Fault::Malformed) };
    if let Ok(completion) = completion(text) {
        let mut reading = completed(completion, body, sent);
        if let Some(forms) = reading.response.read.as_mut().filter(|_| !is_json(headers)) {
            forms.add(AnswerForm::Mislabelled);
        }
        return reading;
    }
    if stream::is_stream(text) {
        return streamed(stream::read(text), sent);
    }
    Reading::failed(if error_body::is_page(body) { Fault::Page } else { Fault::Malformed })
}

fn completed(completion: Completion<'_, Vec<Choice<'_>>>, body: &[u8], sent: &SentFields) -> Reading {
    let usage = completion.usage.map_or_else(Usage::default, |raw| usage(&value(raw)));
    let choice = completion.choices.and_then(|choices| choices.into_iter().next());
    let finish = choice.as_ref().and_then(Choice::finish);
    let response = response(completion.id.map(value), completion.model.map(value), finish);
    let errors = [completion.error, choice.as_ref().and_then(|choice| choice.error)];
    let error = errors.into_iter().flatten().map(value).find(|error| !says_nothing(error));
    if let Some(error) = error {
        return failed_inside(error, usage, response, sent);
    }
    // MiniMax numbers its errors, beside choices that hold nothing, or what a filter left.
    let numbered = |base: &RawValue| value(base).get("status_code").is_some_and(|code| !says_nothing(code));
    if completion.base_resp.is_some_and(numbered) {
        return failed_as(error_body::read(NO_STATUS, body, sent), usage, response);
    }
    let Some(choice) = choice else { return without_choices(body, usage, response, sent) };
    let result = match choice.message {
        Some(message) => {
            let mut utterance = Utterance::default();
            utterance.add(&message);
            said_to_the_end(utterance, finish)
        }
        None => Err(broken(finish).unwrap_or(Fault::Malformed)),
    };
    Reading::of(result, usage, response)
}

fn streamed(streamed: Streamed, sent: &SentFields) -> Reading {
    let usage = streamed.usage.as_ref().map_or_else(Usage::default, usage);
    let finish = streamed.finish.as_ref().and_then(finish::read);
    let response = response(streamed.id, streamed.model, finish);
    if let Some(error) = streamed.error {
        return failed_inside(error, usage, response, sent);
    }
    let result =
        if streamed.is_whole { said_to_the_end(streamed.utterance, finish) } else { Err(Fault::BrokenOff) };
    let result = result.map(|(answer, mut forms)| {
        forms.add(AnswerForm::EventStream);
        (answer, forms)
    });
    Reading::of(result, usage, response)
}

/// What was said counts only if nothing speaks against its end: whatever a truncated answer seems to be, it is not the
/// whole of it.
fn said_to_the_end(
    utterance: Utterance,
    finish: Option<FinishReason>,
) -> Result<(Answer, AnswerForms), Fault> {
    broken(finish).map_or_else(|| utterance.answer(), Err)
}

/// What speaks against an answer that stopped for this reason.
fn broken(finish: Option<FinishReason>) -> Option<Fault> {
    match finish? {
        FinishReason::Length => Some(Fault::Truncated),
        FinishReason::ContentFilter => Some(Fault::Refused),
        FinishReason::Error => Some(Fault::BrokenOff),
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Other => None,
    }
}

fn response(id: Option<Value>, model: Option<Value>, finish: Option<FinishReason>) -> ResponseFacts {
    let identifier = |value: Option<Value>| Identifier::new(value?.as_str()?);
    ResponseFacts { id: identifier(id), model: identifier(model), finish, read: None }
}

/// Tokens as reported on a body; what can't be true is unknown.
pub(super) fn usage(usage: &Value) -> Usage {
    let tokens = |names: [&str; 2]| {
        names.iter().find_map(|name| usage.get(name)?.as_u64()).filter(|tokens| *tokens <= TOKENS_MAX)
    };
    Usage {
        input_tokens: tokens(["prompt_tokens", "input_tokens"]),
        output_tokens: tokens(["completion_tokens", "output_tokens"]),
    }
}

/// Reads all at once, as long as the choices hold no surprise: that must not hide the others.
fn completion(text: &str) -> serde_json::Result<Completion<'_, Vec<Choice<'_>>>> {
    serde_json::from_str(text).or_else(|_| {
        let Completion::<IgnoredAny> { id, model, error, base_resp, usage, choices: _ } =
            serde_json::from_str(text)?;
        Ok(Completion { id, model, error, base_resp, usage, choices: None })
    })
}

/// Fields are kept raw where a surprise in one must not hide the others.
#[derive(Deserialize)]
#[serde(bound(deserialize = "C: Deserialize<'de>"))]
struct Completion<'a, C> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(default = "Option::default")]
    choices: Option<C>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    base_resp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    /// What the server that was asked behind this one said, heard if the word beside it is none that is known.
    #[serde(borrow, default)]
    native_finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Choice<'_> {
    /// Why the generation stopped, in the words of whoever says something.
    fn finish(&self) -> Option<FinishReason> {
        let told = |reason: Option<&RawValue>| reason.and_then(|reason| finish::read(&value(reason)));
        told(self.finish_reason)
            .filter(|finish| *finish != FinishReason::Other)
            .or_else(|| told(self.native_finish_reason))
            .or_else(|| told(self.finish_reason))
    }
}

/// An error in an answer. What else the answer says of itself is true all the same.
fn failed_inside(error: Value, usage: Usage, response: ResponseFacts, sent: &SentFields) -> Reading {
    let reading = failed_as(error_body::within(&error, sent), usage, response);
    Reading { error: Some(error), ..reading }
}

fn failed_as(told: ErrorBody, usage: Usage, response: ResponseFacts) -> Reading {
    let fault = Fault::ErrorBody { word: told.word };
    Reading { usage, response, ..Reading::of_error(fault, told) }
}

/// An answer without a choice is an error if its own words say so; some servers have no field for it.
fn without_choices(body: &[u8], usage: Usage, response: ResponseFacts, sent: &SentFields) -> Reading {
    let told = error_body::read(NO_STATUS, body, sent);
    if told.word.is_some() || told.refused.is_some() {
        return failed_as(told, usage, response);
    }
    Reading { usage, response, ..Reading::failed(Fault::Malformed) }
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or(Value::Bool(true))
}

/// No content type counts as JSON; another one does not.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests;
