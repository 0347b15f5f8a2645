//! Codes and types of errors, each with the vendor that says it where that is not plain.

pub(super) const QUOTA: &[&str] = &[
    "insufficient_quota", // OpenAI and many others
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "billing_not_active",
    "quota_exceeded", // Azure
    "billing_error",  // Anthropic
    "enforced_spend_limit_reached",
    "spend_limit_reached",
    "billing_disabled",             // Gemini
    "exceeded_current_quota_error", // Moonshot
    "insufficient_balance",
    "insufficient_credits", // OpenRouter
    "insufficient_funds",
    "payment_required",
    "credit_limit_exceeded", // Together
    "budget_exceeded",       // LiteLLM
    "arrearage",             // DashScope
    "account_overdue_error", // Volcengine
    "allocation_quota.free_tier_only",
    "service_quota_exceeded_exception", // Bedrock
    "base_resp.1008",                   // MiniMax: no balance
    "base_resp.2056",                   // MiniMax: the plan's use
    "1113",                             // Zhipu: in arrears
    "1304",                             // Zhipu: the day's calls
    "1308",                             // Zhipu: the plan's use
    "1309",
    "1310",
    "30001", // SiliconFlow: no balance
];

pub(super) const CREDENTIAL: &[&str] = &[
    "invalid_api_key",
    "incorrect_api_key",
    "incorrect_api_key_error", // Moonshot
    "authentication_error",
    "authentication_failed",
    "auth_error", // LiteLLM
    "expired_key",
    "token_not_found_in_db",
    "key_model_access_denied",
    "team_model_access_denied",
    "invalid_authentication",
    "invalid_authentication_error",
    "permission_error",
    "permission_denied",
    "permission_denied_error",
    "insufficient_permissions",
    "unauthenticated",
    "unauthorized",
    "forbidden",
    "access_denied",
    "access_denied_exception", // Bedrock
    "unrecognized_client_exception",
    "invalid_signature_exception",
    "expired_token_exception",
    "account_deactivated",
    "access_terminated",
    "ip_not_authorized",
    "invalid_organization",
    "mismatched_organization",
    "organization_restricted", // Groq
    "api_key_invalid",         // Gemini
    "api_key_expired",
    "api_key_service_blocked",
    "api_key_http_referrer_blocked",
    "api_key_ip_address_blocked",
    "access_token_expired",
    "credentials_missing",
    "service_disabled",
    "consumer_suspended",
    "user_project_denied",
    "access_denied.unpurchased", // DashScope
    "model.access_denied",
    "the_caller_does_not_have_permission_to_execute_the_specified_operation", // xAI
    "base_resp.1004",                                                         // MiniMax
    "base_resp.2049",
];

/// Zhipu's.
pub(super) const CREDENTIAL_NUMBERS: &[&str] = &["1000", "1001", "1002", "1003", "1004", "1220"];

pub(super) const MODEL: &[&str] = &[
    "model_not_found",
    "model_not_found_error",
    "model_decommissioned", // Groq
    "model_not_available",  // Together
    "deployment_not_found", // Azure
    "operation_not_supported",
    "invalid_model", // Mistral
    "unknown_model",
    "not_found_error",
    "not_found",
    "resource_not_found",
    "resource_not_found_error",
    "resource_not_found_exception",        // Bedrock
    "some_requested_entity_was_not_found", // xAI
];

/// Zhipu's, and `SiliconFlow`'s.
pub(super) const MODEL_NUMBERS: &[&str] = &["1211", "1221", "1222", "20012"];

pub(super) const CONTEXT: &[&str] = &[
    "context_length_exceeded",
    "context_window_exceeded",
    "context_window_exceeded_error",
    "exceed_context_size_error", // llama.cpp
    "tokens_limit_reached",      // GitHub, Azure
    "request_too_large",         // Anthropic
    "max_tokens_per_request",
    "1261", // Zhipu
];

