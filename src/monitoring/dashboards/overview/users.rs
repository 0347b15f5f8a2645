//! The first line: are users hurt, and by whom?

use crate::{
    monitoring::{
        dashboards::{
            board::FIRING,
            figures,
            grid::{Row, row},
            limits::Limits,
            model::Panel,
            palette::{GREEN, RED},
            panels::{stat, unit},
            scope::{self, legend},
            slo,
        },
        query::{self, Query},
        rules::recording::ERROR_BUDGET_LEFT,
    },
    telemetry::catalogue::labels,
};

pub(super) fn users(limits: &Limits) -> Row {
    row(
        "Are users hurt, and by whom?",
        [vec![answered(limits)], failed(limits), vec![given_up(limits), gateways_up()], alarms()]
            .concat()
            .into_iter()
            .map(|tile| tile.sized(3, 4))
            .collect(),
    )
}

fn answered(limits: &Limits) -> Panel {
    stat(
        "Calls answered well",
        unit::RATIO,
        "The share of calls that got a valid answer, of all but those that failed by their caller's own \
         doing. Yellow below the SLO, red where the error budget of 30 days would not last two. Next: the \
         three tiles to the right say whose doing it is.",
    )
    .ask(&figures::success_share(), "answered")
    .thresholds(RED, &limits.good_calls())
    .or_else("no calls")
    .leads_to("tidegate-slo", "SLO")
}

fn failed(limits: &Limits) -> Vec<Panel> {
    let steps = limits.failed_calls();
    let failed = |title, query: &Query, description: &str| {
        stat(title, unit::RATIO, description)
            .ask(query, "failed")
            .thresholds(GREEN, &steps)
            .or_else("no calls")
    };
    let worry = Limits::first(&steps);
    vec![
        failed(
            "Failed by an upstream",
            &figures::failed_by_upstreams(),
            &format!(
                "The share of calls that failed because an upstream failed, refused, answered nonsense, or \
                 was still at it when their deadline passed, retries and all. Worry above {worry}. Next: \
                 which upstream (Worst upstreams), and Retries & failures for what it fails with."
            ),
        )
        .leads_to("tidegate-retries", "Retries & failures"),
        failed(
            "Failed by the gateway",
            &figures::failed_by_gateway(),
            &format!(
                "The share of calls that the gateway refused at the door (saturated, draining) or broke \
                 itself (internal). Worry above {worry}, and at any internal. Next: Runtime, for CPU and \
                 calls in flight."
            ),
        )
        .leads_to("tidegate-runtime", "Runtime"),
        failed(
            "Short of time",
            &figures::short_of_time(),
            &format!(
                "The share of calls whose deadline passed before anything could be sent for them: callers \
                 give some milliseconds only, or the gateway is too slow to begin. Worry above {worry}. \
                 Next: callers' timeouts, and Gateway's own p99."
            ),
        )
        .leads_to("tidegate-runtime", "Runtime"),
    ]
}

fn given_up(limits: &Limits) -> Panel {
    let (steps, floor) = (limits.given_up(), limits.0.traffic);
    stat(
        "Given up by callers",
        unit::RATIO,
        &format!(
            "The profiles with the highest share of calls whose callers left before the answer, of those with more \
             than {floor} calls per second. Nobody failed by then, so no error tells of it: an upstream that has \
             become slow shows here first. Worry above {}. Next: Call latency, and Upstreams & tokens for whose.",
            Limits::first(&steps)
        ),
    )
    .ask(&figures::most_given_up(floor), legend(&labels::PROFILE))
    .named()
    .thresholds(GREEN, &steps)
    .or_else("few or no calls")
    .leads_to("tidegate-upstreams", "Upstreams & tokens")
}

fn gateways_up() -> Panel {
    let up = scope::reached();
    stat(
        "Gateways up",
        unit::COUNT,
        "How many gateways Prometheus reaches, and how many it does not, of the jobs that had a gateway \
         within the time that is shown. Any that is down is worth a look; with none up, all other tiles \
         are empty. Next: Runtime, for starts and builds; the runbook on TidegateInstanceDown.",
    )
    .ask(&query::aggregate("sum", &[], &up), "up")
    .ask(&query::aggregate("sum", &[], &Query::from(format!("1 - {up}"))), "down")
    .named()
    .thresholds(RED, &[(1.0, GREEN)])
    .value_thresholds("down", GREEN, &[(1.0, RED)])
    .or_else("none known")
    .leads_to("tidegate-runtime", "Runtime")
}

fn alarms() -> Vec<Panel> {
    vec![
        stat(
            "Error budget left",
            unit::RATIO,
            "What is left of the error budget of the last 30 days, of the job that has least; needs the \
             rules of grafana/prometheus. Below zero the objective is missed. Next: SLO.",
        )
        .ask(&query::aggregate("min", &[], &slo::recorded(ERROR_BUDGET_LEFT)), "left")
        .thresholds(RED, &Limits::error_budget_left())
        .or_else("not recorded")
        .leads_to("tidegate-slo", "SLO"),
        stat(
            "Alerts firing",
            unit::COUNT,
            "How many alerts of Tidegate fire now; needs the rules of grafana/prometheus. Any is worth a \
             look. Next: Which alerts fire, at the end of this board, and the runbook.",
        )
        .ask(&Query::from(format!("count({FIRING})")), "alerts")
        .thresholds(GREEN, &[(1.0, RED)])
        .or_else("none"),
    ]
}
