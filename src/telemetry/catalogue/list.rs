//! The list itself.

use super::{Kind, Label, Metric, Unit, Values};
use crate::{
    extraction::{Alignment, AttemptKind, AttemptOutcome, Entry, ErrorType, Verdict, WaitSource, Withheld},
    telemetry::event::{CacheResult, EvictionCause, Signal, ValidationResult},
};

/// Seconds of calls and attempts: from a cache hit to the longest call one waits for.
const LATENCY: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];
/// Seconds, as the `GenAI` convention advises.
const GEN_AI: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/// Seconds that the gateway itself takes.
const OVERHEAD: &[f64] = &[
    0.000_05, 0.000_1, 0.000_2, 0.000_3, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
];
/// Seconds between attempts.
const RETRY_DELAY: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// Retries of one flight.
const RETRIES: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0];
/// Tokens, as the `GenAI` convention advises, to one million.
const TOKENS: &[f64] =
    &[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0];

/// How a joined call's wait can end.
pub const WAIT_OUTCOMES: &[&str] = &["answered", "left"];
/// The ways of a token.
pub const DIRECTIONS: &[&str] = &["input", "output"];

const ALIGNMENT: Label = Label::closed("alignment", Alignment::LABELS);
const BACKOFF: Label = Label::closed("backoff", WaitSource::LABELS);
const CACHE: Label = Label::closed("cache", CacheResult::LABELS).optional();
const CACHE_RESULT: Label = Label::closed("result", CacheResult::LABELS);
const CAUSE: Label = Label::closed("cause", EvictionCause::LABELS);
const DIRECTION: Label = Label::closed("direction", DIRECTIONS);
const ENTRY: Label = Label::closed("entry", Entry::LABELS);
const ERROR_TYPE: Label = Label::closed("error.type", ErrorType::LABELS).optional();
const KIND: Label = Label::closed("kind", AttemptKind::LABELS);
const OUTCOME: Label = Label::closed("outcome", AttemptOutcome::LABELS);
const PROFILE: Label = Label::from("profile", Values::Profile);
const REASON: Label = Label::closed("reason", ErrorType::LABELS);
const RPC_METHOD: Label = Label::from("rpc.method", Values::RpcMethod);
const SIGNAL: Label = Label::closed("signal", Signal::LABELS);
const TOKEN_TYPE: Label = Label::closed("gen_ai.token.type", DIRECTIONS);
const UPSTREAM: Label = Label::from("upstream", Values::Upstream);
const USEFUL: Label = Label::closed("useful", &["true", "false"]);
const VALIDATION: Label = Label::closed("result", ValidationResult::LABELS);
const VERDICT: Label = Label::closed("verdict", Verdict::LABELS);
const WAIT_OUTCOME: Label = Label::closed("outcome", WAIT_OUTCOMES);
const WITHHELD: Label = Label::closed("reason", Withheld::LABELS);

const GEN_AI_OPERATION: Label = Label::closed("gen_ai.operation.name", &["chat"]);
const GEN_AI_PROVIDER: Label = Label::from("gen_ai.provider.name", Values::Endpoint);
const GEN_AI_MODEL: Label = Label::from("gen_ai.request.model", Values::Endpoint);

const fn counter(name: &'static str, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: Unit::Count, help, labels }
}

const fn gauge(name: &'static str, unit: Unit, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, help, labels }
}

const fn histogram(
    name: &'static str,
    buckets: &'static [f64],
    unit: Unit,
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(buckets), unit, help, labels }
}

macro_rules! catalogue {
    ($($name:ident = $metric:expr;)+) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: see its help.")]
            pub static $name: Metric = $metric;
        )+

        /// Every metric, in the order of the documentation.
        pub static ALL: &[&Metric] = &[$(&$name,)+];
    };
}

