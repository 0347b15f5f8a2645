//! The body of an API's error, made fit for the log of an operator who asked for it.

use std::{borrow::Cow, fmt};

use super::settings::Secret;

/// The most bytes of one body that are logged.
pub const ERROR_TEXT_BYTES_MAX: usize = 2 << 10;

/// What stands in the place of a key.
const REDACTED: &str = "[redacted]";

/// How the keys of AI APIs begin.
const KEY_BEGINNINGS: [&str; 9] = ["sk-", "pk-", "gsk_", "xai-", "hf_", "AIza", "AKIA", "r8_", "Bearer "];

/// The body of an error, cut and without keys. It may quote the caller's text: it goes into the log line of its
/// attempt, if the operator wants that, and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorBodyText(String);

impl ErrorBodyText {
    /// What may be logged of `body`. `secrets` are those of the request, should the API repeat them.
    pub fn of<'s>(body: &[u8], secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        // Keys go first: a cut could leave a part of one.
        let mut text = String::from_utf8_lossy(body.get(..READ_BYTES_MAX).unwrap_or(body)).into_owned();
        for secret in secrets.into_iter().map(Secret::expose).filter(|secret| !secret.is_empty()) {
            if let Cow::Owned(clean) = replaced(&text, secret) {
                text = clean;
            }
        }
        let mut text = without_keys(&text);
        text.truncate(text.floor_char_boundary(ERROR_TEXT_BYTES_MAX));
        Self(text)
    }

    /// The text, for the log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The most bytes of a body that are looked at: keys make it shorter, so a little more than what is logged.
const READ_BYTES_MAX: usize = 4 * ERROR_TEXT_BYTES_MAX;

impl fmt::Debug for ErrorBodyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorBodyText({} bytes)", self.0.len())
    }
}

fn replaced<'t>(text: &'t str, secret: &str) -> Cow<'t, str> {
    if text.contains(secret) { text.replace(secret, REDACTED).into() } else { text.into() }
}

/// Without what looks like a key, whoever's it is.
fn without_keys(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, beginning)) = next_key(rest) {
        let (before, key) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let tail = key.get(beginning.len()..).unwrap_or_default();
        let end = tail.find(|c: char| !is_of_key(c)).unwrap_or(tail.len());
        clean.push_str(before);
        clean.push_str(REDACTED);
        rest = tail.get(end..).unwrap_or_default();
    }
    clean.push_str(rest);
    clean
}

/// Where the next key begins that does not stand within a word.
fn next_key(text: &str) -> Option<(usize, &'static str)> {
    let starts = KEY_BEGINNINGS
        .iter()
        .flat_map(|beginning| text.match_indices(beginning).map(|(at, _)| (at, *beginning)));
    let free =
        |at: usize| !text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(is_of_key);
    starts.filter(|(at, _)| free(*at)).min_by_key(|(at, _)| *at)
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | '=' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(body: &str, secrets: &[&str]) -> String {
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        ErrorBodyText::of(body.as_bytes(), &secrets).as_str().to_owned()
    }

    #[test]
    fn keys_are_left_out_and_the_rest_is_kept() {
        for (body, expected) in [
            (r#"{"message":"bad"}"#, r#"{"message":"bad"}"#),
            (
                "Incorrect API key provided: sk-proj-ab*****xyz. Find",
                "Incorrect API key provided: [redacted] Find",
            ),
            ("key hunter2 is wrong, hunter2", "key [redacted] is wrong, [redacted]"),
            ("authorization: Bearer abc.def=, x", "authorization: [redacted], x"),
            ("AIzaSyA-1 and gsk_42 and desk-top task_1", "[redacted] and [redacted] and desk-top task_1"),
            ("", ""),
        ] {
            assert_eq!(logged(body, &["hunter2", ""]), expected);
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters_and_after_keys_are_out() {
        let long = "ä".repeat(ERROR_TEXT_BYTES_MAX);
        assert_eq!(logged(&long, &[]).len(), ERROR_TEXT_BYTES_MAX);
        let key_at_the_cut = format!("{} hunter2", "x".repeat(ERROR_TEXT_BYTES_MAX - 4));
        assert!(!logged(&key_at_the_cut, &["hunter2"]).contains("hun"));
        assert!(ErrorBodyText::of(b"\xff\xfe", []).as_str().chars().all(|c| c == '\u{fffd}'));
    }
}
