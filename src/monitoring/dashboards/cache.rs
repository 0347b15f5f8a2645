//! The cache and the flights: do they earn their keep?

use super::{
    Brief,
    board::{board, what_to_do},
    figures,
    grid::{Row, row},
    model::Dashboard,
    palette::{self, BLUE, Colours, GREEN, GREY, ORANGE, RED, YELLOW},
    panels::{lines, stat, unit},
    scope::{
        all_series, buckets, counts, gauge, legend, quantile, quantile_of, rate_by, series, share, sum_by,
    },
};
use crate::{
    extraction::AttemptKind,
    monitoring::query::{Query, Selector},
    telemetry::{
        catalogue::{labels, list},
        event::{CacheResult, EvictionCause},
    },
};

pub(super) fn cache(brief: &Brief) -> Dashboard {
    let question = "What do cache and shared flights save, and do they hold?";
    let rows = vec![glance(), savings(), room(), flights(), what_to_do(brief)];
    board("tidegate-cache", "Tidegate / Cache & flights", question, rows)
}

fn results(results: &[CacheResult]) -> Selector {
    let words: Vec<_> = results.iter().map(|result| result.as_str()).collect();
    series(&list::CACHE_REQUESTS).one_of(&labels::CACHE_RESULT, &words)
}

/// Those that share flights per one that led its flight. A stale answer is given where a flight has failed.
fn calls_per_flight() -> Query {
    let led = [CacheResult::Miss, CacheResult::Stale];
    let all = [CacheResult::Miss, CacheResult::Stale, CacheResult::Joined];
    share(&[], &results(&all), &results(&led))
}

/// Of all tokens that calls would have taken.
fn tokens_saved() -> Query {
    let saved = rate_by(&[], &series(&list::TOKENS_SAVED));
    saved.over(&saved.plus(&rate_by(&[], &series(&list::TOKENS_TOTAL))))
}

fn glance() -> Row {
    let tile = |title, unit, description| stat(title, unit, description).thresholds(BLUE, &[]).sized(5, 4);
    row(
        "At a glance",
        vec![
            tile(
                "Answered without asking",
                unit::RATIO,
                "The share of calls answered from the cache or by another call's flight, of all that read \
                 the cache. A fall means more load and cost. Next: Where answers come from.",
            )
            .ask(&figures::hit_ratio(), "hit ratio")
            .or_else("no calls"),
            tile(
                "Stale answers",
                unit::RATIO,
                "The share of calls given an expired answer because the upstream failed. Any means that an \
                 outage is being bridged. Next: Retries & failures.",
            )
            .ask(&share(&[], &results(&[CacheResult::Stale]), &series(&list::CACHE_REQUESTS)), "stale")
            .thresholds(GREEN, &[(0.001, YELLOW), (0.05, ORANGE)])
            .or_else("no calls")
            .leads_to("tidegate-retries", "Retries & failures"),
            tile(
                "Calls per flight",
                unit::COUNT,
                "How many calls share the work of one flight, leaders included; a stale answer counts as a \
                 flight that failed. 1 means that identical calls never meet. Next: Calls that share a flight.",
            )
            .ask(&calls_per_flight(), "calls")
            .or_else("no flights"),
            tile(
                "Tokens saved",
                unit::RATIO,
                "The share of tokens that calls need not take again, of all that they would have taken. A fall \
                 means more cost for the same calls. Next: Tokens saved by direction.",
            )
            .ask(&tokens_saved(), "saved")
            .or_else("no tokens"),
            tile(
                "Memory of answers",
                unit::BYTES,
                "Memory that cached answers take, on all chosen gateways. It ends at the configured bound; \
                 then answers leave for size. Next: Answers that left.",
            )
            .ask(&sum_by(&[], &gauge(&list::CACHE_WEIGHT)), "weight")
            .sized(4, 4),
        ],
    )
}

