//! The guard that gives every gRPC request exactly one end.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Span;

use super::event::{Event, Observer};

/// One gRPC request, from its head to the end of its answer. Dropping it without [`RpcGuard::end`] means
/// that the caller left: the status is `CANCELLED`.
pub struct RpcGuard {
    observer: Arc<dyn Observer>,
    method: &'static str,
    span: Span,
    started: Instant,
    code: &'static str,
}

impl RpcGuard {
    /// Reports the start. `method` is `package.Service/Method` of this server's own list, or `_OTHER`.
    pub fn begin(observer: Arc<dyn Observer>, method: &'static str, span: Span) -> Self {
        observer.observe(&Event::RpcStarted { method });
        Self { observer, method, span, started: Instant::now(), code: "CANCELLED" }
    }

    /// The SERVER span.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Reports the end with the status that was sent, for example `OK`.
    pub fn end(mut self, code: &'static str) {
        self.code = code;
    }
}

impl Drop for RpcGuard {
    fn drop(&mut self) {
        self.observer.observe(&Event::RpcEnded {
            method: self.method,
            code: self.code,
            elapsed: self.started.elapsed(),
            span: &self.span,
        });
    }
}

/// Whether a gRPC status is the server's fault, as OpenTelemetry sees it.
pub fn is_server_error(code: &str) -> bool {
    matches!(
        code,
        "UNKNOWN" | "DEADLINE_EXCEEDED" | "UNIMPLEMENTED" | "INTERNAL" | "UNAVAILABLE" | "DATA_LOSS"
    )
}
