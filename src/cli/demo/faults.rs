//! What goes wrong in the demo: a bad Friday.

use std::time::Duration;

use crate::simulator::script::{ErrorReply, Fault, Latency, Place, RetryAfter, Rule, Script};

/// About one attempt in seven fails, in the ways that AI APIs do fail.
pub(crate) fn bad_friday() -> Script {
    let slow_down = ErrorReply {
        retry_after: Some(RetryAfter::Millis(Duration::from_millis(400))),
        code: Some("rate_limit_exceeded".to_owned()),
        ..ErrorReply::new(429)
    };
    Script::of([
        Rule::new(Fault::status(503)).share(0.05),
        Rule::new(Fault::Status(slow_down)).share(0.03),
        Rule::new(Fault::Reset).share(0.02),
        Rule::new(Fault::Malformed { place: Place::Body }).share(0.02),
        Rule::new(Fault::WrongSchema).share(0.02),
        Rule::new(Fault::status(500)).share(0.01),
        Rule::new(Fault::Truncated).share(0.002),
    ])
    .latency(Latency::Lognormal { median: Duration::from_millis(30), p99: Duration::from_millis(250) })
}
