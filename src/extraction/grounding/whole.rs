//! Which places are whole words.

use unicode_normalization::char::is_combining_mark;

use super::span::Span;

/// The longest run of letters that is looked back through for the capital at its beginning.
const CAPITALISED_CHARS_MAX: usize = 64;

/// Whether the words at `place`, which cut no number, are no parts of longer words.
///
/// Scripts that put no spaces between words have no parts of words. Lists of numbers, dates and times go on
/// across their separators (`1,2,3`, `2026-11-23`) and numbers begin with their sign, names go on across
/// hyphens and apostrophes if both sides are capitalised (`Jean-Pierre`, `O'Neil`; but `Berlin-based`, `Ada's`),
/// addresses across `@`, and names of hosts and files across a full stop before a small letter.
pub(super) fn is_whole(text: &str, place: Span) -> bool {
    let divides =
        |at: u32| text.split_at_checked(at as usize).is_none_or(|(left, right)| joined(left, right));
    !divides(place.start) && !divides(place.end)
}

/// Whether a word or number goes on from `left` to `right`.
fn joined(left: &str, right: &str) -> bool {
    let (mut before, mut after) = (left.chars(), right.chars());
    let (Some(last), Some(first)) = (before.next_back(), after.next()) else { return false };
    let (before, after) = (before.as_str(), after.as_str());
    (is_of_words(last) && is_of_words(first))
        || joins(left, first, after)
        || joins(before, last, right)
        || (first.is_numeric() && is_sign(last) && !before.ends_with(char::is_alphanumeric))
}

/// Whether `c` stands amid a word or number.
fn joins(left: &str, c: char, right: &str) -> bool {
    let both = |of: fn(char) -> bool| left.ends_with(of) && right.starts_with(of);
    match c {
        '.' if right.starts_with(char::is_lowercase) => left.ends_with(char::is_alphanumeric),
        '.' | ',' | '،' | ':' | '/' | '．' | '，' => both(char::is_numeric),
        '-' | '‐' | '‑' | '–' | '−' | '\'' | '’' => {
            both(char::is_numeric) || are_capitalised(left, right)
        }
        '@' => both(char::is_alphanumeric),
        _ => false,
    }
}

fn are_capitalised(left: &str, right: &str) -> bool {
    let last_word = left.chars().rev().take(CAPITALISED_CHARS_MAX).take_while(|c| c.is_alphabetic());
    right.starts_with(char::is_uppercase) && last_word.last().is_some_and(char::is_uppercase)
}

fn is_sign(c: char) -> bool {
    matches!(c, '-' | '−' | '+' | '±')
}

/// Whether the character clings to others like it, because its script puts spaces between words.
fn is_of_words(c: char) -> bool {
    c.is_numeric() || c == '_' || ((c.is_alphabetic() || is_combining_mark(c)) && !is_unspaced(c))
}

/// Whether the script of the character puts no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer,
/// Tai, Balinese, Javanese, kana, Bopomofo, Han.
fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{1950}'..='\u{19ff}' | '\u{1a20}'..='\u{1aaf}'
            | '\u{1b00}'..='\u{1b7f}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{312f}'
            | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '\u{a980}'..='\u{a9ff}' | '\u{aa60}'..='\u{aadf}'
            | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{1b000}'..='\u{1b16f}'
            | '\u{20000}'..='\u{3ffff}'
    )
}
