//! How long an upstream asks us to wait.
//!
//! Upstreams say it in half a dozen ways. The first that holds a valid wait counts; one that can't be
//! read counts as not said, never as an error.

#![expect(clippy::disallowed_types, reason = "the time is an argument; no clock is read here")]

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::{clock::SystemTime, upstream::duration_text};

/// The longest wait believed; a longer one is shortened to it.
pub const PUSHBACK_MAX: Duration = Duration::from_hours(1);

/// The wait that an answer asks for: more than nothing and at most [`PUSHBACK_MAX`].
///
/// In this order: `retry-after-ms`; `retry-after` (seconds or a date); `body_retry_delay` (the body's
/// `google.rpc.RetryInfo`); `ratelimit` items with nothing left; `anthropic-ratelimit-*-reset` and
/// `x-ratelimit-reset-*` whose `remaining` is 0. Of a header that comes more than once, the first valid
/// value counts; of several limits that are used up, the longest wait.
///
/// Dates are held against the answer's own `date` header, so that it does not matter how far apart the
/// two clocks are; `wall_now` serves only where there is none.
pub fn pushback(
    headers: &HeaderMap,
    body_retry_delay: Option<Duration>,
    wall_now: SystemTime,
) -> Option<Duration> {
    let now = values(headers, &header::DATE).find_map(date).unwrap_or(wall_now);
    values(headers, &HeaderName::from_static("retry-after-ms"))
        .find_map(|value| wait(value.parse::<f64>().ok()? / 1e3))
        .or_else(|| {
            values(headers, &header::RETRY_AFTER).find_map(|value| match value.parse::<f64>() {
                Ok(seconds) => wait(seconds),
                Err(_) => until(date(value)?, now),
            })
        })
        .or(body_retry_delay)
        .or_else(|| ratelimit_items(headers))
        .or_else(|| anthropic_resets(headers, now))
        .or_else(|| openai_resets(headers))
        .filter(|wait| !wait.is_zero())
        .map(|wait| wait.min(PUSHBACK_MAX))
}

/// What the upstream itself says about asking again (`x-should-retry`).
pub fn should_retry(headers: &HeaderMap) -> Option<bool> {
    values(headers, &HeaderName::from_static("x-should-retry")).find_map(|value| match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    })
}

fn wait(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds > 0.0)
        .then(|| Duration::from_secs_f64(seconds.min(PUSHBACK_MAX.as_secs_f64())))
        .filter(|wait| !wait.is_zero())
}

fn date(value: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(value).ok()
}

fn until(then: SystemTime, now: SystemTime) -> Option<Duration> {
    then.duration_since(now).ok().filter(|wait| !wait.is_zero())
}

/// `ratelimit: "burst";r=0;t=30, "day";r=900;t=3600`: the wait of the items of which nothing remains.
fn ratelimit_items(headers: &HeaderMap) -> Option<Duration> {
    values(headers, &HeaderName::from_static("ratelimit"))
        .flat_map(|value| split_unquoted(value, ','))
        .filter_map(|item| {
            let parameter = |name: &str| -> Option<u64> {
                split_unquoted(item, ';')
                    .filter_map(|part| part.split_once('='))
                    .find(|(key, _)| key.trim() == name)
                    .and_then(|(_, value)| value.trim().parse().ok())
            };
            (parameter("r") == Some(0)).then(|| parameter("t").map(Duration::from_secs)).flatten()
        })
        .max()
}

/// `anthropic-ratelimit-tokens-remaining: 0` with `anthropic-ratelimit-tokens-reset: <RFC 3339>`.
fn anthropic_resets(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    used_up(headers, |name| name.strip_prefix("anthropic-ratelimit-")?.strip_suffix("-remaining"))
        .filter_map(|limit| {
            let reset = text(headers, &format!("anthropic-ratelimit-{limit}-reset"))?;
            until(humantime::parse_rfc3339(reset).ok()?, now)
        })
        .max()
}

/// `x-ratelimit-remaining-tokens: 0` with `x-ratelimit-reset-tokens: 6m0s`.
fn openai_resets(headers: &HeaderMap) -> Option<Duration> {
    used_up(headers, |name| name.strip_prefix("x-ratelimit-remaining-"))
        .filter_map(|limit| duration_text::parse(text(headers, &format!("x-ratelimit-reset-{limit}"))?))
        .max()
}

/// The names of the limits whose `remaining` header says 0.
fn used_up<'h>(
    headers: &'h HeaderMap,
    limit_of: impl Fn(&'h str) -> Option<&'h str>,
) -> impl Iterator<Item = &'h str> {
    headers
        .iter()
        .filter(|(_, remaining)| remaining.to_str().is_ok_and(|r| r.trim().parse() == Ok(0_u64)))
        .filter_map(move |(name, _)| limit_of(name.as_str()))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim)
}

/// The parts of `text` between the `separator`s that stand outside of quotes.
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        !quoted && c == separator
    })
}

#[cfg(test)]
mod tests;
