//! What operators see: logic tells an [`Observer`] typed [`Event`]s; metrics, spans and logs are made
//! from them here and nowhere else.

pub mod event;
pub mod settings;

pub use event::{Event, Observer};
pub use settings::{LogFormat, LogLevel, TelemetrySettings};
