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
use tidegate::upstream::{Upstream, openai::OpenAi, settings::UpstreamSettings};

type Row = (&'static str, u16, &'static str, &'static str, E, C);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("openai", 400, "", r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#, E::ContextLength, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"Invalid schema for response_format","type":"invalid_request_error","param":"response_format","code":null}}"#, E::SchemaRejected, C::Terminal),
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
    ("llama.cpp", 503, "", r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, E::Overloaded, C::Throttle),
    ("ollama", 404, "", r#"{"error":"model \"x\" not found, try pulling it first"}"#, E::NotFound, C::Terminal),
    ("tgi", 429, "", r#"{"error":"Model is overloaded","error_type":"overloaded"}"#, E::Overloaded, C::Throttle),
    ("openrouter", 402, "", r#"{"error":{"code":402,"message":"This request requires more credits"}}"#, E::QuotaExhausted, C::Quota),
    ("openrouter", 403, "", r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["x"]}}}"#, E::Refused, C::Content),
    ("openrouter", 502, "", r#"{"error":{"code":502,"message":"Provider returned error"}}"#, E::ServerError, C::Ambiguous),
    ("openrouter", 200, "", r#"{"error":{"code":429,"message":"x"},"choices":[]}"#, E::RateLimited, C::Throttle),
    ("openrouter", 200, "", r#"{"error":{"code":502,"message":"x"}}"#, E::ServerError, C::Ambiguous),
    ("deepseek", 402, "", r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#, E::QuotaExhausted, C::Quota),
    ("moonshot", 429, "", r#"{"error":{"type":"engine_overloaded_error","message":"x"}}"#, E::Overloaded, C::Throttle),
    ("openai", 400, "", r#"{"error":{"message":"Unsupported value: 'messages[0].role' does not support 'system' with this model.","type":"invalid_request_error","param":"messages[0].role","code":"unsupported_value"}}"#, E::ParameterRejected, C::Terminal),
    ("anthropic", 429, "", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#, E::QuotaExhausted, C::Quota),
    ("anthropic", 529, "", r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, E::Overloaded, C::Throttle),
    ("anthropic", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#, E::QuotaExhausted, C::Quota),
    ("gemini", 429, "", r#"[{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38s"}]}}]"#, E::RateLimited, C::Throttle),
    ("gemini", 429, "", r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38s"}]}}]"#, E::QuotaExhausted, C::Quota),
    ("gemini", 503, "", r#"[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]"#, E::Overloaded, C::Throttle),
    ("any", 408, "", "", E::Timeout, C::Transient),
    ("any", 418, "", "", E::ServerError, C::Terminal),
    ("any", 422, "", r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, E::BadRequest, C::Terminal),
    ("any", 425, "", "", E::ServerError, C::Transient),
    ("any", 501, "", "", E::Unsupported, C::Terminal),
    ("any", 503, "", "<html>busy</html>", E::Overloaded, C::Transient),
    ("any", 503, "retry-after: 3\r\n", "<html>busy</html>", E::Overloaded, C::Throttle),
    ("any", 503, "retry-after: 0\r\n", "<html>busy</html>", E::Overloaded, C::Transient),
    ("any", 504, "", "", E::Timeout, C::Ambiguous),
    ("any", 522, "", "", E::ServerError, C::Ambiguous),
    ("any", 400, "x-should-retry: true\r\n", "", E::ServerError, C::Transient),
    ("openai", 400, "", r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.5 with this model.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#, E::ParameterRejected, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.","type":"invalid_request_error","param":"max_tokens","code":"invalid_value"}}"#, E::ParameterRejected, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got a string with length 2000000 instead.","type":"invalid_request_error","param":"messages[1].content","code":"string_above_max_length"}}"#, E::ContextLength, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#, E::Refused, C::Content),
    ("openai", 400, "", r#"{"error":{"message":"Invalid schema for response_format 'x': In context=(), 'required' is required","type":"invalid_request_error","param":"response_format.json_schema.schema","code":"invalid_json_schema"}}"#, E::SchemaRejected, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"we could not process your request","type":"invalid_request_error","param":null,"code":null}}"#, E::BadRequest, C::Terminal),
    ("openai", 400, "", r#"{"error":{"message":"x","type":"invalid_request_error","param":"messages","code":"invalid_value"}}"#, E::BadRequest, C::Terminal),
    ("openai", 429, "", r#"{"error":{"message":"Request too large for small-model on tokens per min (TPM): Limit 30000, Requested 45000.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#, E::ContextLength, C::Terminal),
    ("openai", 429, "", r#"{"error":{"message":"Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 4500. Please try again in 7s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#, E::RateLimited, C::Throttle),
    ("azure", 400, "", r#"{"error":{"code":"BadRequest","message":"response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later"}}"#, E::SchemaRejected, C::Terminal),
    ("azure", 403, "", r#"{"error":{"code":"QuotaExceeded","message":"Out of call volume quota."}}"#, E::QuotaExhausted, C::Quota),
    ("azure", 404, "", r#"{"error":{"code":"404","message":"Resource not found"}}"#, E::NotFound, C::Terminal),
    ("anthropic-compatible", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#, E::ContextLength, C::Terminal),
    ("anthropic-compatible", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again"}}"#, E::ContextLength, C::Terminal),
    ("anthropic-compatible", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#, E::Refused, C::Content),
    ("anthropic-compatible", 401, "", r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, E::Unauthorized, C::Terminal),
    ("anthropic-compatible", 404, "", r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"}}"#, E::NotFound, C::Terminal),
    ("anthropic-compatible", 413, "", r#"{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#, E::ContextLength, C::Terminal),
    ("anthropic-compatible", 504, "", r#"{"type":"error","error":{"type":"timeout_error","message":"x"}}"#, E::Timeout, C::Ambiguous),
    ("gemini-compatible", 400, "", r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}]"#, E::Unauthorized, C::Terminal),
    ("gemini-compatible", 400, "", r#"[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}]"#, E::ContextLength, C::Terminal),
    ("gemini-compatible", 403, "", r#"[{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}]"#, E::Unauthorized, C::Terminal),
    ("gemini-compatible", 499, "", r#"[{"error":{"code":499,"message":"The operation was cancelled.","status":"CANCELLED"}}]"#, E::Timeout, C::Ambiguous),
    ("gemini-compatible", 504, "", r#"[{"error":{"code":504,"message":"x","status":"DEADLINE_EXCEEDED"}}]"#, E::Timeout, C::Ambiguous),
    ("mistral", 400, "", r#"{"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"}"#, E::NotFound, C::Terminal),
    ("mistral", 400, "", r#"{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","param":null,"code":"3051"}"#, E::ContextLength, C::Terminal),
    ("mistral", 422, "", r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error"}"#, E::ParameterRejected, C::Terminal),
    ("mistral", 429, "", r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","param":null,"code":"3505"}"#, E::Overloaded, C::Throttle),
    ("mistral", 429, "", r#"{"message":"Requests rate limit exceeded"}"#, E::RateLimited, C::Throttle),
    ("mistral", 401, "", r#"{"message":"Unauthorized","request_id":"1"}"#, E::Unauthorized, C::Terminal),
    ("groq", 400, "", r#"{"error":{"message":"Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.","type":"invalid_request_error","code":"json_validate_failed","failed_generation":"x"}}"#, E::NotJson, C::Content),
    ("groq", 400, "", r#"{"error":{"message":"This model does not support response format `json_schema`.","type":"invalid_request_error","param":"response_format","code":null}}"#, E::SchemaRejected, C::Terminal),
    ("groq", 429, "", r#"{"error":{"message":"Rate limit reached for model `m` in organization `o` on requests per day (RPD): Limit 1000, Used 1000, Requested 1. Please try again in 6m","type":"requests","code":"rate_limit_exceeded"}}"#, E::RateLimited, C::Throttle),
    ("together", 422, "", r#"{"error":{"message":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 500 `max_new_tokens`","type":"invalid_request_error","param":null,"code":null}}"#, E::ContextLength, C::Terminal),
    ("together", 402, "", r#"{"error":{"message":"Credit limit exceeded","type":"credit_limit","param":null,"code":null}}"#, E::QuotaExhausted, C::Quota),
    ("together", 404, "", r#"{"error":{"message":"Unable to access model x","type":"invalid_request_error","param":null,"code":"model_not_available"}}"#, E::NotFound, C::Terminal),
    ("together", 429, "", r#"{"error":{"message":"x","type":"dynamic_request_limited","param":null,"code":null}}"#, E::RateLimited, C::Throttle),
    ("cohere", 400, "", r#"{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000."}"#, E::ContextLength, C::Terminal),
    ("cohere", 401, "", r#"{"message":"invalid api token"}"#, E::Unauthorized, C::Terminal),
    ("cohere", 404, "", r#"{"message":"model 'x' not found, make sure the correct model ID was used"}"#, E::NotFound, C::Terminal),
    ("deepseek", 400, "", r#"{"error":{"message":"Content Exists Risk","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#, E::Refused, C::Content),
    ("deepseek", 400, "", r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#, E::NotFound, C::Terminal),
    ("deepseek", 401, "", r#"{"error":{"message":"Authentication Fails (governor)","type":"authentication_error","param":null,"code":"invalid_request_error"}}"#, E::Unauthorized, C::Terminal),
    ("xai", 400, "", r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***de. You can obtain an API key"}"#, E::Unauthorized, C::Terminal),
    ("xai", 404, "", r#"{"code":"Some requested entity was not found","error":"The model x does not exist or your team does not have access to it."}"#, E::NotFound, C::Terminal),
    ("xai", 429, "", r#"{"code":"Some resource has been exhausted","error":"Your team has used all available credits or reached its monthly spending limit"}"#, E::QuotaExhausted, C::Quota),
    ("xai", 429, "", r#"{"code":"Some resource has been exhausted","error":"Too many requests for team x"}"#, E::RateLimited, C::Throttle),
    ("xai", 400, "", r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 200000 tokens."}"#, E::ContextLength, C::Terminal),
    ("moonshot", 429, "", r#"{"error":{"message":"Your account is suspended, please check your plan","type":"exceeded_current_quota_error"}}"#, E::QuotaExhausted, C::Quota),
    ("moonshot", 429, "", r#"{"error":{"message":"x","type":"rate_limit_reached_error"}}"#, E::RateLimited, C::Throttle),
    ("moonshot", 400, "", r#"{"error":{"message":"Invalid request: Your request exceeded model token limit: 8192","type":"invalid_request_error"}}"#, E::ContextLength, C::Terminal),
    ("moonshot", 401, "", r#"{"error":{"message":"x","type":"invalid_authentication_error"}}"#, E::Unauthorized, C::Terminal),
    ("dashscope", 400, "", r#"{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing.","request_id":"1"}"#, E::QuotaExhausted, C::Quota),
    ("dashscope", 400, "", r#"{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content.","request_id":"1"}"#, E::Refused, C::Content),
    ("dashscope", 400, "", r#"{"error":{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]","type":"invalid_request_error"}}"#, E::ContextLength, C::Terminal),
    ("dashscope", 403, "", r#"{"code":"AllocationQuota.FreeTierOnly","message":"The free tier of the model has been exhausted."}"#, E::QuotaExhausted, C::Quota),
    ("dashscope", 429, "", r#"{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded, please try again later."}"#, E::RateLimited, C::Throttle),
    ("dashscope", 401, "", r#"{"code":"InvalidApiKey","message":"Invalid API-key provided."}"#, E::Unauthorized, C::Terminal),
    ("zhipu", 429, "", r#"{"error":{"code":"1113","message":"x"}}"#, E::QuotaExhausted, C::Quota),
    ("zhipu", 429, "", r#"{"error":{"code":"1302","message":"x"}}"#, E::RateLimited, C::Throttle),
    ("zhipu", 429, "", r#"{"error":{"code":"1305","message":"x"}}"#, E::Overloaded, C::Throttle),
    ("zhipu", 400, "", r#"{"error":{"code":"1211","message":"x"}}"#, E::NotFound, C::Terminal),
    ("zhipu", 400, "", r#"{"error":{"code":"1261","message":"x"}}"#, E::ContextLength, C::Terminal),
    ("zhipu", 400, "", r#"{"error":{"code":"1301","message":"x"},"contentFilter":[{"level":1,"role":"user"}]}"#, E::Refused, C::Content),
    ("zhipu", 401, "", r#"{"error":{"code":"1002","message":"x"}}"#, E::Unauthorized, C::Terminal),
    ("minimax", 200, "", r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#, E::QuotaExhausted, C::Quota),
    ("minimax", 200, "", r#"{"choices":null,"base_resp":{"status_code":1002,"status_msg":"x"}}"#, E::RateLimited, C::Throttle),
    ("minimax", 200, "", r#"{"base_resp":{"status_code":1004,"status_msg":"x"}}"#, E::Unauthorized, C::Terminal),
    ("minimax", 200, "", r#"{"choices":[],"base_resp":{"status_code":1026,"status_msg":"x"}}"#, E::Refused, C::Content),
    ("minimax", 200, "", r#"{"choices":null,"base_resp":{"status_code":1033,"status_msg":"x"}}"#, E::ServerError, C::Ambiguous),
    ("siliconflow", 400, "", r#"{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}"#, E::NotFound, C::Terminal),
    ("siliconflow", 403, "", r#"{"code":30001,"message":"Sorry, your account balance is insufficient","data":null}"#, E::QuotaExhausted, C::Quota),
    ("siliconflow", 400, "", r#"{"code":20015,"message":"length of prompt_tokens (40000) must be less than max_seq_len (32768).","data":null}"#, E::ContextLength, C::Terminal),
    ("siliconflow", 503, "", r#"{"code":50505,"message":"Model service overloaded. Please try again later.","data":null}"#, E::Overloaded, C::Throttle),
    ("siliconflow", 401, "", r#""Invalid token""#, E::Unauthorized, C::Terminal),
    ("openrouter", 400, "", r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}","provider_name":"p"}}}"#, E::ContextLength, C::Terminal),
    ("openrouter", 404, "", r#"{"error":{"message":"No endpoints found for vendor/x.","code":404}}"#, E::NotFound, C::Terminal),
    ("openrouter", 400, "", r#"{"error":{"message":"This endpoint's maximum context length is 4096 tokens. However, you requested about 5000 tokens","code":400}}"#, E::ContextLength, C::Terminal),
    ("litellm", 400, "", r#"{"error":{"message":"Budget has been exceeded! Current cost: 1.0","type":"budget_exceeded","param":null,"code":"400"}}"#, E::QuotaExhausted, C::Quota),
    ("litellm", 400, "", r#"{"error":{"message":"litellm.BadRequestError: litellm.ContextWindowExceededError: x","type":null,"param":null,"code":"400"}}"#, E::ContextLength, C::Terminal),
    ("litellm", 400, "", r#"{"error":{"message":"litellm.ContentPolicyViolationError: x","type":null,"param":null,"code":"400"}}"#, E::Refused, C::Content),
    ("litellm", 401, "", r#"{"error":{"message":"x","type":"expired_key","param":"key","code":"401"}}"#, E::Unauthorized, C::Terminal),
    ("litellm", 429, "", r#"{"error":{"message":"No deployments available for selected model, Try again in 60 seconds.","type":"None","param":"None","code":"429"}}"#, E::RateLimited, C::Throttle),
    ("litellm", 408, "", r#"{"error":{"message":"litellm.Timeout: x","type":null,"param":null,"code":"408"}}"#, E::Timeout, C::Ambiguous),
    ("tgi", 422, "", r#"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000","error_type":"validation"}"#, E::ContextLength, C::Terminal),
    ("tgi", 424, "", r#"{"error":"Request failed during generation","error_type":"generation"}"#, E::ServerError, C::Ambiguous),
    ("vllm", 400, "", r#"{"object":"error","message":"'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 4096 tokens and your request has 20 input tokens","type":"BadRequestError","param":null,"code":400}"#, E::ContextLength, C::Terminal),
    ("vllm", 400, "", r#"{"error":{"message":"The provided JSON schema contains features not supported by xgrammar.","type":"BadRequestError","param":null,"code":400}}"#, E::SchemaRejected, C::Terminal),
    ("vllm", 401, "", r#"{"error":"Unauthorized"}"#, E::Unauthorized, C::Terminal),
    ("ollama", 503, "", r#"{"error":{"message":"server busy, please try again.  maximum pending requests exceeded","type":"api_error","param":null,"code":null}}"#, E::Overloaded, C::Throttle),
    ("ollama", 500, "", r#"{"error":{"message":"llama runner process has terminated","type":"api_error","param":null,"code":null}}"#, E::ServerError, C::Ambiguous),
    ("ollama", 400, "", r#"{"error":{"message":"invalid JSON schema in format","type":"invalid_request_error","param":null,"code":null}}"#, E::SchemaRejected, C::Terminal),
    ("llama.cpp", 400, "", r#"{"error":{"code":400,"message":"failed to parse grammar","type":"invalid_request_error"}}"#, E::SchemaRejected, C::Terminal),
    ("llama.cpp", 400, "", r#"{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}"#, E::ContextLength, C::Terminal),
    ("bedrock", 400, "", r#"{"message":"Input is too long for requested model."}"#, E::ContextLength, C::Terminal),
    ("bedrock", 429, "", r#"{"message":"Too many tokens, please wait before trying again."}"#, E::RateLimited, C::Throttle),
    ("bedrock", 400, "", r#"{"__type":"com.amazon.coral.service#ThrottlingException","message":"Rate exceeded"}"#, E::RateLimited, C::Throttle),
    ("bedrock", 403, "", r#"{"__type":"AccessDeniedException","message":"You don't have access to the model with the specified model ID."}"#, E::Unauthorized, C::Terminal),
    ("bedrock", 408, "", r#"{"__type":"ModelTimeoutException","message":"x"}"#, E::Timeout, C::Ambiguous),
    ("hugging face", 400, "", r#"{"error":"Authorization header is correct, but the token seems invalid"}"#, E::Unauthorized, C::Terminal),
    ("hugging face", 402, "", r#"{"error":"You have exceeded your monthly included credits for Inference Providers."}"#, E::QuotaExhausted, C::Quota),
    ("hugging face", 503, "", r#"{"error":"Model x is currently loading","estimated_time":20.0}"#, E::Overloaded, C::Throttle),
    ("hugging face", 429, "", r#"{"error":"Rate limit reached. Please log in or use a HF access token"}"#, E::RateLimited, C::Throttle),
    ("fastapi", 422, "", r#"{"detail":[{"type":"less_than_equal","loc":["body","temperature"],"msg":"Input should be less than or equal to 1"}]}"#, E::ParameterRejected, C::Terminal),
    ("a proxy", 400, "", "<html><head><title>400 Bad Request</title></head></html>", E::ServerError, C::Terminal),
    ("a proxy", 422, "", "<!doctype html><p>no</p>", E::ServerError, C::Terminal),
    ("a proxy", 400, "", "", E::ServerError, C::Terminal),
    ("a proxy", 400, "", "Bad Request", E::ServerError, C::Terminal),
    ("a wall", 403, "", "<!DOCTYPE html><title>Just a moment...</title>", E::Blocked, C::Terminal),
    ("a wall", 403, "", "", E::Unauthorized, C::Terminal),
    ("any", 301, "", "", E::Redirected, C::Terminal),
    ("any", 407, "", "", E::ServerError, C::Terminal),
    ("any", 421, "", "", E::RefusedByProtocol, C::Nack),
    ("any", 423, "", r#"{"error":{"message":"locked"}}"#, E::ServerError, C::Terminal),
    ("any", 424, "", r#"{"error":"container failed"}"#, E::ServerError, C::Ambiguous),
    ("any", 451, "", "", E::Blocked, C::Terminal),
    ("any", 499, "", "", E::Timeout, C::Ambiguous),
    ("any", 600, "", "", E::Malformed, C::Ambiguous),
    ("any", 999, "", "", E::Malformed, C::Ambiguous),
    ("any", 500, "", r#"{"error":{"type":"invalid_request_error","message":"x"}}"#, E::ServerError, C::Ambiguous),
    ("anyone", 403, "", r#"{"error":{"message":"Your account was flagged for abuse"}}"#, E::Unauthorized, C::Terminal),
    ("anyone", 500, "", r#"{"error":{"message":"The content filter service is unavailable"}}"#, E::ServerError, C::Ambiguous),
    ("ollama", 500, "", r#"{"error":{"message":"failed to create context with context size 131072"}}"#, E::ServerError, C::Ambiguous),
    ("groq", 400, "", r#"{"error":{"message":"x","type":"invalid_request_error","code":"organization_restricted"}}"#, E::Unauthorized, C::Terminal),
    ("anthropic-compatible", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"This organization has been disabled."}}"#, E::Unauthorized, C::Terminal),
    ("anthropic-compatible", 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}"#, E::QuotaExhausted, C::Quota),
    ("bedrock", 400, "", r#"{"__type":"ValidationException","message":"The provided model identifier is invalid."}"#, E::NotFound, C::Terminal),
    ("gemini-compatible", 400, "", r#"[{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}]"#, E::Unauthorized, C::Terminal),
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
    let settings = UpstreamSettings { temperature: Some(0.5), ..settings(&format!("http://{addr}")) };
    let upstream = OpenAi::new(settings).unwrap();
    let mut wrong = Vec::new();
    for (server, status, headers, body, error_type, class) in ROWS {
        *reply.lock().await = json_reply(*status, headers, body);
        let exchange = upstream.attempt(&question(), labels()).await;
        let fault = fault(&exchange);
        let wait = pushback(&exchange.headers, exchange.body_retry_delay, SystemClock.now());
        let actual = classify(fault, should_retry(&exchange.headers), wait.is_some());
        if (fault.error_type(), actual) != (*error_type, *class) {
            let (told, word) = (fault.error_type(), fault);
            wrong.push(format!("{server} {status} {headers}{body}: {told} {actual:?} of {word:?}"));
        }
        if body.contains("retryDelay") {
            assert_eq!(wait, Some(Duration::from_secs(38)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
