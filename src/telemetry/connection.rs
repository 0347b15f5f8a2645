//! The guard that gives every connection exactly one end.

use std::{net::SocketAddr, sync::Arc};

use super::event::{Event, Observer, Refusal};

/// One connection to the gRPC server, from its acceptance until it is dropped.
pub struct ConnectionGuard {
    observer: Arc<dyn Observer>,
    peer: SocketAddr,
}

impl ConnectionGuard {
    /// Reports that a connection of `peer` is open.
    pub fn begin(observer: Arc<dyn Observer>, peer: SocketAddr) -> Self {
        observer.observe(&Event::ConnectionOpened);
        Self { observer, peer }
    }

    /// Reports that it is cut before it could carry a request.
    pub fn refuse(self, reason: Refusal) {
        self.observer.observe(&Event::ConnectionRefused { peer: Some(self.peer), reason });
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.observer.observe(&Event::ConnectionClosed);
    }
}
