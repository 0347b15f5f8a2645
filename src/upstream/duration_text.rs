//! Durations as upstreams write them: `38s`, `900ms`, `6m0s`, `1h2m3.5s`.

use std::time::Duration;

/// Reads Go's duration format, which holds protobuf's JSON format too (`google.rpc.RetryInfo`).
///
/// `None` for what is not such a text, and for what is not longer than nothing.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        seconds += number.parse::<f64>().ok()? * unit_seconds(unit)?;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
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
            (" 1s ", Some(Duration::from_secs(1))),
            ("0s", None),
            ("0", None),
            ("-3s", None),
            ("3", None),
            ("s", None),
            ("1.2.3s", None),
            ("1d", None),
            ("1s junk", None),
            ("99999999999999999999999h", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
