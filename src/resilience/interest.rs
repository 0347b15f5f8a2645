//! Who waits for a flight, and until when.

use std::sync::Arc;

use tokio::{sync::watch, time::Instant};

/// How many wait for a flight, and the latest of their deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    /// Callers that wait now.
    pub waiters: u32,
    /// Callers that ever joined after the first.
    pub followers: u64,
    /// The latest deadline of all callers that ever waited.
    pub deadline: Instant,
    /// Since when nobody waits.
    pub orphaned_since: Option<Instant>,
    /// The flight has ended, or will without a further attempt: nobody can join it any more.
    pub closed: bool,
}

/// Both ends of one flight's interest.
#[derive(Debug, Clone)]
pub struct Gathering(Arc<watch::Sender<Interest>>);

impl Gathering {
    /// One caller that waits until `deadline`.
    pub fn of_one(deadline: Instant) -> Self {
        let interest = Interest { waiters: 1, followers: 0, deadline, orphaned_since: None, closed: false };
        Self(Arc::new(watch::Sender::new(interest)))
    }

    /// One more caller waits until `deadline`; false if the flight can't be joined any more.
    pub fn join(&self, deadline: Instant) -> bool {
        self.0.send_if_modified(|interest| {
            if interest.closed {
                return false;
            }
            interest.waiters += 1;
            interest.followers += 1;
            interest.deadline = interest.deadline.max(deadline);
            interest.orphaned_since = None;
            true
        })
    }

    /// One caller waits no more.
    pub fn leave(&self, now: Instant) {
        self.0.send_modify(|interest| {
            interest.waiters = interest.waiters.saturating_sub(1);
            if interest.waiters == 0 {
                interest.orphaned_since = Some(now);
            }
        });
    }

    /// Ends the flight for joiners if nobody waits; true if it did.
    pub fn close_if_orphaned(&self) -> bool {
        self.0.send_if_modified(|interest| {
            let orphaned = interest.waiters == 0;
            interest.closed |= orphaned;
            orphaned
        })
    }

    /// Ends the flight for joiners if the latest deadline has passed at `now`; true if it did.
    pub fn close_if_late(&self, now: Instant) -> bool {
        self.0.send_if_modified(|interest| {
            let late = now >= interest.deadline;
            interest.closed |= late;
            late
        })
    }

    /// Ends the flight for joiners.
    pub fn close(&self) {
        self.0.send_modify(|interest| interest.closed = true);
    }

    /// How things stand.
    pub fn now(&self) -> Interest {
        *self.0.borrow()
    }

    /// Tells of every change from here on.
    pub fn watch(&self) -> watch::Receiver<Interest> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn latest_deadline_counts_and_the_last_leaver_orphans() {
        let now = Instant::now();
        let gathering = Gathering::of_one(now + Duration::from_secs(1));
        assert!(gathering.join(now + Duration::from_secs(5)));
        gathering.leave(now);
        assert_eq!(gathering.now().orphaned_since, None);
        assert_eq!(gathering.now().deadline, now + Duration::from_secs(5));
        assert!(!gathering.close_if_orphaned());
        gathering.leave(now);
        assert_eq!(gathering.now().orphaned_since, Some(now));
    }

    #[tokio::test(start_paused = true)]
    async fn an_orphan_can_be_adopted_until_it_is_closed() {
        let now = Instant::now();
        let gathering = Gathering::of_one(now);
        gathering.leave(now);
        assert!(gathering.join(now));
        assert_eq!(gathering.now().orphaned_since, None);
        gathering.leave(now);
        assert!(gathering.close_if_orphaned());
        assert!(!gathering.join(now));
    }
}
