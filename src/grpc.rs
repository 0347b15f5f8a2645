//! The wire: gRPC in, the domain's words inward, and back.

pub mod settings;