catalogue! {
    CALLS = counter("tidegate.calls", &[ENTRY, PROFILE, VERDICT],
        "Calls, each exactly once, by how they ended.");
    CALL_DURATION = histogram("tidegate.call.duration", LATENCY, Unit::Seconds, &[PROFILE, CACHE],
        "From a call's receipt to its answer; cache is absent for calls that never got as far.");
    OVERHEAD_DURATION = histogram("tidegate.overhead", OVERHEAD, Unit::Seconds, &[],
        "What the gateway itself took of a call: its time less upstream, backoff and waiting.");
    RPC_DURATION = histogram("rpc.server.call.duration", LATENCY, Unit::Seconds,
        &[
            Label::closed("rpc.system.name", &["grpc"]),
            RPC_METHOD,
            Label::from("rpc.response.status_code", Values::RpcStatus),
            Label::from("error.type", Values::RpcStatus).optional(),
        ],
        "From a gRPC request's head to the end of its answer; error.type is there if the status is the server's fault.");
    ACTIVE_CALLS = gauge("tidegate.server.active_calls", Unit::Count, &[RPC_METHOD],
        "gRPC requests being served.");

    ATTEMPTS = counter("tidegate.upstream.attempts", &[UPSTREAM, KIND, OUTCOME, ERROR_TYPE],
        "Attempts, each exactly once when it ended; error.type is there if the outcome is failure.");
    RETRIES_SCHEDULED = counter("tidegate.upstream.retries", &[UPSTREAM, REASON, BACKOFF],
        "Retries decided, by what went wrong before and by what set the wait.");
    RETRIES_WITHHELD = counter("tidegate.upstream.retries.withheld", &[UPSTREAM, WITHHELD],
        "Retries that the failure allowed and that were not made.");
    FLIGHT_RETRIES = histogram("tidegate.upstream.call.retries", RETRIES, Unit::Count, &[UPSTREAM, OUTCOME],
        "Retries of one flight; flights without any are not recorded.");
    RETRY_DELAY_DURATION = histogram("tidegate.upstream.call.retry_delay", RETRY_DELAY, Unit::Seconds, &[UPSTREAM],
        "Time of one flight in which no attempt was running; flights without any are not recorded.");
    INFLIGHT = gauge("tidegate.upstream.inflight", Unit::Count, &[UPSTREAM],
        "Attempts running.");
    BUDGET = gauge("tidegate.retry_budget.ratio", Unit::Count, &[UPSTREAM],
        "What is left of the purse for extra attempts, 0 to 1.");
    TOKENS_TOTAL = counter("tidegate.tokens", &[UPSTREAM, DIRECTION, USEFUL],
        "Tokens as the upstream reported them; useful if the attempt brought a valid answer.");

    HTTP_DURATION = histogram("http.client.request.duration", LATENCY, Unit::Seconds,
        &[
            Label::closed("http.request.method", &["POST"]),
            Label::from("server.address", Values::Endpoint),
            Label::from("server.port", Values::Endpoint),
            Label::from("http.response.status_code", Values::HttpStatus).optional(),
            ERROR_TYPE,
            UPSTREAM,
            KIND,
        ],
        "One attempt, from sending to the end of the answer's body, cancelled ones too.");
    GEN_AI_DURATION = histogram("gen_ai.client.operation.duration", GEN_AI, Unit::Seconds,
        &[GEN_AI_OPERATION, GEN_AI_PROVIDER, GEN_AI_MODEL, ERROR_TYPE],
        "One flight: all attempts and the waits between them.");
    GEN_AI_TOKENS = histogram("gen_ai.client.token.usage", TOKENS, Unit::Count,
        &[GEN_AI_OPERATION, GEN_AI_PROVIDER, GEN_AI_MODEL, TOKEN_TYPE],
        "Tokens of one flight, all attempts summed, if reported.");

    CACHE_REQUESTS = counter("tidegate.cache.requests", &[CACHE_RESULT],
        "Calls that got as far as the cache, each exactly once.");
    CACHE_EVICTIONS = counter("tidegate.cache.evictions", &[CAUSE],
        "Answers that left the cache.");
    CACHE_ENTRIES = gauge("tidegate.cache.entries", Unit::Count, &[],
        "Answers in the cache.");
    CACHE_WEIGHT = gauge("tidegate.cache.weight", Unit::Bytes, &[],
        "Memory of the answers in the cache.");
    FLIGHTS = gauge("tidegate.flights.active", Unit::Count, &[],
        "Flights under way.");
    FLIGHT_WAIT = histogram("tidegate.flight.wait", LATENCY, Unit::Seconds, &[WAIT_OUTCOME],
        "How long a call that joined a flight waited for it.");

    VALIDATION_TOTAL = counter("tidegate.extract.validation", &[PROFILE, VALIDATION],
        "Answers held against their schema.");
    ENTITIES_TOTAL = counter("tidegate.extract.entities", &[PROFILE, ALIGNMENT],
        "Entities of valid answers, by how well they stand in the text.");

    DROPPED = counter("tidegate.telemetry.dropped", &[SIGNAL],
        "Spans, exports of metrics and log lines that could not be delivered.");
    BUILD = gauge("tidegate.build.info", Unit::Count, &[Label::from("version", Values::Version)],
        "Always 1.");
    PROCESS_CPU = Metric { unit: Unit::Seconds, ..counter("process.cpu", &[],
        "Processor time of this process, in whole seconds.") };
    PROCESS_MEMORY = gauge("process.resident_memory", Unit::Bytes, &[],
        "Memory of this process that is in RAM.");
    PROCESS_FDS = gauge("process.open_fds", Unit::Count, &[],
        "File descriptors open.");
    PROCESS_FDS_MAX = gauge("process.max_fds", Unit::Count, &[],
        "File descriptors this process may have open.");
    PROCESS_START = gauge("process.start_time", Unit::Seconds, &[],
        "When this process started, in seconds since 1970.");
}
