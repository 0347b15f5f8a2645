//! The wait that an error's body asks for, wherever the servers of this dialect put it.

use serde_json::{Map, Value};

use crate::upstream::pushback::{Pushback, Unit, wait_in_words};

/// Where a wait can stand: in the error or in what is around it, and in these parts of both.
const PLACES: [&str; 7] =
    ["", "/details", "/metadata", "/metadata/headers", "/headers", "/parameters", "/data"];

/// The members that ask for a wait, and what their bare numbers count. The first row that is there counts. Case, `_`
/// and `-` do not matter.
const MEMBERS: &[(&str, Unit)] = &[
    ("retry_after_ms", Unit::Milliseconds),
    ("retry_after", Unit::Seconds),
    ("retry_after_seconds", Unit::Seconds),
    // google.rpc.RetryInfo
    ("retry_delay", Unit::Seconds),
    ("retry_in", Unit::Seconds),
    // A model that is being loaded, at Hugging Face.
    ("estimated_time", Unit::Seconds),
    ("resets_in_seconds", Unit::Seconds),
    ("reset_after", Unit::Seconds),
    ("resets_at", Unit::Seconds),
    ("reset_at", Unit::Seconds),
    ("reset_time", Unit::Seconds),
    ("ratelimit_reset", Unit::Seconds),
    // Headers that OpenRouter passes on within the body.
    ("x_ratelimit_reset", Unit::Seconds),
];

/// Where sentences for people stand.
const MESSAGES: [&str; 4] = ["", "/message", "/detail", "/error"];

/// The most entries of a list of details that are looked at.
const DETAILS_MAX: usize = 16;

/// The wait that `error` asks for, or what stands `around` it: by a member of its own, else in its message.
pub(super) fn find(error: &Value, around: &Value) -> Option<Pushback> {
    let values = [error, around];
    let objects: Vec<_> = values.into_iter().flat_map(objects).collect();
    MEMBERS
        .iter()
        .find_map(|(name, unit)| objects.iter().find_map(|object| member(object, name, *unit)))
        .or_else(|| {
            let messages = values.into_iter().flat_map(|value| MESSAGES.map(|place| value.pointer(place)));
            messages.flatten().filter_map(Value::as_str).find_map(wait_in_words)
        })
}

fn objects(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    PLACES.iter().filter_map(|place| value.pointer(place)).flat_map(|value| {
        let listed = value.as_array().map_or(&[][..], Vec::as_slice);
        value.as_object().into_iter().chain(listed.iter().take(DETAILS_MAX).filter_map(Value::as_object))
    })
}

fn member(object: &Map<String, Value>, name: &str, unit: Unit) -> Option<Pushback> {
    let (_, value) = object.iter().find(|(key, _)| same(key, name))?;
    let of_a_limit = name.contains("ratelimit");
    if of_a_limit
        && object.iter().any(|(key, value)| key.to_lowercase().contains("remaining") && is_some(value))
    {
        return None;
    }
    match value {
        Value::Number(number) => Pushback::number(number.as_f64()?, unit),
        Value::String(text) => Pushback::parse(text, unit),
        // A google.protobuf.Duration that was not written as a text.
        Value::Object(parts) => {
            let part = |name| parts.get(name).and_then(Value::as_f64).unwrap_or_default();
            Pushback::number(part("seconds") + part("nanos") / 1e9, Unit::Seconds)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// Whether something remains of a limit.
fn is_some(remaining: &Value) -> bool {
    let number = remaining.as_f64().or_else(|| remaining.as_str()?.trim().parse().ok());
    number.is_some_and(|number| number > 0.0)
}

/// Whether a member has this name: `retryAfter` is `retry_after`.
fn same(key: &str, name: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    letters(key).eq(letters(name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reads_what_servers_write() {
        let then = |seconds| Some(Pushback::Until(Duration::from_secs(seconds)));
        let wait = |seconds| Some(Pushback::For(Duration::from_secs_f64(seconds)));
        for (server, body, expected) in [
            (
                "gemini",
                r#"{"error":{"details":[{"@type":"x/google.rpc.ErrorInfo"},{"@type":"x/google.rpc.RetryInfo","retryDelay":"38s"}]}}"#,
                wait(38.0),
            ),
            (
                "vertex",
                r#"{"error":{"details":[{"@type":"x/google.rpc.RetryInfo","retryDelay":{"seconds":3,"nanos":500000000}}]}}"#,
                wait(3.5),
            ),
            ("hugging face", r#"{"error":"Model x is currently loading","estimated_time":20.5}"#, wait(20.5)),
            (
                "openrouter",
                r#"{"error":{"code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1741305600000"}}}}"#,
                then(1_741_305_600),
            ),
            (
                "openrouter, with some left",
                r#"{"error":{"metadata":{"headers":{"X-RateLimit-Remaining":"3","X-RateLimit-Reset":"1741305600000"}}}}"#,
                None,
            ),
            (
                "openrouter, of the provider",
                r#"{"error":{"metadata":{"headers":{"Retry-After":"7"}}}}"#,
                wait(7.0),
            ),
            ("top level", r#"{"message":"slow down","retry_after":12}"#, wait(12.0)),
            ("top level, beside a text", r#"{"error":"slow down","retryAfter":"12s"}"#, wait(12.0)),
            ("milliseconds", r#"{"error":{"retry_after_ms":1500}}"#, wait(1.5)),
            ("milliseconds go first", r#"{"error":{"retry_after":2,"retryAfterMs":"1500"}}"#, wait(1.5)),
            ("a date", r#"{"error":{"retry_after":"2025-03-07T01:00:00+01:00"}}"#, then(1_741_305_600)),
            (
                "a usage limit",
                r#"{"error":{"type":"usage_limit_reached","resets_at":1741305600}}"#,
                then(1_741_305_600),
            ),
            (
                "a usage limit by its length",
                r#"{"error":{"resets_in_seconds":18000,"resets_at":1741305600}}"#,
                wait(18_000.0),
            ),
            ("parameters", r#"{"ok":false,"error_code":429,"parameters":{"retry_after":9}}"#, wait(9.0)),
            (
                "groq, in words",
                r#"{"error":{"message":"Rate limit reached. Limit 30, Used 30. Please try again in 6m54.5s. Visit x","code":"rate_limit_exceeded"}}"#,
                wait(414.5),
            ),
            (
                "azure, in words",
                r#"{"error":{"code":"429","message":"Please retry after 26 seconds."}}"#,
                wait(26.0),
            ),
            (
                "openai, in words",
                r#"{"error":{"message":"Limit 3 / min. Please try again in 20s."}}"#,
                wait(20.0),
            ),
            ("no such words", r#"{"error":{"message":"Please try again in a while"}}"#, None),
            ("null", r#"{"error":{"retry_after":null,"estimated_time":false}}"#, None),
            ("nothing", r#"{"error":{"message":"slow down","type":null,"param":null,"code":null}}"#, None),
            ("negative", r#"{"error":{"retry_after":-3}}"#, None),
            ("a text alone", r#"{"error":"slow down"}"#, None),
        ] {
            let body: Value = serde_json::from_str(body).unwrap();
            let error = body.get("error").unwrap_or(&body);
            assert_eq!(find(error, &body), expected, "{server}");
        }
    }
}
