//! A trace in headers: `traceparent` and `tracestate` (W3C Trace Context, level 1).

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::CallersTrace;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The lengths of a `traceparent`'s version, trace id, parent id and flags.
const FIELDS: [usize; 4] = [2, 32, 16, 2];

/// The most bytes that are kept of a caller's `tracestate`, which each span of its call holds until it is exported:
/// what has to be passed on at the least (W3C Trace Context, 3.3.1.5).
const TRACESTATE_MAX: usize = 512;

/// The caller's span, if it is to be taken over and the headers name one.
pub(super) fn read(headers: &HeaderMap, callers: CallersTrace) -> Option<Context> {
    let state: fn(&HeaderMap) -> String = match callers {
        CallersTrace::Ignored => return None,
        CallersTrace::Joined => |_| String::new(),
        CallersTrace::Trusted => state,
    };
    let mut parents = headers.get_all(TRACEPARENT).iter();
    // Of two that differ, none is to be believed.
    let parent = parents.next().filter(|_| parents.next().is_none())?.to_str().ok()?;
    let state = state(headers);
    let carrier = Carrier { parent: well_formed(parent)?, state: beginning(&state) };
    Some(TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier))
}

/// All `tracestate` headers as one list: they may come in pieces.
fn state(headers: &HeaderMap) -> String {
    let pieces: Vec<&str> =
        headers.get_all(TRACESTATE).iter().filter_map(|piece| piece.to_str().ok()).collect();
    pieces.join(",")
}

/// A `traceparent` whose fields have their lengths, which the propagator does not look at. What follows them in
/// versions to come is left to it.
fn well_formed(parent: &str) -> Option<&str> {
    let mut fields = parent.split('-');
    let lengths = FIELDS.map(|_| fields.next().map(str::len));
    (lengths == FIELDS.map(Some)).then_some(parent)
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
    parent: &'a str,
    state: &'a str,
}

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => Some(self.parent),
            TRACESTATE => Some(self.state).filter(|state| !state.is_empty()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
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
    fn kept(state: &str, callers: CallersTrace) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", PARENT.parse().unwrap());
        headers.insert("tracestate", state.parse().unwrap());
        let context = read(&headers, callers).unwrap();
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
            assert_eq!(kept(&state, CallersTrace::Trusted), expected);
        }
    }

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// Whether a caller with these headers has a span.
    fn has_span(parents: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for parent in parents {
            headers.append("traceparent", parent.parse().unwrap());
        }
        read(&headers, CallersTrace::Trusted).is_some_and(|context| context.span().span_context().is_valid())
    }

    #[test]
    fn a_parent_that_is_not_well_formed_or_not_alone_is_none() {
        assert!(has_span(&[PARENT]));
        assert!(has_span(&[&PARENT.replacen("00", "cc", 1)]), "a version to come");
        assert!(has_span(&[&(PARENT.replacen("00", "cc", 1) + "-what-comes-later")]));
        assert!(!has_span(&[PARENT, &PARENT.replace("-01", "-00")]), "two");
        for ill in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-001",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        ] {
            assert!(!has_span(&[ill]), "{ill}");
        }
    }

    #[test]
    fn a_state_in_pieces_is_one() {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", PARENT.parse().unwrap());
        headers.append("tracestate", "a=1".parse().unwrap());
        headers.append("tracestate", "b=2".parse().unwrap());
        let context = read(&headers, CallersTrace::Trusted).unwrap();
        assert_eq!(context.span().span_context().trace_state().header(), "a=1,b=2");
    }

    #[test]
    fn strangers_state_is_not_kept() {
        assert_eq!(kept("vendor=1", CallersTrace::Joined), "");
    }

    #[test]
    fn a_trace_that_is_not_joined_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", PARENT.parse().unwrap());
        assert!(read(&headers, CallersTrace::Ignored).is_none());
    }
}
