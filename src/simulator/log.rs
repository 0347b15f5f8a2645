//! The request log: what arrived, and what became of it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{HeaderMap, StatusCode, request};
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::Instant,
};

use super::epoch::Epoch;

/// Arrivals kept; beyond that the oldest are dropped, and counted.
const ARRIVALS_MAX: usize = 100_000;
/// The request headers that the log keeps.
const KEPT_HEADERS: [&str; 5] = ["traceparent", "tracestate", "baggage", ATTEMPT_ID, "idempotency-key"];
/// The request header that carries the gateway's id of an attempt.
const ATTEMPT_ID: &str = "x-tidegate-attempt";

/// One request to the completion endpoint. It is in the log before the simulator acts on it.
#[derive(Debug, Clone, Serialize)]
pub struct Arrival {
    /// From 1, in order of arrival; clearing the log does not start it anew.
    pub number: u64,
    /// The request header `x-tidegate-attempt`.
    pub attempt_id: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What stood after `?`.
    pub query: Option<String>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub http_version: String,
    /// The first 16 hex digits of the text's SHA-256; none until the request was read and understood.
    pub text_sha256: Option<String>,
    /// The text's length in Unicode scalar values.
    pub text_chars: usize,
    /// The model asked for.
    pub model: Option<String>,
    /// When the request's head had arrived, in milliseconds since 1970.
    pub received_ms: f64,
    /// When the reply was fully produced or the fault had acted, in milliseconds since 1970.
    pub replied_ms: Option<f64>,
    /// The kind of the fault, or `capacity` when it was refused for lack of it; none: a true answer.
    pub fault: Option<&'static str>,
    /// The HTTP status of the reply; none when there was none.
    pub status: Option<u16>,
    /// The connection or the stream ended before the reply did.
    pub client_gone: bool,
    /// How long the reply told the client to wait, in milliseconds.
    pub retry_after_ms: Option<f64>,
    /// The request header `user-agent`.
    pub user_agent: Option<String>,
    /// Those of `traceparent`, `baggage`, `x-tidegate-attempt` and `idempotency-key` that were sent.
    pub headers: BTreeMap<&'static str, String>,
    /// `received_ms` on the monotonic clock.
    #[serde(skip)]
    pub received: Instant,
    /// `replied_ms` on the monotonic clock.
    #[serde(skip)]
    pub replied: Option<Instant>,
}

