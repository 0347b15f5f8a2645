//! The board that Tidegate is about: are retries helping or hurting, and why are they made?

use super::{
    Brief,
    board::{board, what_to_do},
    figures,
    grid::{Row, row},
    limits::Limits,
    model::Dashboard,
    palette::{self, BLUE, GREEN, PURPLE, RED},
    panels::{heatmap, lines, stat, table, unit},
    scope::{buckets, counts, gauge, legend, over_time, quantile, rate_by, series, share, sum_by, sums},
};
use crate::{
    extraction::{AttemptOutcome, WaitSource},
    telemetry::catalogue::{labels, list},
};

pub(super) fn retries(brief: &Brief) -> Dashboard {
    let question = "Are retries helping or hurting, and why are they made?";
    let limits = &brief.limits;
    let rows = vec![
        pressure(limits),
        ratios(limits),
        reasons(),
        withheld(),
        effect(limits),
        attempts(),
        table_of(limits),
        what_to_do(brief),
    ];
    board("tidegate-retries", "Tidegate / Retries & failures", question, rows)
}

fn pressure(limits: &Limits) -> Row {
    let tile = |title, unit, description, query, word: &'static str| {
        stat(title, unit, description).ask(&query, word).or_else("no attempts").sized(6, 4)
    };
    row(
        "At a glance",
        vec![
            tile(
                "Retry ratio",
                unit::RATIO,
                "Retries per first attempt, over the chosen upstreams. Normal is below 1 %; worry when it \
                 is orange. Next: which upstream, below.",
                figures::retry_ratio(&[]),
                "retry ratio",
            )
            .thresholds(GREEN, &limits.retry_ratio()),
            tile(
                "Attempts per first attempt",
                unit::COUNT,
                "How much more an upstream is asked than is needed: 1 is normal, orange worth a look, red a \
                 storm. Next: Retry ratio by upstream.",
                figures::amplification(&[]),
                "attempts",
            )
            .thresholds(GREEN, &limits.amplification()),
            tile(
                "Recovered",
                unit::RATIO,
                "The share of retried flights that got a valid answer in the end. When it is red retries \
                 only add load. Next: Retries by reason: what can't be cured should not be retried.",
                figures::recovered(&[]),
                "recovered",
            )
            .between(0.0, 1.0)
            .thresholds(RED, &limits.recovered())
            .or_else("no retries"),
            tile(
                "Retry budget left",
                unit::RATIO,
                "What is left of the retry budget of the upstream that has least. Near zero, failures reach \
                 users without a retry. Next: Retries withheld.",
                figures::retry_budget(&[]),
                "budget",
            )
            .between(0.0, 1.0)
            .thresholds(RED, &Limits::retry_budget()),
        ],
    )
}

fn ratios(limits: &Limits) -> Row {
    let upstream = [&labels::UPSTREAM];
    row(
        "How much is retried",
        vec![
            lines(
                "Retry ratio by upstream",
                unit::RATIO,
                "Retries per first attempt. The lower line is where an upstream is in trouble, the upper \
                 one where retries alone make a storm. Next: Retries by reason.",
            )
            .ask(&figures::retry_ratio(&upstream), legend(&labels::UPSTREAM))
            .exemplars()
            .thresholds(GREEN, &limits.retry_ratio()),
            lines(
                "Attempts per first attempt, by upstream",
                unit::COUNT,
                "How much more each upstream is asked than is needed, by retries, repairs and whatever \
                 else. Worry above the lower line; the upper one is a storm. Next: Attempts by kind.",
            )
            .ask(&figures::amplification(&upstream), legend(&labels::UPSTREAM))
            .thresholds(GREEN, &limits.amplification()),
        ],
    )
}

fn reasons() -> Row {
    let waits = vec![(WaitSource::Exponential.as_str(), BLUE), (WaitSource::Pushback.as_str(), PURPLE)];
    row(
        "Why it is retried",
        vec![
            lines(
                "Retries by reason",
                unit::PER_SECOND,
                "What went wrong before each retry. Rate limits want a smaller load, resets and timeouts a \
                 look at the network, server errors patience. Next: Attempt errors by type.",
            )
            .ask(&rate_by(&[&labels::REASON], &series(&list::RETRIES_SCHEDULED)), legend(&labels::REASON))
            .exemplars()
            .stacked(),
            lines(
                "What set the wait",
                unit::PER_SECOND,
                "Whether the wait before a retry was ours (exponential) or the upstream's own word \
                 (pushback). Much pushback means a quota is too small. Next: Upstreams & tokens.",
            )
            .ask(&rate_by(&[&labels::BACKOFF], &series(&list::RETRIES_SCHEDULED)), legend(&labels::BACKOFF))
            .coloured(&waits)
            .exemplars()
            .stacked(),
        ],
    )
}

