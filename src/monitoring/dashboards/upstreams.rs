//! Upstreams: how fast they answer, how much they are asked, what they charge.

use super::{
    Brief,
    board::{board, what_to_do},
    figures,
    grid::{Row, row},
    limits::Limits,
    model::Dashboard,
    palette::{BLUE, Colours, GREEN, PURPLE, RED, YELLOW},
    panels::{heatmap, lines, unit},
    scope::{
        buckets, counts, gauge, legend, max_by, over_time, quantile_of, rate_by, series, share, sum_by, sums,
    },
};
use crate::{
    monitoring::{
        query::{Query, Selector},
        rules::recording::Latency,
    },
    telemetry::catalogue::{labels, list},
};

pub(super) fn upstreams(brief: &Brief) -> Dashboard {
    let question = "Which upstream is slow, failing or expensive?";
    let rows =
        vec![load(&brief.limits), latency(&brief.limits), tokens(), cost(), models(), what_to_do(brief)];
    board("tidegate-upstreams", "Tidegate / Upstreams & tokens", question, rows)
}

fn load(limits: &Limits) -> Row {
    let upstream = [&labels::UPSTREAM];
    row(
        "Load and failures",
        vec![
            lines(
                "Attempts by upstream",
                unit::PER_SECOND,
                "How much each upstream is asked, retries included. A step without one in calls means \
                 retries, or a cache that no longer helps. Next: Retries & failures.",
            )
            .ask(&rate_by(&upstream, &series(&list::ATTEMPTS)), legend(&labels::UPSTREAM))
            .sized(8, 8),
            lines(
                "Failed share by upstream",
                unit::RATIO,
                "The share of attempts that failed, of those not given up; not counted are texts that the model \
                 refuses or that are too long for it. Retries hide some 10 %; half is an outage. Next: HTTP \
                 statuses, and errors by type on Retries & failures.",
            )
            .ask(&figures::failing(&upstream), legend(&labels::UPSTREAM))
            .thresholds(GREEN, &limits.failed_attempts())
            .sized(8, 8),
            lines(
                "Attempts in flight by upstream",
                unit::COUNT,
                "Attempts running now. It grows with latency at the same load: an upstream that hangs is \
                 seen here first. Next: latency.",
            )
            .ask(&sum_by(&upstream, &gauge(&list::INFLIGHT)), legend(&labels::UPSTREAM))
            .sized(8, 8),
            lines(
                "Failures in a row by upstream",
                unit::COUNT,
                "How many attempts in a row have failed, on the gateway that has most. One that climbs is \
                 an upstream that answers nobody. Next: HTTP statuses.",
            )
            .ask(&max_by(&upstream, &gauge(&list::FAILURES_RUNNING)), legend(&labels::UPSTREAM))
            .thresholds(GREEN, &[(10.0, YELLOW), (50.0, RED)])
            .sized(8, 8),
            lines(
                "HTTP statuses",
                unit::PER_SECOND,
                "What upstreams answer with; attempts that got no answer at all are not among them. 429 is \
                 a quota, 401 a key, 5xx the upstream's own. Next: Attempt errors by type.",
            )
            .ask(
                &rate_by(&[&labels::HTTP_STATUS], &counts(&list::HTTP_DURATION).has(&labels::HTTP_STATUS)),
                legend(&labels::HTTP_STATUS),
            )
            .stacked(),
            lines(
                "Attempts without an answer",
                unit::PER_SECOND,
                "Attempts that ended before a status came, by what ended them: network, TLS, time. Worry at \
                 any that lasts. Next: the network between here and the upstream.",
            )
            .ask(
                &rate_by(
                    &[&labels::UPSTREAM, &labels::NO_ANSWER],
                    &failed(counts(&list::HTTP_DURATION)).lacks(&labels::HTTP_STATUS),
                ),
                format!("{} {}", legend(&labels::UPSTREAM), legend(&labels::NO_ANSWER)),
            )
            .or_else("none")
            .stacked(),
        ],
    )
}

