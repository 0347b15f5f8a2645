//! The variables about traces: which are begun, joined and sampled, and how finished spans wait.

use toml::Value;

use super::Filling;
use crate::config::problem::Complaint;

pub(super) const PROPAGATORS: &str = "OTEL_PROPAGATORS";
/// What can be said to them; the last says nothing.
const OUR_PROPAGATORS: [&str; 4] = ["tracecontext", "baggage", "none", ""];

pub(super) const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
pub(super) const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";
/// The sampler that takes a ratio, alone or after `parentbased_`.
pub(super) const BY_RATIO: &str = "traceidratio";

impl Filling<'_> {
    pub(super) fn traces(&mut self) {
        self.propagators();
        self.sampler();
        self.milliseconds("spans_delay", "OTEL_BSP_SCHEDULE_DELAY");
        self.fill("spans_waiting_max", "OTEL_BSP_MAX_QUEUE_SIZE", count);
        self.fill("spans_per_export_max", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", count);
    }

    /// Callers' traces are joined by `tracecontext` or not at all. Baggage is taken from nobody, so that nothing is left
    /// to do for it.
    fn propagators(&mut self) {
        const JOIN: &str = "trace_join_callers";
        if self.section.contains_key(JOIN) {
            return;
        }
        let Some(propagators) = self.environment.get_filled(PROPAGATORS) else { return };
        let names = |wanted: &[&str]| propagators.split(',').any(|word| wanted.contains(&word.trim()));
        let foreign = propagators.split(',').any(|word| !OUR_PROPAGATORS.contains(&word.trim()));
        let what = "names a propagator that is not available";
        match (names(&["tracecontext"]), foreign) {
            (true, false) => {}
            (true, true) => {
                let remedy = "callers are understood by tracecontext alone: remove the others";
                self.warn(PROPAGATORS, Complaint::new(what, remedy));
            }
            (false, false) => self.set(JOIN, Value::from(false), PROPAGATORS),
            (false, true) => {
                let remedy = "use tracecontext, or none if callers' traces are not to be joined, or set \
                              telemetry.trace_join_callers";
                self.complain(PROPAGATORS, Complaint::new(what, remedy));
            }
        }
    }

    /// The parent-based samplers follow callers that have decided, the others do not.
    fn sampler(&mut self) {
        if self.section.contains_key("trace_ratio") {
            return;
        }
        let Some(sampler) = self.environment.get_filled(SAMPLER) else { return };
        let (root, trust_callers) = match sampler.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (sampler, false),
        };
        match root {
            "always_on" => self.set("trace_ratio", Value::from(1.0), SAMPLER),
            "always_off" => self.set("trace_ratio", Value::from(0.0), SAMPLER),
            BY_RATIO => {
                if let Some(ratio) = self.environment.get_filled(RATIO) {
                    let value = ratio.parse().map_or_else(|_| Value::from(ratio), Value::Float);
                    self.set("trace_ratio", value, RATIO);
                }
            }
            _ => {
                let remedy = "use always_on, always_off or traceidratio, each also with parentbased_ before it, or set \
                              telemetry.trace_ratio";
                return self
                    .complain(SAMPLER, Complaint::new("names a sampler that is not available", remedy));
            }
        }
        if !self.section.contains_key("trace_trust_callers") {
            self.set("trace_trust_callers", Value::from(trust_callers), SAMPLER);
        }
    }
}

fn count(raw: &str) -> Result<Value, Complaint> {
    let number: Option<u32> = raw.parse().ok();
    number
        .map(Value::from)
        .ok_or_else(|| Complaint::new("must be a whole number", "write digits only, or remove it"))
}
