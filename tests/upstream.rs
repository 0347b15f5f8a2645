//! The upstream part as a black box: real sockets, hand-written servers, every fault a wire event.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail loudly")]
#![expect(clippy::disallowed_methods, reason = "the servers here end with the test's runtime")]

#[path = "upstream/dialect.rs"]
mod dialect;
#[path = "upstream/golden.rs"]
mod golden;
#[path = "upstream/http2.rs"]
mod http2;
#[path = "upstream/support.rs"]
mod support;
#[path = "upstream/tls.rs"]
mod tls;
#[path = "upstream/wire.rs"]
mod wire;
