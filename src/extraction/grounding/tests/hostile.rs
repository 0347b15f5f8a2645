//! Answers that mean harm, and what is said of them.

use super::*;
use crate::extraction::grounding::ENTITIES_MAX;

fn many(word: impl Fn(usize) -> String) -> Vec<String> {
    (0..ENTITIES_MAX).map(word).collect()
}

/// Grounds words that are all accounted for.
fn grounded(text: &str, words: &[String]) -> Grounding {
    let found = ground_words(text, words.iter().map(String::as_str));
    assert_eq!(found.entities.len() + found.left_out, words.len());
    found
}

/// Each of these takes seconds in a debug build, and hours if the work grew with text times words.
#[test]
fn hostile_answers_come_to_an_end() {
    let text = "a".repeat(256 * 1024);
    grounded(&text, &many(|n| "a".repeat(n % 200 + 1)));
    grounded(&text, &many(|_| "a".into()));
    grounded(&text, &many(|n| format!("{}{n}", "a".repeat(90))));
    grounded(&text, &many(|n| (0..14).map(|b| if n >> b & 1 == 1 { 'A' } else { 'a' }).collect()));
    grounded(&text, &(0..64).map(|n| "a".repeat(200_000 + n)).collect::<Vec<_>>());
    grounded(&"\u{fdfa}".repeat(80_000), &many(|n| format!("\u{fdfa}{n}")));
    grounded(&"🇩🇪".repeat(30_000), &many(|n| "🇩🇪".repeat(n % 50 + 1)));
    grounded(&format!("a{}", "\u{301}".repeat(120_000)), &many(|n| "\u{301}".repeat(n % 50 + 1)));
    grounded(&"a-\n".repeat(80_000), &many(|n| "a".repeat(n % 50 + 2)));
}

#[test]
fn mentions_in_each_others_way_come_to_an_end() {
    let text = "a b c d e f g h ".repeat(4_000);
    let words = |n: usize| text.get(n % 16..n % 16 + 5 + n % 23).unwrap_or_default().to_owned();
    grounded(&text, &many(words));
    let letters = "a b c d e f g h".split(' ').cycle().take(5_000).map(String::from);
    grounded(&"a b c d e f g h ".repeat(200), &letters.collect::<Vec<_>>());
    let address =
        |n: usize| if n.is_multiple_of(2) { format!("u{n}@calc.example") } else { "calc.example".to_owned() };
    let text = many(|n| format!("u{n}@calc.example ")).concat();
    let found = grounded(&text, &many(address));
    assert!(found.entities.iter().all(|entity| entity.alignment == Alignment::Exact));
    assert_eq!(found.left_out, 0);
}

#[test]
fn what_is_missing_is_not_found_however_much_there_is() {
    let prose = (0..40_000).map(|n| format!("w{}", n % 9_000)).collect::<Vec<_>>().join(" ");
    let found = grounded(&prose, &many(|n| format!("w{}", n % 12_000)));
    assert_eq!(found.entities.iter().filter(|e| e.alignment == Alignment::Exact).count(), 9_000);
    assert_eq!(found.entities.iter().filter(|e| e.alignment == Alignment::NotFound).count(), 1_000);
}

#[test]
fn what_is_beyond_the_most_entities_is_counted() {
    let words: Vec<String> = (1..=ENTITIES_MAX + 3).map(|n| format!("A{n}")).collect();
    let found = grounded(&words.join(" "), &words);
    assert_eq!((found.entities.len(), found.left_out), (ENTITIES_MAX, 3));
    assert!(found.entities.iter().all(|entity| entity.alignment == Alignment::Exact));
}

#[test]
fn words_that_were_not_looked_for_are_counted_and_not_called_missing() {
    let paragraphs: Vec<String> = (0..400).map(|n| format!("{n} {}", "word ".repeat(200))).collect();
    let found = grounded(&paragraphs.concat(), &paragraphs);
    assert!(found.left_out > 0);
    assert!(found.entities.iter().all(|entity| entity.alignment == Alignment::Exact));
}

#[test]
fn places_that_were_not_reached_are_counted_and_not_called_missing() {
    let text = format!("{}Ann", "a ".repeat(100_000));
    let mut words: Vec<String> = (1..100).map(|n| "a ".repeat(n)).collect();
    words.push("Ann".into());
    let found = grounded(&text, &words);
    assert!(found.entities.iter().all(|entity| entity.alignment == Alignment::Exact));
    assert!(found.entities.iter().any(|entity| entity.text == "Ann") || found.left_out > 0);
}
