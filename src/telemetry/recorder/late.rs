//! Brings the ends of attempts to the kept calls that did not live to see them: those whose deadline cut the
//! attempt, and those that left a flight which went on for others.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::tallies::AttemptEnd;
use crate::extraction::AttemptRecord;

/// The most ends that are remembered. A deadline ends a call and its attempt at the same instant, and two threads tell
/// of it in either order: the end is here when the call comes.
const ENDS_MAX: usize = 256;

/// Kept calls that wait for ends of attempts, and ends that may be waited for. A call waits no longer than it is kept.
#[derive(Debug, Default)]
pub(super) struct LateEnds {
    /// Numbers of calls, by the attempt's id.
    waiting: HashMap<Arc<str>, Vec<u64>>,
    /// The oldest first.
    last: VecDeque<(Arc<str>, AttemptEnd)>,
}

impl LateEnds {
    /// Writes what has ended meanwhile into the attempts of a call that is about to be kept; for the rest it waits.
    pub(super) fn settle(&mut self, number: u64, attempts: &mut [AttemptRecord]) {
        for attempt in attempts.iter_mut().filter(|attempt| attempt.outcome.is_none()) {
            let known = self.last.iter().find(|(id, _)| *id == attempt.id);
            match known {
                Some((_, end)) => end.write(attempt),
                None => self.waiting.entry(Arc::clone(&attempt.id)).or_default().push(number),
            }
        }
    }

    /// Takes note of an end, and tells which calls waited for it.
    pub(super) fn ended(&mut self, id: &Arc<str>, end: AttemptEnd) -> Vec<u64> {
        if self.last.len() == ENDS_MAX {
            self.last.pop_front();
        }
        self.last.push_back((Arc::clone(id), end));
        self.waiting.remove(id).unwrap_or_default()
    }

    /// A call is no longer kept.
    pub(super) fn forget(&mut self, number: u64, attempts: &[AttemptRecord]) {
        for attempt in attempts.iter().filter(|attempt| attempt.outcome.is_none()) {
            if let Some(numbers) = self.waiting.get_mut(&attempt.id) {
                numbers.retain(|waiting| *waiting != number);
                if numbers.is_empty() {
                    self.waiting.remove(&attempt.id);
                }
            }
        }
    }
}

impl AttemptEnd {
    pub(super) fn write(&self, attempt: &mut AttemptRecord) {
        attempt.outcome = Some(self.outcome);
        attempt.error_type = self.error_type;
        attempt.failure.clone_from(&self.failure);
        attempt.http_status = self.http_status;
        attempt.latency = self.elapsed;
    }
}

#[cfg(test)]
mod tests;
