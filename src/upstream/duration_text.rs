//! Durations as upstreams write them: `38s`, `900ms`, `6m0s`, `1h2m3.5s`, `2 seconds`, `PT30S`, `P1DT2H`.

use std::time::Duration;

/// Reads numbers with their units, one after the other: Go's format, which holds protobuf's JSON format too
/// (`google.rpc.RetryInfo`), words for the units, and the part of ISO 8601 that knows no months.
///
/// `None` for what is not such a text, and for what is not longer than nothing.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Some(duration) = clock(text) {
        return Some(duration);
    }
    let (days, clock) = match text.strip_prefix(['P', 'p']) {
        Some(iso) => iso.split_once(['T', 't']).unwrap_or((iso, "")),
        None => ("", text),
    };
    // An `m` before the `T` is a month.
    if days.contains(|c: char| c.is_alphabetic() && !"WwDd".contains(c)) {
        return None;
    }
    let seconds = seconds(days)? + seconds(clock)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}

fn seconds(mut text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    while !text.is_empty() {
        let (number, after) = split(text, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        seconds += number.parse::<f64>().ok()? * unit_seconds(unit.trim())?;
        text = after;
    }
    Some(seconds)
}

/// Azure writes `05:12:33`.
fn clock(text: &str) -> Option<Duration> {
    let mut parts = text.split(':');
    let mut part = || parts.next().filter(|part| part.len() == 2)?.parse::<u64>().ok();
    let (hours, minutes, seconds) = (part()?, part()?, part()?);
    let duration = Duration::from_secs(hours * 3600 + minutes * 60 + seconds);
    (parts.next().is_none() && minutes < 60 && seconds < 60 && !duration.is_zero()).then_some(duration)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit.to_lowercase().as_str() {
        "w" | "week" | "weeks" => 604_800.0,
        "d" | "day" | "days" => 86_400.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => 1e-3,
        "us" | "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_upstreams_write() {
        for (text, expected) in [
            ("38s", Some(Duration::from_secs(38))),
            ("900ms", Some(Duration::from_millis(900))),
            ("0.9s", Some(Duration::from_millis(900))),
            ("6m0s", Some(Duration::from_mins(6))),
            ("1h2m3.5s", Some(Duration::from_millis(3_723_500))),
            ("17ms", Some(Duration::from_millis(17))),
            ("250µs", Some(Duration::from_micros(250))),
            ("250μs", Some(Duration::from_micros(250))),
            (" 1s ", Some(Duration::from_secs(1))),
            ("2 seconds", Some(Duration::from_secs(2))),
            ("1 Minute", Some(Duration::from_mins(1))),
            ("1h 30m", Some(Duration::from_mins(90))),
            ("2S", Some(Duration::from_secs(2))),
            ("1d", Some(Duration::from_hours(24))),
            ("PT30S", Some(Duration::from_secs(30))),
            ("PT1H0.5S", Some(Duration::from_millis(3_600_500))),
            ("P1D", Some(Duration::from_hours(24))),
            ("P1DT1S", Some(Duration::from_secs(86_401))),
            ("p2w", Some(Duration::from_hours(14 * 24))),
            ("P0DT0H3M", Some(Duration::from_mins(3))),
            ("1 week", Some(Duration::from_hours(7 * 24))),
            ("P1M", None),
            ("P1Y2DT3S", None),
            ("P1M2D", None),
            ("P0D", None),
            ("P", None),
            ("PT", None),
            ("PT1X", None),
            ("0s", None),
            ("0", None),
            ("-3s", None),
            ("3", None),
            ("s", None),
            ("1.2.3s", None),
            ("1mo", None),
            ("1s junk", None),
            ("99999999999999999999999h", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
