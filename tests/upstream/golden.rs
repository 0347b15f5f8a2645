//! What compatible servers say when they fail, and what we make of it: one row each.

use std::{sync::Arc, time::Duration};

use tidegate::{
    clock::{SystemClock, WallClock},
    extraction::ErrorType as E,
    resilience::{
        classify::{Class as C, classify},
        pushback::{pushback, should_retry},
    },
};
use tokio::{io::AsyncWriteExt, sync::Mutex};

use crate::support::*;
use tidegate::upstream::{Upstream, openai::OpenAi};

type Row = (&'static str, u16, &'static str, &'static str, E, C);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("openai", 400, "", r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#, E::ContextLength, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"Invalid schema for response_format","type":"invalid_request_error","param":"response_format","code":null}}"#, E::BadRequest, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"Your request was rejected","type":"invalid_request_error","code":"content_policy_violation"}}"#, E::Refused, C::Content),
    ("openai", 400, "", r#"{"error":{"type":"invalid_request_error","code":"billing_hard_limit_reached","message":"x"}}"#, E::QuotaExhausted, C::Quota),
    ("openai", 401, "", r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#, E::Unauthorized, C::Terminal),
    ("openai", 401, "", r#"{"error":{"message":"x","type":"invalid_request_error","code":null}}"#, E::Unauthorized, C::Terminal),
    ("openai", 403, "", r#"{"error":{"message":"Country not supported","type":"request_forbidden","code":"unsupported_country_region_territory"}}"#, E::Unauthorized, C::Terminal),
    ("openai", 404, "", r#"{"error":{"message":"The model `x` does not exist","type":"invalid_request_error","code":"model_not_found"}}"#, E::NotFound, C::Terminal),
    ("openai", 409, "", "{}", E::Conflict, C::Transient),
    ("openai", 429, "retry-after: 1\r\n", r#"{"error":{"message":"Rate limit reached for x","type":"tokens","code":"rate_limit_exceeded"}}"#, E::RateLimited, C::Throttle),
    ("openai", 429, "", r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#, E::QuotaExhausted, C::Quota),
    ("openai", 429, "retry-after: 1\r\n", r#"{"error":{"code":"credit_balance_exhausted"}}"#, E::QuotaExhausted, C::Quota),
    ("openai", 429, "x-should-retry: true\r\n", r#"{"error":{"code":"insufficient_quota"}}"#, E::QuotaExhausted, C::Quota),
    ("openai", 429, "", "", E::RateLimited, C::Throttle),
    ("openai", 500, "", r#"{"error":{"message":"The server had an error","type":"server_error","code":null}}"#, E::ServerError, C::Ambiguous),
    ("openai", 500, "x-should-retry: false\r\n", r#"{"error":{"type":"server_error"}}"#, E::ServerError, C::Terminal),
    ("openai", 500, "x-should-retry: true\r\n", r#"{"error":{"type":"server_error"}}"#, E::ServerError, C::Transient),
    ("openai", 503, "", r#"{"error":{"message":"Slow down","type":"server_error","code":"slow_down"}}"#, E::RateLimited, C::Throttle),
    ("openai", 503, "", r#"{"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error"}}"#, E::Overloaded, C::Throttle),
    ("openai", 503, "", r#"{"error":{"message":"x","type":"server_error"}}"#, E::Overloaded, C::Transient),
    ("azure", 400, "", r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#, E::Refused, C::Content),
    ("azure", 401, "", r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key"}}"#, E::Unauthorized, C::Terminal),
    ("azure", 404, "", r#"{"error":{"code":"DeploymentNotFound","message":"x"}}"#, E::NotFound, C::Terminal),
    ("azure", 429, "retry-after: 12\r\n", r#"{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation have exceeded token rate limit."}}"#, E::RateLimited, C::Throttle),
    ("azure", 429, "", r#"{"error":{"code":"RateLimitReached","message":"x"}}"#, E::RateLimited, C::Throttle),
    ("groq", 413, "", r#"{"error":{"message":"Request too large for model on tokens per minute (TPM)","type":"tokens","code":"rate_limit_exceeded"}}"#, E::ContextLength, C::Terminal),
    ("groq", 498, "", r#"{"error":{"message":"x","type":"internal_server_error","code":"capacity_exceeded"}}"#, E::Overloaded, C::Throttle),
    ("groq", 498, "", "", E::RateLimited, C::Throttle),
    ("groq", 400, "", r#"{"error":{"message":"decommissioned","type":"invalid_request_error","code":"model_decommissioned"}}"#, E::NotFound, C::Terminal),
    ("vllm", 400, "", r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400}"#, E::ContextLength, C::Terminal),
    ("vllm", 404, "", r#"{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404}"#, E::NotFound, C::Terminal),
    ("vllm", 500, "", "Internal Server Error", E::ServerError, C::Ambiguous),
    ("llama.cpp", 400, "", r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#, E::ContextLength, C::Terminal),
    ("llama.cpp", 503, "", r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, E::Overloaded, C::Transient),
    ("ollama", 404, "", r#"{"error":"model \"x\" not found, try pulling it first"}"#, E::NotFound, C::Terminal),
    ("tgi", 429, "", r#"{"error":"Model is overloaded","error_type":"overloaded"}"#, E::Overloaded, C::Throttle),
    ("openrouter", 402, "", r#"{"error":{"code":402,"message":"This request requires more credits"}}"#, E::QuotaExhausted, C::Quota),
    ("openrouter", 403, "", r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["x"]}}}"#, E::Refused, C::Content),
    ("openrouter", 502, "", r#"{"error":{"code":502,"message":"Provider returned error"}}"#, E::ServerError, C::Ambiguous),
    ("openrouter", 200, "", r#"{"error":{"code":429,"message":"x"},"choices":[]}"#, E::RateLimited, C::Throttle),
    ("openrouter", 200, "", r#"{"error":{"code":502,"message":"x"}}"#, E::ServerError, C::Ambiguous),
    ("deepseek", 402, "", r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#, E::QuotaExhausted, C::Quota),
    ("moonshot", 429, "", r#"{"error":{"type":"engine_overloaded_error","message":"x"}}"#, E::Overloaded, C::Throttle),
    ("anthropic", 429, "", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#, E::QuotaExhausted, C::Quota),
    ("anthropic", 529, "", r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, E::Overloaded, C::Throttle),
    ("anthropic", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#, E::QuotaExhausted, C::Quota),
    ("gemini", 429, "", r#"[{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38s"}]}}]"#, E::RateLimited, C::Throttle),
    ("gemini", 429, "", r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38s"}]}}]"#, E::QuotaExhausted, C::Quota),
    ("gemini", 503, "", r#"[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]"#, E::Overloaded, C::Throttle),
    ("any", 408, "", "", E::Timeout, C::Transient),
    ("any", 418, "", "", E::BadRequest, C::Terminal),
    ("any", 422, "", r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, E::BadRequest, C::Terminal),
    ("any", 425, "", "", E::BadRequest, C::Transient),
    ("any", 501, "", "", E::Unsupported, C::Terminal),
    ("any", 503, "", "<html>busy</html>", E::Overloaded, C::Transient),
    ("any", 503, "retry-after: 3\r\n", "<html>busy</html>", E::Overloaded, C::Throttle),
    ("any", 503, "retry-after: 0\r\n", "<html>busy</html>", E::Overloaded, C::Transient),
    ("any", 504, "", "", E::Timeout, C::Ambiguous),
    ("any", 522, "", "", E::ServerError, C::Ambiguous),
    ("any", 400, "x-should-retry: true\r\n", "", E::BadRequest, C::Transient),
];

#[tokio::test]
async fn every_row() {
    let reply = Arc::new(Mutex::new(String::new()));
    let told = reply.clone();
    let addr = accept(move |mut stream| {
        let told = told.clone();
        async move {
            while read_request(&mut stream).await.is_some() {
                let reply = told.lock().await.clone();
                stream.write_all(reply.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let upstream = OpenAi::new(settings(&format!("http://{addr}"))).unwrap();
    for (server, status, headers, body, error_type, class) in ROWS {
        *reply.lock().await = json_reply(*status, headers, body);
        let exchange = upstream.attempt(&question(), labels()).await;
        let fault = fault(&exchange);
        let wait = pushback(&exchange.headers, exchange.body_retry_delay, SystemClock.now());
        let actual = classify(fault, should_retry(&exchange.headers), wait.is_some());
        assert_eq!((fault.error_type(), actual), (*error_type, *class), "{server} {status} {headers}{body}");
        if body.contains("retryDelay") {
            assert_eq!(wait, Some(Duration::from_secs(38)));
        }
    }
}
