//! What words have in common however they are written.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::{
    fold::{fold, is_invisible, is_point},
    span::Span,
};

/// A text without differences of case, white space, typography, compatibility forms, order of marks and
/// vowel points, which knows where each of its letters comes from.
///
/// Each grapheme cluster is normalised by itself, so that the normalised text of a part is a part of
/// the normalised text. Only runs of white space are taken together.
#[derive(Default)]
pub(super) struct Normalised {
    /// The normalised text, without white space at its ends.
    pub(super) text: String,
    /// Whether a hyphen stands at the end of a line, amid a word.
    pub(super) has_line_ends: bool,
    /// For each byte of `text`, where the cluster that it comes from starts in the original.
    origins: Vec<u32>,
    /// The vowel points, each with the length of `text` before it, and each of a letter once: a letter may
    /// have a hundred thousand.
    points: Vec<(u32, char)>,
    /// White space that becomes one space if something follows.
    space: Option<u32>,
}

/// What becomes of a hyphen at the end of a line, amid a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hyphens {
    /// Nothing: a hyphen and white space.
    AsTheyStand,
    /// It was put there to break the line: both go. Amid numbers only the break of the line goes.
    Dropped,
    /// It belongs to the word: only the break of the line goes.
    Kept,
}

impl Normalised {
    /// Normalises a text.
    pub(super) fn of(original: &str, hyphens: Hyphens) -> Self {
        let mut normalised = Self { text: String::with_capacity(original.len()), ..Self::default() };
        normalised.origins.reserve(original.len());
        let mut at = 0;
        while let Some((cluster, after)) = first_cluster(original.get(at..).unwrap_or_default()) {
            let line_end = normalised.line_end(cluster, after);
            normalised.has_line_ends |= line_end.is_some();
            let line_end = line_end.filter(|_| hyphens != Hyphens::AsTheyStand);
            if line_end.as_ref().is_none_or(|end| hyphens == Hyphens::Kept || !end.amid_letters) {
                normalised.add(at, cluster);
            }
            at += cluster.len() + line_end.map_or(0, |end| end.width);
        }
        normalised.points.sort_unstable();
        normalised.points.dedup();
        normalised
    }

    /// The part of the original that a part of the normalised text comes from, if it comes from whole
    /// characters.
    pub(super) fn origin(&self, part: &Range<usize>, original: &str) -> Option<Span> {
        let last = part.end.checked_sub(1)?;
        let (start, last) = (*self.origins.get(part.start)?, *self.origins.get(last)?);
        let before = part.start.checked_sub(1).and_then(|at| self.origins.get(at));
        if before == Some(&start) || self.origins.get(part.end) == Some(&last) {
            return None;
        }
        let last = last as usize;
        Span::of(&(start as usize..last + first_cluster(original.get(last..)?)?.0.len()))
    }

    /// Whether a part has the same vowel points as `words`, but for those that one of them leaves out.
    pub(super) fn agrees(&self, part: &Range<usize>, words: &Self) -> bool {
        if self.points.is_empty() || words.points.is_empty() {
            return true;
        }
        let from = |at: usize| self.points.partition_point(|(after, _)| *after as usize <= at);
        let ours = self.points.get(from(part.start)..from(part.end)).unwrap_or_default();
        let mut theirs = words.points.as_slice();
        ours.chunk_by(|a, b| a.0 == b.0).all(|ours| {
            let at = ours.first().map_or(0, |(after, _)| *after as usize - part.start);
            let skipped = theirs.partition_point(|(after, _)| (*after as usize) < at);
            let same = theirs.partition_point(|(after, _)| *after as usize <= at);
            let letter = theirs.get(skipped..same).unwrap_or_default();
            theirs = theirs.get(same..).unwrap_or_default();
            let within = |few: &[(u32, char)], many: &[(u32, char)]| {
                few.iter().all(|(_, point)| many.binary_search_by_key(point, |(_, other)| *other).is_ok())
            };
            within(ours, letter) || within(letter, ours)
        })
    }

    fn add(&mut self, at: usize, cluster: &str) {
        let Ok(at) = u32::try_from(at) else { return };
        if cluster.chars().all(char::is_whitespace) {
            self.space.get_or_insert(at);
        } else if let Ok(ascii) = <[u8; 1]>::try_from(cluster.as_bytes()).map(|[byte]| char::from(byte)) {
            let plain = if ascii == '`' { '\'' } else { ascii };
            self.push(at, plain.to_ascii_lowercase());
        } else {
            fold(cluster).for_each(|c| self.push(at, c));
        }
    }

    fn push(&mut self, at: u32, c: char) {
        if is_point(c) {
            self.points.extend(u32::try_from(self.text.len()).ok().map(|after| (after, c)));
            return;
        }
        if let Some(space) = self.space.take().filter(|_| !self.text.is_empty()) {
            self.text.push(' ');
            self.origins.push(space);
        }
        self.text.push(c);
        self.origins.resize(self.text.len(), at);
    }

    /// The end of a line, amid a word, that follows `cluster` if that is a hyphen.
    fn line_end(&self, cluster: &str, after: &str) -> Option<LineEnd> {
        if !matches!(cluster, "-" | "‐" | "\u{ad}") || self.space.is_some() {
            return None;
        }
        let (before, width) = (self.text.chars().next_back()?, after.find(|c: char| !c.is_whitespace())?);
        let (white, rest) = after.split_at_checked(width)?;
        let next = rest.chars().next()?;
        (before.is_alphanumeric() && next.is_alphanumeric() && white.contains(breaks_line))
            .then_some(LineEnd { width, amid_letters: before.is_alphabetic() && next.is_alphabetic() })
    }
}

/// The first grapheme cluster, and what follows it.
fn first_cluster(text: &str) -> Option<(&str, &str)> {
    // Between characters of ASCII there is always a border, but for the one of CR LF.
    let length = match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [first, rest @ ..] if first.is_ascii() && rest.first().is_none_or(u8::is_ascii) => 1,
        _ => text.graphemes(true).next()?.len(),
    };
    text.split_at_checked(length)
}

struct LineEnd {
    /// How many bytes of white space follow the hyphen.
    width: usize,
    amid_letters: bool,
}

/// Whether nothing is left of `words` when they are normalised.
pub(super) fn is_blank(words: &str) -> bool {
    words.chars().all(|c| c.is_whitespace() || is_invisible(c) || is_point(c))
}

fn breaks_line(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn clusters_are_those_of_the_whole_text(
            text in "([a-c\r\n\t \u{7f}é€]|[\u{300}\u{200d}\u{ad}\u{fe0f}👩🏽🇩🇪क\u{94d}한])*",
        ) {
            let (mut clusters, mut rest) = (Vec::new(), text.as_str());
            while let Some((cluster, after)) = first_cluster(rest) {
                clusters.push(cluster);
                rest = after;
            }
            prop_assert_eq!(clusters, text.graphemes(true).collect::<Vec<_>>());
        }
    }
}
