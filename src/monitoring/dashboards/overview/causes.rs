//! The third line: why?

use crate::{
    monitoring::dashboards::{
        figures,
        grid::{Row, row},
        limits::Limits,
        model::Panel,
        palette::{BLUE, GREEN, RED},
        panels::{stat, unit},
        scope::{legend, quantile, rate_by, series},
    },
    telemetry::catalogue::{labels, list},
};

pub(super) fn causes(limits: &Limits) -> Row {
    row("Why?", [slowness(limits), upstreams(limits)].concat())
}

fn slowness(limits: &Limits) -> Vec<Panel> {
    vec![
        stat(
            "Calls",
            unit::CALLS,
            "Calls per second, however they end. A sudden fall with nothing red means that callers, or the \
             way to the gateway, are in trouble. Next: Calls by verdict, below.",
        )
        .ask(&rate_by(&[], &series(&list::CALLS)), "calls")
        .thresholds(BLUE, &[]),
        stat(
            "Call p95",
            unit::SECONDS,
            "95 % of calls are answered within this time, answers from the cache included. Red is what the \
             alert calls slow; worry when it nears your callers' timeouts. Next: the tile to the right tells \
             whether the gateway itself is slow; else Upstreams.",
        )
        .ask(&quantile(0.95, &[], &list::CALL_DURATION), "p95")
        .thresholds(GREEN, &limits.slow())
        .or_else("no calls")
        .leads_to("tidegate-upstreams", "Upstreams & tokens"),
        stat(
            "Gateway's own p99",
            unit::SECONDS,
            "What the gateway itself takes of its slowest calls: their time less upstream, backoff and \
             waiting. Some milliseconds at most; when it is red it is the gateway that is slow. Next: \
             Runtime.",
        )
        .ask(&quantile(0.99, &[], &list::OVERHEAD_DURATION), "p99")
        .thresholds(GREEN, &limits.overhead())
        .or_else("no calls")
        .leads_to("tidegate-runtime", "Runtime"),
    ]
}

fn upstreams(limits: &Limits) -> Vec<Panel> {
    let (failed, ratio, floor) = (limits.failed_attempts(), limits.retry_ratio(), limits.0.traffic);
    vec![
        stat(
            "Worst upstreams",
            unit::RATIO,
            &format!(
                "The upstreams with the highest share of failed attempts, before retries, of those with more \
                 than {floor} attempts per second that were not given up; texts that the model refuses or that are \
                 too long for it do not count. Retries hide up to some 10 %; above \
                 {} nothing helps. Next: their errors on Retries & failures.",
                Limits::last(&failed)
            ),
        )
        .ask(&figures::worst_upstreams(floor), legend(&labels::UPSTREAM))
        .named()
        .thresholds(GREEN, &failed)
        .or_else("few or no attempts")
        .leads_to("tidegate-retries", "Retries & failures"),
        stat(
            "Worst retry ratios",
            unit::RATIO,
            &format!(
                "The upstreams with the most retries per first attempt, of those with more than {floor} first \
                 attempts per second. Normal is below 1 %; above {} an upstream is in trouble, at {} retries \
                 alone make a storm. Next: Retries & failures.",
                Limits::first(&ratio),
                Limits::last(&ratio)
            ),
        )
        .ask(&figures::most_retried(floor), legend(&labels::UPSTREAM))
        .named()
        .thresholds(GREEN, &ratio)
        .or_else("few or no attempts")
        .leads_to("tidegate-retries", "Retries & failures"),
        stat(
            "Retry budget left",
            unit::RATIO,
            "What is left of the retry budget of the upstream that has least. Near zero, failures reach \
             users without a retry. Next: Retries & failures.",
        )
        .ask(&figures::retry_budget(&[]), "budget")
        .between(0.0, 1.0)
        .thresholds(RED, &Limits::retry_budget())
        .leads_to("tidegate-retries", "Retries & failures"),
    ]
}
