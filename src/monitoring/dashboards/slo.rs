//! The error budget, from the series that the rules of `grafana/prometheus` record.

use super::{
    Brief,
    board::{board, what_to_do},
    figures,
    grid::{Row, row},
    limits::Limits,
    model::Dashboard,
    palette::{self, BLUE, GREEN, RED},
    panels::{lines, stat, unit},
    scope::{legend, rate_by, series},
};
use crate::{
    extraction::Party,
    monitoring::{
        query::Query,
        rules::recording::{
            ERROR_BUDGET, ERROR_BUDGET_LEFT, FAILED_CALLS, RATED_CALLS, SLOW_SHARE, Window, error_ratio,
        },
    },
    telemetry::catalogue::{labels, list},
};

const JOB: &str = "{{job}}";

pub(super) fn slo(brief: &Brief) -> Dashboard {
    let question = "How much error budget is left, and how fast does it burn?";
    let rows = vec![budget(&brief.limits), burning(), spent_on(), what_to_do(brief)];
    board("tidegate-slo", "Tidegate / SLO", question, rows)
}

/// A recorded series of the chosen jobs: what is recorded speaks of a whole job.
pub(super) fn recorded(name: &str) -> Query {
    Query::from(format!("{name}{{job=~\"$job\"}}"))
}

/// How many times faster than it may the budget is spent.
fn burn_rate(window: Window) -> Query {
    Query::from(format!("{} / on (job) {}", recorded(&error_ratio(window)), recorded(ERROR_BUDGET)))
}

fn budget(limits: &Limits) -> Row {
    row(
        "Error budget",
        vec![
            stat(
                "Error budget left",
                unit::RATIO,
                "What is left of the error budget of the last 30 days, or of as many as Prometheus keeps; below \
                 zero the objective is missed. Below a quarter, take fewer risks. Next: what it was spent on, \
                 below.",
            )
            .ask(&recorded(ERROR_BUDGET_LEFT), JOB)
            .thresholds(RED, &Limits::error_budget_left())
            .or_else("no calls yet")
            .sized(6, 6),
            stat(
                "Burn rate of the last hour",
                unit::COUNT,
                "How many times faster than it may the budget is spent: 1 spends it in exactly 30 days, \
                 14.4 in two. Next: Failed calls by verdict.",
            )
            .ask(&burn_rate(Window::H1), JOB)
            .thresholds(GREEN, &Limits::burn_rate())
            .or_else("no calls yet")
            .sized(6, 6),
            stat(
                "Slow calls",
                unit::RATIO,
                &format!(
                    "The share of calls that took longer than {} s (`--slow-call` of the rules). Next: \
                     Where the time goes, on the overview.",
                    limits.0.slow_call
                ),
            )
            .ask(&recorded(SLOW_SHARE), JOB)
            .thresholds(GREEN, &limits.slow_calls())
            .or_else("no calls yet")
            .leads_to("tidegate-overview", "Overview")
            .sized(6, 6),
            stat(
                "Calls that count",
                unit::CALLS,
                "Calls per second that the objective is about: all but those that failed by their caller's \
                 own doing. With few of them one failure is a large share. Next: Calls that count, over \
                 time.",
            )
            .ask(&recorded(RATED_CALLS), JOB)
            .thresholds(BLUE, &[])
            .or_else("no calls yet")
            .sized(6, 6),
        ],
    )
}

fn burning() -> Row {
    let rates = lines(
        "Burn rates",
        unit::COUNT,
        "How many times faster than it may the budget is spent, over windows of different length. Lines are \
         where alerts fire: 14.4 over an hour, 6 over six, 1 over three days, if the short window agrees. \
         Next: Failed calls by verdict.",
    );
    let windows = [Window::M5, Window::H1, Window::H6, Window::D3];
    let rates = windows
        .into_iter()
        .fold(rates, |panel, window| panel.ask(&burn_rate(window), format!("{JOB} over {}", window.name())));
    row(
        "How fast it burns",
        vec![
            rates.thresholds(GREEN, &Limits::burn_rate()).sized(16, 9),
            lines(
                "Error budget left, over time",
                unit::RATIO,
                "What was left of the error budget of 30 days at each moment. A step is an outage, a slope \
                 is something that fails all the time. Next: the marks of starts and alerts at that time.",
            )
            .ask(&recorded(ERROR_BUDGET_LEFT), JOB)
            .thresholds(RED, &Limits::error_budget_left())
            .sized(8, 9),
        ],
    )
}

fn spent_on() -> Row {
    row(
        "What it is spent on",
        vec![
            lines(
                "Failed calls by verdict",
                unit::CALLS,
                "Calls that spend the budget, by how they ended. Whose doing it is stands in the verdict. \
                 Next: Retries & failures for upstreams, Runtime for saturated, draining and internal.",
            )
            .ask(&rate_by(&[&labels::VERDICT], &figures::calls(Party::FAILING)), legend(&labels::VERDICT))
            .coloured(&palette::verdicts())
            .stacked()
            .sized(12, 8),
            lines(
                "Failed calls by profile",
                unit::CALLS,
                "The same by profile: one alone points at its schema, limits or route, all at an upstream \
                 or the gateway. Next: choose the profile on Answer quality.",
            )
            .ask(&rate_by(&[&labels::PROFILE], &figures::calls(Party::FAILING)), legend(&labels::PROFILE))
            .stacked()
            .sized(12, 8),
            lines(
                "Deadlines passed, by what the call was doing",
                unit::CALLS,
                "Calls whose deadline passed. attempt, backoff and joined went on an upstream; at admission \
                 so little was left that nothing was sent. Next: attempt latency on Upstreams & tokens, and \
                 callers' timeouts.",
            )
            .ask(&rate_by(&[&labels::PHASE], &series(&list::CALLS_LATE)), legend(&labels::PHASE))
            .stacked()
            .sized(12, 8),
            lines(
                "Calls that count, over time",
                unit::CALLS,
                "Calls that the objective is about, and those among them that failed. Next: Calls by \
                 verdict on the overview.",
            )
            .ask(&recorded(RATED_CALLS), format!("{JOB} all"))
            .ask(&recorded(FAILED_CALLS), format!("{JOB} failed"))
            .sized(12, 8),
        ],
    )
}
