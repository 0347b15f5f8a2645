//! What anybody may ask of the server before it is known who calls.

use std::time::Duration;

/// The most connections at a time; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 10_000;

/// How long a new connection may take to say what every HTTP/2 connection begins with, its TLS handshake
/// included.
const GREETING_MAX: Duration = Duration::from_secs(10);

/// How long the body of a request with a single message may take.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// The limits of one server; tests have tighter ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connections: usize,
    pub(super) greeting: Duration,
    pub(super) body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: CONNECTIONS_MAX, greeting: GREETING_MAX, body_time: BODY_TIME_MAX }
    }
}
