//! How long an upstream asks us to wait.
//!
//! Upstreams say it in a dozen ways. The first that holds a valid wait counts; one that can't be read counts as not
//! said, never as an error.

#![expect(clippy::disallowed_types, reason = "the time is an argument; no clock is read here")]

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::{
    clock::SystemTime,
    upstream::pushback::{Pushback, Unit, items},
};

/// The headers that ask for a wait and for nothing else, and what their bare numbers count.
const RETRY_AFTER: [(HeaderName, Unit); 3] = [
    (HeaderName::from_static("retry-after-ms"), Unit::Milliseconds),
    (HeaderName::from_static("x-ms-retry-after-ms"), Unit::Milliseconds),
    (header::RETRY_AFTER, Unit::Seconds),
];

/// The wait that an answer asks for: more than nothing and at most a month
/// ([`PUSHBACK_MAX`](crate::upstream::pushback::PUSHBACK_MAX)).
///
/// In this order: `retry-after-ms`; `retry-after`; `body`, what the answer's body says; `ratelimit` items with nothing
/// left; `…ratelimit-reset…` whose `…ratelimit-remaining…` is 0. All of them may be a number, a duration or a date, and
/// numbers as large as a time since 1970 are one. Of several values of a header, and of several limits that are used
/// up, the longest wait counts: what joined them did not mean that asking early is fine.
///
/// Dates are held against the answer's own `date` header, so that it does not matter how far apart the
/// two clocks are; `wall_now` serves only where there is none.
pub fn pushback(headers: &HeaderMap, body: Option<Pushback>, wall_now: SystemTime) -> Option<Duration> {
    let now = now(headers, wall_now);
    RETRY_AFTER
        .iter()
        .find_map(|(name, unit)| longest(values(headers, name), *unit, now))
        .or_else(|| body?.wait(now))
        .or_else(|| ratelimit_items(headers, now))
        .or_else(|| resets(headers, now))
}

/// What the upstream itself says about asking again (`x-should-retry`).
pub fn should_retry(headers: &HeaderMap) -> Option<bool> {
    values(headers, &HeaderName::from_static("x-should-retry")).find_map(|value| match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    })
}

/// The time since 1970, by the upstream's clock if it shows it.
fn now(headers: &HeaderMap, wall_now: SystemTime) -> Duration {
    let shown = values(headers, &header::DATE).find_map(|date| httpdate::parse_http_date(date).ok());
    shown.unwrap_or(wall_now).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn longest<'h>(values: impl Iterator<Item = &'h str>, unit: Unit, now: Duration) -> Option<Duration> {
    values.flat_map(items).filter_map(|item| Pushback::parse(item, unit)?.wait(now)).max()
}

/// `ratelimit: "burst";r=0;t=30, "day";r=900;t=3600`: the wait of the items of which nothing remains; in older drafts
/// one item, `limit=10, remaining=0, reset=30`.
fn ratelimit_items(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let wait = |item: &str, remaining: &str, reset: &str| {
        let used_up = is_nothing(parameter(item, remaining)?);
        used_up.then(|| Pushback::parse(parameter(item, reset)?, Unit::Seconds)?.wait(now)).flatten()
    };
    values(headers, &HeaderName::from_static("ratelimit"))
        .flat_map(|value| {
            let items = split_unquoted(value, &[',']).filter_map(|item| wait(item, "r", "t"));
            items.chain(wait(value, "remaining", "reset"))
        })
        .max()
}

fn parameter<'h>(item: &'h str, name: &str) -> Option<&'h str> {
    split_unquoted(item, &[',', ';'])
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// `x-ratelimit-remaining-tokens: 0` with `x-ratelimit-reset-tokens: 6m0s`, `ratelimit-remaining: 0` with
/// `ratelimit-reset: 30`, `anthropic-ratelimit-requests-remaining: 0` with `anthropic-ratelimit-requests-reset: DATE`:
/// the waits of the limits of which nothing remains. If it is not said of any limit what remains, all of them count.
fn resets(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let limits = || headers.keys().map(HeaderName::as_str).filter(|name| name.contains("limit"));
    let told = limits().any(|name| name.contains("remaining"));
    limits()
        .filter(|name| name.contains("reset"))
        .filter(|reset| {
            let remaining = reset.replacen("reset", "remaining", 1);
            !told || all(headers, &remaining).flat_map(items).any(is_nothing)
        })
        .filter_map(|reset| longest(all(headers, reset), Unit::Seconds, now))
        .max()
}

fn is_nothing(remaining: &str) -> bool {
    remaining.trim().parse() == Ok(0.0)
}

fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    all(headers, name.as_str())
}

fn all<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim)
}

/// The parts of `text` between the `separators` that stand outside of quotes.
fn split_unquoted<'h>(text: &'h str, separators: &'static [char]) -> impl Iterator<Item = &'h str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        !quoted && separators.contains(&c)
    })
}

#[cfg(test)]
mod tests;
