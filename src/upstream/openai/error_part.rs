//! What of a body may stand in the log line of an error: what the API says of it. What a model said stands beside that
//! often enough, and is content whoever asks for the log.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::stream;

/// The fields in which APIs put what a model said, whole or in part; nothing in them is told.
const ANSWER_FIELDS: [&str; 23] = [
    "arguments",
    "candidates",
    "choices",
    "completion",
    "content",
    "contents",
    "delta",
    "failed_generation", // Groq
    "function_call",
    "generated_text",
    "generation",
    "generations",
    "output",
    "output_text",
    "outputs",
    "predictions",
    "reasoning",
    "reasoning_content",
    "response",
    "result",
    "results",
    "text",
    "tool_calls",
];

/// The fields that tell of an error where it has no field of its own.
const ERROR_FIELDS: [&str; 17] = [
    "__type",
    "base_resp",
    "code",
    "detail",
    "details",
    "err_code",
    "errorCode",
    "error_code",
    "error_msg",
    "error_type",
    "errors",
    "innererror",
    "message",
    "msg",
    "param",
    "status",
    "type",
];

/// What stands in the place of an answer, and of what follows it where its end can't be told.
const LEFT_OUT: &str = "[answer left out]";

/// How pages for people begin.
const PAGES: [&str; 5] = ["<!doctype", "<html", "<head", "<body", "<?xml"];

/// A field of an answer within a text: its name in quotes, a colon, and a value that can hold words.
static ANSWER_IN_TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = ANSWER_FIELDS.join("|");
    Regex::new(&format!(r#"\\*["'](?:{names})\\*["']\s*:\s*(?:b?\\*["']|[\[{{])"#)).ok()
});

/// An error's own value.
pub(super) fn of_error(error: &Value) -> String {
    without_answer(error).to_string()
}

/// A body without an answer whose own fields tell of an error, which has no field for itself.
pub(super) fn of_bare(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else { return None };
    fields.retain(|name, _| ERROR_FIELDS.contains(&name.as_str()));
    Some(of_error(&Value::Object(fields)))
}

/// A body that came with the status of an error.
pub(super) fn of_body(body: &[u8]) -> Option<String> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Some(of_error(&value));
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if stream::is_stream(text) {
        return stream::read(text).error.as_ref().map(of_error);
    }
    Some(text_without_answer(text)).filter(|text| !text.is_empty())
}

/// A page in the place of an answer; one that does not begin like a page could be an answer in words of its own.
pub(super) fn of_page(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let begin: String = text.trim_start().chars().take(16).collect::<String>().to_ascii_lowercase();
    PAGES.iter().any(|page| begin.starts_with(page)).then(|| text_without_answer(&text))
}

fn without_answer(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let told = fields.iter().filter(|(name, _)| !ANSWER_FIELDS.contains(&name.as_str()));
            told.map(|(name, value)| (name.clone(), without_answer(value))).collect()
        }
        Value::Array(values) => values.iter().map(without_answer).collect(),
        Value::String(text) => Value::String(text_without_answer(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A text up to the first field of an answer: JSON that is cut off, or passed on as text, has them too.
fn text_without_answer(text: &str) -> String {
    let Some(pattern) = &*ANSWER_IN_TEXT else { return LEFT_OUT.to_owned() };
    match pattern.find(text).and_then(|found| text.get(..found.start())) {
        Some(before) => format!("{before}{LEFT_OUT}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "Ada met";

    #[test]
    fn what_an_api_says_of_an_error_is_told() {
        for (body, told) in [
            (r#"{"error":{"message":"m","code":"c"}}"#, r#"{"error":{"message":"m","code":"c"}}"#),
            (r#"[{"error":{"status":"S"}}]"#, r#"[{"error":{"status":"S"}}]"#),
            (" Bad Gateway\n", "Bad Gateway"),
            ("<html>busy</html>", "<html>busy</html>"),
            (r#"{"error": "#, r#"{"error":"#),
            ("\u{feff}no", "no"),
            // Sentences about a field are no field.
            (
                "Invalid value for 'content': expected a string",
                "Invalid value for 'content': expected a string",
            ),
            (r#"{"message":"\"content\": is required"}"#, r#"{"message":"\"content\": is required"}"#),
        ] {
            assert_eq!(of_body(body.as_bytes()).as_deref(), Some(told));
        }
        assert_eq!(of_body(b""), None);
        assert!(of_body(b"\xff\xfe").unwrap().chars().all(|c| c == '\u{fffd}'));
    }

    #[test]
    fn what_a_model_said_is_left_out_wherever_it_stands() {
        let groq = json!({"error": {"message": "Failed to generate JSON", "failed_generation": SECRET}});
        let passed_on = json!({"error": {"message": "Provider", "metadata": {"raw": groq.to_string()}}});
        let python =
            format!("GroqException - {{'error': {{'message': 'm', 'failed_generation': '{SECRET}'}}}}");
        let gemini =
            json!([{"error": {"code": 500}, "candidates": [{"content": {"parts": [{"text": SECRET}]}}]}]);
        let partial =
            json!({"choices": [{"message": {"content": SECRET}, "finish_reason": "error"}], "error": "e"});
        for body in [
            groq.to_string(),
            passed_on.to_string(),
            json!({"detail": passed_on.to_string()}).to_string(),
            json!({"message": python}).to_string(),
            python.clone(),
            gemini.to_string(),
            partial.to_string(),
            json!({"success": false, "errors": [{"code": 1}], "result": {"response": SECRET}}).to_string(),
            json!({"message": {"role": "assistant", "content": SECRET}, "error": "e"}).to_string(),
            // Cut off, and one after the other.
            partial.to_string().replace("\"}", "\""),
            format!("{}\n{}", json!({"message": {"content": SECRET}}), json!({"error": "e"})),
            format!("data: {partial}\n\n"),
            format!(
                "data: {}\n\ndata: {{\"error\":\"e\"}}\n\n",
                json!({"choices": [{"delta": {"content": SECRET}}]})
            ),
            format!("event: error\ndata: {partial}\n\n"),
        ] {
            let told = of_body(body.as_bytes()).unwrap();
            assert!(!told.contains(SECRET) && !told.is_empty(), "{body}: {told}");
        }
    }

    #[test]
    fn an_error_without_a_field_of_its_own_is_told_by_known_fields() {
        let body = json!({"code": 1002, "msg": "slow down", "data": {"answer": SECRET}, "reply": SECRET});
        assert_eq!(of_bare(body.to_string().as_bytes()).unwrap(), r#"{"code":1002,"msg":"slow down"}"#);
        assert_eq!(of_bare(b"[]"), None);
        assert_eq!(of_page(b" <!DOCTYPE html><p>Sign in").as_deref(), Some(" <!DOCTYPE html><p>Sign in"));
        assert_eq!(of_page(format!("<think>{SECRET}</think>").as_bytes()), None);
    }
}
