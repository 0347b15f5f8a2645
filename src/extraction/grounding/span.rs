//! Parts of a text, and which bytes of it are taken.

use std::ops::Range;

/// A part of a text, in bytes. Half as large as a range: there may be a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A bit for each byte of a text.
pub(super) struct Bits(Vec<u64>);

impl Span {
    /// A range as a span; none if it ends beyond four gigabytes, where no text does.
    pub(super) fn of(range: &Range<usize>) -> Option<Self> {
        Some(Self { start: u32::try_from(range.start).ok()?, end: u32::try_from(range.end).ok()? })
    }

    /// Nothing, before a byte: in order, it stands before all spans that begin there.
    pub(super) fn empty(before: u32) -> Self {
        Self { start: before, end: before }
    }

    /// The span as a range.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the two share a byte.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl Bits {
    /// As many bits as there are bytes, none of them set.
    pub(super) fn new(bytes: usize) -> Self {
        Self(vec![0; bytes / 64 + 1])
    }

    /// How many words of bits are looked at for a span.
    pub(super) fn words(span: Span) -> usize {
        masks(span).len()
    }

    /// Whether any bit of the span is set.
    pub(super) fn any(&self, span: Span) -> bool {
        masks(span).any(|(word, mask)| self.0.get(word).is_some_and(|bits| bits & mask != 0))
    }

    /// Sets the bits of the span.
    pub(super) fn set(&mut self, span: Span) {
        masks(span).for_each(|(word, mask)| self.0.get_mut(word).into_iter().for_each(|bits| *bits |= mask));
    }

    /// Clears the bits of the span.
    pub(super) fn clear(&mut self, span: Span) {
        masks(span).for_each(|(word, mask)| self.0.get_mut(word).into_iter().for_each(|bits| *bits &= !mask));
    }

    /// Clears all bits.
    pub(super) fn clear_all(&mut self) {
        self.0.fill(0);
    }
}

/// The words of 64 bits that a span touches, each with the bits that are the span's.
fn masks(span: Span) -> impl ExactSizeIterator<Item = (usize, u64)> {
    let Range { start, end } = span.range();
    let words = if start < end { start / 64..(end - 1) / 64 + 1 } else { 0..0 };
    words.map(move |word| {
        let (low, high) = (start.max(word * 64) % 64, end.min(word * 64 + 64) - word * 64);
        (word, (u64::MAX << low) & (u64::MAX >> (64 - high)))
    })
}
