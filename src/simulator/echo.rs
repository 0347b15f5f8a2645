//! Bait: what came in is thrown back where it might leak.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Bytes of an echo that fit into a header; a longer one is cut there, but not in the body.
const HEADER_BYTES_MAX: usize = 2_048;

/// The credential and the text of a request.
#[derive(Debug)]
pub(super) struct Echo(String);

impl Echo {
    /// The credential comes first, so that no header is too short for it.
    pub(super) fn new(authorization: &str, text: &str) -> Echo {
        Echo(format!("{authorization} {text}"))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// `x-echo`, when it can be one, `x-echo-base64` and `x-request-id`.
    pub(super) fn headers(&self) -> HeaderMap {
        let end = self.0.floor_char_boundary(HEADER_BYTES_MAX);
        let echo = self.0.get(..end).unwrap_or_default();
        let plain = HeaderValue::from_str(echo).ok();
        let base64 = HeaderValue::from_str(&BASE64_STANDARD.encode(echo)).ok();
        let id = plain.clone().or_else(|| base64.clone());
        let named = [("x-echo", plain), ("x-echo-base64", base64), ("x-request-id", id)];
        named.into_iter().filter_map(|(name, value)| Some((HeaderName::from_static(name), value?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_header_can_carry_goes_as_base64() {
        let headers = Echo::new("Bearer key", "one\ntwo").headers();
        assert!(!headers.contains_key("x-echo"));
        assert_eq!(headers["x-echo-base64"], "QmVhcmVyIGtleSBvbmUKdHdv");
        assert_eq!(headers["x-request-id"], "QmVhcmVyIGtleSBvbmUKdHdv");
        assert_eq!(Echo::new("Bearer key", "one").headers()["x-request-id"], "Bearer key one");
        let long = Echo::new("", &"ü".repeat(5_000)).headers();
        assert!((HEADER_BYTES_MAX - 1..=HEADER_BYTES_MAX).contains(&long["x-echo"].len()));
    }
}
