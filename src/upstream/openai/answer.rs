//! Reads the body of a 2xx answer.

use ::http::{HeaderMap, header};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use super::{
    super::{Answer, Fault, Pushback, settings::StructuredOutput},
    error_body::{self, ErrorBody},
    error_words::{NO_STATUS, SentFields},
};
use crate::extraction::{FinishReason, Identifier, ResponseFacts, Said, Usage};

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
            response: ResponseFacts::default(),
        }
    }
}

/// Reads a 2xx answer. Depth is no danger: what is not looked at is skipped without recursion, and what
/// is looked at has `serde_json`'s limit of 128 levels.
pub(super) fn read(
    headers: &HeaderMap,
    body: &[u8],
    structured_output: StructuredOutput,
    sent: &SentFields,
) -> Reading {
    let text = if is_json(headers) { std::str::from_utf8(body).ok() } else { None };
    let Some(completion) = text.and_then(|text| completion(text).ok()) else {
        let page = error_body::is_page(body);
        return Reading::failed(if page { Fault::Page } else { Fault::Malformed });
    };
    let usage = completion.usage.map_or_else(Usage::default, |raw| usage(&value(raw)));
    if let Some(error) = completion.error.map(value).filter(error_body::is_error) {
        return failed_inside(error_body::within(&error, sent), usage);
    }
    let Some(choice) = completion.choices.and_then(|choices| choices.into_iter().next()) else {
        return without_choices(body, usage, sent);
    };
    if let Some(error) = choice.error.as_ref().filter(|error| error_body::is_error(error)) {
        return failed_inside(error_body::within(error, sent), usage);
    }
    let response = ResponseFacts {
        id: completion.id.and_then(identifier),
        model: completion.model.and_then(identifier),
        finish: choice.finish_reason.as_deref().map(finish),
    };
    let result = content(choice, structured_output);
    Reading { result, usage, body_retry_delay: None, said: Said::default(), response }
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
fn completion(text: &str) -> serde_json::Result<Completion<'_, Vec<Choice>>> {
    serde_json::from_str(text).or_else(|_| {
        let Completion::<IgnoredAny> { id, model, error, usage, choices: _ } = serde_json::from_str(text)?;
        Ok(Completion { id, model, error, usage, choices: None })
    })
}

/// Fields are kept raw where a surprise in one must not hide the others.
#[derive(Deserialize)]
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
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

/// A truncated answer first of all: whatever else it seems to be, it is not the whole of it.
fn content(choice: Choice, structured_output: StructuredOutput) -> Result<Answer, Fault> {
    match choice.finish_reason.as_deref().map(finish) {
        Some(FinishReason::Length) => return Err(Fault::Truncated),
        Some(FinishReason::ContentFilter) => return Err(Fault::Refused),
        Some(FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Other) | None => {}
    }
    let message = choice.message.ok_or(Fault::Malformed)?;
    if message.refusal.is_some_and(|refusal| !refusal.is_null()) {
        return Err(Fault::Refused);
    }
    let content = match message.content {
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => parts.into_iter().filter_map(|part| part.text).collect(),
        None => return Err(Fault::Empty),
    };
    let content = match structured_output {
        StructuredOutput::Schema | StructuredOutput::Object => content,
        StructuredOutput::Prompt => unfenced(content),
    };
    if content.trim().is_empty() { Err(Fault::Empty) } else { Ok(Answer { content }) }
}

fn finish(word: &str) -> FinishReason {
    match word {
        "stop" | "eos" | "end_turn" => FinishReason::Stop,
        "length" | "max_tokens" | "model_length" => FinishReason::Length,
        "content_filter" | "safety" | "refusal" => FinishReason::ContentFilter,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        _ => FinishReason::Other,
    }
}

fn identifier(raw: &RawValue) -> Option<Identifier> {
    Identifier::new(value(raw).as_str()?)
}

/// Without the one code fence that models like to put around JSON.
fn unfenced(content: String) -> String {
    let inside = content
        .trim()
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .map(|rest| rest.strip_prefix("json").unwrap_or(rest).trim().to_owned());
    inside.unwrap_or(content)
}

fn failed_inside(told: ErrorBody, usage: Usage) -> Reading {
    let fault = Fault::ErrorBody { word: told.word };
    Reading { usage, body_retry_delay: told.retry_delay, said: told.said, ..Reading::failed(fault) }
}

/// An answer without a choice is an error if its own words say so; some servers have no field for it.
fn without_choices(body: &[u8], usage: Usage, sent: &SentFields) -> Reading {
    let told = error_body::read(NO_STATUS, body, sent);
    if told.word.is_some() {
        return failed_inside(told, usage);
    }
    Reading { usage, ..Reading::failed(Fault::Malformed) }
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
