//! The first board: is it the gateway or an upstream, are users hurt, and why?

use super::{
    board::{FIRING, board},
    figures,
    grid::{Row, row},
    model::{Dashboard, Panel},
    palette::{self, BLUE, GREEN, ORANGE, RED, YELLOW},
    panels::{lines, stat, table, text, unit},
    scope::{counts, gauge, legend, max_by, min_by, quantile, rate_by, series},
    slo,
};
use crate::{
    monitoring::{
        party::{Party, verdicts_of},
        query::{self, Query},
        rules::recording::ERROR_BUDGET_LEFT,
    },
    telemetry::catalogue::{labels, list},
};

const READING: &str = "Read the first line from left to right: are **users** hurt, and is it the **gateway** or an \
**upstream**? The second says **why**. Every tile's description says when to worry and links to the board to \
look at next; every alert has its section in the runbook: ";

pub(super) fn overview(runbook: &str) -> Dashboard {
    let question = "Is it the gateway or an upstream, are users hurt, and why?";
    let rows = vec![users(), causes(), reading(runbook), calls(), answers(), gateways()];
    board("tidegate-overview", "Tidegate / Overview", question, rows)
}

fn users() -> Row {
    let failed = |title, parties: &[Party], description| {
        stat(title, unit::RATIO, description)
            .ask(&figures::failed_share(parties), "failed")
            .thresholds(GREEN, &[(figures::FAILED_SHARE_FINE, YELLOW), (figures::FAILED_SHARE_BAD, RED)])
            .or_else("no calls")
    };
    row(
        "Are users hurt, and by whom?",
        vec![
            stat("Calls answered well", unit::RATIO, "The share of calls that got a valid answer, of all but \
                those that failed by their caller's own doing. Below 99.5 % the error budget shrinks faster than \
                it should; below 95 % everybody notices. Next: the two tiles to the right say whose doing it is.")
                .ask(&figures::success_share(), "answered")
                .thresholds(RED, &[(1.0 - figures::FAILED_SHARE_BAD, YELLOW), (1.0 - figures::FAILED_SHARE_FINE, GREEN)])
                .or_else("no calls")
                .leads_to("tidegate-slo", "SLO"),
            failed("Failed by an upstream", &[Party::Upstream], "The share of calls that failed because an upstream \
                failed, refused, was too slow or answered nonsense, retries and all. Worry above 0.5 %. Next: \
                which upstream (tile below), and Retries & failures for what it fails with.")
                .leads_to("tidegate-retries", "Retries & failures"),
            failed("Failed by the gateway", &[Party::Gateway], "The share of calls that the gateway refused at the \
                door (saturated, draining) or broke itself (internal). Worry above 0.5 %, and at any internal. \
                Next: Runtime, for CPU and calls in flight.")
                .leads_to("tidegate-runtime", "Runtime"),
            stat("Calls", unit::CALLS, "Calls per second, however they end. A sudden fall with nothing red means \
                that callers, or the way to the gateway, are in trouble. Next: Calls by verdict, below.")
                .ask(&rate_by(&[], &series(&list::CALLS)), "calls")
                .thresholds(BLUE, &[]),
            stat("Error budget left", unit::RATIO, "What is left of the error budget of the last 30 days, of the job that has least; \
                needs the rules of grafana/prometheus. Below zero the objective is missed. Next: SLO.")
                .ask(&query::aggregate("min", &[], &slo::recorded(ERROR_BUDGET_LEFT)), "left")
                .thresholds(RED, &[(0.0, ORANGE), (0.25, YELLOW), (0.5, GREEN)])
                .or_else("not recorded")
                .leads_to("tidegate-slo", "SLO"),
            stat("Alerts firing", unit::COUNT, "How many alerts of Tidegate fire now; needs the rules of \
                grafana/prometheus. Any is worth a look. Next: the list at the end of this board, and the runbook.")
                .ask(&Query::from(format!("count({FIRING})")), "alerts")
                .at_the_end()
                .thresholds(GREEN, &[(1.0, RED)])
                .or_else("none"),
        ],
    )
}

