//! Finds parts of secrets, wherever in the secret they stood: an API may repeat a key without its prefix, only its
//! second half, or wrapped over lines.
//!
//! A part is found by its runs of [`GRAM_BYTES`] bytes, which are looked up one by one: linear in the text, whatever
//! the secrets are. Rejected: a suffix structure, which finds the same and has to be built and walked by hand.

use std::{collections::HashSet, ops::Range};

use super::is_plain;

/// The shortest part that is left out: of what is shorter too many words have a part.
const GRAM_BYTES: usize = 8;

/// Which bytes of a text count: all but white space, then letters and digits alone. A key that is wrapped, spaced or
/// grouped reads like itself.
const FOLDS: [fn(&u8) -> bool; 2] = [|byte| !byte.is_ascii_whitespace(), u8::is_ascii_alphanumeric];

/// So many bytes in a row, in small letters.
type Gram = [u8; GRAM_BYTES];

/// All runs of bytes in secrets.
#[derive(Default)]
pub(super) struct Fragments {
    grams: HashSet<Gram>,
    /// Plain words that secrets hold beside others, such as the name of an application: alone they give nothing away.
    words: HashSet<Vec<u8>>,
}

impl Fragments {
    /// Adds a secret, or a form of one.
    pub(super) fn add(&mut self, secret: &[u8]) {
        for counts in FOLDS {
            let folded = Folded::of(secret, counts);
            self.grams.extend(folded.grams().map(|(_, gram)| gram));
        }
        let words = secret.split(|byte| !byte.is_ascii_alphanumeric());
        let apart = words.filter(|word| word.len() < secret.len() && is_plain(Some(word)));
        self.words.extend(apart.map(<[u8]>::to_ascii_lowercase));
    }

    /// The places in `text` of parts of secrets, as far as each of them reaches.
    pub(super) fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        FOLDS
            .into_iter()
            .flat_map(|counts| self.runs(&Folded::of(text, counts)))
            .filter(|run| !self.is_word(text, run))
            .collect()
    }

    /// Grams that overlap are one run.
    fn runs(&self, text: &Folded) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (place, _) in text.grams().filter(|(_, gram)| self.grams.contains(gram)) {
            match runs.last_mut() {
                Some(last) if place.start < last.end => last.end = place.end,
                _ => runs.push(place),
            }
        }
        runs
    }

    /// Whether a run is one of the plain words, and stands there as a word.
    fn is_word(&self, text: &[u8], run: &Range<usize>) -> bool {
        let is_of_word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let goes_on = is_of_word(run.end) || run.start.checked_sub(1).is_some_and(is_of_word);
        let found = text.get(run.clone()).unwrap_or_default().to_ascii_lowercase();
        let first = found.iter().position(u8::is_ascii_alphanumeric).unwrap_or_default();
        let last = found.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
        !goes_on && found.get(first..last).is_some_and(|word| self.words.contains(word))
    }
}

/// The bytes of a text that count, in small letters, and where they stood.
struct Folded {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Folded {
    fn of(text: &[u8], counts: fn(&u8) -> bool) -> Self {
        let counting = text.iter().enumerate().filter(|(_, byte)| counts(byte));
        let (places, bytes) = counting.map(|(place, byte)| (place, byte.to_ascii_lowercase())).unzip();
        Self { bytes, places }
    }

    fn grams(&self) -> impl Iterator<Item = (Range<usize>, Gram)> {
        self.bytes
            .array_windows()
            .zip(self.places.windows(GRAM_BYTES))
            .filter_map(|(gram, places)| Some((*places.first()?..*places.last()? + 1, *gram)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(secret: &str, text: &'t str) -> Vec<&'t str> {
        let mut fragments = Fragments::default();
        fragments.add(secret.as_bytes());
        let mut found: Vec<&str> =
            fragments.places(text.as_bytes()).into_iter().map(|place| &text[place]).collect();
        found.dedup();
        found
    }

    #[test]
    fn a_part_is_found_as_far_as_it_reaches() {
        for (text, part) in [
            ("x23456789y", "23456789"),
            ("<AB0123456789cd>", "AB0123456789cd"),
            ("0123\n 4567", "0123\n 4567"),
            ("[012-345-678]", "012-345-678"),
            ("ab01234567 89cdefz", "ab01234567 89cdef"),
        ] {
            assert_eq!(found("ab0123456789cdef", text), [part], "{text}");
        }
        assert!(found("ab0123456789cdef", "0123456, ab01234 and 98765432").is_empty());
        assert!(found("short", "short").is_empty());
    }

    #[test]
    fn words_beside_others_are_left_alone() {
        const SECRET: &str = "my-application-4711-zyx";
        for text in ["application/json", "the Application", "an application."] {
            assert!(found(SECRET, text).is_empty(), "{text}");
        }
        assert_eq!(found(SECRET, "pplication-4711"), ["pplication-4711"]);
        assert_eq!(found(SECRET, "pplication"), ["pplication"]);
        assert_eq!(found("application", "application"), ["application"]);
    }
}
