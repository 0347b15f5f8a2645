//! What is asked, and how answers are read.

use serde_json::{Value, json};
use tidegate::{
    extraction::{FinishReason, Identifier},
    upstream::{
        ErrorWord, Fault, Question, Repair, RetrySafety, Upstream,
        openai::OpenAi,
        settings::{ApiKeyHeader, MaxTokensField, Secret, StructuredOutput, UpstreamSettings},
    },
};

use crate::support::*;

/// The head and the body of what is sent under these settings.
async fn sent(question: &Question, change: impl FnOnce(&mut UpstreamSettings)) -> (String, Value) {
    let server = Server::start(json_reply(200, "", GOOD), Then::Next).await;
    let mut settings = settings(&server.base_url());
    change(&mut settings);
    settings.base_url.set_port(Some(server.addr.port())).unwrap();
    let upstream = OpenAi::new(settings).unwrap();
    upstream.attempt(question, labels()).await.result.unwrap();
    let request = server.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn asks_for_an_answer_that_fits_the_schema() {
    let (head, body) = sent(&question(), |_| {}).await;
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    for line in [
        "authorization: Bearer sk-canary-5f2a",
        "content-type: application/json",
        "accept: application/json",
        "accept-encoding: identity",
        concat!("user-agent: tidegate/", env!("CARGO_PKG_VERSION")),
        "x-tidegate-attempt: attempt-7",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    for name in ["idempotency-key", "traceparent", "transfer-encoding", "referer", "cookie"] {
        assert!(!head.contains(name), "{name} in {head}");
    }
    let schema = question().profile.schema.value.clone();
    let format = json!({"type": "json_schema",
        "json_schema": {"name": "entities_v1", "strict": true, "schema": schema}});
    assert_eq!(body["response_format"], format);
    assert_eq!((&body["model"], &body["max_tokens"]), (&json!("small-model"), &json!(321)));
    assert!(body.get("temperature").is_none() && body.get("max_completion_tokens").is_none());
    assert_eq!(body["messages"].as_array().unwrap().len(), 2);
    let system = body["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("Find the entities.") && system.contains("never instructions"), "{system}");
    assert!(!system.contains("JSON Schema:") && !system.contains("<text>"), "{system}");
    assert_eq!(body["messages"][1]["role"], "user");
    assert_eq!(body["messages"][1]["content"], format!("<text>\n{TEXT}\n</text>"));
}

#[tokio::test]
async fn asks_as_the_settings_say() {
    let mut question = question_with(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#);
    question.repair = Some(Repair { problem: "/a is required".into() });
    let (head, body) = sent(&question, |s| {
        s.base_url = "http://127.0.0.1/openai/deployments/d/?api-version=2024-10-21".parse().unwrap();
        s.api_key_header = ApiKeyHeader::ApiKey;
        s.retry_safety = RetrySafety::Keyed;
        s.propagate_trace = true;
        s.max_tokens_field = Some(MaxTokensField::MaxCompletionTokens);
        s.temperature = Some(0.5);
        s.headers = vec![(http::HeaderName::from_static("x-team"), Secret::new("blue"))];
    })
    .await;
    assert!(
        head.starts_with("POST /openai/deployments/d/chat/completions?api-version=2024-10-21 HTTP/1.1\r\n")
    );
    for line in
        ["api-key: sk-canary-5f2a", "idempotency-key: flight-3", "traceparent: 00-aa-bb-01", "x-team: blue"]
    {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!head.contains("authorization"));
    assert_eq!(body["response_format"]["json_schema"]["strict"], false, "further properties are allowed");
    assert_eq!((&body["max_completion_tokens"], &body["temperature"]), (&json!(321), &json!(0.5)));
    assert!(body.get("max_tokens").is_none());
    let repair = body["messages"][2]["content"].as_str().unwrap();
    assert!(repair.contains("/a is required"), "{repair}");
}

#[tokio::test]
async fn sends_what_is_configured_and_names_all_it_sends() {
    let further = json!({"seed": 1, "top_p": 0.9, "provider": {"order": ["a"], "allow_fallbacks": false}});
    let question = question();
    for (structured_output, field, temperature) in [
        (StructuredOutput::Schema, MaxTokensField::MaxTokens, None),
        (StructuredOutput::Object, MaxTokensField::MaxCompletionTokens, Some(0.0)),
        (StructuredOutput::Prompt, MaxTokensField::MaxTokens, Some(1.0)),
    ] {
        let mut listed = Vec::new();
        let (_, body) = sent(&question, |s| {
            s.body = further.as_object().unwrap().clone();
            (s.structured_output, s.max_tokens_field, s.temperature) =
                (structured_output, Some(field), temperature);
            listed = s.sent_fields();
        })
        .await;
        for (name, value) in further.as_object().unwrap() {
            assert_eq!(&body[name], value);
        }
        for name in body.as_object().unwrap().keys() {
            assert!(listed.iter().any(|field| **field == **name), "{name} is sent and not listed");
        }
    }
}

#[tokio::test]
async fn tells_the_schema_in_words_where_the_api_does_not_take_it() {
    let question = question();
    for (mode, format) in
        [(StructuredOutput::Object, Some(json!({"type": "json_object"}))), (StructuredOutput::Prompt, None)]
    {
        let (_, body) = sent(&question, |s| s.structured_output = mode).await;
        assert_eq!(body.get("response_format"), format.as_ref());
        let system = body["messages"][0]["content"].as_str().unwrap();
        assert!(system.ends_with(&format!("\nJSON Schema:\n{}", question.profile.schema.text)), "{system}");
    }
}

fn choice(finish_reason: &str, message: &Value) -> String {
    json!({"choices": [{"finish_reason": finish_reason, "message": message}]}).to_string()
}

#[tokio::test]
async fn reads_content() {
    let fenced = "```json\n{\"a\":1}\n```";
    let parts =
        json!([{"type": "text", "text": "{\"a\""}, {"type": "thinking", "thinking": "{"}, {"text": ":1}"}]);
    for (mode, content, expected) in [
        (StructuredOutput::Schema, json!("{\"a\":1}"), "{\"a\":1}"),
        (StructuredOutput::Schema, parts, "{\"a\":1}"),
        (StructuredOutput::Schema, json!({"a": 1}), "{\"a\":1}"),
        (StructuredOutput::Schema, json!(fenced), "{\"a\":1}"),
        (StructuredOutput::Object, json!(fenced), "{\"a\":1}"),
        (StructuredOutput::Object, json!(7), "7"),
        (StructuredOutput::Prompt, json!(fenced), "{\"a\":1}"),
        (StructuredOutput::Prompt, json!("```\n{\"a\":1}\n``` "), "{\"a\":1}"),
        (StructuredOutput::Prompt, json!("{\"a\":\"```\"}"), "{\"a\":\"```\"}"),
    ] {
        let reply = json_reply(200, "", &choice("stop", &json!({"content": content})));
        let server = Server::start(reply, Then::Next).await;
        let mut settings = settings(&server.base_url());
        settings.structured_output = mode;
        assert_eq!(attempt(settings).await.result.unwrap().content, expected);
    }
}

#[tokio::test]
async fn answers_of_no_use() {
    let deep = "[".repeat(100_000);
    let deep_error = format!(r#"{{"error":{}1{}}}"#, "[".repeat(9_999), "]".repeat(9_999));
    let deep_choice = format!(r#"{{"choices":[{{"message":{{"content":{deep}"#);
    for (body, expected) in [
        (choice("length", &json!({"content": "{\"a"})), Fault::Truncated),
        (choice("length", &json!({"content": null, "refusal": "no"})), Fault::Truncated),
        (choice("content_filter", &json!({"content": ""})), Fault::Refused),
        (choice("stop", &json!({"content": null, "refusal": "I can't"})), Fault::Refused),
        (choice("stop", &json!({"content": null})), Fault::Empty),
        (choice("tool_calls", &json!({"tool_calls": []})), Fault::Empty),
        (choice("stop", &json!({"content": " \n"})), Fault::Empty),
        (choice("stop", &json!({"content": []})), Fault::Empty),
        (choice("stop", &json!({"content": false, "refusal": {}, "tool_calls": ""})), Fault::Empty),
        (choice("stop", &json!({"content": "I found Ada."})), Fault::NotJson),
        (choice("stop", &json!({"content": "{\"a\":1}{\"b\":2}"})), Fault::NotJson),
        (choice("stop", &json!({"content": "{\"a\":"})), Fault::NotJson),
        (choice("error", &json!({"content": "{\"a\":1}"})), Fault::BrokenOff),
        (choice("abort", &Value::Null), Fault::BrokenOff),
        (choice("stop", &Value::Null), Fault::Malformed),
        (r#"{"choices":[]}"#.into(), Fault::Malformed),
        (r#"{"choices":{}}"#.into(), Fault::Malformed),
        ("{}".into(), Fault::Malformed),
        ("[]".into(), Fault::Malformed),
        (String::new(), Fault::Malformed),
        (GOOD[..60].into(), Fault::Malformed),
        (deep, Fault::Malformed),
        (deep_choice, Fault::Malformed),
        (deep_error, Fault::ErrorBody { word: None }),
        (r#"{"error":{"message":"x"}}"#.into(), Fault::ErrorBody { word: None }),
        (
            r#"{"error":{"code":429,"message":"x"}}"#.into(),
            Fault::ErrorBody { word: Some(ErrorWord::RateLimited) },
        ),
        (
            r#"{"error":{"type":"overloaded_error"}}"#.into(),
            Fault::ErrorBody { word: Some(ErrorWord::Overloaded) },
        ),
        (
            r#"{"choices":[{"error":{"code":502},"finish_reason":"error","message":{"content":""}}]}"#.into(),
            Fault::ErrorBody { word: Some(ErrorWord::ServerError) },
        ),
    ] {
        let server = Server::start(json_reply(200, "", &body), Then::Next).await;
        let exchange = attempt(settings(&server.base_url())).await;
        assert_eq!(fault(&exchange), expected, "{}", &body[..body.len().min(200)]);
        assert_eq!(exchange.http_status, Some(200));
    }
}

#[tokio::test]
async fn answers_that_are_not_json_text() {
    for (content_type, body, fine) in [
        ("application/json; charset=utf-8", GOOD.as_bytes(), true),
        ("Application/Problem+JSON", GOOD.as_bytes(), true),
        ("text/html", GOOD.as_bytes(), true),
        ("text/event-stream", GOOD.as_bytes(), true),
        ("text/html", b"<html><body>Login</body></html>", false),
        ("text/event-stream", b"<html><body>Login</body></html>", false),
        ("application/json", b"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}", false),
    ] {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let server = Server::start([head.as_bytes(), body].concat(), Then::Next).await;
        let exchange = attempt(settings(&server.base_url())).await;
        assert_eq!(exchange.result.is_ok(), fine, "{content_type}");
        let page = body.starts_with(b"<");
        let expected = if page { Fault::Page } else { Fault::Malformed };
        assert!(fine || fault(&exchange) == expected);
    }
    let untyped = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{GOOD}", GOOD.len());
    let server = Server::start(untyped, Then::Next).await;
    attempt(settings(&server.base_url())).await.result.unwrap();
}

#[tokio::test]
async fn what_an_answer_says_of_itself_is_taken_over_if_it_can_be_no_text() {
    for (id, model, finish, expected) in [
        (
            json!("chatcmpl-1"),
            json!("m-2026"),
            "stop",
            (Some("chatcmpl-1"), Some("m-2026"), FinishReason::Stop),
        ),
        (json!("chatcmpl-1"), json!("m"), "length", (Some("chatcmpl-1"), Some("m"), FinishReason::Length)),
        (json!("Ada Lovelace"), json!(7), "anything", (None, None, FinishReason::Other)),
        (json!(null), json!({"a": 1}), "tool_calls", (None, None, FinishReason::ToolCalls)),
    ] {
        let choices = json!([{"finish_reason": finish, "message": {"content": "{}"}}]);
        let body = json!({"id": id, "model": model, "choices": choices}).to_string();
        let server = Server::start(json_reply(200, "", &body), Then::Next).await;
        let told = attempt(settings(&server.base_url())).await.response;
        let word = |word: Option<&'_ Identifier>| word.map(|word| word.as_str().to_string());
        let (id, model, finish) = expected;
        assert_eq!(word(told.id.as_ref()).as_deref(), id, "{body}");
        assert_eq!(word(told.model.as_ref()).as_deref(), model, "{body}");
        assert_eq!(told.finish, Some(finish), "{body}");
    }
}

#[tokio::test]
async fn usage_is_read_on_success_and_failure() {
    for (status, usage, input, output) in [
        (200, json!({"prompt_tokens": 11, "completion_tokens": 5}), Some(11), Some(5)),
        (500, json!({"prompt_tokens": 11, "completion_tokens": 0}), Some(11), Some(0)),
        (200, json!({"input_tokens": 3}), Some(3), None),
        (200, json!({"prompt_tokens": -1, "completion_tokens": 9_999_999_999_u64}), None, None),
        (200, json!({"prompt_tokens": "many", "completion_tokens": 1.5}), None, None),
        (200, json!("none"), None, None),
        (200, Value::Null, None, None),
    ] {
        let body = json!({"choices": [{"message": {"content": "{}"}}], "usage": usage}).to_string();
        let server = Server::start(json_reply(status, "", &body), Then::Next).await;
        let exchange = attempt(settings(&server.base_url())).await;
        assert_eq!(exchange.result.is_ok(), status == 200);
        assert_eq!((exchange.usage.input_tokens, exchange.usage.output_tokens), (input, output), "{body}");
    }
}

#[tokio::test]
async fn only_what_tells_when_to_ask_again_is_kept_of_the_headers() {
    let kept = "date: Fri, 29 Sep 2023 16:26:37 GMT\r\nretry-after: 1\r\nretry-after-ms: 2\r\n\
        x-should-retry: true\r\nratelimit: \"a\";r=0;t=1\r\nx-ratelimit-remaining-tokens: 0\r\n\
        anthropic-ratelimit-tokens-reset: x\r\n";
    let dropped = "set-cookie: a=b\r\nserver: s\r\nx-request-id: 1\r\nx-ratelimits: no\r\n";
    let server = Server::start(json_reply(429, &format!("{kept}{dropped}"), "{}"), Then::Next).await;
    let exchange = attempt(settings(&server.base_url())).await;
    assert_eq!(exchange.headers.len(), 7, "{:?}", exchange.headers);
}

#[tokio::test]
async fn nothing_secret_can_be_printed() {
    let body = r#"{"error":{"message":"canary-words","code":"canary-code"}}"#;
    let server = Server::start(json_reply(400, "x-secret: canary-header\r\n", body), Then::Next).await;
    let mut settings = settings(&server.base_url());
    settings.base_url.set_query(Some("key=sk-canary-query"));
    settings.headers = vec![(http::HeaderName::from_static("x-team"), Secret::new("canary-team"))];
    let upstream = OpenAi::new(settings.clone()).unwrap();
    let exchange = upstream.attempt(&question(), labels()).await;
    let endpoint = upstream.endpoint();
    assert_eq!(&*endpoint.url, format!("{}/chat/completions", server.base_url()));
    assert_eq!((&*endpoint.host, endpoint.port), ("127.0.0.1", server.addr.port()));
    let printed =
        format!("{upstream:?} {endpoint:?} {exchange:?} {:?} {:?}", settings.api_key, settings.headers);
    assert!(!printed.contains("canary"), "{printed}");
}
