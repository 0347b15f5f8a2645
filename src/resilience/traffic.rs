//! How much of what an upstream is busy with are retries.
//!
//! The purse bounds how many retries there are over time; a full one could still send them all in one
//! instant. As in Envoy's retry budgets, retries in flight are therefore bounded by a share of all
//! attempts in flight.

use crate::extraction::AttemptKind;

/// Retries that may always be in flight. Fewer would withhold good retries from an upstream with little
/// traffic, where chance alone brings more than half of them together (docs/adr/0006).
const RETRIES_FLOOR: u32 = 20;

/// Of this many attempts in flight, one may be a retry.
const ATTEMPTS_PER_RETRY: u32 = 2;

/// The attempts that one upstream is busy with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic {
    attempts: u32,
    retries: u32,
}

impl Traffic {
    /// Whether a further retry would be one too many.
    pub fn is_crowded(self) -> bool {
        self.retries >= RETRIES_FLOOR.max(self.attempts / ATTEMPTS_PER_RETRY)
    }

    /// An attempt is being sent.
    pub fn enter(&mut self, kind: AttemptKind) {
        self.attempts = self.attempts.saturating_add(1);
        self.retries = self.retries.saturating_add(retries(kind));
    }

    /// An attempt that entered has ended.
    pub fn leave(&mut self, kind: AttemptKind) {
        self.attempts = self.attempts.saturating_sub(1);
        self.retries = self.retries.saturating_sub(retries(kind));
    }
}

fn retries(kind: AttemptKind) -> u32 {
    u32::from(kind == AttemptKind::Retry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(initial: u32, retries: u32) -> Traffic {
        Traffic { attempts: initial + retries, retries }
    }

    #[test]
    fn retries_are_bounded_by_half_of_the_attempts_and_never_below_the_floor() {
        for (initial, retries, crowded) in [
            (0, 0, false),
            (0, RETRIES_FLOOR - 1, false),
            (0, RETRIES_FLOOR, true),
            (RETRIES_FLOOR - 1, RETRIES_FLOOR, true),
            (101, 99, false),
            (99, 99, true),
            (1_001, 999, false),
        ] {
            let crowd = traffic(initial, retries);
            assert_eq!(crowd.is_crowded(), crowded, "{crowd:?}");
        }
    }

    #[test]
    fn only_retries_count_as_retries() {
        let mut traffic = Traffic::default();
        for &kind in AttemptKind::ALL {
            traffic.enter(kind);
        }
        assert_eq!((traffic.attempts as usize, traffic.retries), (AttemptKind::ALL.len(), 1));
        for &kind in AttemptKind::ALL {
            traffic.leave(kind);
        }
        assert_eq!((traffic.attempts, traffic.retries), (0, 0));
    }
}
