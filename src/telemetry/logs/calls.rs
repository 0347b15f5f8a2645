//! Lines about calls.

use tracing::{dispatcher, level_filters::LevelFilter};

use super::{Logs, ids, milliseconds};
use crate::{
    extraction::{Brought, ErrorType, FinishReason, Phase, Tenant},
    telemetry::{
        event::{CacheResult, CallEnded},
        spans::trace_id,
    },
};

impl Logs {
    pub(super) fn call_ended(&self, call: &CallEnded<'_>) {
        line!(
            self,
            INFO,
            "tidegate.call.finished",
            "call finished",
            span = call.span,
            tidegate.call.entry = call.entry.as_str(),
            tidegate.tenant = call.tenant.map(Tenant::as_str),
            tidegate.profile = call.profile.map(|profile| &**profile),
            tidegate.call.verdict = call.verdict.as_str(),
            "error.type" = call.error_type.map(ErrorType::as_str),
            tidegate.deadline.phase = call.phase.map(Phase::as_str),
            tidegate.cache.result = call.cache.map(CacheResult::as_str),
            tidegate.upstream = call.upstream.map(|upstream| &**upstream),
            tidegate.call.joined = call.joined,
            tidegate.flight.trace_id = call.flight.and_then(trace_id),
            tidegate.call.attempts = call.attempts,
            tidegate.call.retries = call.retries,
            gen_ai.usage.input_tokens = call.usage.input_tokens,
            gen_ai.usage.output_tokens = call.usage.output_tokens,
            tidegate.answer.finish = call.trail.response.finish.map(FinishReason::as_str),
            tidegate.answer.items = call.brought.map(|brought| brought.items),
            tidegate.answer.entities = call.brought.map(Brought::entities),
            tidegate.answer.normalised = call.brought.map(|brought| brought.normalised),
            tidegate.answer.not_found = call.brought.map(|brought| brought.not_found),
            tidegate.answer.left_out = call.brought.map(|brought| brought.left_out),
            tidegate.answer.empty_parts = call.brought.map(|brought| brought.empty_parts),
            tidegate.saved.input_tokens = call.saved.and_then(|saved| saved.usage.input_tokens),
            tidegate.saved.output_tokens = call.saved.and_then(|saved| saved.usage.output_tokens),
            duration_ms = milliseconds(call.elapsed),
            overhead_ms = call.overhead.map(milliseconds),
        );
    }
}
