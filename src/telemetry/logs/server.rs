//! Lines about the server itself.

use tracing::{dispatcher, level_filters::LevelFilter};

use super::{Logs, milliseconds};
use crate::telemetry::event::Event;

impl Logs {
    pub(super) fn server(&self, event: &Event<'_>) {
        if let Event::ServerStarted { grpc, admin } = *event {
            line!(self, INFO, "tidegate.server.started", "server started",
                grpc = %grpc, admin = %admin, version = env!("CARGO_PKG_VERSION"),
            );
        }
        if let Event::ConfigDoubted { key, doubt } = *event {
            line!(
                self,
                WARN,
                "tidegate.config.doubted",
                "a setting does nothing or may be a mistake",
                key,
                doubt,
            );
        }
        if let Event::ServerDraining { running, limit } = *event {
            line!(
                self,
                INFO,
                "tidegate.server.draining",
                "server draining",
                running,
                limit_ms = milliseconds(limit),
            );
        }
        if let Event::ServerStopped { cut } = *event {
            line!(self, INFO, "tidegate.server.stopped", "server stopped", cut,);
        }
    }
}
