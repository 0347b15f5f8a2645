//! Which places of a text are taken.

use std::collections::BTreeMap;

use super::{
    mentions::{Fit, Place},
    span::{Bits, Span},
};

/// The places that are taken, each by one mention.
pub(super) struct Claims {
    by_span: BTreeMap<Span, Claim>,
    taken: Bits,
    /// The length of the longest that was ever taken.
    longest: u32,
}

/// Who has taken a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// The number of its words.
    pub(super) words: usize,
    pub(super) fit: Fit,
    pub(super) place: Place,
}

impl Claims {
    /// Of a text with so many bytes nothing is taken.
    pub(super) fn new(bytes: usize) -> Self {
        Self { by_span: BTreeMap::new(), taken: Bits::new(bytes), longest: 0 }
    }

    /// Whether nothing of the place is taken.
    pub(super) fn is_free(&self, span: Span) -> bool {
        !self.taken.any(span)
    }

    /// Takes a place that nobody has taken as a whole.
    pub(super) fn take(&mut self, claim: Claim) {
        let span = claim.place.span;
        self.taken.set(span);
        self.longest = self.longest.max(span.end - span.start);
        self.by_span.insert(span, claim);
    }

    /// Gives a place back.
    pub(super) fn release(&mut self, span: Span) -> Option<Claim> {
        let claim = self.by_span.remove(&span)?;
        self.taken.clear(span);
        let beside: Vec<Span> = self.overlapping(span).map(|other| other.place.span).collect();
        for span in beside {
            self.taken.set(span);
        }
        Some(claim)
    }

    /// Who has taken exactly this place.
    pub(super) fn at(&self, span: Span) -> Option<Claim> {
        self.by_span.get(&span).copied()
    }

    /// What has a part in common with the place, in order.
    pub(super) fn overlapping(&self, span: Span) -> impl Iterator<Item = Claim> {
        let from = Span { start: span.start.saturating_sub(self.longest), end: 0 };
        let near = self.by_span.range(from..Span { start: span.end, end: 0 });
        near.filter(move |(other, _)| other.overlaps(span)).map(|(_, claim)| *claim)
    }

    /// All that is taken, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = Claim> {
        self.by_span.values().copied()
    }
}
