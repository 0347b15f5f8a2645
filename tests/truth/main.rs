//! Whether the telemetry tells the truth: traces, metrics, logs and error details of a real gateway
//! process, held against the log of the AI API that it asked and against what its callers were told.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(unreachable_pub, reason = "everything here is for the other modules of this suite")]

mod canary;
mod collector;
mod export;
mod invariants;
mod logs;
mod page;
mod parity;
mod scrape;
mod sink;
mod spans;
mod stage;
#[path = "../support/gateway.rs"]
mod support;
mod tenants;
mod tree;
