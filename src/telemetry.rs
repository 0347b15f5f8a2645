//! What operators see: logic tells an [`Observer`] typed [`Event`]s; metrics, spans and logs are made
//! from them here and nowhere else.

pub mod attempt;
pub mod call;
pub mod catalogue;
pub mod connection;
pub mod document;
pub mod event;
pub mod flight;
pub mod logs;
pub mod metrics;
pub mod recorder;
pub mod rpc;
pub mod settings;
pub mod setup;
pub mod spans;

mod drops;
mod export;

pub use attempt::AttemptGuard;
pub use call::CallGuard;
pub use connection::ConnectionGuard;
pub use event::{Event, Observer};
pub use flight::{FlightEnd, FlightGuard};
pub use recorder::{Recorder, calls::CallFilter, overview::Span as OverviewSpan, tokens::Tokens};
pub use rpc::RpcGuard;
pub use settings::{Configured, LogFormat, LogLevel, OtlpCompression, OtlpSettings, TelemetrySettings};
pub use setup::{MetricsPage, Telemetry, TelemetryError};
pub use spans::{CallersTrace, Spans};