fn causes() -> Row {
    row("Why?", [slowness(), upstreams()].concat())
}

fn slowness() -> Vec<Panel> {
    vec![
        stat("Call p95", unit::SECONDS, "95 % of calls are answered within this time, answers from the cache \
            included. Worry when it nears your callers' timeouts. Next: the tile to the right tells whether the \
            gateway itself is slow; else Upstreams.")
            .ask(&quantile(0.95, &[], &list::CALL_DURATION), "p95")
            .thresholds(GREEN, &[(5.0, YELLOW), (20.0, RED)])
            .or_else("no calls")
            .leads_to("tidegate-upstreams", "Upstreams & tokens"),
        stat("Gateway's own p95", unit::SECONDS, "What the gateway itself takes of a call: its time less upstream, \
            backoff and waiting. Some milliseconds at most; above 50 ms it is the gateway that is slow. Next: \
            Runtime.")
            .ask(&quantile(0.95, &[], &list::OVERHEAD_DURATION), "p95")
            .thresholds(GREEN, &[(0.01, YELLOW), (figures::OVERHEAD_HIGH, RED)])
            .or_else("no calls")
            .leads_to("tidegate-runtime", "Runtime"),
    ]
}

fn upstreams() -> Vec<Panel> {
    let worst = Query::from(format!("topk(1, {})", figures::failing(&[&labels::UPSTREAM])));
    vec![
        stat("Worst upstream", unit::RATIO, "The upstream with the highest share of failed attempts, before \
            retries. Retries hide up to some 10 %; above half nothing helps. Next: its errors on Retries & failures.")
            .ask(&worst, legend(&labels::UPSTREAM))
            .at_the_end()
            .named()
            .thresholds(GREEN, &[(0.05, YELLOW), (0.5, RED)])
            .or_else("no attempts")
            .leads_to("tidegate-retries", "Retries & failures"),
        stat("Retry ratio", unit::RATIO, "Retries per first attempt. Normal is below 1 %; above 20 % an upstream is \
            in trouble, at 100 % its load has doubled. Next: Retries & failures.")
            .ask(&figures::retry_ratio(&[]), "retry ratio")
            .thresholds(GREEN, &[(figures::RETRY_RATIO_HIGH, ORANGE), (figures::RETRY_RATIO_STORM, RED)])
            .or_else("no attempts")
            .leads_to("tidegate-retries", "Retries & failures"),
        stat("Retry budget left", unit::RATIO, "What is left of the retry budget of the upstream that has least. Near \
            zero, failures reach users without a retry. Next: Retries & failures.")
            .ask(&figures::retry_budget(&[]), "budget")
            .between(0.0, 1.0)
            .thresholds(RED, &[(0.1, YELLOW), (0.5, GREEN)])
            .leads_to("tidegate-retries", "Retries & failures"),
        stat("Answered without asking", unit::RATIO, "The share of calls that were answered from the cache or shared \
            another call's flight. A fall means more load, more cost and slower answers. Next: Cache & flights.")
            .ask(&figures::hit_ratio(), "hit ratio")
            .thresholds(BLUE, &[])
            .or_else("no calls")
            .leads_to("tidegate-cache", "Cache & flights"),
    ]
}

fn reading(runbook: &str) -> Row {
    row("How to read this", vec![text("What to do", &format!("{READING}{runbook}."))])
}