pub(super) const FILTER: &[&str] = &[
    "content_filter",
    "content_filtered",
    "content_policy_violation",
    "content_policy_violation_error",
    "responsible_ai_policy_violation", // Azure
    "data_inspection_failed",          // DashScope
    "sensitive_content_detected",      // Volcengine, and the next two
    "input_text_sensitive_content_detected",
    "output_text_sensitive_content_detected",
    "invalid_parameter.data_inspection",
    "moderation_blocked",
    "invalid_prompt", // OpenAI: the prompt was flagged
    "base_resp.1026", // MiniMax
    "base_resp.1027",
];

/// Zhipu's. Mistral's 1300 is a rate limit.
pub(super) const FILTER_NUMBERS: &[&str] = &["1300", "1301"];

pub(super) const OVERLOADED: &[&str] = &[
    "overloaded",
    "overloaded_error",
    "engine_overloaded",
    "engine_overloaded_error", // Moonshot
    "model_overloaded",
    "capacity_exceeded",              // Groq
    "server_overloaded",              // Volcengine
    "service_tier_capacity_exceeded", // Mistral
    "no_capacity",                    // Azure
    "service_unavailable",
    "service_unavailable_error",
    "service_unavailable_exception", // Bedrock
    "model_not_ready_exception",
    "unavailable",       // Gemini
    "unavailable_error", // llama.cpp
    "3505",              // Mistral
    "1305",              // Zhipu
    "1312",
    "50505", // SiliconFlow
    "50603",
];

pub(super) const RATE: &[&str] = &[
    "rate_limit_exceeded",
    "rate_limit_error",
    "rate_limit_reached", // Azure
    "rate_limit_reached_error",
    "rate_limited",
    "too_many_requests",
    "slow_down",
    "resource_exhausted", // Gemini
    "throttling",         // DashScope
    "throttling.rate_quota",
    "throttling.allocation_quota",
    "throttling_error",     // LiteLLM
    "throttling_exception", // Bedrock
    "limit_requests",
    "limit_burst_rate",
    "dynamic_request_limited", // Together
    "dynamic_token_limited",
    "some_resource_has_been_exhausted", // xAI
    "base_resp.1002",                   // MiniMax
    "base_resp.1039",
    "base_resp.1041",
    "1302", // Zhipu
    "1303",
    // OpenAI names the limit in `type`.
    "requests",
    "tokens",
];

pub(super) const TIMEOUT: &[&str] = &[
    "timeout",
    "timeout_error",
    "request_timeout",
    "request_time_out", // DashScope
    "deadline_exceeded",
    "model_timeout_exception", // Bedrock
    "base_resp.1001",          // MiniMax
];

pub(super) const SERVER: &[&str] = &[
    "server_error",
    "internal_server_error",
    "internal_server_exception", // Bedrock
    "internal_error",
    "internal_error.algo", // DashScope
    "internal",
    "api_error",
    "generation", // TGI
    "incomplete_generation",
    "model_error_exception", // Bedrock
    "model_service_failed",
    "base_resp.1000", // MiniMax
    "base_resp.1013",
    "base_resp.1024",
    "base_resp.1033",
    "1230", // Zhipu
    "1234",
];

/// About parameters, and callers send none.
pub(super) const PARAMETER: &[&str] = &[
    "decimal_above_max_value",
    "integer_above_max_value",
    "integer_below_min_value",
    "missing_required_parameter",
    "unknown_parameter",
    "unsupported_parameter",
    "unsupported_value",
    "extra_forbidden", // FastAPI
];

pub(super) const INVALID: &[&str] = &[
    "invalid_request_error",
    "invalid_request",
    "invalid_argument",
    "invalid_parameter", // DashScope
    "invalid_parameter_error",
    "invalid_value",
    "invalid_type",
    "bad_request",
    "bad_request_error",                    // vLLM
    "client_specified_an_invalid_argument", // xAI
    "failed_precondition",
    "string_above_max_length",
    "unprocessable_entity",
    "validation", // TGI
    "validation_error",
    "validation_exception", // Bedrock
    "base_resp.2013",       // MiniMax
    "1210",                 // Zhipu
    "1213",
    "1214",
    "20015", // SiliconFlow
];
