//! What is the same in two characters however they are written.

use unicode_normalization::UnicodeNormalization;

/// Normalises what one sees as one character: case, typography, compatibility forms and the order of marks.
/// White space and what can't be seen leave nothing behind.
pub(super) fn fold(cluster: &str) -> impl Iterator<Item = char> {
    let seen = cluster.chars().filter(|c| !is_invisible(*c)).map(plain);
    // By way of upper case, or `ß` and `ς` would differ from `SS` and `Σ`; from lower case on, or `ẞ` would stay.
    let small = seen.nfkd().map(plain).flat_map(char::to_lowercase);
    let folded = small.flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.filter(|c| !c.is_whitespace())
}

/// The plain form of typographic quotes, apostrophes and dashes, and of Hebrew's own.
pub(super) fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | '‛' | '′' | '‵' | '‹' | '›' | '`' | '´' | 'ʼ' | '׳' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' | '〝' | '〞' | '״' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹘' | '﹣' | '－' | '־' => '-',
        other => other,
    }
}

/// Soft hyphens, zero-width characters, variation selectors, marks of direction, and the stroke that
/// lengthens Arabic words.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Vowel points and signs of recitation of Hebrew, Arabic and Syriac, which most texts leave out. Not
/// the hamza and the madda: they make other letters. Not the marks of Latin: `Zoë` is not `Zoe`.
pub(super) fn is_point(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            c,
            '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
                | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{652}' | '\u{656}'..='\u{65f}' | '\u{670}'
                | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
                | '\u{730}'..='\u{74a}' | '\u{898}'..='\u{89f}' | '\u{8ca}'..='\u{8e1}' | '\u{8e3}'..='\u{8ff}'
        )
}
