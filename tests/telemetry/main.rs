//! Telemetry as operators see it: the page of metrics, what a collector receives, and log lines.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod admin;
mod connections;
mod guards;
mod lines;
mod otlp;
mod page;
mod script;
