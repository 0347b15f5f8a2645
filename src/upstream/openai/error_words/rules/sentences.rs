//! Parts of sentences in lower case, each with the vendor that says it where that is not plain.

pub(super) const QUOTA_SAID: &[&[&str]] = &[
    &["insufficient balance"],
    &["insufficient credits"],
    &["balance is insufficient"],
    &["more credits"],
    &["credit balance is too low"],
    &["used all available credits"],
    &["doesn't have any credits"],
    &["exceeded your monthly included credits"],
    &["monthly spending limit"],
    &["not enough balance"],
    &["per day limit exceeded"], // Cerebras
    &["daily free allocation"],  // Cloudflare
    &["api calls / month"],      // Cohere, where a minute's are a rate
    &["budget has been exceeded"],
    &["good standing"],
    &["specified api usage limits"],
    &["quota exceeded for quota metric", "per day"],
];

pub(super) const CREDENTIAL_SAID: &[&[&str]] = &[
    &["invalid api key"],
    &["invalid api token"],
    &["incorrect api key"],
    &["api key is invalid"],
    &["api key not valid"],
    &["api key expired"],
    &["invalid subscription key"],
    &["no auth credentials"],
    &["token seems invalid"],
    &["litellm.authenticationerror"],
    &["organization has been disabled"],
    &["user location is not supported"],
    &["operation not allowed"], // Bedrock
];

pub(super) const MODEL_SAID: &[&[&str]] = &[
    &["model not exist"],
    &["model", "does not exist"],
    &["model", "not found"],
    &["invalid model"],
    &["unknown model"],
    &["no such model"],
    &["model identifier is invalid"],
    &["unexpected model name format"],
    &["not a valid model"],
    &["model", "on demand throughput isn"], // Bedrock
    &["no endpoints found for"],
];

pub(super) const CONTEXT_SAID: &[&[&str]] = &[
    &["maximum context length"],
    &["maximum prompt length"],
    &["context length"],
    &["context length exceeded"], // of a server behind, as LiteLLM tells it
    &["maximum model length"],    // vLLM, and what is left for the answer:
    &["max tokens must be at least 1, got -"],
    &["maximum number of tokens allowed"],
    &["context window"],
    &["context size"],
    &["context limit"],
    &["contextwindowexceedederror"],
    &["reduce the length of the messages"],
    &["prompt is too long"],
    &["input is too long"],
    &["input token length too long"],
    &["exceeded model token limit"],
    &["too many tokens"],
    &["range of input length should be"],
    &["request too large"],
];

/// How sentences about a size speak of the text, be it alone or with the tokens of its answer.
pub(in super::super) const TEXT_SAID: &[&[&str]] = &[
    &["prompt"],
    &["input"],
    &["messages"],
    &["your request"],
    &["you requested"],
    &["conversation"],
    &["got -"], // tokens left for the answer: the text took more than there are
];

/// Names for the limit of tokens that only the API itself uses.
pub(super) const PARAMETER_SAID: &[&[&str]] = &[
    &["maximum tokens you requested"], // Bedrock
    &["maxtokens"],
    &["maxoutputtokens"], // Gemini
    &["max output tokens"],
    &["max new tokens"],
    &["max tokens"],
    &["maximum tokens"],
    &["max completion tokens"],
    &["output tokens"],
    &["completion tokens"],
];

pub(super) const QUOTA_NAMED: &[&[&str]] = &[
    &["billing"],
    &["quota"],
    &["credits"],
    &["balance"],
    &["payment"],
    &["overdue"],
    &["subscription"],
    &["usage limit"],
    &["your plan"],
    &["current plan"],
    &["plan limit"],
    &["spending"],
    &["spend limit"],
    &["free tier"],
    &["top up"],
    &["recharge"],
];

pub(super) const CREDENTIAL_NAMED: &[&[&str]] = &[
    &["api key"],
    &["apikey"],
    &["access token"],
    &["authorization header"],
    &["credential"],
    &["permission"],
    &["your key"],
    &["this key"],
    &["invalid key"],
    &["key is not"],
    &["key is invalid"],
    &["key is disabled"],
    &["key is expired"],
    &["key not allowed"],
    &["security token"],
    &["invalid token."],
    &["invalid token provided"],
    &["invalid bearer"],
    &["token is invalid"],
    &["token is expired"],
    &["token has expired"],
    &["token expired"],
    &["expired token"],
    &["authenticat"],
    &["authoriz"],
    &["authoris"],
    &["account"],
    &["organization"],
    &["organisation"],
    &["your country"],
    &["your region"],
];

