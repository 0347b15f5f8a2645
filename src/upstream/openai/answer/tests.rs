//! Where in an answer its words can stand.

use ::http::HeaderValue;
use serde_json::json;

use super::*;
use AnswerForm::{Bare, EventStream, Fenced, Mislabelled, Object, Reasoning, Surrounded, ToolCall};

const JSON: &str = r#"{"total":7654321098.987654321}"#;

fn read_as(label: &str, body: &str) -> Reading {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(label).unwrap());
    read(&headers, super::super::unmarked(body.as_bytes()), &SentFields::default())
}

fn of_message(message: &Value) -> Reading {
    let choice = json!({"finish_reason": "stop", "message": message});
    read_as("application/json", &json!({"choices": [choice], "usage": {"prompt_tokens": 3}}).to_string())
}

fn forms(reading: &Reading) -> Vec<AnswerForm> {
    reading.response.read.map_or_else(Vec::new, |forms| forms.iter().collect())
}

fn call(arguments: &Value) -> Value {
    json!({"id": "t1", "type": "function", "function": {"name": "answer", "arguments": arguments}})
}

#[test]
fn an_answer_is_read_wherever_it_stands() {
    let nested = r#"{"choices":[{"message":{"content":@}}]}"#;
    let in_call = r#"{"choices":[{"message":{"tool_calls":[{"function":{"arguments":@}}]}}]}"#;
    for (body, expected) in [(nested, &[Object][..]), (in_call, &[ToolCall])] {
        let reading = read_as("application/json", &body.replace('@', JSON));
        assert_eq!(reading.result.as_ref().map(|answer| &*answer.content), Ok(JSON), "{body}");
        assert_eq!(forms(&reading), expected, "{body}");
    }
    for (message, expected) in [
        (json!({"content": JSON, "tool_calls": [], "refusal": ""}), &[Bare][..]),
        (json!({"content": null, "tool_calls": [call(&json!(JSON))]}), &[ToolCall]),
        (json!({"content": "I call it.", "tool_calls": [call(&json!(JSON))]}), &[ToolCall]),
        (json!({"content": JSON, "tool_calls": [call(&json!("{}"))]}), &[Bare]),
        (json!({"content": "", "tool_calls": [call(&json!("")), call(&json!(JSON))]}), &[ToolCall]),
        (json!({"content": "", "function_call": {"name": "f", "arguments": JSON}}), &[ToolCall]),
        (json!({"content": "", "reasoning_content": JSON}), &[Reasoning]),
        (
            json!({"content": [], "reasoning": format!("Two names.\n```\n{JSON}\n```")}),
            &[Fenced, Surrounded, Reasoning],
        ),
        (json!({"content": null, "reasoning_content": JSON, "reasoning": JSON}), &[Reasoning]),
        (json!({"content": JSON, "reasoning_content": "{\"draft\":1}"}), &[Bare]),
    ] {
        let reading = of_message(&message);
        assert_eq!(reading.result.as_ref().map(|answer| &*answer.content), Ok(JSON), "{message}");
        assert_eq!(forms(&reading), expected, "{message}");
        assert_eq!(reading.usage.input_tokens, Some(3));
    }
}

#[test]
fn what_is_not_one_answer_is_none() {
    let two = json!([call(&json!("{\"a\":1}")), call(&json!("{\"b\":2}"))]);
    for (message, fault) in [
        (json!({"content": null, "tool_calls": two}), Fault::NotJson),
        (json!({"content": "", "tool_calls": [call(&json!("not JSON"))]}), Fault::NotJson),
        (json!({"content": "Nothing.", "reasoning_content": JSON}), Fault::NotJson),
        (json!({"content": "", "reasoning_content": format!("{JSON} No, wait.")}), Fault::Empty),
        (json!({"content": "", "reasoning_content": "Two names."}), Fault::Empty),
        (json!({"content": [{"text": JSON}, {"text": JSON}]}), Fault::NotJson),
        (json!({"content": [{"type": "refusal", "refusal": "I can't."}]}), Fault::Refused),
        (json!({"content": JSON, "refusal": "I can't."}), Fault::Refused),
    ] {
        let reading = of_message(&message);
        assert_eq!(reading.result.err(), Some(fault), "{message}");
        assert_eq!(reading.usage.input_tokens, Some(3), "tokens count all the same");
    }
}

