//! Finds many words in one text.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use memchr::memmem::Finder;

/// The most bytes of places that one search looks at, so that words within words within words end. One answer
/// takes up to seven searches: letter by letter, and twice in three normal forms. Words of which not all places
/// were seen are left out and counted, unless a free place is among those seen. It does not grow with the text:
/// the eight megabytes are thirty times the text that is taken by default.
const PLACES_BYTES_MAX: usize = 8 << 20;

/// What a place costs at least, in such bytes.
const PLACE_COST: usize = 8;

/// Up to so many bytes, which are the text's times the number of different words, each word is looked for
/// by itself: for the usual answer, such as 20 words in 4 KB, that costs a third of building an automaton.
const ONE_BY_ONE_BYTES_MAX: usize = 256 << 10;

/// The most different words that one pass looks for: building the automaton takes up to the square of it.
const BATCH_MAX: usize = 1024;

/// Tells where `patterns` stand in `text`, those places that overlap too: the number of each, and its
/// place in bytes; those of one pattern in their order. Who is told says how many bytes there were to look at,
/// which may be more than the place has. Returns how many patterns were told of in full: all of them, unless
/// the search came to its bound.
pub(super) fn search(
    text: &str,
    patterns: &[impl AsRef<str>],
    mut tell: impl FnMut(usize, Range<usize>) -> usize,
) -> usize {
    let mut left = PLACES_BYTES_MAX;
    let mut note = |pattern: usize, found: Range<usize>| {
        let cost = found.len().max(PLACE_COST);
        left = left.checked_sub(cost).ok_or(pattern)?;
        left = left.saturating_sub(tell(pattern, found).saturating_sub(cost));
        Ok(())
    };
    let told = if patterns.len() * text.len() <= ONE_BY_ONE_BYTES_MAX {
        let mut found = patterns.iter().enumerate().flat_map(|(number, pattern)| {
            overlapping(text, pattern.as_ref()).map(move |found| (number, found))
        });
        found.try_for_each(|(number, found)| note(number, found))
    } else {
        patterns.chunks(BATCH_MAX).enumerate().try_for_each(|(batch, patterns)| {
            let first = batch * BATCH_MAX;
            // Fails for automata far larger than these can become.
            let searcher = searcher(patterns).map_err(|_| first)?;
            let mut found = searcher.find_overlapping_iter(text);
            found
                .try_for_each(|found| note(first + found.pattern().as_usize(), found.range()))
                .map_err(|_| first)
        })
    };
    told.err().unwrap_or(patterns.len())
}

/// Every place where `words` stand in `text`, those that overlap too.
fn overlapping<'t>(text: &'t str, words: &'t str) -> impl Iterator<Item = Range<usize>> {
    let (finder, mut from) = (Finder::new(words), 0);
    std::iter::from_fn(move || {
        let start = from + finder.find(text.as_bytes().get(from..)?)?;
        from = start + words.chars().next()?.len_utf8();
        Some(start..start + words.len())
    })
}

fn searcher(patterns: &[impl AsRef<str>]) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .prefilter(false)
        .build(patterns.iter().map(AsRef::as_ref))
}
