//! The limits that need no configuration.

use std::time::Duration;

/// The most bytes read of the body of an answer other than 2xx.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;

/// The longest wait for the body of an answer other than 2xx.
pub const ERROR_BODY_WAIT: Duration = Duration::from_secs(2);

/// The most headers of an HTTP/1.1 answer. Their bytes are limited by hyper's read buffer, about 400 KiB.
pub const HTTP1_HEADERS_MAX: usize = 100;

/// The most bytes of an HTTP/2 answer's head, uncompressed.
pub const HTTP2_HEAD_BYTES_MAX: u32 = 64 * 1024;

/// How long an idle connection is kept.
pub const IDLE_CONNECTION_KEPT: Duration = Duration::from_secs(90);

/// The least time between two times that an upstream's connections are given up for new ones: one that misdirects
/// everything must not cost a handshake per request.
pub const CONNECTIONS_RENEWED_MIN: Duration = Duration::from_secs(1);

/// The time between two pings on an HTTP/2 connection that carries exchanges, and between two TCP
/// keep-alive probes.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(15);

/// How long an HTTP/2 ping may stay unanswered before the connection counts as dead.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// The least and the most that an HTTP/2 peer may send ahead of what was read, in bytes per exchange.
pub(super) const HTTP2_WINDOW_BYTES: std::ops::RangeInclusive<usize> = 64 * 1024..=1024 * 1024;
