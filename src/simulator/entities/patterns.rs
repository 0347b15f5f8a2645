//! What has a form: addresses, amounts, dates, numbers.

use std::sync::LazyLock;

use regex::Regex;

use super::{Claims, Kind};

/// In order of precedence.
const PATTERNS: [(Kind, &str); 5] = [
    (Kind::Url, r#"(?:https?://|\bwww\.)[^\s<>"]*[^\s<>".,;:!?)\]'}]"#),
    (Kind::Email, r"[A-Za-z0-9._%+-]*[A-Za-z0-9]@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"),
    (
        Kind::Money,
        r"(?x)
        (?: (?:US|C|A)?\$ | [€£¥] ) \s? [0-9]+ (?:[.,][0-9]+)* (?: \s? (?:thousand|million|billion|trillion|bn|[kKmM]) \b )?
        | \b (?:EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|INR|CAD|AUD) \s [0-9]+ (?:[.,][0-9]+)*
            (?: \s (?:thousand|million|billion|trillion) \b )?
        | \b [0-9]+ (?:[.,][0-9]+)* \s (?: (?:thousand|million|billion|trillion) \s )?
            (?: dollars? | euros? | pounds? | francs? | yen | EUR | USD | GBP | CHF ) \b",
    ),
    (
        Kind::Date,
        r"(?x)
        \b [0-9]{4}-[0-9]{2}-[0-9]{2} \b
        | \b [0-9]{1,2}/[0-9]{1,2}/[0-9]{4} \b
        | \b [0-9]{1,2} (?:st|nd|rd|th)? \s
            (?:January|February|March|April|May|June|July|August|September|October|November|December) \b
            (?: ,? \s [0-9]{4} \b )?
        | \b (?:January|February|March|April|May|June|July|August|September|October|November|December) \s
            (?: [0-9]{4} \b | [0-9]{1,2} (?:st|nd|rd|th)? \b (?: ,? \s [0-9]{4} \b )? )
        | \b (?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday) \b",
    ),
    (
        Kind::Phone,
        r"(?x)
        \+[0-9] [0-9\ ().-]{5,17} [0-9] \b
        | \( [0-9]{3} \) \ ? [0-9]{3} [.-] [0-9]{4} \b
        | \b [0-9]{3} [.\ -] [0-9]{3} [.\ -] [0-9]{4} \b",
    ),
];

static COMPILED: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    // A test holds that none is left out.
    PATTERNS.into_iter().filter_map(|(kind, pattern)| Some((kind, Regex::new(pattern).ok()?))).collect()
});

pub(super) fn claim(claims: &mut Claims<'_>) {
    let text = claims.text;
    for (kind, pattern) in COMPILED.iter() {
        for found in pattern.find_iter(text) {
            claims.claim(*kind, found.range());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for (kind, pattern) in PATTERNS {
            Regex::new(pattern).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        }
    }
}
