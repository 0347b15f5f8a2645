//! The connections to one upstream, all of which can be given up for new ones.
//!
//! reqwest offers no way to retire one connection. A client of its own has a pool of its own: a new client takes new
//! connections, and the old one's close as their exchanges end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{sync, time::Instant};

use super::{
    super::settings::UpstreamSettings, client, error::HttpClientError, limits::CONNECTIONS_RENEWED_MIN,
};

/// A client whose pool can be replaced.
pub(super) struct Connections {
    build: Box<Build>,
    /// Locked for as long as it takes to copy it: every request comes by.
    client: Mutex<reqwest::Client>,
    /// When it was last replaced. Locked while a new one is made, which may read files and takes its time: whoever else
    /// was misdirected waits for it, and nobody but those.
    renewed: sync::Mutex<Option<Instant>>,
}

/// Makes a client.
type Build = dyn Fn() -> Result<reqwest::Client, HttpClientError> + Send + Sync;

impl Connections {
    /// No connection yet.
    pub(super) fn new(settings: &UpstreamSettings) -> Result<Self, HttpClientError> {
        let settings = settings.clone();
        Self::made_by(Box::new(move || client::build(&settings)))
    }

    fn made_by(build: Box<Build>) -> Result<Self, HttpClientError> {
        let client = build()?;
        Ok(Self { build, client: Mutex::new(client), renewed: sync::Mutex::new(None) })
    }

    /// The client to send with; cheap, its connections are shared.
    pub(super) fn client(&self) -> reqwest::Client {
        self.current().clone()
    }

    /// Whatever is sent after this takes a connection that did not exist at `now`: the peer said that those there were
    /// lead to the wrong server.
    pub(super) async fn renew(&self, now: Instant) {
        let mut renewed = self.renewed.lock().await;
        if renewed.is_some_and(|renewed| now < renewed + CONNECTIONS_RENEWED_MIN) {
            return;
        }
        *renewed = Some(now);
        // Settings that made a client once make another one; if not, the old one is better than none.
        if let Ok(client) = (self.build)() {
            *self.current() = client;
        }
    }

    fn current(&self) -> MutexGuard<'_, reqwest::Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::future::join_all;
    use rustls::{ClientConfig, RootCertStore};

    use super::*;

    fn client() -> reqwest::Client {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap()
    }

    #[tokio::test]
    async fn many_who_are_misdirected_at_once_make_one_client() {
        for can_be_made in [true, false] {
            let built = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&built);
            let make = move || match count.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(client()),
                _ if can_be_made => Ok(client()),
                _ => Err(HttpClientError::BaseUrl),
            };
            let connections = Connections::made_by(Box::new(make)).unwrap();
            let now = Instant::now();
            join_all((0..20).map(|_| connections.renew(now))).await;
            assert_eq!(built.load(Ordering::Relaxed), 2, "the first one, and one for all");
            connections.renew(now + CONNECTIONS_RENEWED_MIN).await;
            assert_eq!(built.load(Ordering::Relaxed), 3);
        }
    }

    #[tokio::test]
    async fn requests_go_on_while_a_client_is_made() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let connections = Arc::new_cyclic(|connections: &Weak<Connections>| {
            let connections = Weak::clone(connections);
            let build = move || {
                if let Some(connections) = connections.upgrade() {
                    // Would never end if the client were locked.
                    drop(connections.client());
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(client())
            };
            Connections::made_by(Box::new(build)).unwrap()
        });
        connections.renew(Instant::now()).await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
