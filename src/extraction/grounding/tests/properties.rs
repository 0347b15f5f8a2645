//! What holds for any text and any words, seen with other means: trying all parts of small texts.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::extraction::grounding::{
    fold::{fold, is_point},
    span::Span,
    whole::is_whole,
};

/// Texts with all that is special, and words cut out of them, changed or not, under two types.
fn text_and_words() -> impl Strategy<Value = (String, Vec<(u8, String)>)> {
    let piece = prop_oneof![
        3 => "[a-cA-C]{1,3}",
        2 => "[ab] [ab] ",
        1 => "[ \u{a0}\n\u{200b}\u{ad}]{1,3}",
        1 => "[’'“\"…–-]",
        1 => "-\n",
        1 => "[ﬁßςΣéİ１²¨´]",
        1 => "[\u{301}\u{323}\u{307}\u{5b8}\u{5bc}\u{64e}]{1,2}",
        1 => "[אבש]",
        1 => "[東京12,.]",
        1 => "[👩🏽🇩🇪\u{200d}\u{fe0f}\u{1112}\u{1161}\u{11ab}한]{1,3}",
        1 => any::<char>().prop_map(String::from)
    ];
    let text = prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat());
    let cut = (any::<prop::sample::Index>(), 1..7_usize, 0..8_u8, 0..2_u8);
    (text, prop::collection::vec(cut, 0..9), any::<String>()).prop_map(|(text, cuts, other)| {
        let chars: Vec<char> = text.chars().collect();
        let mut words: Vec<(u8, String)> = cuts
            .into_iter()
            .map(|(at, length, change, kind)| {
                let cut: String = chars.iter().skip(at.index(chars.len() + 1)).take(length).collect();
                let changed = match change {
                    0 => cut.to_uppercase(),
                    1 => cut.replace(' ', "\n "),
                    2 => cut.nfd().collect(),
                    3 => cut.nfc().collect(),
                    4 => cut.replace("-\n", ""),
                    5 => cut.chars().filter(|c| !is_point(*c)).collect(),
                    _ => cut,
                };
                (kind, changed)
            })
            .collect();
        words.push((0, other));
        (text, words)
    })
}