fn latency(limits: &Limits) -> Row {
    let upstream = [&labels::UPSTREAM];
    let by_upstream = lines(
        "Attempt latency by upstream",
        unit::SECONDS,
        "How long attempts take that are not given up, and single traced ones as marks. A p95 near the \
         attempt's timeout means that answers are lost to it. An upstream that hangs until callers leave \
         shows in Attempts in flight. Next: Attempt latency by kind.",
    );
    let by_upstream = [0.5, 0.95].iter().fold(by_upstream, |panel, q| {
        let name = format!("{} p{}", legend(&labels::UPSTREAM), q * 100.0);
        panel.ask(&quantile_of(*q, &upstream, &ended(buckets(&list::HTTP_DURATION))), name)
    });
    row(
        "Latency",
        vec![
            by_upstream.exemplars().thresholds(GREEN, &limits.slow()),
            lines(
                "Typical latency against its norm",
                unit::COUNT,
                &format!(
                    "How many times its own norm the median of successful attempts is. The norm is that of a \
                     week. Red is where the alert begins, if it is above {} s as well. Next: Tokens per flight by \
                     model.",
                    limits.0.slow_typical
                ),
            )
            .ask(&figures::against_norm(Latency::Upstream, &labels::UPSTREAM), legend(&labels::UPSTREAM))
            .thresholds(GREEN, &limits.against_norm()),
            lines(
                "How fast attempts fail, p95",
                unit::SECONDS,
                "How long failed attempts took; those given up did not fail. Slow failures cost callers their \
                 deadline and leave no time for a retry. Next: the upstream's timeouts in the configuration.",
            )
            .ask(
                &quantile_of(0.95, &upstream, &failed(buckets(&list::HTTP_DURATION))),
                legend(&labels::UPSTREAM),
            )
            .exemplars()
            .thresholds(GREEN, &limits.slow()),
            heatmap(
                "Attempt latency",
                unit::SECONDS,
                "How attempts that are not given up spread over durations. Two bands are two kinds of answers \
                 or upstreams: choose one above. A band at a timeout is answers lost to it. Next: the marks \
                 lead to traces.",
            )
            .ask(&over_time(&ended(buckets(&list::HTTP_DURATION))), "{{le}}")
            .exemplars(),
            lines(
                "Attempt latency by kind, p95",
                unit::SECONDS,
                "Whether retries are slower than first attempts: then the upstream is overloaded rather \
                 than faulty. Attempts that were given up do not count. Next: Retries & failures.",
            )
            .ask(
                &quantile_of(0.95, &[&labels::KIND], &ended(buckets(&list::HTTP_DURATION))),
                legend(&labels::KIND),
            )
            .exemplars(),
        ],
    )
}

fn tokens() -> Row {
    let ways: Colours = vec![("input", BLUE), ("output", PURPLE)];
    let wasted = series(&list::TOKENS_TOTAL).is(&labels::USEFUL, "false");
    row(
        "Tokens",
        vec![
            lines(
                "Tokens by direction",
                unit::PER_SECOND,
                "Tokens that upstreams reported, and hence charge, per second. A rise without one in calls \
                 means longer texts or more attempts. Next: Tokens per attempt.",
            )
            .ask(&rate_by(&[&labels::DIRECTION], &series(&list::TOKENS_TOTAL)), legend(&labels::DIRECTION))
            .coloured(&ways)
            .stacked()
            .sized(8, 8),
            lines(
                "Tokens wasted",
                unit::RATIO,
                "The share of tokens spent on attempts that brought no valid answer. Above 10 % answers are \
                 invalid too often, or cut. Next: Answers.",
            )
            .ask(
                &share(&[&labels::UPSTREAM], &wasted, &series(&list::TOKENS_TOTAL)),
                legend(&labels::UPSTREAM),
            )
            .thresholds(GREEN, &[(0.1, YELLOW), (0.5, RED)])
            .sized(8, 8),
            lines(
                "Tokens by upstream",
                unit::PER_SECOND,
                "Which upstream the tokens go to. Hold it against the provider's bill and quota. Next: \
                 Attempts by upstream.",
            )
            .ask(&rate_by(&[&labels::UPSTREAM], &series(&list::TOKENS_TOTAL)), legend(&labels::UPSTREAM))
            .stacked()
            .sized(8, 8),
        ],
    )
}

