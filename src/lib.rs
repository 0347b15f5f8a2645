//! An observability-first gRPC gateway between microservices and flaky AI APIs: one call in, one validated
//! extraction out, and every attempt, wait and refusal in between can be seen.
//!
//! ```text
//! client --gRPC--> grpc --> admission --> pipeline --> cache
//!                                             |
//!                                             v
//!                                  resilience: plan <-> driver --> upstream --> AI API
//!
//!                  every stage -- Event --> telemetry --> admin (/metrics), OTLP, log lines
//! ```
//!
//! `ARCHITECTURE.md` says what each module is for and what holds it to that.

pub mod admin;
pub mod admission;
pub mod app;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod extraction;
pub mod grpc;
pub mod monitoring;
pub mod pipeline;
pub mod resilience;
pub mod simulator;
pub mod tasks;
pub mod telemetry;
pub mod upstream;

/// The generated messages and services of `proto/tidegate/v1`.
pub mod proto {
    #![allow(
        missing_docs,
        unreachable_pub,
        clippy::all,
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        reason = "generated code"
    )]
    tonic::include_proto!("tidegate.v1");

    /// The compiled protos, for server reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tidegate.bin"));
}
