//! The wire format: `OpenAI` chat completions, not streamed.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    instance::entities_schema,
    script::{ErrorReply, Fault},
};

/// Characters to a token, roughly.
const CHARS_PER_TOKEN: usize = 4;
/// What the prompt wraps the text in.
const TEXT_OPEN: &str = "<text>\n";
const TEXT_CLOSE: &str = "\n</text>";
/// What stands before a JSON Schema in the system message.
const SCHEMA_LABEL: &str = "JSON Schema:";
/// The one model that is listed; any other is as good.
const MODEL: &str = "simulated";

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) model: String,
    /// What to extract from, without the prompt around it.
    pub(super) text: String,
    /// What the answer must satisfy.
    pub(super) schema: Value,
    prompt_chars: usize,
}

/// Why a request is no chat completion.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRequest {
    pub(super) message: String,
    pub(super) param: Option<&'static str>,
}

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    response_format: Option<Value>,
    #[serde(default)]
    stream: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
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
    text: String,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => parts.iter().map(|part| part.text.as_str()).collect(),
        }
    }
}

impl Chat {
    pub(super) fn parse(body: &[u8]) -> Result<Chat, BadRequest> {
        let bad = |message: &str, param| BadRequest { message: message.to_owned(), param };
        let request: Request = serde_json::from_slice(body).map_err(|error| {
            bad(&format!("We could not parse the JSON body of your request: {error}"), None)
        })?;
        let model = request.model.ok_or_else(|| bad("you must provide a model parameter", Some("model")))?;
        let messages = request
            .messages
            .ok_or_else(|| bad("Missing required parameter: 'messages'.", Some("messages")))?;
        if request.stream {
            return Err(bad("Streaming is not simulated.", Some("stream")));
        }
        // A repair says in a further message what was wrong; the text stands in the one that wraps it.
        let mut users = messages.iter().rev().filter(|message| message.role == "user").map(Message::text);
        let last = users.next();
        let wraps = |text: &String| text.contains(TEXT_OPEN);
        let user = last.iter().cloned().chain(users).find(wraps).or(last);
        let user = user.ok_or_else(|| bad("There is no message of the role 'user'.", Some("messages")))?;
        let system =
            messages.iter().filter(|message| matches!(message.role.as_str(), "system" | "developer"));
        let schema =
            request.response_format.as_ref().and_then(|format| format.pointer("/json_schema/schema"));
        let schema = schema.cloned().or_else(|| system.map(Message::text).find_map(|text| schema_in(&text)));
        Ok(Chat {
            model,
            text: unwrapped(&user).to_owned(),
            schema: schema.unwrap_or_else(entities_schema),
            prompt_chars: messages.iter().map(|message| message.text().chars().count()).sum(),
        })
    }
}

/// The inside of the `<text>` block, or all of it.
fn unwrapped(message: &str) -> &str {
    let inside = || {
        let start = message.find(TEXT_OPEN)? + TEXT_OPEN.len();
        let end = message.rfind(TEXT_CLOSE)?;
        // An empty text's closing line may share the opening one's line break.
        if end + 1 == start { Some("") } else { message.get(start..end) }
    };
    inside().unwrap_or(message)
}

fn schema_in(message: &str) -> Option<Value> {
    let (_, after) = message.split_once(SCHEMA_LABEL)?;
    let json = after.get(after.find('{')?..)?;
    serde_json::Deserializer::from_str(json).into_iter().next()?.ok()
}

/// A completion about to be sent.
#[derive(Debug)]
pub(super) struct Completion<'a> {
    pub(super) id: String,
    pub(super) model: &'a str,
    /// Seconds since 1970.
    pub(super) created: u64,
    pub(super) content: Option<&'a str>,
    pub(super) refusal: Option<&'a str>,
    pub(super) finish_reason: &'static str,
}