/// Only where prices are configured; elsewhere there are no series.
fn cost() -> Row {
    let wasted = series(&list::COST_TOTAL).is(&labels::USEFUL, "false");
    row(
        "Cost, where prices are configured",
        vec![
            lines(
                "Cost per hour, by upstream",
                unit::COUNT,
                "What upstreams charge in an hour at this pace, in the currency of the configured prices. \
                 Hold it against your budget and the provider's bill. Next: Tokens by upstream.",
            )
            .ask(
                &Query::from(format!("3600 * {}", rate_by(&[&labels::UPSTREAM], &series(&list::COST_TOTAL)))),
                legend(&labels::UPSTREAM),
            )
            .or_else("no prices")
            .stacked()
            .sized(8, 8),
            lines(
                "Cost wasted",
                unit::RATIO,
                "The share of the cost of attempts that brought no valid answer. Above 10 % answers are \
                 invalid too often, or cut. Next: Answer quality.",
            )
            .ask(&share(&[&labels::UPSTREAM], &wasted, &series(&list::COST_TOTAL)), legend(&labels::UPSTREAM))
            .thresholds(GREEN, &[(0.1, YELLOW), (0.5, RED)])
            .or_else("no prices")
            .sized(8, 8),
            lines(
                "Cost per thousand attempts",
                unit::COUNT,
                "What a thousand attempts cost at each upstream: cheap and dear ones beside each other. It \
                 moves with the length of texts and answers. Next: Tokens per flight by model.",
            )
            .ask(
                &Query::from(format!(
                    "1000 * {}",
                    share(&[&labels::UPSTREAM], &series(&list::COST_TOTAL), &series(&list::ATTEMPTS))
                )),
                legend(&labels::UPSTREAM),
            )
            .or_else("no prices")
            .sized(8, 8),
        ],
    )
}

fn models() -> Row {
    let model = [&labels::GEN_AI_MODEL];
    row(
        "Models",
        vec![
            lines(
                "Flight latency by model, p95",
                unit::SECONDS,
                "All attempts and waits behind one answer or failure, by model; flights that were given up do \
                 not count. Hold it against the attempts: the difference is retries. Next: Time lost between \
                 attempts.",
            )
            .ask(
                &quantile_of(0.95, &model, &ended(buckets(&list::GEN_AI_DURATION))),
                legend(&labels::GEN_AI_MODEL),
            )
            .exemplars(),
            lines(
                "Tokens per flight by model, mean",
                unit::COUNT,
                "How many tokens one answer takes, by model and direction. It moves with texts, \
                 instructions and the model's talkativeness. Next: Tokens by direction.",
            )
            .ask(
                &share(
                    &[&labels::GEN_AI_MODEL, &labels::GEN_AI_TOKEN_TYPE],
                    &sums(&list::GEN_AI_TOKENS),
                    &counts(&list::GEN_AI_TOKENS),
                ),
                format!("{} {}", legend(&labels::GEN_AI_MODEL), legend(&labels::GEN_AI_TOKEN_TYPE)),
            ),
            lines(
                "Failed flights by model",
                unit::PER_SECOND,
                "Flights that ended without a valid answer, by what the last attempt failed with. These are \
                 failures that retries did not cure. Next: Retries & failures.",
            )
            .ask(
                &rate_by(
                    &[&labels::GEN_AI_MODEL, &labels::NO_ANSWER],
                    &failed(counts(&list::GEN_AI_DURATION)),
                ),
                format!("{} {}", legend(&labels::GEN_AI_MODEL), legend(&labels::NO_ANSWER)),
            )
            .or_else("none")
            .stacked()
            .sized(24, 8),
        ],
    )
}

/// How many times its norm a recorded latency is.
/// What failed, and was not just given up.
fn failed(durations: Selector) -> Selector {
    ended(durations.has(&labels::NO_ANSWER))
}

/// What came to an end of its own. What was given up took as long as its callers' patience, which is no latency of the
/// upstream.
fn ended(durations: Selector) -> Selector {
    durations.is_not(&labels::NO_ANSWER, labels::CANCELLED)
}