pub(super) const MODEL_NAMED: &[&[&str]] = &[
    &["model", "not available"],
    &["model", "unavailable"],
    &["model", "not supported"],
    &["model", "not allowed"],
    &["model", "no longer"],
    &["model", "deprecated"],
    &["model", "retired"],
    &["specified model"],
    &["unsupported model"],
    &["access to", "model"],
    &["model", "shut down"],
    &["model", "discontinued"],
    &["model", "sunset"],
    &["model", "removed"],
    &["model", "disabled"],
    &["model", "not enabled"],
    &["model", "not loaded"],
    &["model", "not deployed"],
    &["no model loaded"],
    &["no models loaded"],
    &["deployment", "not"],
];

pub(super) const FILTER_SAID: &[&[&str]] = &[
    &["content management policy"],
    &["content policy"],
    &["content filter"],
    &["contentpolicyviolationerror"],
    &["was flagged"],
    &["content exists risk"],
    &["inappropriate content"],
];

pub(super) const SHAPE_SAID: &[&[&str]] = &[
    &["response format"],
    &["json schema"],
    &["response schema"], // Gemini
    &["specified schema"],
    &["schema in generationconfig"],
    &["invalid schema"],
    &["grammar is not supported"],
    &["invalid grammar"],
    &["grammar error"],
    &["failed to parse grammar"],
    &["json mode"],
    &["json object is not"],
    &["json object", "not supported"],
    &["type", "json object"],
    &["json grammar"],
    &["structured output"],
    &["output format"],
    &["guided decoding"],
    &["guided json"],
    &["schema is invalid"],
];

pub(super) const OVERLOADED_SAID: &[&[&str]] = &[
    &["overloaded"],
    &["at capacity"],
    &["no capacity"],
    &["server busy"],
    &["too busy"],
    &["currently loading"],
    &["litellm.serviceunavailableerror"],
];

pub(super) const RATE_SAID: &[&[&str]] = &[
    &["rate limit"],
    &["too many requests"],
    &["too many tokens"],
    &["tokens per minute"],
    &["no deployments available"],
    &["litellm.ratelimiterror"],
];

/// How a refusal tells that a quota is used up, and not that there is no right to it.
pub(super) const QUOTA_SPENT: &[&[&str]] = &[
    &["quota", "exceeded"],
    &["exceeded", "quota"],
    &["quota", "exhausted"],
    &["quota", "used up"],
    &["quota is not enough"],
    &["insufficient", "quota"],
    &["out of", "quota"], // Azure
    &["out of credits"],
    &["not enough credits"],
    &["key limit exceeded"], // OpenRouter
    &["usage limit"],
    &["spending limit"],
    &["credit limit"],
    &["daily", "limit"],
    &["weekly", "limit"],
    &["monthly", "limit"],
    &["payment method"], // DeepInfra
    &["your balance"],
    &["top up"],
    &["requires billing"],
];

/// Limits that come back after hours.
pub(super) const QUOTA_PERIODS: &[&[&str]] = &[
    &["daily limit"],
    &["daily", "limit exceeded"],
    &["daily", "limit reached"],
    &["weekly limit"],
    &["weekly", "limit exceeded"],
    &["weekly", "limit reached"],
    &["monthly limit"],
    &["monthly", "limit exceeded"],
    &["monthly", "limit reached"],
];

/// A model that is there, but not for everybody; who, stands in the same sentence.
pub(super) const MODEL_WITHHELD: &[&[&str]] =
    &[&["must be verified to use", "model"], &["not verified", "model"]];

pub(super) const SHAPE_NAMED: &[&[&str]] = &[&["schema"], &["grammar"]];

/// Parts of how the gateway asks that callers have no say in.
pub(super) const ASKED_NAMED: &[&[&str]] = &[
    &["model"],
    &["deployment"],
    &["developer instruction"],
    &["system instruction"],
    &["streaming"],
    &["stream mode"],
    &["thinking"],
];
