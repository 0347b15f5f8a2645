//! Tidegate

pub mod simulator;

/// The generated messages and services of `proto/tidegate/v1`.
pub mod proto {
    #![allow(
        missing_docs,
        unreachable_pub,
        clippy::pedantic,
        clippy::allow_attributes,
        reason = "generated code"
    )]
    tonic::include_proto!("tidegate.v1");

    /// The compiled protos, for server reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tidegate.bin"));
}
