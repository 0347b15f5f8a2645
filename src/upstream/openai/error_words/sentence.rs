//! What of a sentence for people is held against the tables.

/// A sentence in lower case, cut.
pub(super) struct Sentence {
    /// As it is written: numbers and names are told apart by their marks.
    pub(super) text: String,
    /// Its words: `_` and `-` within them are spaces, as in the tables.
    pub(super) words: String,
    /// Its words without long quotations, which are often the caller's own.
    pub(super) own_words: String,
}

/// The most bytes of a message that are looked at: what stands at its end may be the caller's own text.
const MESSAGE_BYTES_MAX: usize = 512;

/// The longest quotation that is a name, in bytes.
const QUOTED_BYTES_MAX: usize = 64;

/// What `LiteLLM` adds to every error names a model.
const ADDED: &str = "received model group";

/// The members that hold an error's own words, where an error is passed on within a sentence.
const MEMBERS: [&str; 4] = ["message", "detail", "error", "msg"];

impl Sentence {
    /// Reads the beginning of a message.
    pub(super) fn of(message: &str) -> Self {
        let cut = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default();
        let text = cut.to_lowercase();
        let own = text.split(ADDED).next().unwrap_or_default();
        Self { words: spaced(&text), own_words: format!("{}.", spaced(&without_quotations(own))), text }
    }
}

/// `json_mode` and `json-mode` are `json mode`.
pub(super) fn spaced(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    let mut spaced = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let joins = matches!(c, '_' | '-') && before.is_alphanumeric();
        let joins = joins && chars.peek().is_some_and(|after| after.is_alphanumeric());
        spaced.push(if joins { ' ' } else { c });
        before = c;
    }
    spaced
}

/// Leaves long quotations out, and what was cut within one. An apostrophe opens none.
fn without_quotations(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(at);
        kept.push_str(before);
        let mut chars = quoted.chars();
        let mark = chars.next().unwrap_or_default();
        let inside = chars.as_str();
        let opens = !before.chars().next_back().is_some_and(char::is_alphanumeric) && !is_told(&kept);
        let end = if opens { closing(inside, mark) } else { Some(0) };
        let end = end.unwrap_or(inside.len());
        let (inside, after) = inside.split_at(end);
        kept.push(mark);
        if inside.len() <= QUOTED_BYTES_MAX {
            kept.push_str(inside);
        }
        // The mark at its end opens nothing.
        rest = match after.strip_prefix(mark) {
            Some(after) if opens => {
                kept.push(mark);
                after
            }
            _ => after,
        };
    }
    kept + rest
}

/// Where a quotation ends: an apostrophe stands within a word.
fn closing(inside: &str, mark: char) -> Option<usize> {
    let ends = |at: &usize| {
        let after = inside.get(at + mark.len_utf8()..).and_then(|after| after.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    };
    inside.match_indices(mark).map(|(at, _)| at).find(ends)
}

/// Whether what follows is the value of a member for the error's own words.
fn is_told(before: &str) -> bool {
    let name = before.trim_end_matches(['\\', ' ']).strip_suffix(':');
    let name = name.map(|name| name.trim_end_matches(['\\', ' ', '"', '\'']));
    name.is_some_and(|name| {
        MEMBERS
            .iter()
            .any(|member| name.ends_with(&format!("'{member}")) || name.ends_with(&format!("\"{member}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_within_words_are_spaces() {
        for (text, words) in [
            ("JSON_mode, json-mode", "json mode, json mode"),
            ("got -186", "got -186"),
            ("_a_ - b", "_a_ - b"),
            ("", ""),
        ] {
            assert_eq!(Sentence::of(text).words, words, "{text:?}");
        }
    }

    #[test]
    fn long_quotations_are_not_the_servers_words() {
        let long = "my key for the model ".repeat(4);
        for (text, own) in [
            (format!("invalid value: '{long}'."), "invalid value: ''.".to_owned()),
            (format!("invalid value: \"{long}\" in text"), "invalid value: \"\" in text".to_owned()),
            (format!("cut: `{long}"), "cut: `".to_owned()),
            ("the model `x` isn't 'y'".to_owned(), "the model `x` isn't 'y'".to_owned()),
            (
                format!("e - {{'error': {{'message': '{long}'"),
                format!("e - {{'error': {{'message': '{long}'"),
            ),
            (format!("no. received model group={long}"), "no. ".to_owned()),
        ] {
            assert_eq!(Sentence::of(&text).own_words, format!("{own}."), "{text}");
        }
    }
}
