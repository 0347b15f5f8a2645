//! Dates as upstreams write them: HTTP's three forms and ISO 8601, with any offset from UTC.
//!
//! A date without a zone is in UTC: that is what the clocks of servers show.

use std::time::{Duration, UNIX_EPOCH};

/// The names of UTC, as they end a date.
const UTC_NAMES: [&str; 4] = ["GMT", "UTC", "UT", "Z"];

/// The time since 1970 that `text` names. `None` for what is not a date, and for earlier ones.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (local, zone) = split_zone(text.trim());
    let local = local.trim_end();
    let at = httpdate::parse_http_date(local)
        .or_else(|_| httpdate::parse_http_date(&format!("{local} GMT")))
        .ok()
        .or_else(|| humantime::parse_rfc3339_weak(&local.replace('t', "T")).ok())?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    match zone {
        Zone::Ahead(offset) => at.checked_sub(offset),
        Zone::Behind(offset) => at.checked_add(offset),
    }
}

/// Whether `text` ends with the name of a weekday: a comma after it is a part of a date.
pub(crate) fn ends_in_weekday(text: &str) -> bool {
    const SHORT: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let word =
        text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    let Some((short, rest)) = word.split_at_checked(3) else { return false };
    SHORT.contains(&short) && (rest.is_empty() || rest.ends_with("day"))
}

/// How far a clock is from UTC.
enum Zone {
    Ahead(Duration),
    Behind(Duration),
}

fn split_zone(text: &str) -> (&str, Zone) {
    let utc = Zone::Ahead(Duration::ZERO);
    for name in UTC_NAMES {
        let at = text.len().saturating_sub(name.len());
        if let Some((local, zone)) = text.split_at_checked(at)
            && zone.eq_ignore_ascii_case(name)
        {
            return (local, utc);
        }
    }
    let Some((local, digits)) = text.rsplit_once(['+', '-']) else { return (text, utc) };
    // The hyphens within a date stand before its time of day.
    match offset(digits).filter(|_| local.contains(':')) {
        Some(offset) if text.as_bytes().get(local.len()) == Some(&b'-') => (local, Zone::Behind(offset)),
        Some(offset) => (local, Zone::Ahead(offset)),
        None => (text, utc),
    }
}

/// `0200`, `02:00` or `02`.
fn offset(digits: &str) -> Option<Duration> {
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let number = |digits: &str| match digits.len() {
        2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u64>().ok(),
        _ => None,
    };
    let minutes = if minutes.is_empty() { 0 } else { number(minutes).filter(|minutes| *minutes < 60)? };
    Some(Duration::from_mins(number(hours).filter(|hours| *hours < 24)? * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_names_the_same_second() {
        for text in [
            "Fri, 29 Sep 2023 16:26:37 GMT",
            "Fri, 29 Sep 2023 16:26:37 UTC",
            "Fri, 29 Sep 2023 16:26:37 gmt",
            "Fri, 29 Sep 2023 16:26:37 +0000",
            "Fri, 29 Sep 2023 18:26:37 +0200",
            "Fri, 29 Sep 2023 09:26:37 -0700",
            "Fri, 29 Sep 2023 16:26:37",
            "Friday, 29-Sep-23 16:26:37 GMT",
            "Friday, 29-Sep-23 16:26:37 UTC",
            "Fri Sep 29 16:26:37 2023",
            "2023-09-29T16:26:37Z",
            "2023-09-29t16:26:37z",
            "2023-09-29T16:26:37.000Z",
            "2023-09-29T16:26:37.0000000+00:00",
            "2023-09-29T18:26:37+02:00",
            "2023-09-29T21:56:37.000000+0530",
            "2023-09-29T14:26:37-02",
            "2023-09-29 16:26:37 UTC",
            "2023-09-29 16:26:37",
            " 2023-09-29T16:26:37 ",
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(1_696_004_797)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Z",
            "GMT",
            "soon",
            "Fri, 29 Sep 2023",
            "Zun, 29 Sep 2023 16:26:37 GMT",
            "Fri, 29 Sep 2023 16:26:37 PST",
            "Fri, 29 Sep 100000 16:26:37 GMT",
            "Fri, 31 Sep 2023 26:26:37 GMT",
            "2023-09-29",
            "2023-13-29T16:26:37Z",
            "2023-09-29T16:26:37+99:00",
            "2023-09-29T16:26:37+2",
            "2023-09-29T16:26:37 ü",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:30:00+01:00",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn weekdays_are_known() {
        for (text, expected) in [
            ("Fri", true),
            ("2, Sunday", true),
            (" wednesday", true),
            ("Zun", false),
            ("sunny", false),
            ("2", false),
            ("", false),
        ] {
            assert_eq!(ends_in_weekday(text), expected, "{text:?}");
        }
    }
}