#[test]
fn a_word_from_behind_is_heard_if_the_one_beside_it_says_nothing() {
    for (finish, native, expected) in [
        (json!("stop"), json!("MALFORMED_FUNCTION_CALL"), Some(FinishReason::Stop)),
        (json!(null), json!("network_error"), Some(FinishReason::Error)),
        (json!("quux"), json!("max_tokens"), Some(FinishReason::Length)),
        (json!("quux"), json!(null), Some(FinishReason::Other)),
        (json!(null), json!(null), None),
    ] {
        let choice =
            json!({"finish_reason": finish, "native_finish_reason": native, "message": {"content": JSON}});
        let reading = read_as("application/json", &json!({ "choices": [choice] }).to_string());
        assert_eq!(reading.response.finish, expected, "{finish} {native}");
    }
}

#[test]
fn words_that_can_not_be_read_are_not_what_was_said() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    let message = |message: &str| {
        read_as(
            "application/json",
            &format!(r#"{{"choices":[{{"finish_reason":"stop","message":{message}}}]}}"#),
        )
    };
    for (words, fault) in [
        (r#"{"content":"{\"a\":\"\ud800\"}"}"#, Fault::NotJson),
        (r#"{"content":"I see \udc00","reasoning_content":"{}"}"#, Fault::NotJson),
        (r#"{"content":[{"type":"text","text":"{\"a\":\"\ud83d\"}"}]}"#, Fault::NotJson),
        (r#"{"content":{"a":"\ud800"}}"#, Fault::NotJson),
        (&format!(r#"{{"content":{deep}}}"#), Fault::NotJson),
        (r#"{"content":"","tool_calls":[{"function":{"arguments":"{\"a\":\"\ud800\"}"}}]}"#, Fault::NotJson),
        (r#"{"content":"","tool_calls":[{"function":{"arguments":{"a":"\ud800"}}}]}"#, Fault::NotJson),
        (r#"{"content":"","reasoning":"\ud800 {\"a\":1}"}"#, Fault::Empty),
        (r#"{"content":"{}","refusal":"I can't \ud800"}"#, Fault::Refused),
    ] {
        let reading = message(words);
        assert_eq!(reading.result.err(), Some(fault), "{words}");
        assert_eq!(reading.response.read, None, "{words}");
    }
    // Half a character each: what is left must not pass for the whole.
    let piece = |words: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{words}}}}}]}}\n\n");
    let pieces = [r#""{\"a\":\"x""#, r#""\ud83d""#, r#""\ude00""#, r#""\"}""#].map(piece).concat();
    let torn = read_as("text/event-stream", &(pieces + "data: [DONE]\n\n"));
    assert_eq!(torn.result.err(), Some(Fault::NotJson));
}

#[test]
fn an_error_leaves_what_else_the_answer_says() {
    let choice = |finish: &str| json!({"finish_reason": finish, "message": {"content": JSON}});
    let told = json!({"id": "c-1", "model": "m-1", "usage": {"prompt_tokens": 7}});
    let with = |members: Value| {
        let mut body = told.clone();
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body.to_string()
    };
    let mut broken = choice("error");
    broken["error"] = json!({"code": 502});
    let stream = with(
        json!({"choices": [{"delta": {"content": "x"}, "finish_reason": "error"}], "error": {"code": 502}}),
    );
    for (body, finish) in [
        (with(json!({"choices": [broken]})), Some(FinishReason::Error)),
        (
            with(json!({"choices": [choice("content_filter")], "error": {"code": 502}})),
            Some(FinishReason::ContentFilter),
        ),
        (with(json!({"choices": [], "error": "gone"})), None),
        (with(json!({"detail": "Rate limit exceeded"})), None),
        (with(json!({"choices": null})), None),
        (format!("data: {stream}\n\n"), Some(FinishReason::Error)),
    ] {
        let reading = read_as("application/json", &body);
        assert!(reading.result.is_err(), "{body}");
        assert_eq!(reading.response.id, Identifier::new("c-1"), "{body}");
        assert_eq!(reading.response.model, Identifier::new("m-1"), "{body}");
        assert_eq!((reading.response.finish, reading.usage.input_tokens), (finish, Some(7)), "{body}");
    }
}

#[test]
fn a_refused_field_is_heard_in_answers_that_are_errors() {
    let error = json!({"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        "param": "max_tokens", "code": "unsupported_parameter"});
    for body in [
        json!({"error": error}).to_string(),
        json!({"choices": [{"error": error, "message": null}]}).to_string(),
        json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]})
            .to_string(),
        format!("event: error\ndata: {}\n\n", json!({"error": error})),
    ] {
        let reading = read_as("application/json", &body);
        assert_eq!(reading.refused, Some(MaxTokensField::MaxTokens), "{body}");
    }
    let other = json!({"error": {"message": "max_tokens is too large", "param": "max_tokens"}}).to_string();
    assert_eq!(read_as("application/json", &other).refused, None);
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "c-1", "object": "chat.completion.chunk", "choices": [choice]}))
}

