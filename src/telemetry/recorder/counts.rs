//! Counts by the words of a closed set.

use std::ops::AddAssign;

use serde::{Serialize, Serializer};

/// One count for each member of a closed set, found by its position. `u32` for a while, `u64` for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts<const N: usize, T = u32>([T; N]);

/// What can be counted with.
pub(super) trait Number: Copy + Default + AddAssign + Into<u64> {
    /// So many, or as many as it can hold.
    fn of(count: u64) -> Self;
}

impl Number for u32 {
    fn of(count: u64) -> Self {
        Self::try_from(count).unwrap_or(Self::MAX)
    }
}

impl Number for u64 {
    fn of(count: u64) -> Self {
        count
    }
}

impl<const N: usize, T: Number> Default for Counts<N, T> {
    fn default() -> Self {
        Self([T::default(); N])
    }
}

impl<const N: usize, T: Number> Counts<N, T> {
    /// One more.
    pub(super) fn count(&mut self, position: usize) {
        self.count_more(position, 1);
    }

    /// So many more.
    pub(super) fn count_more(&mut self, position: usize, more: u64) {
        if let Some(count) = self.0.get_mut(position) {
            *count += T::of(more);
        }
    }

    /// All that `other` has counted, too.
    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += *more;
        }
    }

    /// How often this was counted.
    pub(super) fn of(&self, position: usize) -> u64 {
        self.0.get(position).map_or(0, |count| (*count).into())
    }

    /// All together.
    pub(super) fn sum(&self) -> u64 {
        self.0.iter().map(|count| (*count).into()).sum()
    }

    /// The counts with their words, which stand in the same order.
    pub(super) fn by(&self, words: &'static [&'static str]) -> ByWord {
        ByWord { words, counts: self.0.iter().map(|count| (*count).into()).collect() }
    }
}

/// Counts with their words; a JSON object with all of them, zeros included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ByWord {
    words: &'static [&'static str],
    counts: Vec<u64>,
}

impl Serialize for ByWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.words.iter().zip(&self.counts))
    }
}