impl Arrival {
    fn of(number: u64, head: &request::Parts, epoch: Epoch) -> Arrival {
        let received = Instant::now();
        let kept = |name| Some((name, header(&head.headers, name)?));
        Arrival {
            number,
            attempt_id: header(&head.headers, ATTEMPT_ID),
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            http_version: format!("{:?}", head.version),
            text_sha256: None,
            text_chars: 0,
            model: None,
            received_ms: epoch.unix_ms(received),
            replied_ms: None,
            fault: None,
            status: None,
            client_gone: false,
            retry_after_ms: None,
            user_agent: header(&head.headers, "user-agent"),
            headers: KEPT_HEADERS.into_iter().filter_map(kept).collect(),
            received,
            replied: None,
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The bounded log, and a signal of its changes.
#[derive(Debug)]
pub(super) struct Log {
    epoch: Epoch,
    entries: Mutex<Entries>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Numbered without gaps.
    arrivals: VecDeque<Arrival>,
    last_number: u64,
    dropped: u64,
}

impl Log {
    pub(super) fn new(epoch: Epoch) -> Log {
        Log { epoch, entries: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Writes a new arrival. The ticket follows what becomes of it.
    pub(super) fn open(self: &Arc<Self>, head: &request::Parts) -> Ticket {
        let mut entries = self.entries();
        entries.last_number += 1;
        let number = entries.last_number;
        entries.push(Arrival::of(number, head, self.epoch), ARRIVALS_MAX);
        drop(entries);
        self.changed.send_replace(());
        Ticket { log: Arc::clone(self), number, open: true, permit: None }
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.entries().arrivals.iter().cloned().collect()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.entries().dropped
    }

    pub(super) fn clear(&self) {
        let mut entries = self.entries();
        entries.arrivals.clear();
        entries.dropped = 0;
        drop(entries);
        self.changed.send_replace(());
    }

    pub(super) async fn when(&self, mut condition: impl FnMut(&[Arrival]) -> bool) -> Vec<Arrival> {
        let mut changed = self.changed.subscribe();
        loop {
            if condition(self.entries().arrivals.make_contiguous()) {
                return self.arrivals();
            }
            // The sender lives as long as `self`, so that waiting for a change can't fail.
            let _ = changed.changed().await;
        }
    }

    fn amend(&self, number: u64, change: impl FnOnce(&mut Arrival)) {
        if let Some(arrival) = self.entries().find(number) {
            change(arrival);
        }
        self.changed.send_replace(());
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn push(&mut self, arrival: Arrival, limit: usize) {
        if self.arrivals.len() >= limit {
            self.arrivals.pop_front();
            self.dropped += 1;
        }
        self.arrivals.push_back(arrival);
    }

    fn find(&mut self, number: u64) -> Option<&mut Arrival> {
        let first = self.arrivals.front()?.number;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.arrivals.get_mut(index)
    }
}

/// Follows one arrival to its end. Dropped before [`finish`](Self::finish), it says that the client has gone.
#[derive(Debug)]
pub(super) struct Ticket {
    log: Arc<Log>,
    number: u64,
    open: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Ticket {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What the request asked for.
    pub(super) fn asked(&self, text_sha256: String, text_chars: usize, model: &str) {
        self.log.amend(self.number, |arrival| {
            arrival.text_sha256 = Some(text_sha256);
            arrival.text_chars = text_chars;
            arrival.model = Some(model.to_owned());
        });
    }

    /// The fault about to act.
    pub(super) fn fault(&self, kind: &'static str) {
        self.log.amend(self.number, |arrival| arrival.fault = Some(kind));
    }

    /// The reply about to be sent.
    pub(super) fn reply(&self, status: StatusCode, retry_after: Option<Duration>) {
        self.log.amend(self.number, |arrival| {
            arrival.status = Some(status.as_u16());
            arrival.retry_after_ms = retry_after.map(|wait| wait.as_secs_f64() * 1e3);
        });
    }

    /// Keeps a share of the capacity until the end.
    pub(super) fn hold(&mut self, permit: OwnedSemaphorePermit) {
        self.permit = Some(permit);
    }

    /// The reply was fully produced, or the fault has acted.
    pub(super) fn finish(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        self.permit = None;
        let now = Instant::now();
        let replied_ms = self.log.epoch.unix_ms(now);
        self.log.amend(self.number, |arrival| {
            arrival.replied = Some(now);
            arrival.replied_ms = Some(replied_ms);
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.open {
            // Whoever sees it gone finds its capacity free.
            self.permit = None;
            self.log.amend(self.number, |arrival| arrival.client_gone = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(number: u64) -> Arrival {
        let (head, ()) = http::Request::new(()).into_parts();
        Arrival::of(number, &head, Epoch::now())
    }

    #[test]
    fn the_oldest_arrivals_make_room_and_are_counted() {
        let mut entries = Entries::default();
        for number in 1..=5 {
            entries.push(arrival(number), 3);
        }
        assert_eq!(entries.dropped, 2);
        assert_eq!(entries.arrivals.iter().map(|a| a.number).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(entries.find(2).is_none());
        assert_eq!(entries.find(4).unwrap().number, 4);
        assert!(entries.find(6).is_none());
    }

    #[test]
    fn a_ticket_dropped_unfinished_tells_that_the_client_has_gone() {
        let log = Arc::new(Log::new(Epoch::now()));
        let (head, ()) = http::Request::new(()).into_parts();
        drop(log.open(&head));
        log.open(&head).finish();
        let gone: Vec<_> = log.arrivals().iter().map(|a| (a.client_gone, a.replied.is_some())).collect();
        assert_eq!(gone, [(true, false), (false, true)]);
    }
}
