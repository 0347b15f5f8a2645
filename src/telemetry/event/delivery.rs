//! What is told of telemetry itself.

use crate::extraction::label::labels;

labels! {
    /// A kind of telemetry.
    pub enum Signal {
        /// Spans of traces.
        Spans = "spans",
        /// Metric points.
        Metrics = "metrics",
        /// Log lines.
        Logs = "logs",
    }
}

labels! {
    /// Why telemetry could not be delivered.
    pub enum DropCause {
        /// It came faster than it could be delivered, and no place was left to wait in.
        QueueFull = "queue_full",
        /// The collector's name has no address.
        Dns = "dns",
        /// Nobody listens at the collector's address.
        ConnectRefused = "connect_refused",
        /// No connection came about, for another reason.
        Connect = "connect",
        /// TLS failed, or the collector's certificate is not trusted.
        Tls = "tls",
        /// The export took longer than it may.
        Timeout = "timeout",
        /// Somebody answers there, but not as a collector of OTLP over gRPC.
        NotOtlp = "not_otlp",
        /// The collector did not accept the credential, or wants one.
        Unauthorized = "unauthorized",
        /// The collector said that it can't take anything now.
        Unavailable = "unavailable",
        /// The collector did not accept what it was sent.
        Rejected = "rejected",
        /// None of these.
        Other = "other",
    }
}