fn calls() -> Row {
    let quantiles = lines(
        "Call latency",
        unit::SECONDS,
        "How long calls take, and single traced calls as marks: a click \
        on one leads to its trace. Worry when p95 nears your callers' timeouts. Next: Where the time goes.",
    );
    let quantiles = [0.5, 0.95, 0.99].iter().fold(quantiles, |panel, q| {
        panel.ask(&quantile(*q, &[], &list::CALL_DURATION), format!("p{}", q * 100.0))
    });
    let reasons = series(&list::CALLS).one_of(&labels::VERDICT, &verdicts_of(Party::FAILING));
    let failed = rate_by(&[&labels::VERDICT], &reasons);
    row(
        "Calls",
        vec![
            lines("Calls by verdict", unit::CALLS, "Every call once, by how it ended. Green is well, grey is the \
                caller's own doing, yellow the gateway's refusals, all else hurts users. Next: the colour that grew.")
                .ask(&figures::calls_by_verdict(), legend(&labels::VERDICT))
                .coloured(&palette::verdicts())
                .stacked(),
            lines("Failed share by verdict", unit::RATIO, "What share of calls failed, and how. Above 0.5 % the error \
                budget shrinks; which verdict it is says where to look. Next: the runbook's section for it.")
                .ask(&failed.over_all(&rate_by(&[], &figures::rated_calls())), legend(&labels::VERDICT))
                .coloured(&palette::verdicts())
                .thresholds(GREEN, &[(figures::FAILED_SHARE_FINE, YELLOW), (figures::FAILED_SHARE_BAD, RED)]),
            quantiles.exemplars().thresholds(GREEN, &[(5.0, YELLOW), (20.0, RED)]),
            lines("Where the time goes, p95", unit::SECONDS, "A whole call, one attempt at an upstream, the waits between \
                attempts, and the gateway itself. Whichever rises with the call is the cause. Next: Upstreams for attempts, \
                Retries & failures for waits, Runtime for the gateway.")
                .ask(&quantile(0.95, &[], &list::CALL_DURATION), "call")
                .ask(&quantile(0.95, &[], &list::HTTP_DURATION), "attempt")
                .ask(&quantile(0.95, &[], &list::RETRY_DELAY_DURATION), "waits between attempts")
                .ask(&quantile(0.95, &[], &list::OVERHEAD_DURATION), "gateway")
                .exemplars(),
        ],
    )
}

fn answers() -> Row {
    row(
        "Answers",
        vec![
            lines("Where answers come from", unit::RATIO, "The cache's part in calls: hit and joined cost nothing, a miss \
                asks an upstream, stale is an expired answer in an outage. Worry at stale. Next: Cache & flights.")
                .ask(&rate_by(&[&labels::CACHE_RESULT], &series(&list::CACHE_REQUESTS)), legend(&labels::CACHE_RESULT))
                .coloured(&palette::cache_results())
                .stacked_to_the_full(),
            lines("What answers are worth", unit::RATIO, "What came of holding each answer against its schema. Valid but empty, \
                truncated or invalid ones above their norm are how a model fails without an error. Next: Answers.")
                .ask(&rate_by(&[&labels::VALIDATION], &series(&list::VALIDATION_TOTAL)), legend(&labels::VALIDATION))
                .coloured(&palette::validations())
                .stacked_to_the_full(),
        ],
    )
}

fn gateways() -> Row {
    row(
        "gRPC and alerts",
        vec![
            lines(
                "gRPC requests by status",
                unit::CALLS,
                "What callers see, health checks and reflection included. \
                UNAVAILABLE, INTERNAL and DEADLINE_EXCEEDED hurt. Next: Calls by verdict says more.",
            )
            .ask(&rate_by(&[&labels::RPC_STATUS], &counts(&list::RPC_DURATION)), legend(&labels::RPC_STATUS))
            .stacked(),
            lines(
                "Calls in flight and their limit",
                unit::COUNT,
                "Calls being served by the busiest gateway, and the most that it lets in at once. At the limit, \
                calls are refused as saturated. Next: call latency, a higher limit, or more gateways.",
            )
            .ask(&max_by(&[], &gauge(&list::CALLS_ACTIVE)), "in flight")
            .ask(&min_by(&[], &gauge(&list::CALLS_LIMIT)), "limit")
            .coloured(&vec![("in flight", BLUE), ("limit", RED)]),
            table(
                "Alerts firing",
                unit::COUNT,
                "Every alert of Tidegate that fires now; empty is good. Next: the section of \
                that name in the runbook.",
            )
            .ask(&Query::from(FIRING.to_owned()), "")
            .without(&["Time", "Value", "__name__", "alertstate"])
            .or_else("none"),
        ],
    )
}
