//! Lines about what was refused before it was a call.

use std::{net::SocketAddr, time::Duration};

use tracing::{Span, dispatcher, level_filters::LevelFilter};

use super::{Logs, ids, milliseconds};
use crate::telemetry::event::Refusal;

impl Logs {
    pub(super) fn connection_refused(&self, peer: Option<SocketAddr>, reason: Refusal) {
        let Some(left_out) = self.refusals.pass(reason.as_str(), 1) else { return };
        line!(
            self,
            WARN,
            "tidegate.connection.refused",
            "connection refused",
            reason = reason.as_str(),
            network.peer.address = peer.map(|peer| peer.ip().to_string()),
            network.peer.port = peer.map(|peer| peer.port()),
            left_out,
        );
    }

    pub(super) fn connections_full(&self, limit: usize) {
        let Some(left_out) = self.refusals.pass("full", 1) else { return };
        line!(
            self,
            WARN,
            "tidegate.connections.full",
            "no place left for connections: newcomers wait",
            limit,
            left_out,
        );
    }

    pub(super) fn request_late(&self, method: &'static str, limit: Duration, span: &Span) {
        let Some(left_out) = self.refusals.pass("late", 1) else { return };
        line!(
            self,
            WARN,
            "tidegate.request.late",
            "a request's message did not come in time",
            span = span,
            rpc.method = method,
            limit_ms = milliseconds(limit),
            left_out,
        );
    }
}
