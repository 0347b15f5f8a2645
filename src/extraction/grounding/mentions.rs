//! Where words stand in a text.

use std::{collections::HashMap, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use unicode_normalization::char::is_combining_mark;

use super::normalised::{Normalised, trimmed};
use crate::extraction::Alignment;

/// The places of many words in one text, found in few passes over it.
pub(super) struct Mentions<'a> {
    text: &'a str,
    /// By the words, without white space around them.
    exact: HashMap<&'a str, Exact>,
    /// By what words have in common.
    normalised: Vec<Places>,
}

/// The most bytes of different words that are looked for.
const MAX_WORDS_BYTES: usize = 256 << 10;

/// The most bytes of places that are looked at, so that words within words within words end: some
/// thirty times the longest text.
const MAX_PLACES_BYTES: usize = 8 << 20;

/// What a place costs at least, in such bytes.
const MIN_PLACE_BYTES: usize = 8;

/// Up to so many bytes, which are the text's times the number of different words, each word is looked for
/// by itself: for the usual answer that is far cheaper than building an automaton.
const MAX_BYTES_ONE_BY_ONE: usize = 64 << 10;

/// How many different words one pass looks for: building the automaton takes up to the square of it.
const BATCH: usize = 1024;

struct Exact {
    places: Places,
    normalised: usize,
}

/// Places of the same words in their order, in bytes.
#[derive(Default)]
struct Places {
    whole: Vec<Range<usize>>,
    within_words: Vec<Range<usize>>,
    wanted: usize,
    taken: usize,
}

impl<'a> Mentions<'a> {
    /// Finds as many places of each of the `words` as they are given times.
    pub(super) fn find(text: &'a str, words: impl Iterator<Item = &'a str>) -> Self {
        let mut mentions = Self { text, exact: HashMap::new(), normalised: Vec::new() };
        let normalised = Normalised::of(text);
        let patterns = mentions.want(words, normalised.text.len());
        let mut left = MAX_PLACES_BYTES;
        let mut note = |pattern, found: Range<usize>| {
            left = left.checked_sub(found.len().max(MIN_PLACE_BYTES))?;
            if let Some(place) = normalised.origin(&found, text) {
                mentions.add(pattern, place);
            }
            Some(())
        };
        if patterns.len() * normalised.text.len() <= MAX_BYTES_ONE_BY_ONE {
            let mut found = patterns.iter().enumerate().flat_map(|(number, pattern)| {
                overlapping(&normalised.text, pattern).map(move |found| (number, found))
            });
            // Ends early when enough has been looked at.
            let _ = found.try_for_each(|(number, found)| note(number, found));
            return mentions;
        }
        for (batch, patterns) in patterns.chunks(BATCH).enumerate() {
            // Fails for automata far larger than these can become.
            let Ok(searcher) = searcher(patterns) else { continue };
            let mut found = searcher.find_overlapping_iter(&normalised.text);
            let _ =
                found.try_for_each(|found| note(batch * BATCH + found.pattern().as_usize(), found.range()));
        }
        mentions
    }

    /// The place of the next entity with these words, in bytes.
    pub(super) fn take(&mut self, words: &str) -> Option<(Range<usize>, Alignment)> {
        let exact = self.exact.get_mut(trimmed(words))?;
        if let Some(place) = exact.places.take() {
            return Some(
                verbatim(self.text, words, &place)
                    .map_or((place, Alignment::Normalised), |place| (place, Alignment::Exact)),
            );
        }
        let place = self.normalised.get_mut(exact.normalised)?.take()?;
        Some((place, Alignment::Normalised))
    }

    /// Notes what is looked for; gives the normalised words.
    fn want(&mut self, words: impl Iterator<Item = &'a str>, longest: usize) -> Vec<String> {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut patterns: Vec<String> = Vec::new();
        let mut left = MAX_WORDS_BYTES;
        for words in words.map(trimmed).filter(|words| !words.is_empty()) {
            if let Some(exact) = self.exact.get_mut(words) {
                exact.places.wanted += 1;
                self.normalised.get_mut(exact.normalised).into_iter().for_each(|places| places.wanted += 1);
                continue;
            }
            let Some(rest) = left.checked_sub(words.len()) else { continue };
            left = rest;
            let pattern = Normalised::of(words).text;
            let index = match known.get(&pattern) {
                Some(index) => *index,
                None if pattern.len() > longest => continue,
                None => {
                    known.insert(pattern.clone(), patterns.len());
                    patterns.push(pattern);
                    self.normalised.push(Places::default());
                    patterns.len() - 1
                }
            };
            self.normalised.get_mut(index).into_iter().for_each(|places| places.wanted += 1);
            self.exact.insert(
                words,
                Exact { places: Places { wanted: 1, ..Places::default() }, normalised: index },
            );
        }
        patterns
    }

    fn add(&mut self, pattern: usize, place: Range<usize>) {
        let Some((before, words, after)) = around(self.text, &place) else { return };
        let whole = !joins(before.chars().next_back(), words.chars().next())
            && !joins(words.chars().next_back(), after.chars().next());
        if let Some(exact) = self.exact.get_mut(words) {
            exact.places.add(&place, whole);
        }
        if let Some(places) = self.normalised.get_mut(pattern) {
            places.add(&place, whole);
        }
    }
}

impl Places {
    fn add(&mut self, place: &Range<usize>, whole: bool) {
        let places = if whole { &mut self.whole } else { &mut self.within_words };
        if places.len() < self.wanted {
            places.push(place.clone());
        }
    }

    fn take(&mut self) -> Option<Range<usize>> {
        let places = if self.whole.is_empty() { &self.within_words } else { &self.whole };
        let place = places.get(self.taken).or(places.first());
        self.taken += 1;
        place.cloned()
    }
}

/// Every place where `words` stand in `text`, those that overlap too.
fn overlapping<'t>(text: &'t str, words: &'t str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(words)?;
        from = start + words.chars().next()?.len_utf8();
        Some(start..start + words.len())
    })
}

fn searcher(patterns: &[String]) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).prefilter(false).build(patterns)
}

/// Where all of `words` stand whose trimmed part is at `place`, white space around them included.
fn verbatim(text: &str, words: &str, place: &Range<usize>) -> Option<Range<usize>> {
    let lead = words.find(trimmed(words))?;
    let start = place.start.checked_sub(lead)?;
    let range = start..start + words.len();
    (text.get(range.clone()) == Some(words)).then_some(range)
}

fn around<'t>(text: &'t str, place: &Range<usize>) -> Option<(&'t str, &'t str, &'t str)> {
    Some((text.get(..place.start)?, text.get(place.clone())?, text.get(place.end..)?))
}

/// Whether two neighbours belong to one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || is_combining_mark(c);
    left.is_some_and(in_word) && right.is_some_and(in_word)
}
