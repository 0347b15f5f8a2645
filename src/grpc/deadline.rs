//! The caller's timeout, as it stands in `grpc-timeout`.
//!
//! Parsed here because the transport ignores what it can't parse, and answers what has run out with
//! `CANCELLED`.

use std::time::Duration;

use http::HeaderMap;

use crate::extraction::ExtractError;

/// The most digits the value may have (gRPC over HTTP/2, "Requests").
const DIGITS_MAX: usize = 8;

/// The timeout that `headers` ask for; absent if they ask for none.
pub fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, ExtractError> {
    let mut values = headers.get_all("grpc-timeout").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let single = values.next().is_none();
    value.to_str().ok().filter(|_| single).and_then(parse).map(Some).ok_or_else(|| {
        ExtractError::invalid(
            "grpc-timeout",
            "is not a timeout: send one to eight digits and a unit out of H, M, S, m, u, n, for example 500m",
        )
    })
}

fn parse(value: &str) -> Option<Duration> {
    let unit_at = value.len().checked_sub(1)?;
    let (digits, unit) = value.split_at_checked(unit_at)?;
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let n: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(n * 3600)),
        "M" => Some(Duration::from_secs(n * 60)),
        "S" => Some(Duration::from_secs(n)),
        "m" => Some(Duration::from_millis(n)),
        "u" => Some(Duration::from_micros(n)),
        "n" => Some(Duration::from_nanos(n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        let rows = [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("4m", Duration::from_millis(4)),
            ("5u", Duration::from_micros(5)),
            ("6n", Duration::from_nanos(6)),
            ("0S", Duration::ZERO),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ];
        for (text, expected) in rows {
            let mut metadata = HeaderMap::new();
            metadata.insert("grpc-timeout", text.parse().unwrap());
            assert_eq!(timeout(&metadata), Ok(Some(expected)), "{text}");
        }
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in ["", "S", "1", "1s", "1.5S", "-1S", "+1S", "123456789S", " 1S", "1S ", "1 S", "1SS", "ñ"]
        {
            let mut metadata = HeaderMap::new();
            let Ok(value) = text.parse() else { continue };
            metadata.insert("grpc-timeout", value);
            assert!(matches!(timeout(&metadata), Err(ExtractError::Invalid(_))), "{text:?}");
        }
        let mut twice = HeaderMap::new();
        twice.append("grpc-timeout", "1S".parse().unwrap());
        twice.append("grpc-timeout", "2S".parse().unwrap());
        assert!(timeout(&twice).is_err());
    }
}
