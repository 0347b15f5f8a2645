//! Accepts connections: so many at a time, and hands on those that have greeted.

mod connection;
mod greeting;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, sync::Arc, task::Poll, time::Duration};

use futures_util::{FutureExt as _, Stream, stream};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, sleep},
};
use tokio_rustls::TlsAcceptor;

pub(super) use connection::Connection;

use self::greeting::{Parting, greet};
use super::limits::Limits;
use crate::{
    tasks::Tasks,
    telemetry::{ConnectionGuard, Event, Observer, event::Refusal},
};

/// The pause after a connection could not be accepted, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What Unix says when the system, or this process, has no file descriptor left: `ENFILE`, `EMFILE`.
const OUT_OF_FILES: [i32; 2] = [23, 24];

/// The connections that come in at `listener` and greet, over TLS if there is an acceptor.
///
/// Each greets in a task of its own, so that a slow one holds up nobody else. Those that still greet when the
/// stream is dropped are closed.
pub(super) fn incoming(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    observer: Arc<dyn Observer>,
    tasks: Tasks,
) -> impl Stream<Item = io::Result<Connection>> {
    let (greeted, mut arrivals) = mpsc::channel(1);
    let door = Door { tls, limits, observer, tasks, greeted };
    let mut accepting = Box::pin(door.accept_all(listener).fuse());
    stream::poll_fn(move |cx| {
        // Those who have greeted come first: a crowd at the door would use up this task's turn every time.
        if let Poll::Ready(connection) = arrivals.poll_recv(cx) {
            return Poll::Ready(connection.map(Ok));
        }
        // It goes on for as long as the stream is asked for more.
        let _ = accepting.as_mut().poll(cx);
        Poll::Pending
    })
}

struct Door {
    tls: Option<TlsAcceptor>,
    limits: Limits,
    observer: Arc<dyn Observer>,
    tasks: Tasks,
    greeted: mpsc::Sender<Connection>,
}

impl Door {
    async fn accept_all(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut full = false;
        while let Some(place) = self.place(&places, &mut full).await {
            match listener.accept().await {
                Ok((stream, peer)) => self.receive(stream, peer, place),
                Err(error) => {
                    let reason = refusal(&error);
                    self.observer.observe(&Event::ConnectionRefused { peer: None, reason });
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// A place for one more connection, as soon as there is one. There always will be: nobody closes the
    /// semaphore.
    async fn place(&self, places: &Arc<Semaphore>, full: &mut bool) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            *full = false;
            return Some(place);
        }
        if !std::mem::replace(full, true) {
            self.observer.observe(&Event::ConnectionsFull { limit: self.limits.connections });
        }
        Arc::clone(places).acquire_owned().await.ok()
    }

    fn receive(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // An answer that is sent late for this is still an answer.
        let _ = stream.set_nodelay(true);
        let guard = ConnectionGuard::begin(Arc::clone(&self.observer), peer);
        let until = Instant::now() + self.limits.greeting;
        let (tls, greeted) = (self.tls.clone(), self.greeted.clone());
        let greeting = async move {
            match greet(stream, tls.as_ref(), until).await {
                Ok(stream) => Some(Connection::new(stream, guard, place)),
                Err(Parting::Refused(reason)) => {
                    guard.refuse(reason);
                    None
                }
                Err(Parting::Left) => None,
            }
        };
        drop(self.tasks.spawn(async move {
            let connection = tokio::select! {
                connection = greeting => connection,
                () = greeted.closed() => None,
            };
            if let Some(connection) = connection {
                // Fails if the server has just stopped: then nobody is let in any more.
                let _ = greeted.send(connection).await;
            }
        }));
    }
}

/// Why nobody could be accepted.
fn refusal(error: &io::Error) -> Refusal {
    if error.raw_os_error().is_some_and(|code| OUT_OF_FILES.contains(&code)) {
        Refusal::OutOfFiles
    } else {
        Refusal::AcceptFailed
    }
}
