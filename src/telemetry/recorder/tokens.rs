//! Tokens since the start: what attempts took, and what was not taken again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::extraction::Usage;

/// What is counted as it happens.
#[derive(Debug, Default)]
pub(super) struct TokenTally {
    taken: AtomicU64,
    saved: AtomicU64,
}

/// Tokens of inputs and answers together, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// What attempts took, as upstreams reported it.
    pub taken: u64,
    /// What answers had cost that calls got from the cache, or of a flight that they joined.
    pub saved: u64,
}

impl TokenTally {
    pub(super) fn took(&self, usage: Usage) {
        self.taken.fetch_add(both(usage), Ordering::Relaxed);
    }

    pub(super) fn saved(&self, usage: Usage) {
        self.saved.fetch_add(both(usage), Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Tokens {
        Tokens { taken: self.taken.load(Ordering::Relaxed), saved: self.saved.load(Ordering::Relaxed) }
    }
}

impl Tokens {
    /// The share that was saved of all that would have been taken; none if that is nothing.
    #[expect(clippy::cast_precision_loss, reason = "tokens are never counted beyond 2^52")]
    pub fn saved_share(self) -> Option<f64> {
        let all = self.taken.saturating_add(self.saved);
        (all > 0).then(|| self.saved as f64 / all as f64)
    }
}

fn both(usage: Usage) -> u64 {
    usage.input_tokens.unwrap_or_default().saturating_add(usage.output_tokens.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_what_would_have_been_taken() {
        assert_eq!(Tokens { taken: 70, saved: 30 }.saved_share(), Some(0.3));
        assert_eq!(Tokens { taken: 0, saved: 0 }.saved_share(), None);
    }
}
