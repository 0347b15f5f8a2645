//! Finds what must not be logged in what an API wrote: credentials of the request, however it writes them and whatever
//! part of them, and whatever looks like a key.
//!
//! All patterns are looked for at once, so the time it takes grows with the text alone.

mod forms;
mod fragments;

use std::{fmt, ops::Range};

use aho_corasick::AhoCorasick;

use super::decoded::Decoded;
use fragments::Fragments;

/// What is known to be secret of one upstream, ready to be found.
pub struct Redaction {
    /// Absent if it could not be built: then nothing may be logged.
    finder: Option<AhoCorasick>,
    patterns: Vec<Pattern>,
    fragments: Fragments,
}

/// What is looked for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    bytes: Vec<u8>,
    find: Find,
}

/// When a place counts, and how far it reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Find {
    /// Everywhere, as it is.
    Whole,
    /// Unless it is a part of a longer word.
    Word,
    /// Everywhere, with what follows of a key.
    Head,
    /// As written here and unless a word goes on there, with what follows of a key.
    Beginning,
    /// What follows it, if that is no plain word.
    Scheme,
    /// What follows it behind a colon or an equals sign, if that is no plain word.
    Name,
}

/// How the keys of AI APIs and of those around them begin.
const BEGINNINGS: [&str; 24] = [
    "sk-",
    "pk-",
    "rk-",
    "sk_",
    "csk-",
    "gsk_",
    "xai-",
    "hf_",
    "AIza",
    "ya29.",
    "AKIA",
    "ASIA",
    "r8_",
    "nvapi-",
    "pplx-",
    "fw_",
    "tgp_v1_",
    "esecret_",
    "dapi",
    "eyJ",
    "ghp_",
    "github_pat_",
    "glpat-",
    "Bearer ",
];

/// Schemes of HTTP's `authorization`, in any case.
const SCHEMES: [&str; 4] = ["bearer ", "basic ", "apikey ", "token "];

/// Names of fields, headers and parameters that hold credentials, in any case.
const NAMES: [&str; 11] = [
    "api-key",
    "api_key",
    "apikey",
    "authorization",
    "access_token",
    "auth_token",
    "subscription-key",
    "client_secret",
    "password",
    "?key",
    "&key",
];

/// A run of letters that is shorter is a plain word; a key has digits, or is longer.
const PLAIN_WORD_BYTES_MAX: usize = 15;

/// The most quotes and blanks between the name of a credential and the credential.
const BETWEEN_BYTES_MAX: usize = 8;

impl Redaction {
    /// Finds these secrets: keys and values of headers.
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut patterns: Vec<Pattern> = secrets.into_iter().flat_map(forms::patterns).collect();
        let mut fragments = Fragments::default();
        for pattern in patterns.iter().filter(|pattern| is_bare(&pattern.bytes)) {
            fragments.add(&pattern.bytes);
        }
        let texts = |texts: &'static [&str], find: Find| {
            texts.iter().map(move |text| Pattern { bytes: text.as_bytes().to_vec(), find })
        };
        patterns.extend(texts(&BEGINNINGS, Find::Beginning));
        patterns.extend(texts(&SCHEMES, Find::Scheme));
        patterns.extend(texts(&NAMES, Find::Name));
        patterns.sort();
        patterns.dedup();
        let finder = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(patterns.iter().map(|pattern| &pattern.bytes))
            .ok();
        Self { finder, patterns, fragments }
    }

    /// The places in `text` that must not be logged, in order and apart; nothing, if that can't be told.
    pub(super) fn places(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let finder = self.finder.as_ref()?;
        let mut places = Vec::new();
        for layer in Decoded::layers(text) {
            self.find(finder, &layer, &mut places);
            places.extend(self.fragments.places(layer.bytes()).iter().map(|place| layer.written(place)));
        }
        places.sort_by_key(|place: &Range<usize>| place.start);
        let mut apart: Vec<Range<usize>> = Vec::new();
        for place in places {
            match apart.last_mut() {
                Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
                _ => apart.push(place),
            }
        }
        Some(apart)
    }

    fn find(&self, finder: &AhoCorasick, layer: &Decoded, places: &mut Vec<Range<usize>>) {
        let bytes = layer.bytes();
        // Places come in the order of their ends: up to here all runs have been followed.
        let mut followed = 0;
        let mut run = |from: usize| {
            followed = followed.max(from);
            followed += bytes.iter().skip(followed).take_while(|byte| is_of_key(**byte)).count();
            from..followed
        };
        for found in finder.find_overlapping_iter(bytes) {
            let Some(pattern) = self.patterns.get(found.pattern().as_usize()) else { continue };
            let starts_word = !found.start().checked_sub(1).is_some_and(|before| is_of_word(bytes, before));
            let place = match pattern.find {
                Find::Whole => found.range(),
                Find::Word if starts_word && !is_of_word(bytes, found.end()) => found.range(),
                Find::Head => found.start()..run(found.end()).end,
                Find::Beginning if starts_word && bytes.get(found.range()) == Some(&pattern.bytes) => {
                    found.start()..run(found.end()).end
                }
                Find::Scheme if starts_word => match run(found.end()) {
                    key if is_plain(bytes.get(key.clone())) => continue,
                    key => found.start()..key.end,
                },
                Find::Name => match value(bytes, found.end()).map(&mut run) {
                    Some(key) if !is_plain(bytes.get(key.clone())) => key,
                    _ => continue,
                },
                Find::Word | Find::Beginning | Find::Scheme => continue,
            };
            places.push(layer.written(&place));
        }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction(..)")
    }
}

/// Whether it is a credential alone: with a scheme, words or a name before it, it is a pattern of its own too.
fn is_bare(secret: &[u8]) -> bool {
    let at = secret.iter().position(|byte| *byte == b'=').unwrap_or(secret.len());
    let (name, value) = secret.split_at(at);
    let is_named = is_plain(Some(name)) && value.iter().any(|byte| *byte != b'=');
    !is_named && !secret.contains(&b' ')
}

/// Where the value begins of a field whose name ends at `from`.
fn value(bytes: &[u8], from: usize) -> Option<usize> {
    let between = bytes
        .iter()
        .skip(from)
        .take(BETWEEN_BYTES_MAX)
        .take_while(|byte| !is_of_key(**byte) || **byte == b'=');
    let length = between.clone().count();
    let mut between = between.filter(|byte| !matches!(byte, b' ' | b'"' | b'\'' | b'\\' | b'[' | b'b'));
    (matches!(between.next(), Some(b':' | b'=')) && between.next().is_none()).then_some(from + length)
}

fn is_plain(run: Option<&[u8]>) -> bool {
    run.is_none_or(|run| {
        run.len() <= PLAIN_WORD_BYTES_MAX
            && run.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'))
    })
}

fn is_of_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~+/=*".contains(&byte)
}