#[test]
fn an_event_stream_is_put_together() {
    let (begin, end) = JSON.split_at(9);
    let pieces = chunk(&json!({"role": "assistant", "content": ""}), None)
        + &chunk(&json!({"content": begin, "refusal": null}), None)
        + &chunk(&json!({"content": end}), None);
    let usage = "data: {\"choices\":[],\"usage\":{\"completion_tokens\":5}}\n\n";
    let stop = chunk(&json!({}), Some("stop"));
    let call = |index: u64, arguments: &str| {
        chunk(&json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}), None)
    };
    for body in [
        format!("{pieces}{stop}{usage}data: [DONE]\n\n"),
        format!("{pieces}{usage}data: [DONE]"),
        format!("{pieces}{stop}"),
        format!(": keep-alive\n\n{pieces}: keep-alive\n\n{stop}"),
        format!("event: message\nid: 7\nretry: 9\n{pieces}{stop}").replace('\n', "\r\n"),
        format!("{pieces}{stop}").replace('\n', "\r"),
        format!("{pieces}{stop}data: [DONE]\n").replace("\n\n", "\n"),
        format!("{pieces}{stop}").replace("data: ", "data:"),
        format!("{}{stop}", call(0, begin) + &call(0, end)),
        format!("data: {{\"choices\":[{{\"message\":{{\"content\":{}}},\n", json!(JSON))
            + "data: \"finish_reason\":\"stop\"}]}\n\n",
        format!("\u{feff}{}", pieces + &chunk(&json!({}), Some("STOP"))),
    ] {
        for label in ["text/event-stream; charset=utf-8", "application/json"] {
            let reading = read_as(label, &body);
            assert_eq!(reading.result.as_ref().map(|answer| &*answer.content), Ok(JSON), "{body}");
            assert!(forms(&reading).contains(&EventStream), "{body}");
        }
    }
    let whole =
        read_as("text/event-stream", &format!("{}{stop}{usage}", chunk(&json!({"content": JSON}), None)));
    assert_eq!(whole.usage.output_tokens, Some(5));
    assert_eq!(whole.response.id, Identifier::new("c-1"));
    assert_eq!(forms(&whole), [EventStream]);
}

#[test]
fn an_event_stream_that_did_not_come_to_its_end_broke_off() {
    let whole = chunk(&json!({"content": JSON}), None);
    for (body, fault) in [
        (whole.clone(), Fault::BrokenOff),
        (format!("{whole}data: {{\"choi"), Fault::BrokenOff),
        (format!("{whole}{}", chunk(&json!({}), Some("network_error"))), Fault::BrokenOff),
        (format!("{whole}{}", chunk(&json!({}), Some("length"))), Fault::Truncated),
        (format!("{whole}{whole}{}", chunk(&json!({}), Some("stop"))), Fault::NotJson),
        (chunk(&json!({"content": null, "refusal": "I can't."}), Some("stop")), Fault::Refused),
        ("data: [DONE]\n\n".to_owned(), Fault::Empty),
        (": keep-alive\n\n: keep-alive\n\n".to_owned(), Fault::BrokenOff),
        (
            format!("{whole}data: {{\"error\":{{\"code\":429,\"message\":\"x\"}}}}\n\ndata: [DONE]\n\n"),
            Fault::ErrorBody { word: Some(crate::upstream::ErrorWord::RateLimited) },
        ),
        (
            format!("{whole}event: error\ndata: {{\"type\":\"overloaded_error\"}}\n\n"),
            Fault::ErrorBody { word: Some(crate::upstream::ErrorWord::Overloaded) },
        ),
        ("event: error\ndata: gone\n\n".to_owned(), Fault::ErrorBody { word: None }),
    ] {
        assert_eq!(read_as("text/event-stream", &body).result.err(), Some(fault), "{body}");
    }
}

#[test]
fn a_label_that_is_not_jsons_is_seen_and_forgiven() {
    let body = json!({"choices": [{"message": {"content": JSON}}]}).to_string();
    for (label, expected) in [
        ("application/json; charset=utf-8", Bare),
        ("application/vnd.api+json", Bare),
        ("text/plain", Mislabelled),
        ("text/html", Mislabelled),
        ("application/octet-stream", Mislabelled),
    ] {
        assert_eq!(forms(&read_as(label, &body)), [expected], "{label}");
    }
    assert_eq!(forms(&read_as("application/json", &format!("\u{feff}\n{body}"))), [Bare]);
}
