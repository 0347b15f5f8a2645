//! Reads Rust as words with line numbers, inside macros too.
//!
//! `syn` alone does not tell lines without a feature of `proc-macro2` that nothing else needs; the test
//! below holds this reader to `syn`'s own tokens over all of `src/`.

use std::path::Path;

/// A name, `::`, or one character of punctuation. Literals and comments leave nothing behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: usize,
}

pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

pub(super) fn words(text: &str) -> Vec<Word> {
    let (mut words, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, word) = next(rest, first);
        words.extend(word.map(|text| Word { text: text.to_owned(), line }));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    words
}

/// The length of what comes first, and the word it is.
fn next(rest: &str, first: char) -> (usize, Option<&str>) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (rest.find("*/").expect("an open comment") + 2, None);
    }
    if let Some(length) = literal(rest, first) {
        return (length, None);
    }
    if is_name(rest) {
        let raw = rest.strip_prefix("r#").map_or(0, |_| 2);
        let length = raw + name_length(&rest[raw..]);
        return (length, Some(&rest[raw..length]));
    }
    let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
    (length, (!first.is_whitespace()).then(|| &rest[..length]))
}

fn name_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of a literal or a lifetime, if one comes first.
fn literal(rest: &str, first: char) -> Option<usize> {
    if first.is_ascii_digit() {
        let whole = name_length(rest);
        let fraction =
            rest[whole..].strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        return Some(whole + fraction.map_or(0, |rest| 1 + name_length(rest)));
    }
    if let Some((raw, hashes, start)) = ["b", "c", "br", "cr", "r", ""].into_iter().find_map(|prefix| {
        let after = rest.strip_prefix(prefix)?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        let raw = prefix.ends_with('r');
        let quoted = after[hashes..].starts_with('"') && (raw || hashes == 0);
        quoted.then_some((raw, hashes, prefix.len() + hashes + 1))
    }) {
        if !raw {
            return Some(start + closing(&rest[start..], '"')?);
        }
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(start + rest[start..].find(&close)? + close.len());
    }
    let start = rest.strip_prefix("b'").map_or(1, |_| 2);
    let quoted = rest.strip_prefix("b'").or_else(|| rest.strip_prefix('\''))?;
    let mut chars = quoted.chars();
    match (chars.next()?, chars.next()?) {
        ('\\', _) | (_, '\'') => Some(start + closing(quoted, '\'')?),
        _ => Some(start + name_length(quoted)),
    }
}

/// The length up to and with the quote that closes a literal.
fn closing(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    rest.char_indices().find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at + 1)
    })
}

#[test]
fn reads_the_same_names_as_syn() {
    for path in crate::files("src", &[".rs"]) {
        let text = crate::read(&path);
        let ours =
            words(&text).into_iter().map(|word| word.text).filter(|word| is_name(word) && word != "doc");
        let ours: Vec<_> = ours.filter(|word| word != "_").collect();
        let theirs = names_by_syn(&path, &text);
        let differs = ours.iter().zip(&theirs).find(|(our, their)| our != their);
        assert!(differs.is_none() && ours.len() == theirs.len(), "{}: {differs:?}", path.display());
    }
}

fn names_by_syn(path: &Path, text: &str) -> Vec<String> {
    syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let buffer = syn::buffer::TokenBuffer::new2(text.parse().unwrap());
    let (mut names, mut waiting) = (Vec::new(), vec![buffer.begin()]);
    while let Some(cursor) = waiting.pop() {
        if let Some((inside, _, _, rest)) = cursor.any_group() {
            waiting.extend([rest, inside]);
        } else if let Some((_, rest)) = cursor.lifetime() {
            waiting.push(rest);
        } else if let Some((name, rest)) = cursor.ident() {
            names.push(name.to_string().trim_start_matches("r#").to_owned());
            waiting.push(rest);
        } else if let Some((_, rest)) = cursor.token_tree() {
            waiting.push(rest);
        }
    }
    names.retain(|name| name != "doc" && name != "_");
    names
}
