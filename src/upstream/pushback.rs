//! The wait that an upstream asks for, as it is written: for so long, or until then.

use std::time::Duration;

use super::{date_text, duration_text};

/// The longest wait believed: a month's quota comes back within it. What asks for more is a mistake, and counts as not
/// said; shortened, it would be a promise that nobody made.
pub const PUSHBACK_MAX: Duration = Duration::from_hours(31 * 24);

/// The wait that an upstream asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushback {
    /// For so long.
    For(Duration),
    /// Until then, counted from 1970.
    Until(Duration),
}

/// What a number without a unit counts, unless it is so large that it can only be a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
}

impl Pushback {
    /// Reads a number, a duration or a date.
    pub fn parse(text: &str, unit: Unit) -> Option<Self> {
        let text = text.trim().trim_matches('"');
        match text.parse() {
            Ok(number) => Self::number(number, unit),
            Err(_) => {
                duration_text::parse(text).map(Self::For).or_else(|| date_text::parse(text).map(Self::Until))
            }
        }
    }

    /// Reads a bare number: a time since 1970 if it is as large as such times are, else a duration.
    pub fn number(number: f64, unit: Unit) -> Option<Self> {
        // From 2001 to 2286, in seconds, milliseconds, microseconds and nanoseconds.
        let epoch = [1.0, 1e3, 1e6, 1e9].map(|per_second| number / per_second);
        if let Some(then) = epoch.into_iter().find(|seconds| (1e9..1e10).contains(seconds)) {
            return Duration::try_from_secs_f64(then).ok().map(Self::Until);
        }
        let seconds = match unit {
            Unit::Seconds => number,
            Unit::Milliseconds => number / 1e3,
        };
        Duration::try_from_secs_f64(seconds).ok().map(Self::For)
    }

    /// How long that is at `now`, counted from 1970: more than nothing and at most [`PUSHBACK_MAX`].
    pub fn wait(self, now: Duration) -> Option<Duration> {
        let wait = match self {
            Self::For(wait) => wait,
            Self::Until(then) => then.saturating_sub(now),
        };
        (!wait.is_zero() && wait <= PUSHBACK_MAX).then_some(wait)
    }
}

/// The words before a wait, in sentences for people.
const WAIT_FOLLOWS: [&str; 7] = [
    "try again in ",
    "try again after ",
    "retry in ",
    "retry after ",
    "please wait ",
    "replenished in ", // Azure
    "resets in ",
];

/// The most bytes of a sentence that are looked at: what stands at its end may be the caller's own text.
const SENTENCE_BYTES_MAX: usize = 512;

/// The wait in a sentence for people, `Please try again in 6m54.2s.`: some servers and proxies say it nowhere else.
pub(crate) fn wait_in_words(sentence: &str) -> Option<Pushback> {
    let sentence = sentence.get(..sentence.floor_char_boundary(SENTENCE_BYTES_MAX))?.to_lowercase();
    let (_, after) = WAIT_FOLLOWS.iter().find_map(|words| sentence.split_once(words))?;
    let mut words = after.split_whitespace();
    let first = words.next()?;
    let both = format!("{first} {}", words.next().unwrap_or_default());
    let duration = |words: &str| duration_text::parse(words.trim_end_matches(['.', ',', ';', ')']));
    duration(&both).or_else(|| duration(first)).map(Pushback::For)
}

/// The items of a list: proxies make one of a header that came twice. The comma within a date separates nothing.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let end = text
            .match_indices(',')
            .map(|(at, _)| text.split_at(at))
            .find(|(item, _)| !date_text::ends_in_weekday(item));
        let Some((item, after)) = end else { return Some(text) };
        rest = after.strip_prefix(',');
        Some(item)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_their_size() {
        let then = Duration::from_secs(1_706_745_600);
        for (text, unit, expected) in [
            ("2", Unit::Seconds, Some(Pushback::For(Duration::from_secs(2)))),
            ("2", Unit::Milliseconds, Some(Pushback::For(Duration::from_millis(2)))),
            ("0.5", Unit::Seconds, Some(Pushback::For(Duration::from_millis(500)))),
            ("2s", Unit::Milliseconds, Some(Pushback::For(Duration::from_secs(2)))),
            ("1706745600", Unit::Seconds, Some(Pushback::Until(then))),
            ("1706745600.0", Unit::Seconds, Some(Pushback::Until(then))),
            ("1706745600000", Unit::Seconds, Some(Pushback::Until(then))),
            ("1706745600000", Unit::Milliseconds, Some(Pushback::Until(then))),
            ("1706745600", Unit::Milliseconds, Some(Pushback::Until(then))),
            ("1706745600000000", Unit::Seconds, Some(Pushback::Until(then))),
            ("\"2024-02-01T00:00:00Z\"", Unit::Seconds, Some(Pushback::Until(then))),
            ("-2", Unit::Seconds, None),
            ("inf", Unit::Seconds, None),
            ("nan", Unit::Milliseconds, None),
            ("", Unit::Seconds, None),
            ("soon", Unit::Seconds, None),
        ] {
            assert_eq!(Pushback::parse(text, unit), expected, "{text:?} {unit:?}");
        }
    }

    #[test]
    fn the_comma_of_a_date_separates_nothing() {
        for (list, expected) in [
            ("2", vec!["2"]),
            ("2, 5", vec!["2", " 5"]),
            ("Fri, 29 Sep 2023 16:26:37 GMT", vec!["Fri, 29 Sep 2023 16:26:37 GMT"]),
            (
                "Friday, 29-Sep-23 16:26:37 GMT,2,Fri, 29 Sep 2023 16:26:39 GMT",
                vec!["Friday, 29-Sep-23 16:26:37 GMT", "2", "Fri, 29 Sep 2023 16:26:39 GMT"],
            ),
            (",", vec!["", ""]),
            ("", vec![""]),
        ] {
            assert_eq!(items(list).collect::<Vec<_>>(), expected, "{list:?}");
        }
    }

    #[test]
    fn what_is_over_or_absurd_is_no_wait() {
        let now = Duration::from_secs(1_706_745_600);
        let second = Duration::from_secs(1);
        for (pushback, expected) in [
            (Pushback::For(Duration::ZERO), None),
            (Pushback::For(PUSHBACK_MAX), Some(PUSHBACK_MAX)),
            (Pushback::For(PUSHBACK_MAX + second), None),
            (Pushback::Until(now), None),
            (Pushback::Until(Duration::from_secs(1)), None),
            (Pushback::Until(now + second), Some(second)),
            (Pushback::Until(now + PUSHBACK_MAX + second), None),
        ] {
            assert_eq!(pushback.wait(now), expected, "{pushback:?}");
        }
    }
}
