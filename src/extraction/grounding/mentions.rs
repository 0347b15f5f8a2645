//! Where words stand in a text.

use std::{collections::HashMap, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use memchr::memmem::Finder;
use unicode_normalization::char::is_combining_mark;

use super::normalised::{Normalised, trimmed};
use crate::extraction::Alignment;

/// The places of many words in one text, found in few passes over it.
///
/// All are looked for letter by letter. Only for those that are not there, which are few in a usual answer,
/// text and words are normalised.
pub(super) struct Mentions<'a> {
    text: &'a str,
    /// Which of `sought` has these words.
    numbers: HashMap<&'a str, usize>,
    sought: Vec<Sought<'a>>,
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

struct Sought<'a> {
    /// Without white space around them.
    words: &'a str,
    /// Where they stand letter by letter.
    exact: Places,
    /// Which of `normalised` has what they have in common with others.
    normalised: Option<usize>,
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
        let mut mentions = Self { text, numbers: HashMap::new(), sought: Vec::new(), normalised: Vec::new() };
        mentions.want(words);
        mentions.find_exact();
        mentions.find_normalised();
        mentions
    }

    /// The place of the next entity with these words, in bytes.
    pub(super) fn take(&mut self, words: &str) -> Option<(Range<usize>, Alignment)> {
        let sought = self.sought.get_mut(*self.numbers.get(trimmed(words))?)?;
        if let Some(place) = sought.exact.take() {
            return Some(
                verbatim(self.text, words, &place)
                    .map_or((place, Alignment::Normalised), |place| (place, Alignment::Exact)),
            );
        }
        let place = self.normalised.get_mut(sought.normalised?)?.take()?;
        Some((place, Alignment::Normalised))
    }

    /// Notes what is looked for.
    fn want(&mut self, words: impl Iterator<Item = &'a str>) {
        let mut left = MAX_WORDS_BYTES;
        for words in words.map(trimmed).filter(|words| !words.is_empty()) {
            let known = self.numbers.get(words).and_then(|number| self.sought.get_mut(*number));
            if let Some(sought) = known {
                sought.exact.wanted += 1;
                continue;
            }
            let Some(rest) = left.checked_sub(words.len()) else { continue };
            left = rest;
            self.numbers.insert(words, self.sought.len());
            let exact = Places { wanted: 1, ..Places::default() };
            self.sought.push(Sought { words, exact, normalised: None });
        }
    }

    fn find_exact(&mut self) {
        let patterns: Vec<&str> = self.sought.iter().map(|sought| sought.words).collect();
        search(self.text, &patterns, |number, place| {
            if let Some(sought) = self.sought.get_mut(number) {
                sought.exact.add(self.text, place);
            }
        });
    }

    fn find_normalised(&mut self) {
        let mut missing = self.sought.iter_mut().filter(|sought| sought.exact.is_empty()).peekable();
        if missing.peek().is_none() {
            return;
        }
        let text = Normalised::of(self.text);
        let (mut known, mut patterns) = (HashMap::new(), Vec::new());
        for sought in missing {
            let pattern = Normalised::of(sought.words).text;
            if pattern.len() > text.text.len() {
                continue;
            }
            let number = *known.entry(pattern).or_insert_with_key(|pattern: &String| {
                patterns.push(pattern.clone());
                self.normalised.push(Places::default());
                patterns.len() - 1
            });
            self.normalised
                .get_mut(number)
                .into_iter()
                .for_each(|places| places.wanted += sought.exact.wanted);
            sought.normalised = Some(number);
        }
        search(&text.text, &patterns, |number, found| {
            let place = text.origin(&found, self.text);
            if let (Some(places), Some(place)) = (self.normalised.get_mut(number), place) {
                places.add(self.text, place);
            }
        });
    }
}

impl Places {
    fn add(&mut self, text: &str, place: Range<usize>) {
        let places = if is_whole(text, &place) { &mut self.whole } else { &mut self.within_words };
        if places.len() < self.wanted {
            places.push(place);
        }
    }

    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.within_words.is_empty()
    }

    fn take(&mut self) -> Option<Range<usize>> {
        let places = if self.whole.is_empty() { &self.within_words } else { &self.whole };
        let place = places.get(self.taken).or(places.first());
        self.taken += 1;
        place.cloned()
    }
}

/// Tells where `patterns` stand in `text`: the number of each, and its place in bytes. Ends early when
/// enough has been looked at.
fn search(text: &str, patterns: &[impl AsRef<str>], mut tell: impl FnMut(usize, Range<usize>)) {
    let mut left = MAX_PLACES_BYTES;
    let mut note = |pattern, found: Range<usize>| {
        left = left.checked_sub(found.len().max(MIN_PLACE_BYTES))?;
        tell(pattern, found);
        Some(())
    };
    if patterns.len() * text.len() <= MAX_BYTES_ONE_BY_ONE {
        let mut found = patterns.iter().enumerate().flat_map(|(number, pattern)| {
            overlapping(text, pattern.as_ref()).map(move |found| (number, found))
        });
        let _ = found.try_for_each(|(number, found)| note(number, found));
        return;
    }
    for (batch, patterns) in patterns.chunks(BATCH).enumerate() {
        // Fails for automata far larger than these can become.
        let Ok(searcher) = searcher(patterns) else { continue };
        let mut found = searcher.find_overlapping_iter(text);
        let _ = found.try_for_each(|found| note(batch * BATCH + found.pattern().as_usize(), found.range()));
    }
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

/// Where all of `words` stand whose trimmed part is at `place`, white space around them included.
fn verbatim(text: &str, words: &str, place: &Range<usize>) -> Option<Range<usize>> {
    let core = trimmed(words);
    if core.len() == words.len() {
        return Some(place.clone());
    }
    let lead = words.find(core)?;
    let start = place.start.checked_sub(lead)?;
    let range = start..start + words.len();
    (text.get(range.clone()) == Some(words)).then_some(range)
}

/// Whether the words at `place` are no parts of longer words.
fn is_whole(text: &str, place: &Range<usize>) -> bool {
    let part = |range| text.get::<Range<usize>>(range).unwrap_or_default().chars();
    let (mut before, mut after) = (part(0..place.start), part(place.end..text.len()));
    let mut words = part(place.clone());
    !joins(before.next_back(), words.clone().next()) && !joins(words.next_back(), after.next())
}

/// Whether two neighbours belong to one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || is_combining_mark(c);
    left.is_some_and(in_word) && right.is_some_and(in_word)
}
