//! Why a generation stopped: the words of many vendors' servers, as data.

use serde_json::Value;

use crate::extraction::FinishReason;

/// What a `finish_reason` says; nothing, if it is absent or one of the ways to say so. What is no word is as unknown as
/// an unknown word.
pub(super) fn read(reason: &Value) -> Option<FinishReason> {
    match reason {
        Value::String(word) => of_word(word),
        other if super::absent::says_nothing(other) => None,
        _ => Some(FinishReason::Other),
    }
}

/// By the whole word, else by a part of it that leaves no doubt. Case, `_`, `-`, `.` and spaces do not matter.
fn of_word(word: &str) -> Option<FinishReason> {
    let letters: String = word
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(WORD_LETTERS_MAX)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let letters = letters.strip_prefix("finishreason").unwrap_or(&letters);
    if NONE_YET.contains(&letters) {
        return None;
    }
    let listed = |table: &[(FinishReason, &[&str])], is: fn(&str, &str) -> bool| {
        let said = |words: &[&str]| words.iter().any(|word| is(letters, word));
        table.iter().find(|(_, words)| said(words)).map(|(reason, _)| *reason)
    };
    let known = listed(WORDS, |letters, word| letters == word);
    Some(
        known
            .or_else(|| listed(PARTS, |letters, part| letters.contains(part)))
            .unwrap_or(FinishReason::Other),
    )
}

/// The most letters of a word that are looked at.
const WORD_LETTERS_MAX: usize = 64;

/// Says that there is no reason yet.
const NONE_YET: &[&str] = &["", "null", "none", "unspecified"];

/// Whole words, without what does not matter.
const WORDS: &[(FinishReason, &[&str])] = &[
    (
        FinishReason::Stop,
        &[
            "stop",     // OpenAI, Gemini and most
            "eos",      // Together
            "eostoken", // Text Generation Inference
            "stopsequence",
            "stoptoken",
            "stopstring",
            "endturn", // Anthropic
            "endofturn",
            "endoftext",
            "complete", // Cohere
            "completed",
            "finished",
            "finish",
            "done",
            "end",
            "success",
        ],
    ),
    (
        FinishReason::Length,
        &[
            "length",
            "limit", // llama.cpp
            "maxtokens",
            "maxtoken",
            "maxoutputtokens",
            "modellength",                // Mistral
            "modelcontextwindowexceeded", // Anthropic
            "errorlimit",                 // Cohere
            "truncated",
        ],
    ),
    (
        FinishReason::ContentFilter,
        &[
            "contentfilter",
            "contentfiltered",     // Bedrock
            "guardrailintervened", // Bedrock
            "safety",              // Gemini, and the next seven
            "recitation",
            "blocklist",
            "prohibitedcontent",
            "spii",
            "language",
            "imagesafety",
            "modelarmor",
            "refusal", // Anthropic
            "refused",
            "errortoxic", // Cohere
            "sensitive",  // Zhipu
            "blocked",
            "flagged",
        ],
    ),
    (
        FinishReason::ToolCalls,
        &["toolcalls", "toolcall", "tooluse", "functioncall", "functioncalls", "function"],
    ),
    (
        FinishReason::Error,
        &[
            "other", // Gemini: stopped, and nobody knows why
            "abort", // vLLM, SGLang
            "load",  // Ollama: the model came and went, and said nothing
            "unload",
            "insufficientsystemresource", // DeepSeek
            "unexpectedtoolcall",         // Gemini, and the next two
            "toomanytoolcalls",
            "missingthoughtsignature",
            "pauseturn", // Anthropic: not over
            "incomplete",
            "partial",
            "oom",
            "cudaoom",
            "gpuoom",
            "connectionrefused",
            "econnrefused",
        ],
    ),
];

