use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MAX_ENTITIES, ground, normalised::Normalised};
use crate::extraction::{Alignment, Entity, Text};

fn entities<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    let entities: Vec<Value> = words.into_iter().map(|text| json!({"type": "t", "text": text})).collect();
    json!({ "entities": entities })
}

/// Where and how words were found.
type Found = Option<(u32, u32, Alignment)>;

fn spans(text: &str, words: &[&str]) -> Vec<Found> {
    let found = ground(&Text::new(text), &entities(words.iter().copied()));
    found.into_iter().map(|e| e.span.map(|span| (span.start, span.end, e.alignment))).collect()
}

#[test]
fn words_are_located() {
    let exact = |start, end| Some((start, end, Alignment::Exact));
    let normalised = |start, end| Some((start, end, Alignment::Normalised));
    let table: &[(&str, &[&str], &[Found])] = &[
        ("Ann met Bob", &["Ann", "Bob", "Cy"], &[exact(0, 3), exact(8, 11), None]),
        ("héllo wörld €5", &["wörld", "€5"], &[exact(6, 11), exact(12, 14)]),
        ("👩‍👩‍👧 Ann", &["Ann"], &[exact(6, 9)]),
        // Repeated words: in order, then the first again.
        ("Ann, Ann", &["Ann", "Ann", "Ann"], &[exact(0, 3), exact(5, 8), exact(0, 3)]),
        ("ANN, ANN", &["Ann", "ann"], &[normalised(0, 3), normalised(5, 8)]),
        // Whole words first.
        ("Anna, Ann", &["Ann"], &[exact(6, 9)]),
        ("Anna", &["Ann"], &[exact(0, 3)]),
        ("subann ann", &["ANN"], &[normalised(7, 10)]),
        ("東京都に住む", &["東京"], &[exact(0, 2)]),
        // Letter by letter first.
        ("us and US", &["US"], &[exact(7, 9)]),
        // Variants.
        ("ACME  Corp.\n Ltd", &["Acme corp. ltd"], &[normalised(0, 16)]),
        ("Ann\u{a0}Lee", &["Ann Lee"], &[normalised(0, 7)]),
        (
            "O’Neil said “no” – twice…",
            &["O'Neil", "\"no\" - twice..."],
            &[normalised(0, 6), normalised(12, 25)],
        ),
        ("on １２ May", &["12 May"], &[normalised(3, 9)]),
        ("the ﬁnal oﬀer", &["final offer"], &[normalised(4, 13)]),
        ("cafe\u{301} noir", &["café"], &[normalised(0, 5)]),
        ("Große STRASSE", &["grosse", "straße"], &[normalised(0, 5), normalised(6, 13)]),
        ("ΟΔΥΣΣΕΥΣ", &["Οδυσσευς"], &[normalised(0, 8)]),
        ("inter\u{ad}net", &["internet"], &[normalised(0, 9)]),
        // No part of a character.
        ("ﬁ", &["i", "f", "ﬁ"], &[None, None, exact(0, 1)]),
        // White space around the words.
        ("to Ann now", &[" Ann ", "Ann\n"], &[exact(2, 7), normalised(3, 6)]),
        ("a", &["", " ", "\u{200b}", "much longer"], &[None, None, None, None]),
        ("", &["a", ""], &[None, None]),
    ];
    // In a text as long as this, words are looked for all at once.
    let rest = " ☃".repeat(40_000);
    for (text, words, expected) in table {
        assert_eq!(spans(text, words), *expected, "{words:?} in {text:?}");
        assert_eq!(spans(&format!("{text}{rest}"), words), *expected, "{words:?} in {text:?} and more");
    }
}

#[test]
fn only_members_with_type_and_text_are_entities() {
    let text = Text::new("Ann");
    let result = json!({"entities": [
        {"type": "person", "text": "Ann", "more": 1}, {"type": 1, "text": "Ann"}, {"text": "Ann"}, "Ann", null,
        {"type": "person"}]});
    let found = ground(&text, &result);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind.as_str(), found[0].text.as_str()), ("person", "Ann"));
    for other in [json!({"entities": {"type": "a", "text": "Ann"}}), json!({}), json!([]), json!(null)] {
        assert!(ground(&text, &other).is_empty());
    }
}

