//! The gateway from outside: the real binary, a scripted AI API, real clients, real sockets, real time.
//!
//! What was sent upstream is told by the simulator's own log, never by the gateway. Nothing sleeps to let
//! things happen: tests wait for the event itself. No test knows an upper bound of time, so that a slow
//! machine can't fail one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../support/gateway.rs"]
mod support;

mod gate;
mod raw;
mod stage;

mod admission;
mod auth;
mod cache;
mod cli;
mod coalescing;
mod compression;
mod deadlines;
mod errors;
mod leaving;
mod lifecycle;
mod live_page;
mod pushback;
mod requests;
mod retries;
mod savings;
mod services;
mod tls;
mod tokens_field;
mod uploads;
