//! Durations as Prometheus writes them.

use std::time::Duration;

/// The units of Prometheus that are used here, with their milliseconds. Weeks and years only confuse.
const UNITS: &[(&str, u128)] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// `1h12m`, `5s`, `500ms`; fractions of a millisecond are dropped.
pub(super) fn text(duration: Duration) -> String {
    let mut left = duration.as_millis();
    let mut text = String::new();
    for (unit, milliseconds) in UNITS {
        if left >= *milliseconds {
            text = format!("{text}{}{unit}", left / milliseconds);
            left %= milliseconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers_of_falling_units() {
        for (milliseconds, expected) in [
            (0, "0s"),
            (500, "500ms"),
            (1500, "1s500ms"),
            (300_000, "5m"),
            (4_320_000, "1h12m"),
            (259_200_000, "3d"),
            (2_592_000_000, "30d"),
        ] {
            assert_eq!(text(Duration::from_millis(milliseconds)), expected);
        }
    }
}