fn ground_words(text: &str, words: &[String]) -> Vec<Entity> {
    ground(&Text::new(text), &entities(words.iter().map(String::as_str)))
}

/// Each of these takes seconds in a debug build, and hours if the work grew with text times words.
#[test]
fn hostile_answers_come_to_an_end() {
    let text = "a".repeat(256 * 1024);
    let many = |word: &dyn Fn(usize) -> String| (0..MAX_ENTITIES).map(word).collect::<Vec<_>>();
    drop(ground_words(&text, &many(&|n| "a".repeat(n % 200 + 1))));
    drop(ground_words(&text, &many(&|_| "a".into())));
    drop(ground_words(&text, &many(&|n| format!("{}{n}", "a".repeat(90)))));
    drop(ground_words(&text, &many(&|n| (0..14).map(|b| if n >> b & 1 == 1 { 'A' } else { 'a' }).collect())));
    drop(ground_words(&text, &(0..64).map(|n| "a".repeat(200_000 + n)).collect::<Vec<_>>()));
    let prose = (0..40_000).map(|n| format!("w{}", n % 9_000)).collect::<Vec<_>>().join(" ");
    let found = ground_words(&prose, &many(&|n| format!("w{}", n % 12_000)));
    assert_eq!(found.iter().filter(|e| e.alignment == Alignment::Exact).count(), 9_000);
    drop(ground_words(&"\u{fdfa}".repeat(80_000), &many(&|n| format!("\u{fdfa}{n}"))));
    assert_eq!(ground_words("a", &vec!["a".into(); MAX_ENTITIES + 1]).len(), MAX_ENTITIES);
}

/// Texts with all that is special, and words cut out of them, changed or not.
fn text_and_words() -> impl Strategy<Value = (String, Vec<String>)> {
    let piece = prop_oneof![
        "[a-cA-C]{1,3}",
        "[ \u{a0}\n\u{200b}\u{ad}]{1,3}",
        "[’'“\"…–-]",
        "[ﬁßςΣéİ１²¨´]",
        "\u{301}",
        any::<char>().prop_map(String::from)
    ];
    let text = prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, 0..4_u8), 0..12);
    (text, cuts, any::<String>()).prop_map(|(text, cuts, other)| {
        let chars: Vec<char> = text.chars().collect();
        let mut words: Vec<String> = cuts
            .into_iter()
            .map(|(at, length, change)| {
                let cut: String = chars.iter().skip(at.index(chars.len() + 1)).take(length).collect();
                match change {
                    0 => cut.to_uppercase(),
                    1 => cut.replace(' ', "\n "),
                    _ => cut,
                }
            })
            .collect();
        words.push(other);
        (text, words)
    })
}

proptest! {
    #[test]
    fn what_is_said_holds((text, words) in text_and_words()) {
        let found = ground(&Text::new(text.as_str()), &entities(words.iter().map(String::as_str)));
        prop_assert_eq!(found.len(), words.len());
        for (entity, words) in found.iter().zip(&words) {
            prop_assert_eq!(&entity.text, words);
            let slice = entity.span.as_ref().map(|span| {
                assert!(span.start < span.end && span.end as usize <= text.chars().count());
                text.chars().skip(span.start as usize).take(span.len()).collect::<String>()
            });
            match entity.alignment {
                Alignment::Exact => prop_assert_eq!(slice.as_ref(), Some(words)),
                Alignment::Normalised => {
                    prop_assert_eq!(Normalised::of(&slice.unwrap()).text, Normalised::of(words).text);
                }
                Alignment::NotFound => {
                    prop_assert_eq!(slice, None);
                    let blank = Normalised::of(words).text.is_empty();
                    prop_assert!(blank || !text.contains(words.as_str()), "{:?} is in {:?}", words, text);
                }
            }
        }
    }
}
