//! Where a text can't be cut without leaving another number.

use std::iter;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{
    fold::{is_invisible, plain},
    span::Span,
};

/// How far around the ends of a place numbers are looked at, in bytes on each side.
const NEAR_BYTES_MAX: usize = 64;

/// Whether the text at a place says another amount than stands there: digits, decimals or groups of digits
/// go on beyond it (`400` in `2,400`, `2.5` in `2.55`), it lacks the minus (`5` in `-5`), or takes a hyphen
/// for one (`-15` in `10-15`).
///
/// What only stands side by side can be taken apart: lists (`1,2,3`), dates, times. Spaces group digits by
/// threes as commas do.
pub(super) fn cuts_number(text: &str, place: Span) -> bool {
    let Some((before, after)) = around(text, place.start) else { return false };
    let is_cut_at_start = goes_on(before.clone(), after.clone()) || gains_minus(before, after);
    is_cut_at_start || around(text, place.end).is_some_and(|(before, after)| goes_on(before, after))
}

/// Characters away from a border, the nearest first, in their plain forms.
trait Chars: Iterator<Item = char> + Clone {}

impl<C: Iterator<Item = char> + Clone> Chars for C {}

/// What stands before and after a border and can be seen.
fn around(text: &str, at: u32) -> Option<(impl Chars, impl Chars)> {
    let at = at as usize;
    let before = text.get(text.floor_char_boundary(at.saturating_sub(NEAR_BYTES_MAX))..at)?;
    let after = text.get(at..text.ceil_char_boundary(at.saturating_add(NEAR_BYTES_MAX)))?;
    let is_seen = |c: &char| c.is_ascii() || !(is_invisible(*c) || is_combining_mark(*c));
    Some((
        before.chars().rev().filter(is_seen).map(plain_form),
        after.chars().filter(is_seen).map(plain_form),
    ))
}

/// The one character that is meant, whatever its width and typography: a comma, a hyphen, a space.
fn plain_form(c: char) -> char {
    if c.is_ascii() || c.is_numeric() {
        return c;
    }
    let mut form = iter::once(plain(c)).nfkd();
    match (form.next(), form.next()) {
        (Some('،'), None) => ',',
        (Some(one), None) => one,
        _ => c,
    }
}

/// Whether one number stands on both sides.
fn goes_on(before: impl Chars, after: impl Chars) -> bool {
    let (mut left, mut right) = (before.clone(), after.clone());
    let (Some(last), Some(first)) = (left.next(), right.next()) else { return false };
    match (last.is_numeric(), first.is_numeric()) {
        (true, true) => true,
        (true, false) => separates(before, first, right),
        (false, true) => separates(left.clone(), last, after.clone()) || leads(left, last, after),
        (false, false) => leads(left, last, after),
    }
}

/// Whether `c` stands amid one number.
fn separates(before: impl Chars, c: char, after: impl Chars) -> bool {
    let (left, right) = (digits(before.clone()), digits(after.clone()));
    if left == 0 || right == 0 {
        return false;
    }
    match c {
        '·' | '٫' | '٬' | '⁄' => true,
        '.' => !is_date(&run(before, c, after)),
        ',' => !is_list(&run(before, c, after)),
        ' ' | '\'' | '_' => left <= 3 && right == 3,
        _ => false,
    }
}

/// Whether `c` is of the minus or the point that an amount begins with: `-5`, `-$5`, `-.5`, `.5`.
fn leads(mut before: impl Chars, c: char, mut after: impl Chars) -> bool {
    match c {
        '-' => is_beginning(before) && is_amount(after),
        '.' if after.next().is_some_and(char::is_numeric) => {
            let mut sign = before.clone().skip_while(|c| is_currency(*c));
            is_beginning(before) || (sign.next() == Some('-') && is_beginning(sign))
        }
        c if is_currency(c) => before.next().is_some_and(|c| leads(before, c, after)),
        _ => false,
    }
}

/// Whether a place that begins here makes a minus of the hyphen between two numbers.
fn gains_minus(mut before: impl Chars, mut after: impl Chars) -> bool {
    let is_number = |c: char| c.is_numeric() || matches!(c, '%' | '‰' | '°');
    after.next() == Some('-') && before.next().is_some_and(is_number) && is_amount(after)
}

/// Whether something begins here, so that a hyphen is a minus: `(-5`, `="-5"`; but not in `5%-10%`.
fn is_beginning(mut before: impl Chars) -> bool {
    let clings = |c: &char| is_currency(*c) || matches!(c, '"' | '\'' | '*' | '_');
    let begins = |c: char| c.is_whitespace() || "([{<>=:;,/|~≈≤≥".contains(c);
    before.find(|c| !clings(c)).is_none_or(begins)
}

fn is_amount(mut after: impl Chars) -> bool {
    after.find(|c| !is_currency(*c) && *c != '.').is_some_and(char::is_numeric)
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '¢'..='¥' | '\u{20a0}'..='\u{20cf}')
}

/// Digits with points and commas around a separator.
fn run(before: impl Chars, separator: char, after: impl Chars) -> String {
    let is_of_run = |c: &char| c.is_numeric() || matches!(c, '.' | ',');
    let mut left: Vec<char> = before.take_while(is_of_run).collect();
    left.reverse();
    let run: String = left.into_iter().chain([separator]).chain(after.take_while(is_of_run)).collect();
    run.trim_matches(['.', ',']).to_owned()
}

/// Whether the points of a run part day, month and year: `23.11.2026`, `2026.11.23`.
fn is_date(run: &str) -> bool {
    let width = |part: &str| if part.contains(',') { 0 } else { digits(part.chars()) };
    let widths: Vec<usize> = run.split('.').map(width).collect();
    matches!(widths.as_slice(), [1..=2, 1..=2, 4] | [4, 1..=2, 1..=2])
}

/// Whether the commas of a run part numbers: there are several, or decimals on both sides, and they make no
/// groups of three digits. `1,2` may be a decimal, `1,00,000` a hundred thousand.
fn is_list(run: &str) -> bool {
    let parts: Vec<&str> = run.split(',').collect();
    (parts.len() > 2 || parts.iter().all(|part| part.contains('.')))
        && parts.iter().skip(1).all(|part| digits(part.chars()) != 3)
}

fn digits(chars: impl Chars) -> usize {
    chars.take_while(|c| c.is_numeric()).count()
}