fn savings() -> Row {
    row(
        "What is saved",
        vec![
            lines(
                "Where answers come from",
                unit::CALLS,
                "Calls that got as far as the cache, each once. Hit and joined save an attempt; stale \
                 bridges an outage; bypass was asked for. Worry when miss grows at the same load. Next: \
                 Answers that left.",
            )
            .ask(
                &rate_by(&[&labels::CACHE_RESULT], &series(&list::CACHE_REQUESTS)),
                legend(&labels::CACHE_RESULT),
            )
            .coloured(&palette::cache_results())
            .stacked(),
            lines(
                "Hit ratio",
                unit::RATIO,
                "The share of calls answered without an attempt of their own. What is good depends on your \
                 callers: a change is what matters. Next: Answers that left, and changed profiles or texts.",
            )
            .ask(&figures::hit_ratio(), "answered without asking")
            .between(0.0, 1.0),
            lines(
                "Call latency by cache, p95",
                unit::SECONDS,
                "How much faster an answer from the cache is. A hit takes milliseconds; if not, the gateway \
                 itself is slow. Next: Runtime.",
            )
            .ask(&quantile(0.95, &[&labels::CACHE], &list::CALL_DURATION), legend(&labels::CACHE))
            .coloured(&palette::cache_results())
            .exemplars(),
            lines(
                "Attempts against calls",
                unit::PER_SECOND,
                "First attempts at upstreams beside all calls: the gap is what the cache and flights save. \
                 If they meet, nothing is saved. Next: Hit ratio.",
            )
            .ask(&rate_by(&[], &all_series(&list::CALLS)), "calls")
            .ask(
                &rate_by(&[], &all_series(&list::ATTEMPTS).is(&labels::KIND, AttemptKind::Initial.as_str())),
                "first attempts",
            )
            .coloured(&vec![("calls", BLUE), ("first attempts", YELLOW)]),
            lines(
                "Tokens saved by direction",
                unit::PER_SECOND,
                "Tokens per second that answers had taken which calls got fresh from the cache or of a flight \
                 that they joined. Stale answers save nothing. Next: Tokens on Upstreams & tokens.",
            )
            .ask(&rate_by(&[&labels::DIRECTION], &series(&list::TOKENS_SAVED)), legend(&labels::DIRECTION))
            .stacked(),
            lines(
                "Cost saved per hour",
                unit::COUNT,
                "What those tokens had cost, in an hour at this pace, in the currency of the configured prices. \
                 It is what cache and flights are worth. Next: Cost per hour on Upstreams & tokens.",
            )
            .ask(
                &Query::from(format!("3600 * {}", rate_by(&[&labels::UPSTREAM], &series(&list::COST_SAVED)))),
                legend(&labels::UPSTREAM),
            )
            .or_else("no prices")
            .stacked(),
        ],
    )
}

fn room() -> Row {
    let causes: Colours = EvictionCause::ALL
        .iter()
        .map(|cause| {
            (
                cause.as_str(),
                match cause {
                    EvictionCause::Expired => BLUE,
                    EvictionCause::Explicit => GREY,
                    EvictionCause::Replaced => GREEN,
                    EvictionCause::Size => ORANGE,
                },
            )
        })
        .collect();
    row(
        "Whether it has room",
        vec![
            lines(
                "Answers that left",
                unit::PER_SECOND,
                "Why answers leave the cache. Expired and replaced are its life; size means that it is too \
                 small for what is asked. Next: the cache's bound in the configuration.",
            )
            .ask(&rate_by(&[&labels::CAUSE], &series(&list::CACHE_EVICTIONS)), legend(&labels::CAUSE))
            .coloured(&causes)
            .stacked()
            .sized(8, 8),
            lines(
                "Answers in the cache",
                unit::COUNT,
                "How many answers each gateway holds. A fall to zero is a restart. Next: memory, to the \
                 right.",
            )
            .ask(&gauge(&list::CACHE_ENTRIES), "{{instance}}")
            .sized(8, 8),
            lines(
                "Memory of answers by gateway",
                unit::BYTES,
                "Memory that answers take on each gateway; it is bounded by configuration. Flat at the \
                 bound with hits falling means it is too small. Next: Answers that left.",
            )
            .ask(&gauge(&list::CACHE_WEIGHT), "{{instance}}")
            .sized(8, 8),
        ],
    )
}

fn flights() -> Row {
    let answered = buckets(&list::FLIGHT_WAIT).is(&labels::WAIT_OUTCOME, "answered");
    row(
        "Flights",
        vec![
            lines(
                "Flights under way",
                unit::COUNT,
                "Flights on each gateway: work that calls wait for. It grows with upstream latency. Next: \
                 Upstreams & tokens.",
            )
            .ask(&gauge(&list::FLIGHTS), "{{instance}}")
            .sized(8, 8),
            lines(
                "Calls that share a flight",
                unit::PER_SECOND,
                "Calls that joined a flight, by how their wait ended: answered, or the caller left first. \
                 Many that left mean flights are too slow. Next: Wait for a flight.",
            )
            .ask(
                &rate_by(&[&labels::WAIT_OUTCOME], &counts(&list::FLIGHT_WAIT)),
                legend(&labels::WAIT_OUTCOME),
            )
            .coloured(&vec![("answered", GREEN), ("left", RED)])
            .exemplars()
            .stacked()
            .sized(8, 8),
            lines(
                "Wait for a flight",
                unit::SECONDS,
                "How long joined calls waited for their answer. It can't exceed a flight. Next: Flight \
                 latency by model on Upstreams & tokens.",
            )
            .ask(&quantile_of(0.5, &[], &answered), "p50")
            .ask(&quantile_of(0.95, &[], &answered), "p95")
            .exemplars()
            .sized(8, 8),
        ],
    )
}
