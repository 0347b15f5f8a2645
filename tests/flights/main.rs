//! Flights at the moments that are hard to hit: callers that come and go while a flight starts, waits or
//! ends, and an upstream that breaks under it. The production pipeline over a scripted upstream, without
//! sockets. What one thread can force stands in virtual time; what only many threads can bring about is
//! tried a fixed number of times.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test that can't go on has failed"
)]

mod costs;
mod endings;
mod joining;
mod recorder;
#[path = "../support/pipeline.rs"]
mod support;
mod waits;
mod world;