fn withheld() -> Row {
    row(
        "What is not retried any more",
        vec![
            lines(
                "Retries withheld by reason",
                unit::PER_SECOND,
                "Retries that the failure allowed and that were not made. budget: the upstream is past \
                 helping; deadline: callers give too little time; max_attempts: all were used. Next: the \
                 runbook's section on the retry budget.",
            )
            .ask(&rate_by(&[&labels::WITHHELD], &series(&list::RETRIES_WITHHELD)), legend(&labels::WITHHELD))
            .stacked(),
            lines(
                "Retry budget left by upstream",
                unit::RATIO,
                "What is left of each upstream's purse for extra attempts; successes fill it. At zero there \
                 are no retries until the upstream works again. Next: its errors.",
            )
            .ask(&figures::retry_budget(&[&labels::UPSTREAM]), legend(&labels::UPSTREAM))
            .between(0.0, 1.0)
            .thresholds(RED, &Limits::retry_budget()),
        ],
    )
}

fn effect(limits: &Limits) -> Row {
    row(
        "Whether it helps",
        vec![
            lines(
                "Retried flights: recovered or not",
                unit::PER_SECOND,
                "Flights that needed retries, by how they ended: success was recovered, failure exhausted \
                 its retries. Worry when red outgrows green. Next: Retries by reason.",
            )
            .ask(&rate_by(&[&labels::OUTCOME], &counts(&list::FLIGHT_RETRIES)), legend(&labels::OUTCOME))
            .coloured(&palette::outcomes())
            .exemplars()
            .stacked(),
            lines(
                "Time lost between attempts, p95",
                unit::SECONDS,
                "How long retried flights spent waiting rather than asking. Long waits come from pushback \
                 or from many attempts. Next: What set the wait.",
            )
            .ask(
                &quantile(0.95, &[&labels::UPSTREAM], &list::RETRY_DELAY_DURATION),
                legend(&labels::UPSTREAM),
            )
            .exemplars()
            .thresholds(GREEN, &limits.slow()),
            heatmap(
                "Retries per retried flight",
                unit::COUNT,
                "How many retries the flights that needed any took. Most should need one; a bright upper \
                 edge means attempts run out. Next: Retries withheld, for max_attempts.",
            )
            .ask(&over_time(&buckets(&list::FLIGHT_RETRIES)), "{{le}}"),
            lines(
                "Retries per retried flight, mean",
                unit::COUNT,
                "The mean number of retries of flights that needed any. 1 is good; near the configured \
                 most, upstreams fail for longer than retries last. Next: the picture to the left.",
            )
            .ask(
                &share(&[&labels::UPSTREAM], &sums(&list::FLIGHT_RETRIES), &counts(&list::FLIGHT_RETRIES)),
                legend(&labels::UPSTREAM),
            ),
        ],
    )
}

fn attempts() -> Row {
    let failed = series(&list::ATTEMPTS).is(&labels::OUTCOME, AttemptOutcome::Failure.as_str());
    row(
        "Attempts",
        vec![
            lines(
                "Attempts by outcome",
                unit::PER_SECOND,
                "Every attempt once, by how it ended; cancelled ones were given up by us. Worry when red \
                 grows. Next: Attempt errors by type.",
            )
            .ask(&rate_by(&[&labels::OUTCOME], &series(&list::ATTEMPTS)), legend(&labels::OUTCOME))
            .coloured(&palette::outcomes())
            .exemplars()
            .stacked()
            .sized(8, 8),
            lines(
                "Attempt errors by type",
                unit::PER_SECOND,
                "What attempts fail with, whether a retry made it good or not. The type says whose doing it \
                 is and what to do. Next: the runbook's section for it.",
            )
            .ask(&rate_by(&[&labels::ERROR_TYPE], &failed), legend(&labels::ERROR_TYPE))
            .exemplars()
            .stacked()
            .sized(8, 8),
            lines(
                "Attempts by kind",
                unit::PER_SECOND,
                "Why attempts are made: initial ones are needed, all others come from a failure or from \
                 lateness. Worry when the others outgrow initial. Next: Retries by reason.",
            )
            .ask(&rate_by(&[&labels::KIND], &series(&list::ATTEMPTS)), legend(&labels::KIND))
            .stacked()
            .sized(8, 8),
        ],
    )
}

fn table_of(limits: &Limits) -> Row {
    let upstream = [&labels::UPSTREAM];
    let columns = [
        ("First attempts", unit::PER_SECOND),
        ("Retry ratio", unit::RATIO),
        ("Attempts per first", unit::COUNT),
        ("Failed", unit::RATIO),
        ("Recovered", unit::RATIO),
        ("Budget left", unit::RATIO),
        ("In flight", unit::COUNT),
    ];
    row(
        "Upstreams",
        vec![
            table(
                "Upstreams",
                unit::COUNT,
                "Each upstream now. Sort by a column; a red cell is where to look. Next: choose the \
                 upstream above the board, and all panels speak of it alone.",
            )
            .ask(&rate_by(&upstream, &figures::first_attempts()), "")
            .ask(&figures::retry_ratio(&upstream), "")
            .ask(&figures::amplification(&upstream), "")
            .ask(&figures::failing(&upstream), "")
            .ask(&figures::recovered(&upstream), "")
            .ask(&figures::retry_budget(&upstream), "")
            .ask(&sum_by(&upstream, &gauge(&list::INFLIGHT)), "")
            .columns("upstream", &columns)
            .judged("Retry ratio", GREEN, &limits.retry_ratio())
            .judged("Attempts per first", GREEN, &limits.amplification())
            .judged("Failed", GREEN, &limits.failed_attempts())
            .judged("Budget left", RED, &Limits::retry_budget()),
        ],
    )
}
