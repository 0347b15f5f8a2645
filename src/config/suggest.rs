//! Did you mean?

/// The known word nearest to `word`, if one is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().replace('-', "_").chars().take(WORD_CHARS_MAX).collect();
    known
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.chars().collect::<Vec<_>>()), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Longer words are like none of ours; comparing them would only take time.
const WORD_CHARS_MAX: usize = 64;

/// How many letters must be inserted, removed or replaced (Levenshtein), row by row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().zip([None].into_iter().chain(b.iter().map(Some))) {
            let Some(to) = to else {
                *cell = i + 1;
                continue;
            };
            let above = *cell;
            *cell = (diagonal + usize::from(from != to)).min(above + 1).min(left + 1);
            (diagonal, left) = (above, *cell);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("same", "same", 0),
        ] {
            let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!(distance(&left, &right), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_known_word_is_suggested() {
        let known = ["listen", "max_in_flight", "tls"];
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("Max-In-Flight", known), Some("max_in_flight"));
        assert_eq!(nearest("tlss", known), Some("tls"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", []), None);
    }
}
