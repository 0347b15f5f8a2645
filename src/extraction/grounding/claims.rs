//! Which places of a text are taken.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    mentions::{Fit, Place},
    overlaps::{LEVELS, Overlaps},
    span::{Bits, Span},
};

/// The places that are taken, each by one mention.
///
/// What was free when it was taken, which is nearly everything, is kept apart from what was not: places
/// without a part in common need no more than one order.
pub(super) struct Claims {
    /// Those that were free. No two of them overlap.
    free: BTreeMap<Span, Claim>,
    /// Those that were not.
    others: Overlaps,
    /// The places by the number of their words. No two of the same words overlap.
    by_words: BTreeSet<(usize, Span)>,
    taken: Bits,
    steps: Cell<usize>,
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
        Self {
            free: BTreeMap::new(),
            others: Overlaps::default(),
            by_words: BTreeSet::new(),
            taken: Bits::new(bytes),
            steps: Cell::new(0),
        }
    }

    /// What all questions and changes so far have cost: claims and searches for some, and 64 bytes of text each.
    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }

    /// Whether nothing of the place is taken.
    pub(super) fn is_free(&self, span: Span) -> bool {
        self.count(Bits::words(span));
        !self.taken.any(span)
    }

    /// Takes a place that nobody has taken as a whole, and of which the same words have taken no part.
    pub(super) fn take(&mut self, claim: Claim) {
        let span = claim.place.span;
        if self.is_free(span) {
            self.free.insert(span, claim);
        } else {
            self.others.insert(claim);
        }
        self.by_words.insert((claim.words, span));
        self.taken.set(span);
    }

    /// Gives a place back.
    pub(super) fn release(&mut self, span: Span) -> Option<Claim> {
        let claim = self.free.remove(&span).or_else(|| self.others.remove(span))?;
        self.by_words.remove(&(claim.words, span));
        self.count(Bits::words(span));
        self.taken.clear(span);
        let mut beside: Vec<Span> = self.overlapping(span).map(|other| other.place.span).collect();
        beside.sort_unstable();
        let mut done = span.start;
        for other in beside {
            let rest = Span { start: other.start.max(done), end: other.end.min(span.end) };
            self.taken.set(rest);
            done = done.max(rest.end);
        }
        Some(claim)
    }

    /// Gives all places back.
    pub(super) fn release_all(&mut self) -> impl Iterator<Item = Claim> {
        self.by_words.clear();
        self.taken.clear_all();
        let (free, others) = (std::mem::take(&mut self.free), std::mem::take(&mut self.others));
        free.into_values().chain(others.into_all())
    }

    /// Who has taken exactly this place.
    pub(super) fn at(&self, span: Span) -> Option<Claim> {
        self.count(1);
        self.free.get(&span).copied().or_else(|| self.others.at(span))
    }

    /// Whether a place that these words have taken has a part in common with this one.
    pub(super) fn overlaps_own(&self, words: usize, span: Span) -> bool {
        self.count(1);
        let before = (words, Span::empty(0))..(words, Span::empty(span.end));
        self.by_words.range(before).next_back().is_some_and(|(_, own)| own.overlaps(span))
    }

    /// What has a part in common with the place.
    pub(super) fn overlapping(&self, span: Span) -> impl Iterator<Item = Claim> {
        self.count(if self.others.is_empty() { 1 } else { 1 + LEVELS as usize });
        let before = self.free.range(..Span::empty(span.start)).next_back();
        let across = before.filter(|(other, _)| other.overlaps(span)).into_iter();
        let within = self.free.range(Span::empty(span.start)..Span::empty(span.end));
        let free = across.chain(within).map(|(_, claim)| *claim);
        free.chain(self.others.overlapping(span)).inspect(|_| self.count(1))
    }

    /// All that is taken.
    pub(super) fn all(&self) -> impl Iterator<Item = Claim> {
        self.free.values().copied().chain(self.others.all())
    }

    fn count(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extraction::Alignment;

    const BYTES: u32 = 200;

    fn claim(words: usize, span: Span) -> Claim {
        Claim { words, fit: Fit::Whole, place: Place { span, alignment: Alignment::Exact } }
    }

    fn span() -> impl Strategy<Value = Span> {
        (0..BYTES, prop_oneof![1..4_u32, 1..BYTES])
            .prop_map(|(start, length)| Span { start, end: BYTES.min(start + length) })
    }

    proptest! {
        #[test]
        fn claims_are_known_as_if_each_was_looked_at(
            steps in prop::collection::vec((0..6_usize, span()), 0..60),
            asked in prop::collection::vec(span(), 1..20),
        ) {
            let (mut claims, mut each) = (Claims::new(BYTES as usize), BTreeMap::<Span, Claim>::new());
            let own = |each: &BTreeMap<Span, Claim>, words, span: Span| {
                each.values().any(|claim| claim.words == words && claim.place.span.overlaps(span))
            };
            for (words, span) in steps {
                if let Some(claim) = each.remove(&span) {
                    prop_assert_eq!(claims.release(span), Some(claim));
                } else if !own(&each, words, span) {
                    claims.take(claim(words, span));
                    each.insert(span, claim(words, span));
                }
            }
            let sorted = |claims: Vec<Claim>| {
                let mut claims = claims;
                claims.sort_by_key(|claim| claim.place.span);
                claims
            };
            prop_assert_eq!(sorted(claims.all().collect()), each.values().copied().collect::<Vec<_>>());
            for asked in asked {
                let expected: Vec<Claim> = each.values().copied().filter(|claim| claim.place.span.overlaps(asked)).collect();
                prop_assert_eq!(claims.is_free(asked), expected.is_empty());
                prop_assert_eq!(claims.at(asked), each.get(&asked).copied());
                prop_assert_eq!(sorted(claims.overlapping(asked).collect()), expected);
                for words in 0..6 {
                    prop_assert_eq!(claims.overlaps_own(words, asked), own(&each, words, asked));
                }
            }
        }
    }

    /// A place as long as the text, one that lies far away, or a thousand within each other do not make looking
    /// at a small place dear.
    #[test]
    fn what_a_question_costs_does_not_depend_on_what_else_is_taken() {
        let mut claims = Claims::new(1 << 18);
        claims.take(claim(0, Span { start: 0, end: 1 << 18 }));
        for number in 0..1000_u32 {
            claims.take(claim(1 + number as usize, Span { start: number, end: 100_000 - number }));
            claims.take(claim(1, Span { start: 100_000 + 3 * number, end: 100_001 + 3 * number }));
        }
        for start in [100_000, 100_001, 101_500, 102_998, 200_000] {
            let before = claims.steps();
            assert!((1..=3).contains(&claims.overlapping(Span { start, end: start + 2 }).count()));
            let steps = claims.steps() - before;
            assert!(steps <= 4 + LEVELS as usize, "{steps} steps at {start}");
        }
    }
}
