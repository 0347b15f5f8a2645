//! The connections to one upstream, all of which can be given up for new ones.
//!
//! reqwest offers no way to retire one connection. A client of its own has a pool of its own: a new client takes new
//! connections, and the old one's close as their exchanges end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{
    super::settings::UpstreamSettings, client, error::HttpClientError, limits::CONNECTIONS_RENEWED_MIN,
};

/// A client whose pool can be replaced.
pub(super) struct Connections {
    settings: UpstreamSettings,
    current: Mutex<Current>,
}

struct Current {
    client: reqwest::Client,
    renewed: Option<Instant>,
}

impl Connections {
    /// No connection yet.
    pub(super) fn new(settings: &UpstreamSettings) -> Result<Self, HttpClientError> {
        let client = client::build(settings)?;
        Ok(Self { settings: settings.clone(), current: Mutex::new(Current { client, renewed: None }) })
    }

    /// The client to send with; cheap, its connections are shared.
    pub(super) fn client(&self) -> reqwest::Client {
        self.current().client.clone()
    }

    /// Whatever is sent from `now` on takes a connection that does not exist yet: the peer said that those there are
    /// lead to the wrong server.
    pub(super) fn renew(&self, now: Instant) {
        let mut current = self.current();
        let recently = |renewed| now < renewed + CONNECTIONS_RENEWED_MIN;
        if current.renewed.is_some_and(recently) {
            return;
        }
        // Settings that made a client once make another one; if not, the old one is better than none.
        if let Ok(client) = client::build(&self.settings) {
            *current = Current { client, renewed: Some(now) };
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
