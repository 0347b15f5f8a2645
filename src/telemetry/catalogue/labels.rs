//! Every label there is. Dashboards and alerts name labels by these constants, so that they can't drift.

use super::{Label, Values};
use crate::{
    extraction::{
        Alignment, AnswerForm, AttemptKind, AttemptOutcome, Entry, ErrorType, FinishReason, Keyword, Phase,
        Verdict, WaitSource, Withheld,
    },
    telemetry::event::{CacheResult, EvictionCause, Refusal, Signal, ValidationResult},
};

/// How a joined call's wait can end.
pub const WAIT_OUTCOMES: &[&str] = &["answered", "left"];
/// What can keep an answer from being repaired.
pub const REPAIRS_WITHHELD: &[Withheld] =
    &[Withheld::MaxAttempts, Withheld::Orphaned, Withheld::Deadline, Withheld::Budget];
/// Stands in the place of an error type for what was given up, where no other label tells.
pub const CANCELLED: &str = "cancelled";
/// The ways of a token.
pub const DIRECTIONS: &[&str] = &["input", "output"];

/// How well an entity stands in the text.
pub const ALIGNMENT: Label = Label::closed("alignment", Alignment::LABELS);
/// What set the wait before a retry.
pub const BACKOFF: Label = Label::closed("backoff", WaitSource::LABELS);
/// The cache's part in a call; absent where it got no as far.
pub const CACHE: Label = Label::closed("cache", CacheResult::LABELS).optional();
/// What came of asking the cache.
pub const CACHE_RESULT: Label = Label::closed("result", CacheResult::LABELS);
/// Why an answer left the cache.
pub const CAUSE: Label = Label::closed("cause", EvictionCause::LABELS);
/// The way of a token.
pub const DIRECTION: Label = Label::closed("direction", DIRECTIONS);
/// By which way a call came.
pub const ENTRY: Label = Label::closed("entry", Entry::LABELS);
/// What an attempt or flight failed with; absent where it did not fail.
pub const ERROR_TYPE: Label = Label::closed("error.type", ErrorType::LABELS).optional();
/// The same, or `cancelled` where it was given up; absent where it succeeded.
pub const NO_ANSWER: Label = Label::closed("error.type", &NO_ANSWERS).optional();
/// Why an attempt was made.
pub const KIND: Label = Label::closed("kind", AttemptKind::LABELS);
/// How an attempt or flight ended.
pub const OUTCOME: Label = Label::closed("outcome", AttemptOutcome::LABELS);
/// What a call was doing when its deadline passed.
pub const PHASE: Label = Label::closed("phase", Phase::LABELS);
/// The profile's configured name, or `inline`.
pub const PROFILE: Label = Label::from("profile", Values::Profile);
/// Why a model stopped.
pub const FINISH: Label = Label::closed("finish", FinishReason::LABELS);
/// A form in which the JSON of an answer was found.
pub const READ: Label = Label::closed("read", AnswerForm::LABELS);
/// Which part of a schema was broken.
pub const POINTER: Label = Label::from("pointer", Values::SchemaPointer);
/// By what kind of mistake.
pub const KEYWORD: Label = Label::closed("keyword", Keyword::LABELS);
/// What a retry comes after.
pub const REASON: Label = Label::closed("reason", ErrorType::LABELS);
/// Why a connection was refused.
pub const REFUSAL: Label = Label::closed("reason", Refusal::LABELS);
/// Why an answer was not repaired.
pub const REPAIR_WITHHELD: Label = Label::closed("reason", &REPAIR_WITHHELD_WORDS);
/// What part of telemetry something is about.
pub const SIGNAL: Label = Label::closed("signal", Signal::LABELS);
/// The upstream's configured name.
pub const UPSTREAM: Label = Label::from("upstream", Values::Upstream);
/// Whether something was for an answer that could be used.
pub const USEFUL: Label = Label::closed("useful", &["true", "false"]);
/// What came of holding an answer against its schema.
pub const VALIDATION: Label = Label::closed("result", ValidationResult::LABELS);
/// How a call ended.
pub const VERDICT: Label = Label::closed("verdict", Verdict::LABELS);
/// How a joined call's wait ended.
pub const WAIT_OUTCOME: Label = Label::closed("outcome", WAIT_OUTCOMES);
/// Why a retry was not made.
pub const WITHHELD: Label = Label::closed("reason", Withheld::LABELS);

/// Always `grpc`.
pub const RPC_SYSTEM: Label = Label::closed("rpc.system.name", &["grpc"]);
/// The method asked for.
pub const RPC_METHOD: Label = Label::from("rpc.method", Values::RpcMethod);
/// The status answered.
pub const RPC_STATUS: Label = Label::from("rpc.response.status_code", Values::RpcStatus);
/// The status answered, where it is the server's fault.
pub const RPC_ERROR: Label = Label::from("error.type", Values::RpcStatus).optional();

/// Always `POST`.
pub const HTTP_METHOD: Label = Label::closed("http.request.method", &["POST"]);
/// The HTTP status; absent where no answer came.
pub const HTTP_STATUS: Label = Label::from("http.response.status_code", Values::HttpStatus).optional();
/// The host of an upstream.
pub const SERVER_ADDRESS: Label = Label::from("server.address", Values::Endpoint);
/// The port of an upstream.
pub const SERVER_PORT: Label = Label::from("server.port", Values::Endpoint);

/// Always `chat`.
pub const GEN_AI_OPERATION: Label = Label::closed("gen_ai.operation.name", &["chat"]);
/// The wire format that an upstream speaks.
pub const GEN_AI_PROVIDER: Label = Label::from("gen_ai.provider.name", Values::Endpoint);
/// The model configured for an upstream.
pub const GEN_AI_MODEL: Label = Label::from("gen_ai.request.model", Values::Endpoint);
/// The way of a token, in the words of the convention.
pub const GEN_AI_TOKEN_TYPE: Label = Label::closed("gen_ai.token.type", DIRECTIONS);

/// The version of this build.
pub const VERSION: Label = Label::from("version", Values::Build);
/// The commit it was built from, or `unknown`.
pub const COMMIT: Label = Label::from("commit", Values::Build);
/// The version of the compiler.
pub const RUSTC: Label = Label::from("rustc", Values::Build);

const NO_ANSWERS: [&str; ErrorType::LABELS.len() + 1] = {
    let mut words = [CANCELLED; ErrorType::LABELS.len() + 1];
    if let Some((_, failures)) = words.split_first_mut() {
        failures.copy_from_slice(ErrorType::LABELS);
    }
    words
};

const REPAIR_WITHHELD_WORDS: [&str; 4] = [
    Withheld::MaxAttempts.as_str(),
    Withheld::Orphaned.as_str(),
    Withheld::Deadline.as_str(),
    Withheld::Budget.as_str(),
];
