//! What words have in common however they are written.

use std::ops::Range;

use unicode_normalization::char::decompose_compatible;

/// A text without differences of case, white space, typography and compatibility forms, which knows
/// where each of its letters comes from.
///
/// Each character is normalised by itself, so that the normalised text of a part is a part of the
/// normalised text. Only runs of white space are taken together.
pub(super) struct Normalised {
    /// The normalised text, without white space at its ends.
    pub(super) text: String,
    /// For each of its bytes, where the character that it comes from starts in the original.
    origins: Vec<usize>,
}

impl Normalised {
    /// Normalises a text.
    pub(super) fn of(original: &str) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut origins = Vec::with_capacity(original.len());
        let mut space = None;
        for (at, c) in original.char_indices() {
            if c.is_whitespace() {
                space.get_or_insert(at);
                continue;
            }
            fold(c, &mut |folded| {
                if let Some(at) = space.take().filter(|_| !text.is_empty()) {
                    text.push(' ');
                    origins.push(at);
                }
                text.push(folded);
                origins.resize(text.len(), at);
            });
        }
        Self { text, origins }
    }

    /// The part of the original that a part of the normalised text comes from, in bytes, if it comes
    /// from whole characters.
    pub(super) fn origin(&self, part: &Range<usize>, original: &str) -> Option<Range<usize>> {
        let last = part.end.checked_sub(1)?;
        let (start, end) = (*self.origins.get(part.start)?, *self.origins.get(last)?);
        let before = part.start.checked_sub(1).and_then(|at| self.origins.get(at));
        if before == Some(&start) || self.origins.get(part.end) == Some(&end) {
            return None;
        }
        let width = original.get(end..)?.chars().next()?.len_utf8();
        Some(start..end + width)
    }
}

/// `words` without what leaves nothing behind at their ends.
pub(super) fn trimmed(words: &str) -> &str {
    words.trim_matches(|c: char| {
        let mut blank = true;
        if !c.is_whitespace() {
            fold(c, &mut |_| blank = false);
        }
        blank
    })
}

/// Normalises a character that is not white space, to any number of characters that are not either.
fn fold(c: char, emit: &mut impl FnMut(char)) {
    if c.is_ascii() {
        return emit(plain(c).to_ascii_lowercase());
    }
    if is_invisible(c) {
        return;
    }
    decompose_compatible(plain(c), |part| {
        // By way of upper case, or `ß` and `ς` would differ from `SS` and `Σ`.
        let folded = plain(part).to_uppercase().flat_map(char::to_lowercase);
        folded.filter(|c| !c.is_whitespace()).for_each(&mut *emit);
    });
}

/// The plain form of typographic quotes, apostrophes and dashes.
fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | '‛' | '′' | '‵' | '‹' | '›' | '`' | '´' | 'ʼ' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' | '〝' | '〞' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹘' | '﹣' | '－' => '-',
        other => other,
    }
}

/// Soft hyphens, zero-width characters, variation selectors and marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}
