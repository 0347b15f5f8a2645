//! A trace in headers: `traceparent` and `tracestate` (W3C Trace Context, level 1).

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The most bytes that are kept of a caller's `tracestate`, which each span of its call holds until it is exported:
/// what has to be passed on at the least (W3C Trace Context, 3.3.1.5).
const TRACESTATE_MAX: usize = 512;

/// The caller's span, if the headers name one; with its `tracestate` only if that is `trusted`.
pub(super) fn read(headers: &HeaderMap, trusted: bool) -> Option<Context> {
    let carrier = Carrier { headers, trusted };
    headers
        .contains_key("traceparent")
        .then(|| TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier))
}

/// The headers that name the span of `context`.
pub(super) fn write(context: &Context) -> HeaderMap {
    let mut headers = HeaderMap::new();
    TraceContextPropagator::new().inject_context(context, &mut CarrierMut(&mut headers));
    headers
}

/// The members of a list at its beginning, as many as there is room for.
fn beginning(state: &str) -> &str {
    if state.len() <= TRACESTATE_MAX {
        return state;
    }
    state.get(..=TRACESTATE_MAX).and_then(|head| head.rsplit_once(',')).map_or("", |(members, _)| members)
}

struct Carrier<'a> {
    headers: &'a HeaderMap,
    trusted: bool,
}

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.headers.get(key)?.to_str().ok()?;
        match key {
            "tracestate" if self.trusted => Some(beginning(value)),
            "tracestate" => None,
            _ => Some(value),
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.headers.keys().map(HeaderName::as_str).collect()
    }
}

struct CarrierMut<'a>(&'a mut HeaderMap);

impl Injector for CarrierMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        // The propagator sets an empty tracestate where there is none.
        if value.is_empty() {
            return;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt as _;

    use super::*;

    /// What is kept of a caller's `tracestate`.
    fn kept(state: &str, trusted: bool) -> String {
        let mut headers = HeaderMap::new();
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.insert("traceparent", parent.parse().unwrap());
        headers.insert("tracestate", state.parse().unwrap());
        let context = read(&headers, trusted).unwrap();
        assert!(context.span().span_context().is_valid(), "the caller's span is kept, whatever its state");
        context.span().span_context().trace_state().header()
    }

    #[test]
    fn of_a_long_state_whole_members_are_kept() {
        let long = |key: &str, bytes: usize| format!("{key}={}", "x".repeat(bytes - key.len() - 1));
        let two = format!("{},{}", long("a", 200), long("b", 200));
        for (state, expected) in [
            ("vendor=1".to_owned(), "vendor=1".to_owned()),
            (format!("{two},{}", long("c", 110)), format!("{two},{}", long("c", 110))),
            (format!("{two},{}", long("c", 111)), two.clone()),
            (format!("{two},{},d=1", long("c", 110)), format!("{two},{}", long("c", 110))),
            ("x".repeat(14_000), String::new()),
        ] {
            assert_eq!(kept(&state, true), expected);
        }
    }

    #[test]
    fn strangers_state_is_not_kept() {
        assert_eq!(kept("vendor=1", false), "");
    }
}
