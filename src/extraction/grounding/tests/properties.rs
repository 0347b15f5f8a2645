//! What holds for any text and any words, seen with other means: trying all parts of small texts.

use std::{collections::HashMap, ops::Range};

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::extraction::grounding::{
    fold::{fold, is_point},
    numbers::cuts_number,
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
            let is_said = part == words
                || (ends && !form.is_empty() && readings(text, &(*start..*end)).contains(&form));
            if is_said && !cuts_number(text, span(&(*start..*end))) {
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

/// Which words are named, and of which type, again and again.
fn order() -> impl Strategy<Value = Vec<(prop::sample::Index, usize)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..2_usize), 1..16)
}

/// One number as it is written somewhere in the world.
fn amount() -> impl Strategy<Value = String> {
    let zeros = prop::sample::select(vec!['0', '٠', '०', '０', '๐']);
    let separators =
        [",", ".", " ", "'", "’", "٬", "，", "．", "_", "\u{a0}", "\u{2009}", "\u{202f}", "\u{2007}"];
    let (group, point) =
        (prop::sample::select(separators.to_vec()), prop::sample::select(vec![".", ",", "·", "٫"]));
    let sign = prop_oneof![4 => Just(""), 1 => Just("-"), 1 => Just("−"), 1 => Just("-$"), 1 => Just("–€")];
    let numbers = (1..1000_u32, prop::collection::vec(0..1000_u32, 0..4), prop::option::of(0..9999_u32));
    (numbers, zeros, group, point, sign).prop_map(|(numbers, zero, group, point, sign)| {
        let (first, groups, decimals) = numbers;
        let mut amount = first.to_string();
        for digits in &groups {
            amount.extend([group, &format!("{digits:03}")]);
        }
        // A second point of the same kind would make it a version, and a third comma a list.
        if let Some(decimals) = decimals.filter(|_| groups.is_empty() || group != point) {
            amount.extend([point, &decimals.to_string()]);
        }
        let written = |c: char| match c.to_digit(10) {
            Some(digit) => char::from_u32(zero as u32 + digit).unwrap(),
            None => c,
        };
        sign.chars().chain(amount.chars().map(written)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512.max(ProptestConfig::default().cases), ..ProptestConfig::default() })]

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
            prop_assert!(!cuts_number(&text, span(place)), "{:?} in {:?}", part, text);
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
    fn the_same_words_of_one_type_stand_in_the_order_of_the_list((text, words) in text_and_words(), order in order()) {
        let kinds = ["person", "place"];
        let named = order.iter().map(|(at, kind)| (kinds[*kind], &*words[at.index(words.len())].1));
        let named: Vec<(&str, &str)> = named.collect();
        let found = ground(&Text::new(&*text), &entities(named.iter().copied())).entities;
        let mut last = HashMap::<(&str, &str), u32>::new();
        for (named, span) in named.iter().zip(&found).filter_map(|(named, entity)| Some((*named, entity.span.as_ref()?))) {
            let before = last.insert(named, span.start);
            prop_assert!(before.is_none_or(|before| before < span.start), "{:?} in {:?}", named, text);
        }
    }

    /// No place begins or ends within an amount, whatever its form; but it may begin or end with it.
    #[test]
    fn amounts_are_taken_as_a_whole_or_not_at_all(
        amounts in prop::collection::vec((amount(), "( kr|€| or |; |, |x)"), 1..6),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 1..9_usize, any::<bool>()), 1..9),
    ) {
        let (mut text, mut stand) = ("Paid ".to_owned(), Vec::new());
        for (amount, unit) in &amounts {
            stand.push(text.len()..text.len() + amount.len());
            text.extend([amount, unit, " and "]);
        }
        let chars: Vec<char> = text.chars().collect();
        let words = cuts.iter().map(|(at, length, is_plain)| {
            let cut: String = chars.iter().skip(at.index(chars.len())).take(*length).collect();
            if *is_plain { cut.nfkc().collect() } else { cut }
        });
        let words: Vec<String> = words.collect();
        let found = ground_words(&text, words.iter().map(String::as_str)).entities;
        for place in places(&text, &found).into_iter().flatten() {
            for amount in &stand {
                let cuts = |at: usize| amount.start < at && at < amount.end;
                prop_assert!(!cuts(place.start) && !cuts(place.end), "{:?} in {:?}", &text[place.clone()], text);
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