/// Parts of words that vendors put together as they like. What filters and limits say stands first: their words may
/// call themselves errors.
const PARTS: &[(FinishReason, &[&str])] = &[
    (
        FinishReason::ContentFilter,
        &[
            "filter",
            "safety",
            "moderat",
            "guardrail",
            "toxic",
            "policy",
            "prohibited",
            "sensitive",
            "refus",
            "recitation",
            "censor",
            "unsafe",
            "harmful",
            "violation",
            "blocked",
        ],
    ),
    (
        FinishReason::Length,
        &[
            "length",
            "maxtoken",
            "maximumtoken", // Aleph Alpha
            "maxpredicted", // LM Studio
            "maxoutput",
            "maxcompletion",
            "maxnewtoken",
            "tokenlimit",
            "outputlimit",
            "contextwindow",
            "contextlimit",
            "toomanytoken",
            "tokensexceeded",
            "truncat",
        ],
    ),
    (
        FinishReason::Error,
        &[
            "error",
            "fail",
            "abort",
            "cancel",
            "timeout",
            "timedout",
            "network",
            "connect",
            "exception",
            "interrupt",
            "overload",
            "unavailable",
            "ratelimit",
            "insufficient",
            "malformed",   // Gemini, Bedrock
            "unload",      // LM Studio
            "notfinished", // watsonx
            "unfinished",
            "crash",
            "killed",
            "shutdown",
            "preempt",
            "evict",
            // Time and resources that ran out.
            "deadline",
            "expire",
            "elapsed",
            "timelimit", // watsonx
            "timeexceeded",
            "stall",
            "outofmemory",
            "resource",
            "quota",
            "credit",
            "billing",
            // Servers that could not or would not.
            "internal",
            "throttl",
            "toomanyrequest",
            "slowdown",
            "busy",
            "capacity",
            "saturat",
            "congest",
            "maintenance",
            "outage",
            "restart",
            "drain",
            "unreachable",
            "badgateway",
            "broken",
            "closed",
            "dropped",
            "panic",
            "segfault",
            "unexpected", // Gemini
            "invalid",
            "unauthor",
            "forbidden",
            "denied",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_many_vendors() {
        use FinishReason::{ContentFilter, Error, Length, Other, Stop, ToolCalls};
        let rows: &[(&str, &[&str], FinishReason)] = &[
            ("OpenAI, Groq, xAI, Moonshot", &["stop"], Stop),
            ("OpenAI, Groq, xAI, Moonshot", &["length"], Length),
            ("OpenAI, Azure", &["content_filter"], ContentFilter),
            ("OpenAI", &["tool_calls", "function_call"], ToolCalls),
            ("Anthropic", &["end_turn", "stop_sequence"], Stop),
            ("Anthropic", &["max_tokens", "model_context_window_exceeded"], Length),
            ("Anthropic", &["refusal"], ContentFilter),
            ("Anthropic", &["tool_use"], ToolCalls),
            ("Anthropic", &["pause_turn"], Error),
            ("Gemini", &["STOP", "FINISH_REASON_STOP"], Stop),
            ("Gemini", &["MAX_TOKENS"], Length),
            (
                "Gemini",
                &[
                    "SAFETY",
                    "RECITATION",
                    "BLOCKLIST",
                    "PROHIBITED_CONTENT",
                    "SPII",
                    "LANGUAGE",
                    "IMAGE_SAFETY",
                    "IMAGE_PROHIBITED_CONTENT",
                    "MODEL_ARMOR",
                ],
                ContentFilter,
            ),
            (
                "Gemini",
                &["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE", "OTHER"],
                Error,
            ),
            ("Mistral", &["model_length"], Length),
            ("Mistral", &["error"], Error),
            ("Together", &["eos"], Stop),
            ("Cohere", &["COMPLETE", "STOP_SEQUENCE"], Stop),
            ("Cohere", &["MAX_TOKENS", "ERROR_LIMIT"], Length),
            ("Cohere", &["ERROR_TOXIC"], ContentFilter),
            ("Cohere", &["ERROR", "USER_CANCEL", "TIMEOUT"], Error),
            ("DeepSeek", &["insufficient_system_resource"], Error),
            ("Zhipu", &["sensitive"], ContentFilter),
            ("Zhipu", &["network_error"], Error),
            ("Text Generation Inference", &["eos_token", "stop_sequence"], Stop),
            ("llama.cpp", &["eos"], Stop),
            ("llama.cpp", &["limit"], Length),
            ("vLLM, SGLang", &["abort"], Error),
            ("Ollama", &["load", "unload"], Error),
            ("Bedrock", &["guardrail_intervened", "content_filtered"], ContentFilter),
            ("Bedrock", &["malformed_model_output", "malformed_tool_use"], Error),
            ("LM Studio", &["maxPredictedTokensReached", "contextLengthReached"], Length),
            ("LM Studio", &["modelUnloaded", "failed"], Error),
            ("watsonx", &["token_limit", "max_tokens"], Length),
            ("watsonx", &["not_finished", "time_limit", "cancelled"], Error),
            ("Aleph Alpha", &["maximum_tokens"], Length),
            ("nobody in particular", &["Content-Filter", "output moderated"], ContentFilter),
            ("nobody in particular", &["max_new_tokens_reached"], Length),
            ("nobody in particular", &["engine_failure", "CLIENT_DISCONNECTED", "upstream timed out"], Error),
            ("nobody at all", &["weird", "quux_7", "Ada Lovelace"], Other),
        ];
        for (vendor, words, reason) in rows {
            for word in *words {
                for written in
                    [(*word).to_owned(), word.to_uppercase(), word.replace('_', "-").to_lowercase()]
                {
                    assert_eq!(read(&json!(written)), Some(*reason), "{vendor}: {written}");
                }
            }
        }
    }

    /// Whoever says so: what broke it off, and not what was said.
    #[test]
    fn words_of_errors_and_networks_are_failures() {
        for word in [
            "deadline_exceeded",
            "expired",
            "session.expired",
            "time exceeded",
            "Stalled",
            "oom",
            "cuda_oom",
            "CUDA out of memory",
            "RESOURCE_EXHAUSTED",
            "quota",
            "quota_exceeded",
            "internal",
            "throttled",
            "ThrottlingException",
            "too_many_requests",
            "server_busy",
            "at_capacity",
            "connection_refused",
            "host_unreachable",
            "BAD_GATEWAY",
            "stream_closed",
            "broken pipe",
            "worker restarted",
        ] {
            assert_eq!(read(&json!(word)), Some(FinishReason::Error), "{word}");
        }
        for word in ["max_tokens_exceeded", "too_many_tokens"] {
            assert_eq!(read(&json!(word)), Some(FinishReason::Length), "{word}");
        }
        for word in ["default", "bloom", "room", "complex"] {
            assert_eq!(read(&json!(word)), Some(FinishReason::Other), "{word}");
        }
    }

    #[test]
    fn no_reason_can_be_given_in_many_ways() {
        for none in
            [json!(null), json!(""), json!("null"), json!(" "), json!({}), json!("FINISH_REASON_UNSPECIFIED")]
        {
            assert_eq!(read(&none), None, "{none}");
        }
        for unknown in [json!(7), json!({"reason": "stop"}), json!(true), json!("x".repeat(1000))] {
            assert_eq!(read(&unknown), Some(FinishReason::Other), "{unknown}");
        }
    }
}
