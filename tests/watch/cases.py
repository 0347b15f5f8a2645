"""Which fault makes which alert fire, and what the alert must say it is about."""

import dataclasses


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One alert, with the labels that tell it from others of its name."""

    alert: str
    labels: dict
    fault: str

    @property
    def name(self):
        return " ".join([self.alert, *self.labels.values()])

    def fits(self, labels):
        """Whether an alert rule that sets these labels can be the one."""
        return all(labels.get(name, value) == value for name, value in self.labels.items())

    def explains(self, labels):
        """Whether an alert with these labels is the one."""
        return labels["alertname"] == self.alert and self.labels.items() <= labels.items()


# Of these faults each is there at the same time as all others, as services.py says.
UPSTREAMS = (
    Case("TidegateRetrySpike", {"upstream": "spiking"}, "every fourth attempt gets a 503"),
    Case("TidegateRetryStorm", {"upstream": "storming"}, "every attempt gets a 503, and the retry budget is loose"),
    Case("TidegateRetryBudgetExhausted", {"upstream": "draining"}, "every attempt gets a 503"),
    Case("TidegateRetriesIneffective", {"upstream": "storming"}, "every attempt gets a 503, retries too"),
    Case("TidegateUpstreamFailing", {"upstream": "draining"}, "every attempt gets a 503"),
    Case("TidegateUpstreamFailing", {"upstream": "storming"}, "every attempt gets a 503"),
    Case("TidegateUpstreamRateLimited", {"upstream": "limited"}, "every eighth attempt gets a 429"),
    Case(
        "TidegateUpstreamMisconfigured",
        {"upstream": "locked-out", "error_type": "unauthorized"},
        "every attempt gets a 401",
    ),
    Case("TidegateUpstreamSlow", {"upstream": "slowed"}, "answers take 11 s, and took 30 ms"),
    Case("TidegateProfileSlow", {"profile": "slowed"}, "answers take 11 s, and took 30 ms"),
    Case("TidegateAnswersEmpty", {"profile": "emptied"}, "valid answers in which nothing was found"),
    Case("TidegateAnswersWithoutContent", {"profile": "wordless"}, "every third answer has no content"),
    Case("TidegateAnswersTruncated", {"profile": "cut-short"}, "every second answer is cut in half"),
    Case("TidegateAnswersNotJson", {"profile": "talkative"}, "every third answer is prose"),
    Case("TidegateAnswersSchemaInvalid", {"profile": "misshapen"}, "every third answer violates its schema"),
    Case("TidegateAnswersRefused", {"profile": "refused"}, "every second answer is a refusal"),
    Case("TidegateEntitiesUngrounded", {"profile": "making-up"}, "each answer has an entity that is not in the text"),
    Case("TidegateCallsSlow", {}, "one call in six meets an upstream that takes 11 s"),
    Case(
        "TidegateCallersLeaving",
        {"profile": "impatient", "severity": "warning"},
        "callers give up after 1 s, and answers take 3 s",
    ),
    Case("TidegateCallersLeaving", {"profile": "impatient", "severity": "critical"}, "the same: all callers do"),
    Case("TidegateSaturated", {}, "more calls than one instance may have in flight"),
    Case("TidegateOverheadHigh", {}, "one call in twenty-five brings a large schema of its own, a new one each time"),
    Case("TidegateErrorBudgetBurn", {"long_window": "1h"}, "a quarter of all calls fails"),
)
# These go on to fire when the faults are over, as their windows are long.
BURNS = (
    Case("TidegateErrorBudgetBurn", {"long_window": "6h"}, "a quarter of all calls fails"),
    Case("TidegateErrorBudgetBurn", {"long_window": "1d"}, "a quarter of all calls fails"),
    Case("TidegateErrorBudgetBurn", {"long_window": "3d"}, "a quarter of all calls fails"),
)
INSTANCES = (
    Case("TidegateTelemetryDropping", {"signal": "spans"}, "the collector is gone"),
    Case("TidegateTelemetryDropping", {"signal": "metrics"}, "the collector is gone"),
    Case("TidegateMetricsMissing", {}, "a target is up and has other metrics than the gateway's"),
    Case("TidegateDescriptorsLow", {}, "somebody opens 200 connections to an instance that may have 256 descriptors"),
    Case("TidegateRestarting", {}, "an instance is killed over and over"),
)
OUTAGE = (
    Case("TidegateDown", {}, "all instances are killed"),
    Case("TidegateInstanceDown", {}, "all instances are killed"),
)
CASES = UPSTREAMS + BURNS + INSTANCES + OUTAGE

# What the same faults may make fire besides, and rightly.
ALSO = (
    Case("TidegateRetrySpike", {"upstream": "storming"}, "its retries are a spike too"),
    Case("TidegateRetrySpike", {"upstream": "draining"}, "until the budget is spent"),
    Case("TidegateRetryStorm", {"upstream": "draining"}, "until the budget is spent: what is in it has no time scale"),
    Case("TidegateRetryBudgetExhausted", {"upstream": "storming"}, "too many of its retries are in flight"),
    Case("TidegateRetriesIneffective", {"upstream": "draining"}, "the few retries that the budget allows are in vain"),
    Case("TidegateUpstreamFailing", {"upstream": "locked-out"}, "every attempt gets a 401"),
    Case("TidegateUpstreamSlow", {"upstream": "crowding"}, "answers take 4 s, and took 30 ms"),
    Case("TidegateProfileSlow", {"profile": "crowding"}, "answers take 4 s, and took 30 ms"),
    Case("TidegateUpstreamSlow", {"upstream": "impatient"}, "answers take 3 s, as far as anybody waits for them"),
    Case("TidegateProfileSlow", {"profile": "impatient"}, "callers wait for 1 s, and waited for 30 ms"),
    Case("TidegateProfileSlow", {"profile": "storming"}, "each call waits for retries"),
    Case("TidegateProfileSlow", {"profile": "draining"}, "each call waits for retries, until the budget is spent"),
    Case("TidegateInstanceDown", {}, "the instance that is killed over and over is hardly ever there"),
)

# Alerts that no fault from outside can cause.
NOT_CAUSED = {
    "TidegateSeriesLeftOut": "callers can make no series; it would take hundreds of upstreams and thousands of profiles",
    "TidegateInternalFaults": "a defect of the gateway; a fault that caused it would be a bug to mend",
}