/// What is left of words if nothing but letters counts, points of vowels apart.
fn letters(words: &str) -> String {
    let clusters = words.graphemes(true).flat_map(|cluster| {
        let blank = cluster.chars().all(char::is_whitespace);
        fold(if blank { "" } else { cluster }).filter(|c| !is_point(*c)).chain(blank.then_some(' '))
    });
    clusters.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The ways to read a part of a text whose words are broken at line ends. What stands before it tells whether a hyphen at
/// its beginning breaks a word.
fn readings(text: &str, part: &Range<usize>) -> Vec<String> {
    let (before, part) = (&text[..part.start], &text[part.clone()]);
    let letters_only = letters(part);
    let hyphen = |c: char| matches!(c, '-' | '‐' | '\u{ad}');
    if !part.contains(hyphen) {
        return vec![letters_only];
    }
    let (mut dropped, mut kept) = (String::new(), String::new());
    let mut rest = part;
    while let Some(at) = rest.find(hyphen) {
        let (ahead, from) = rest.split_at(at);
        let c = from.chars().next().unwrap();
        let after = &from[c.len_utf8()..];
        let next = after.trim_start();
        let breaks =
            after[..after.len() - next.len()].contains(|c| matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}'));
        dropped += ahead;
        kept += ahead;
        let so_far = if dropped.is_empty() { before } else { &dropped };
        let (left, right) = (letters(so_far).chars().next_back(), next.chars().next());
        let is = |of: fn(char) -> bool| left.is_some_and(of) && right.is_some_and(of);
        if breaks && is(char::is_alphanumeric) && !so_far.ends_with(char::is_whitespace) {
            if !is(char::is_alphabetic) {
                dropped.push(c);
            }
            kept.push(c);
            rest = next;
        } else {
            dropped.push(c);
            kept.push(c);
            rest = after;
        }
    }
    vec![letters_only, letters(&(dropped + rest)), letters(&(kept + rest))]
}

/// Every part of a text that words could be said to stand at: exactly, or in their normal form.
fn candidates(text: &str, words: &str) -> Vec<Range<usize>> {
    let borders: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
    let form = letters(words);
    let mut candidates = Vec::new();
    for (n, start) in borders.iter().enumerate() {
        for end in &borders[n + 1..] {
            let part = &text[*start..*end];
            let mut clusters = part.graphemes(true);
            let (first, last) = (clusters.next(), clusters.next_back());
            let ends = [first, last].into_iter().flatten().all(|cluster| !letters(cluster).is_empty());
            if part == words || (ends && !form.is_empty() && readings(text, &(*start..*end)).contains(&form))
            {
                candidates.push(*start..*end);
            }
        }
    }
    candidates
}

fn span(range: &Range<usize>) -> Span {
    Span::of(range).unwrap()
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The places in bytes.
fn places(text: &str, found: &[Entity]) -> Vec<Option<Range<usize>>> {
    let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    starts.push(text.len());
    let place = |span: &Range<u32>| starts[span.start as usize]..starts[span.end as usize];
    found.iter().map(|entity| entity.span.as_ref().map(place)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_place_is_taken_by_its_own_words_and_once((text, words) in text_and_words()) {
        let kinds = ["person", "place"];
        let named: Vec<(&str, &str)> = words.iter().map(|(kind, words)| (kinds[*kind as usize], &**words)).collect();
        let Grounding { entities: found, left_out } = ground(&Text::new(&*text), &entities(named.iter().copied()));
        prop_assert_eq!((found.len(), left_out), (words.len(), 0));
        let places = places(&text, &found);
        let borders: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
        for (n, (entity, (kind, words))) in found.iter().zip(&named).enumerate() {
            prop_assert_eq!((&*entity.kind, &*entity.text), (*kind, *words));
            let others = || places.iter().enumerate().filter(|(m, _)| *m != n).filter_map(|(m, p)| Some((m, p.as_ref()?)));
            let Some(place) = &places[n] else {
                // Nothing is called missing that stands there, unless all of it is the same words' already.
                for candidate in candidates(&text, words).iter().filter(|c| text[(*c).clone()] == **words) {
                    let is_theirs = |(m, other): (usize, &Range<usize>)| {
                        overlap(other, candidate) && (letters(named[m].1) == letters(words))
                    };
                    prop_assert!(letters(words).is_empty() || others().any(is_theirs), "{:?} at {:?}", words, candidate);
                }
                continue;
            };
            // The text there is the words, and whole characters.
            prop_assert!(borders.contains(&place.start) && borders.contains(&place.end));
            let part = &text[place.clone()];
            match entity.alignment {
                Alignment::Exact => prop_assert_eq!(part, *words),
                Alignment::Normalised => prop_assert!(readings(&text, place).contains(&letters(words)), "{:?}", part),
                Alignment::NotFound => prop_assert!(false, "{:?} is not found at {:?}", words, place),
            }
            // It is taken once.
            for (m, other) in others() {
                prop_assert!(other != place || named[m].0 != *kind, "{:?} twice at {:?}", words, place);
                let is_part_of_its_own = overlap(other, place) && other != place && named[m].1 == *words;
                prop_assert!(!is_part_of_its_own, "{:?} at {:?} and {:?}", words, place, other);
            }
            // It overlaps nothing if there is a free place that is as good.
            if others().any(|(_, other)| overlap(other, place)) {
                let whole = is_whole(&text, span(place));
                for candidate in candidates(&text, words) {
                    let free = !others().any(|(_, other)| overlap(other, &candidate));
                    let as_good = is_whole(&text, span(&candidate)) == whole;
                    prop_assert!(!(free && as_good), "{:?} at {:?}, not {:?}", words, place, candidate);
                }
            }
        }
    }

    #[test]
    fn words_of_one_letter_are_matched_as_well_as_can_be(
        cells in prop::collection::vec("[ab]{1,2}", 1..7),
        words in prop::collection::vec("[ab]{1,2}( [ab]{1,2})?", 1..6),
    ) {
        let text = cells.join(" ");
        let Grounding { entities: found, .. } = ground_words(&text, words.iter().map(String::as_str));
        let places = places(&text, &found);
        let is_crowded = |n: usize| {
            let place = places[n].as_ref();
            place.is_some_and(|place| (0..places.len()).any(|m| m != n && places[m].as_ref().is_some_and(|p| overlap(p, place))))
        };
        for n in (0..words.len()).filter(|n| is_crowded(*n)) {
            for candidate in candidates(&text, &words[n]) {
                let free = places.iter().enumerate().all(|(m, p)| m == n || p.as_ref().is_none_or(|p| !overlap(p, &candidate)));
                let as_good = is_whole(&text, span(&candidate)) == is_whole(&text, span(places[n].as_ref().unwrap()));
                prop_assert!(!(free && as_good), "{:?} in {:?} could stand at {:?}", words[n], text, candidate);
            }
        }
    }
}
