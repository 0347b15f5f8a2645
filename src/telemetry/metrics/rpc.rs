//! gRPC requests, whatever their method.

use std::{sync::Arc, time::Duration};

use metrics::Histogram;

use super::{
    exemplars::Traced,
    instruments::{Instruments, word},
    table::{Grown, Level},
};
use crate::telemetry::{catalogue::list, rpc::is_server_error, spans::SpanIds};

/// Instruments of the server's edge; methods and statuses are few and fixed, so they are made as seen.
pub(super) struct RpcMetrics {
    instruments: Arc<Instruments>,
    active: Grown<&'static str, Level>,
    durations: Grown<(&'static str, &'static str), Traced<Histogram>>,
}

impl RpcMetrics {
    pub(super) fn new(instruments: &Arc<Instruments>) -> Self {
        Self { instruments: Arc::clone(instruments), active: Grown::new(), durations: Grown::new() }
    }

    pub(super) fn started(&self, method: &'static str) {
        self.active(method).up();
    }

    pub(super) fn ended(
        &self,
        method: &'static str,
        code: &'static str,
        elapsed: Duration,
        span: Option<SpanIds>,
    ) {
        self.active(method).down();
        let duration = self.durations.get((method, code), || {
            let error = is_server_error(code).then(|| word(code)).flatten();
            let labels = [word("grpc"), word(method), word(code), error];
            self.instruments.traced_histogram(&list::RPC_DURATION, labels)
        });
        duration.record(elapsed.as_secs_f64(), span);
    }

    pub(super) fn sample(&self) {
        self.active.each(Level::sample);
    }

    fn active(&self, method: &'static str) -> Arc<Level> {
        self.active.get(method, || Level::new(self.instruments.gauge(&list::ACTIVE_CALLS, [word(method)])))
    }
}
