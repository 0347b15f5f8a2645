//! Which traces are sampled.

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{
    IdGenerator as _, ParentBasedSampler, RandomIdGenerator, Sampler, SamplingResult, ShouldSample,
};

/// Within the gateway, a trace is sampled as a whole: only what comes from outside is decided on.
pub(super) fn sampler(ratio: f64, trust_callers: bool) -> ParentBasedSampler {
    let sampler = Sampler::TraceIdRatioBased(ratio);
    let own = ParentBasedSampler::new(sampler.clone());
    if trust_callers {
        own
    } else {
        own.with_remote_parent_sampled(Drawn(sampler.clone())).with_remote_parent_not_sampled(Drawn(sampler))
    }
}

/// Decides by an id of its own drawing: who chooses a trace's id would choose the decision too.
#[derive(Debug, Clone)]
struct Drawn(Sampler);

impl ShouldSample for Drawn {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _chosen_by_a_stranger: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let drawn = RandomIdGenerator::default().new_trace_id();
        self.0.should_sample(parent, drawn, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceState};

    use opentelemetry_sdk::trace::SamplingDecision;

    use super::*;

    const CALLS: usize = 200;

    /// How many calls are sampled whose callers choose the ids of their traces so that a ratio by id would
    /// sample them all.
    fn sampled(trust_callers: bool, flags: TraceFlags) -> usize {
        let sampler = sampler(0.5, trust_callers);
        let decides = |id: &u16| {
            let trace = TraceId::from(u128::from(*id));
            let caller = SpanContext::new(trace, SpanId::from(1), flags, true, TraceState::default());
            let parent = Context::new().with_remote_span_context(caller);
            sampler.should_sample(Some(&parent), trace, "", &SpanKind::Server, &[], &[]).decision
                == SamplingDecision::RecordAndSample
        };
        (1..).take(CALLS).filter(decides).count()
    }

    #[test]
    fn strangers_decide_neither_by_flag_nor_by_id() {
        for flags in [TraceFlags::SAMPLED, TraceFlags::default()] {
            let sampled = sampled(false, flags);
            assert!(0 < sampled && sampled < CALLS, "{sampled} of {CALLS}, flags {flags:?}");
        }
    }

    #[test]
    fn trusted_callers_decide_by_flag() {
        assert_eq!(sampled(true, TraceFlags::SAMPLED), CALLS);
        assert_eq!(sampled(true, TraceFlags::default()), 0);
    }
}
