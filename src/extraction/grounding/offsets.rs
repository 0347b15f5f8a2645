//! Offsets in characters instead of bytes.

use std::ops::Range;

/// Counts the Unicode scalar values before a byte of a text.
pub(super) struct Offsets<'t> {
    bytes: &'t [u8],
    /// How many characters start before each block.
    before: Vec<usize>,
}

/// How many bytes are counted one by one, at most.
const BLOCK: usize = 256;

impl<'t> Offsets<'t> {
    /// Counts once through the text.
    pub(super) fn of(text: &'t str) -> Self {
        let count = |sum: &mut usize, block: &[u8]| {
            let before = *sum;
            *sum += starts(block);
            Some(before)
        };
        let before = text.as_bytes().chunks(BLOCK).scan(0, count).collect();
        Self { bytes: text.as_bytes(), before }
    }

    /// A range of bytes as a range of Unicode scalar values.
    pub(super) fn in_chars(&self, bytes: &Range<usize>) -> Option<Range<u32>> {
        Some(self.before(bytes.start)?..self.before(bytes.end)?)
    }

    fn before(&self, byte: usize) -> Option<u32> {
        // The end of a text that fills its last block starts no further one.
        let block = (byte / BLOCK).min(self.before.len().checked_sub(1)?);
        let within = self.bytes.get(block * BLOCK..byte)?;
        u32::try_from(self.before.get(block)? + starts(within)).ok()
    }
}

fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}
