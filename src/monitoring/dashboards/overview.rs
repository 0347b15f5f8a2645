//! The first board: is it the gateway or an upstream, are users hurt, and why?

mod answers;
mod causes;
mod users;

use super::{
    Brief,
    board::{FIRING, board},
    figures,
    grid::{Row, row},
    limits::Limits,
    model::{Dashboard, Panel},
    palette::{self, BLUE, GREEN, RED},
    panels::{lines, table, text, unit},
    scope::{all_buckets, counts, gauge, legend, max_by, min_by, quantile, quantile_of, rate_by, series},
};
use crate::{
    extraction::party::{Party, verdicts_of},
    monitoring::query::Query,
    telemetry::catalogue::{labels, list},
};

const READING: &str = "Read the first lines from left to right: are **users** hurt, is it the **gateway** \
    or an **upstream**, and are the **answers** worth having? The third line says **why**. Every tile's \
    description says when to worry and links to the board to look at next; every alert has its section in \
    the runbook: ";

pub(super) fn overview(brief: &Brief) -> Dashboard {
    let question = "Is it the gateway or an upstream, are users hurt, and why?";
    let limits = &brief.limits;
    let rows = vec![
        users::users(limits),
        answers::answers(limits),
        causes::causes(limits),
        reading(brief),
        calls(limits),
        sources(),
        gateways(),
    ];
    board("tidegate-overview", "Tidegate / Overview", question, rows)
}

fn reading(brief: &Brief) -> Row {
    row("How to read this", vec![text("What to do", &format!("{READING}{}.", brief.runbook))])
}

fn calls(limits: &Limits) -> Row {
    let quantiles = lines(
        "Call latency",
        unit::SECONDS,
        "How long calls take, and single traced calls as marks: a click on one leads to its trace. Worry \
         when p95 nears your callers' timeouts. Next: Where the time goes.",
    );
    let quantiles = [0.5, 0.95, 0.99].iter().fold(quantiles, |panel, q| {
        panel.ask(&quantile(*q, &[], &list::CALL_DURATION), format!("p{}", q * 100.0))
    });
    let reasons = series(&list::CALLS).one_of(&labels::VERDICT, &verdicts_of(Party::FAILING));
    let failed = rate_by(&[&labels::VERDICT], &reasons);
    row(
        "Calls",
        vec![
            lines(
                "Calls by verdict",
                unit::CALLS,
                "Every call once, by how it ended. Green is well, grey is the caller's own doing, yellow \
                 the gateway's refusals, all else hurts users. Next: the colour that grew.",
            )
            .ask(&figures::calls_by_verdict(), legend(&labels::VERDICT))
            .coloured(&palette::verdicts())
            .stacked(),
            lines(
                "Failed share by verdict",
                unit::RATIO,
                "What share of calls failed, and how. Above the lower line the error budget shrinks faster \
                 than it should; which verdict it is says where to look. Next: the runbook's section on the \
                 error budget.",
            )
            .ask(&failed.over_all(&rate_by(&[], &figures::rated_calls())), legend(&labels::VERDICT))
            .coloured(&palette::verdicts())
            .thresholds(GREEN, &limits.failed_calls()),
            quantiles.exemplars().thresholds(GREEN, &limits.slow()),
            where_the_time_goes(),
        ],
    )
}

fn where_the_time_goes() -> Panel {
    let panel = lines(
        "Where the time goes, p95",
        unit::SECONDS,
        "A whole call, one attempt at an upstream, the waits between attempts, and the gateway \
         itself. Calls and attempts that were given up count, for the time until then. Whichever rises with the \
         call is the cause. Next: Upstreams for attempts, Retries & \
         failures for waits, Runtime for the gateway.",
    );
    let parts = [
        (&list::CALL_DURATION, "call"),
        (&list::HTTP_DURATION, "attempt"),
        (&list::RETRY_DELAY_DURATION, "waits between attempts"),
        (&list::OVERHEAD_DURATION, "gateway"),
    ];
    parts
        .iter()
        .fold(panel, |panel, (metric, name)| panel.ask(&quantile_of(0.95, &[], &all_buckets(metric)), *name))
        .exemplars()
}

fn sources() -> Row {
    row(
        "Where answers come from",
        vec![
            lines(
                "Where answers come from",
                unit::RATIO,
                "The cache's part in calls: hit and joined cost nothing, a miss asks an upstream, stale is \
                 an expired answer in an outage. Worry at stale. Next: Cache & flights.",
            )
            .ask(
                &rate_by(&[&labels::CACHE_RESULT], &series(&list::CACHE_REQUESTS)),
                legend(&labels::CACHE_RESULT),
            )
            .coloured(&palette::cache_results())
            .stacked_to_the_full(),
            lines(
                "Answered without asking",
                unit::RATIO,
                "The share of calls that were answered from the cache or shared another call's flight. A \
                 fall means more load, more cost and slower answers. Next: Cache & flights.",
            )
            .ask(&figures::hit_ratio(), "answered without asking")
            .between(0.0, 1.0),
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
                "What callers see, health checks and reflection included. UNAVAILABLE, INTERNAL and \
                 DEADLINE_EXCEEDED hurt. Next: Calls by verdict says more.",
            )
            .ask(&rate_by(&[&labels::RPC_STATUS], &counts(&list::RPC_DURATION)), legend(&labels::RPC_STATUS))
            .stacked(),
            lines(
                "Calls in flight and their limit",
                unit::COUNT,
                "Calls being served by the busiest gateway, and the most that it lets in at once. At the \
                 limit, calls are refused as saturated. Next: call latency, a higher limit, or more \
                 gateways.",
            )
            .ask(&max_by(&[], &gauge(&list::CALLS_ACTIVE)), "in flight")
            .ask(&min_by(&[], &gauge(&list::CALLS_LIMIT)), "limit")
            .coloured(&vec![("in flight", BLUE), ("limit", RED)]),
            table(
                "Which alerts fire",
                unit::COUNT,
                "Every alert of Tidegate that fires now; empty is good. Next: the section of that name in \
                 the runbook.",
            )
            .ask(&Query::from(FIRING.to_owned()), "")
            .without(&["Time", "Value", "__name__", "alertstate"])
            .or_else("none"),
        ],
    )
}
