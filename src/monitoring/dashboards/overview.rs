//! The first board: is it the gateway or an upstream, are users hurt, and why?

use super::{
    Brief,
    board::{FIRING, board},
    figures,
    grid::{Row, row},
    limits::{Limits, Steps},
    model::{Dashboard, Panel},
    palette::{self, BLUE, GREEN, RED},
    panels::{lines, stat, table, text, unit},
    scope::{self, counts, gauge, legend, max_by, min_by, quantile, rate_by, series},
    slo,
};
use crate::{
    extraction::party::{Party, verdicts_of},
    monitoring::{
        query::{self, Query},
        rules::recording::ERROR_BUDGET_LEFT,
    },
    telemetry::{
        catalogue::{Metric, labels, list},
        event::ValidationResult,
    },
};

const READING: &str = "Read the first lines from left to right: are **users** hurt, is it the **gateway** \
    or an **upstream**, and are the **answers** worth having? The third line says **why**. Every tile's \
    description says when to worry and links to the board to look at next; every alert has its section in \
    the runbook: ";

pub(super) fn overview(brief: &Brief) -> Dashboard {
    let question = "Is it the gateway or an upstream, are users hurt, and why?";
    let limits = &brief.limits;
    let rows = vec![
        users(limits),
        worth(limits),
        causes(limits),
        reading(brief),
        calls(limits),
        sources(),
        gateways(),
    ];
    board("tidegate-overview", "Tidegate / Overview", question, rows)
}

fn users(limits: &Limits) -> Row {
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
    let steps = limits.given_up();
    stat(
        "Given up by callers",
        unit::RATIO,
        &format!(
            "The share of calls whose callers left before the answer. Nobody failed by then, so no error tells \
             of it: an upstream that has become slow shows here first. Worry above {}. Next: Call latency, \
             and Upstreams & tokens for whose.",
            Limits::first(&steps)
        ),
    )
    .ask(&figures::given_up(), "given up")
    .thresholds(GREEN, &steps)
    .or_else("no calls")
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

/// What no status and no error tells of.
fn worth(limits: &Limits) -> Row {
    let profile = [&labels::PROFILE];
    let floor = limits.0.answer_traffic;
    let tile = |title, description: &str, (share, whole): (Query, &Metric), steps: &Steps| {
        let description = format!(
            "The profiles with the highest share of {description} Profiles with less than {floor} per second \
             are left out. Next: Answer quality."
        );
        stat(title, unit::RATIO, &description)
            .ask(&figures::worst(&labels::PROFILE, &share, &series(whole), floor), legend(&labels::PROFILE))
            .named()
            .thresholds(GREEN, steps)
            .or_else("few or no answers")
            .leads_to("tidegate-answers", "Answer quality")
            .sized(4, 5)
    };
    let (empty, unusable, ungrounded) = (limits.empty(), limits.unusable(), limits.ungrounded());
    row(
        "Are answers worth having?",
        vec![
            tile(
                "Valid but empty",
                &format!(
                    "answers that are valid and found nothing: callers see success and an empty result. Each \
                     profile has its norm; red is {}, where the alert looks whether it is new.",
                    Limits::last(&empty)
                ),
                (figures::came_to(&profile, &[ValidationResult::ValidEmpty]), &list::VALIDATION_TOTAL),
                &empty,
            ),
            tile(
                "Not usable",
                &format!(
                    "answers that are cut, refused, without content or against the schema. Each costs tokens \
                     and a retry or repair. Worry above {}.",
                    Limits::first(&unusable)
                ),
                (figures::came_to(&profile, ValidationResult::UNUSABLE), &list::VALIDATION_TOTAL),
                &unusable,
            ),
            tile(
                "Not in the text",
                &format!(
                    "entities that do not stand in their text: the model makes them up. Worry above {}.",
                    Limits::first(&ungrounded)
                ),
                (figures::ungrounded(&profile), &list::ENTITIES_TOTAL),
                &ungrounded,
            )
            .or_else("few or no entities"),
            lines(
                "What answers are worth",
                unit::RATIO,
                "What came of holding each answer against its schema. A band that widens without a deploy \
                 of yours is a model that changed: valid_empty is how it fails without an error. Next: \
                 Answer quality.",
            )
            .ask(
                &rate_by(&[&labels::VALIDATION], &series(&list::VALIDATION_TOTAL)),
                legend(&labels::VALIDATION),
            )
            .coloured(&palette::validations())
            .stacked_to_the_full()
            .legend_beside()
            .sized(12, 5),
        ],
    )
}

fn causes(limits: &Limits) -> Row {
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
                 than {floor} attempts per second that were not given up. Retries hide up to some 10 %; above \
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
            "Retry ratio",
            unit::RATIO,
            &format!(
                "Retries per first attempt. Normal is below 1 %; above {} an upstream is in trouble, at {} \
                 retries alone make a storm. Next: Retries & failures.",
                Limits::first(&ratio),
                Limits::last(&ratio)
            ),
        )
        .ask(&figures::retry_ratio(&[]), "retry ratio")
        .thresholds(GREEN, &ratio)
        .or_else("no attempts")
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
            lines(
                "Where the time goes, p95",
                unit::SECONDS,
                "A whole call, one attempt at an upstream, the waits between attempts, and the gateway \
                 itself. Whichever rises with the call is the cause. Next: Upstreams for attempts, Retries & \
                 failures for waits, Runtime for the gateway.",
            )
            .ask(&quantile(0.95, &[], &list::CALL_DURATION), "call")
            .ask(&quantile(0.95, &[], &list::HTTP_DURATION), "attempt")
            .ask(&quantile(0.95, &[], &list::RETRY_DELAY_DURATION), "waits between attempts")
            .ask(&quantile(0.95, &[], &list::OVERHEAD_DURATION), "gateway")
            .exemplars(),
        ],
    )
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