impl Completion<'_> {
    pub(super) fn json(&self, chat: &Chat) -> Value {
        let chars = self.content.or(self.refusal).unwrap_or_default().chars().count();
        let (prompt, completion) =
            (chat.prompt_chars.div_ceil(CHARS_PER_TOKEN), chars.div_ceil(CHARS_PER_TOKEN));
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": self.content, "refusal": self.refusal },
                "finish_reason": self.finish_reason,
            }],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        })
    }
}

/// The error object of `reply`; an `echo` takes the place of what the reply does not state.
pub(super) fn error(reply: &ErrorReply, param: Option<&str>, echo: Option<&str>) -> Value {
    let (kind, code) = usual_error(reply.status);
    let stated = |stated: &Option<String>, usual: Option<&str>| {
        stated.as_deref().or(echo).or(usual).map(str::to_owned)
    };
    let message = reply.message.clone().unwrap_or_else(|| format!("This is a simulated {}.", reply.status));
    let message = echo.map_or(message.clone(), |echo| format!("{message} {echo}"));
    let param = param.or(echo);
    let (kind, code) = (stated(&reply.kind, Some(kind)), stated(&reply.code, code));
    json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
}

/// The type and the code that go with a status.
fn usual_error(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        403 => ("permission_error", None),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", None),
    }
}

/// The list of models.
pub(super) fn models(created: u64) -> Value {
    let model = json!({ "id": MODEL, "object": "model", "created": created, "owned_by": "tidegate" });
    json!({ "object": "list", "data": [model] })
}

/// The fault by which an arrival over the capacity is refused.
pub(super) fn overloaded() -> Fault {
    let message = Some("The simulated capacity is taken.".to_owned());
    let code = Some("overloaded".to_owned());
    Fault::Status(ErrorReply { code, message, ..ErrorReply::new(StatusCode::SERVICE_UNAVAILABLE.as_u16()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_the_prompt_wraps() {
        let table = [
            ("plain", "plain"),
            ("Extract.\n<text>\nAda\n</text>", "Ada"),
            ("<text>\nAda </text>\n</text> and\n</text>\nNow.", "Ada </text>\n</text> and"),
            ("<text>\nAda\n<text>\nBob\n</text>", "Ada\n<text>\nBob"),
            ("<text>\n\n</text>", ""),
            ("<text>\n</text>", ""),
            ("<text>\nno end", "<text>\nno end"),
            ("\n</text> before <text>\n", "\n</text> before <text>\n"),
        ];
        for (message, want) in table {
            assert_eq!(unwrapped(message), want, "{message:?}");
        }
    }

    fn chat(request: &Value) -> Chat {
        Chat::parse(request.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_schema_is_in_the_format_or_in_the_system_message() {
        let user = json!({ "role": "user", "content": [{ "type": "text", "text": "A" }, { "type": "text", "text": "b" }] });
        let system = json!({ "role": "system", "content": "Extract.\nJSON Schema:\n{\"type\": \"string\"}\nBe brief." });
        let both = chat(&json!({
            "model": "m", "messages": [system, user],
            "response_format": { "type": "json_schema", "json_schema": { "schema": { "type": "null" } } }
        }));
        assert_eq!((both.schema, both.text.as_str()), (json!({ "type": "null" }), "Ab"));
        assert_eq!(
            chat(&json!({ "model": "m", "messages": [system, user] })).schema,
            json!({ "type": "string" })
        );
        assert_eq!(chat(&json!({ "model": "m", "messages": [user] })).schema, entities_schema());
    }

    #[test]
    fn a_bad_request_says_which_parameter() {
        let table = [
            ("{", None),
            ("{\"messages\": []}", Some("model")),
            ("{\"model\": \"m\"}", Some("messages")),
            ("{\"model\": \"m\", \"messages\": []}", Some("messages")),
            ("{\"model\": \"m\", \"messages\": [], \"stream\": true}", Some("stream")),
        ];
        for (body, param) in table {
            assert_eq!(Chat::parse(body.as_bytes()).unwrap_err().param, param, "{body}");
        }
    }
}
