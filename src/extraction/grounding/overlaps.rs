//! Places that have parts in common, found without looking at others.

use std::collections::{BTreeMap, BTreeSet};

use super::{claims::Claim, span::Span};

/// Claims that may overlap each other, at most one for each place.
///
/// An interval tree kept in ordered maps. Each place belongs to a block: the smallest of those that one gets
/// by halving, again and again, that it lies in; so it crosses the middle of its block. What reaches across a
/// byte is then, in each of the few blocks around that byte, what begins before it (if the byte is in the left
/// half) or ends after it (in the right half): the first so many in order, and none in vain. Walking back
/// from the byte by the longest place would look at all that lies between.
#[derive(Default)]
pub(super) struct Overlaps {
    by_span: BTreeMap<Span, Claim>,
    /// Two ends for each place that is longer than a byte.
    ends: BTreeSet<End>,
}

/// An end of a place, in the order in which those of one block are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    block: Block,
    side: Side,
    /// The place's first byte on the left; on the right all bits of its last byte turned, so that the last
    /// in the text come first.
    rank: u32,
    span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

/// Two to the power of `level` bytes, twice: a left and a right half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    level: u32,
    number: u32,
}

/// How many sizes of blocks there are.
pub(super) const LEVELS: u32 = u32::BITS;

impl Overlaps {
    pub(super) fn insert(&mut self, claim: Claim) {
        let span = claim.place.span;
        self.by_span.insert(span, claim);
        self.ends.extend(ends(span).into_iter().flatten());
    }

    pub(super) fn remove(&mut self, span: Span) -> Option<Claim> {
        for end in ends(span).into_iter().flatten() {
            self.ends.remove(&end);
        }
        self.by_span.remove(&span)
    }

    /// The claim of exactly this place.
    pub(super) fn at(&self, span: Span) -> Option<Claim> {
        self.by_span.get(&span).copied()
    }

    /// What has a part in common with the place, each once.
    pub(super) fn overlapping(&self, span: Span) -> impl Iterator<Item = Claim> {
        let within = self.by_span.range(Span::empty(span.start)..Span::empty(span.end));
        let across = self.across(span.start).filter_map(|span| self.at(span));
        across.chain(within.map(|(_, claim)| *claim))
    }

    /// All claims, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = Claim> {
        self.by_span.values().copied()
    }

    /// All claims, to keep.
    pub(super) fn into_all(self) -> impl Iterator<Item = Claim> {
        self.by_span.into_values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_span.is_empty()
    }

    /// What begins before a byte and holds it.
    fn across(&self, byte: u32) -> impl Iterator<Item = Span> {
        (0..if self.ends.is_empty() { 0 } else { LEVELS }).flat_map(move |level| {
            let block = Block { level, number: byte >> level >> 1 };
            let (side, last) = match block.side(byte) {
                Side::Left => (Side::Left, byte),
                // The rank of what ends with this byte, which is still looked for, and one.
                Side::Right => (Side::Right, (!byte).saturating_add(1)),
            };
            let from = |rank| End { block, side, rank, span: Span::empty(0) };
            self.ends.range(from(0)..from(last)).map(|end| end.span)
        })
    }
}

impl Block {
    /// Which half of it a byte is in.
    fn side(self, byte: u32) -> Side {
        if byte >> self.level & 1 == 0 { Side::Left } else { Side::Right }
    }
}

/// The ends of a place; none if it is so short that it reaches across nothing.
fn ends(span: Span) -> Option<[End; 2]> {
    let (first, last) = (span.start, span.end.checked_sub(1)?);
    let level = (first ^ last).checked_ilog2()?;
    let block = Block { level, number: first >> level >> 1 };
    let end = |side, rank| End { block, side, rank, span };
    Some([end(Side::Left, first), end(Side::Right, !last)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extraction::{
        Alignment,
        grounding::mentions::{Fit, Place},
    };

    fn span() -> impl Strategy<Value = Span> {
        let far = u32::MAX - 70;
        let start = prop_oneof![4 => 0..70_u32, 1 => 1000..1070_u32, 1 => far..far + 4];
        let length = prop_oneof![4 => 1..6_u32, 2 => 1..66_u32, 1 => Just(1000)];
        (start, length).prop_map(|(start, length)| Span { start, end: start.saturating_add(length) })
    }

    fn claim(span: Span) -> Claim {
        let place = Place { span, alignment: Alignment::Exact };
        Claim { words: span.start as usize, fit: Fit::Whole, place }
    }

    proptest! {
        #[test]
        fn what_overlaps_is_found_as_if_each_was_looked_at(
            steps in prop::collection::vec((any::<bool>(), span()), 0..60),
            asked in prop::collection::vec(span(), 1..20),
        ) {
            let (mut overlaps, mut each) = (Overlaps::default(), BTreeSet::new());
            for (adds, span) in steps {
                if adds {
                    overlaps.insert(claim(span));
                    each.insert(span);
                } else {
                    prop_assert_eq!(overlaps.remove(span).is_some(), each.remove(&span));
                }
            }
            prop_assert_eq!(overlaps.all().map(|claim| claim.place.span).collect::<Vec<_>>(), each.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!((overlaps.is_empty(), overlaps.ends.is_empty()), (each.is_empty(), each.iter().all(|span| span.end - span.start == 1)));
            for asked in asked.into_iter().chain(each.iter().copied()) {
                let mut found: Vec<Span> = overlaps.overlapping(asked).map(|claim| claim.place.span).collect();
                found.sort();
                let expected: Vec<Span> = each.iter().copied().filter(|span| span.overlaps(asked)).collect();
                prop_assert_eq!(found, expected);
                prop_assert_eq!(overlaps.at(asked), each.get(&asked).map(|span| claim(*span)));
            }
        }
    }
}
