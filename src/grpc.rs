//! The wire: gRPC in, the domain's words inward, and back.

pub mod auth;
mod connections;
pub mod convert;
pub mod deadline;
pub mod extract;
pub mod jobs;
mod limits;
pub mod observe;
pub mod profiles;
mod request_body;
pub mod serve;
pub mod settings;
pub mod status;
pub mod tls;
mod unread;
