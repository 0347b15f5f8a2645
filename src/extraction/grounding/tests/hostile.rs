//! Answers that mean harm, and what is said of them.

use super::*;
use crate::extraction::grounding::{
    ENTITIES_MAX,
    contest::STEPS_MAX,
    placing::{Found, Placing},
};

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

/// What became of mentions, and what it cost.
#[derive(Debug)]
struct Placed {
    at: usize,
    left_out: usize,
    steps: usize,
}

fn placed(text: &str, words: &[String]) -> Placed {
    let named: Vec<(&str, &str)> = words.iter().map(|words| ("t", words.as_str())).collect();
    let placing = Placing::of(text, &named);
    let is = |of: fn(&Found) -> bool| placing.found.iter().filter(|found| of(found)).count();
    Placed {
        at: is(|found| matches!(found, Found::At(_))),
        left_out: is(|found| *found == Found::Unknown),
        steps: placing.steps(),
    }
}

/// As long as a text may be by default.
const TEXT_BYTES: usize = 256 << 10;

/// Numbers of five digits that all differ.
fn numbers() -> String {
    (0..TEXT_BYTES / 6).map(|number| format!("{number:05}")).collect::<Vec<_>>().join(" ") + " "
}

/// Some searches in an order for each mention.
const STEPS_EACH: usize = 300;

#[test]
fn a_mention_of_nearly_the_whole_text_does_not_make_the_others_dear() {
    let (letters, numbers) = ("a ".repeat(TEXT_BYTES / 2 - 8), numbers());
    let number = |n: usize| numbers[n * 24..n * 24 + 5].to_owned();
    let half = numbers.len() / 12 * 6 - 1;
    for (text, long, short) in [
        (&letters, vec![letters.trim_end()], many(|_| "a".to_owned())),
        (&numbers, vec![&numbers[..half]], many(number)),
        (&numbers, vec![&numbers[..half - 6000], &numbers[half + 1..half + 60_001]], many(number)),
        (&numbers, vec![&numbers[6000..half], &numbers[half - 11..half + 60_001]], many(number)),
    ] {
        let words: Vec<String> =
            long.into_iter().map(str::to_owned).chain(short).take(ENTITIES_MAX).collect();
        let placed = placed(text, &words);
        assert_eq!((placed.at, placed.left_out), (words.len(), 0), "{placed:?}");
        assert!(placed.steps < STEPS_EACH * words.len(), "{placed:?}");
    }
}

/// Each is longer by a little than the next and stands at one place, within or across all others.
#[test]
fn mentions_that_have_but_one_place_each_are_not_moved_about() {
    let numbers = numbers();
    let nested = |n: usize| numbers[n * 6..(300 - n) * 6 - 1].to_owned();
    let ends = |n: usize| numbers[n * 6..1199].to_owned();
    let begins = |n: usize| numbers[..1199 - n * 6].to_owned();
    let shifted = |n: usize| numbers[n * 6..n * 6 + 1199].to_owned();
    for words in [
        (0..140).map(nested).collect::<Vec<_>>(),
        (0..190).map(ends).collect(),
        (0..190).map(begins).collect(),
        (0..190).map(shifted).collect(),
    ] {
        let placed = placed(&numbers, &words);
        assert_eq!((placed.at, placed.left_out), (words.len(), 0), "{placed:?}");
        assert!(placed.steps < STEPS_EACH * words.len(), "{placed:?}");
    }
}

#[test]
fn mentions_that_are_all_alike_cost_no_more_than_others() {
    let same = "a b ".repeat(TEXT_BYTES / 4);
    for (text, words, at) in [
        (same.as_str(), many(|_| "a b a".to_owned()), ENTITIES_MAX),
        (&same, many(|n| "a b a"[..=n % 3 * 2].to_owned()), ENTITIES_MAX),
        ("a", many(|_| "a".to_owned()), 1),
        ("a a", many(|_| "a a".to_owned()), 1),
    ] {
        let placed = placed(text, &words);
        assert_eq!((placed.at, placed.left_out), (at, 0), "{placed:?}");
        assert!(placed.steps < STEPS_EACH * words.len(), "{placed:?}");
    }
}

/// Mentions that could all be moved if others were: whether it helps is not found out to the end. What overlaps
/// nothing keeps its place, the rest is left out and counted.
#[test]
fn whoever_moves_mentions_about_stops_at_the_bound_and_says_so() {
    let (letters, numbers) = ("a ".repeat(TEXT_BYTES / 2 - 8), numbers());
    let mut all = many(|_| "a".to_owned());
    all[0].clone_from(&letters);
    // Letters, for numbers have no parts.
    let letter = |c: char| c.to_digit(10).and_then(|digit| char::from_digit(digit + 10, 36)).unwrap_or(c);
    let syllables: String = numbers.chars().map(letter).collect();
    let squares = (0..90).flat_map(|long| (0..long).map(move |at| (90 - at, 90 - at + long)));
    let squares: Vec<String> = squares.map(|(from, to)| syllables[from..=to].to_owned()).collect();
    for (text, words) in [(&letters, all), (&syllables, squares)] {
        let placed = placed(text, &words);
        assert!(placed.steps > STEPS_MAX, "{placed:?}");
        assert!(placed.steps < 2 * STEPS_MAX + STEPS_EACH * words.len(), "{placed:?}");
        assert!(placed.at > 0 && placed.left_out > 0, "{placed:?}");
        assert_eq!(placed.at + placed.left_out, words.len());
    }
}

/// Marks that count for nothing are as long as the text; each look at them is a look at all.
#[test]
fn letters_with_endless_marks_come_to_an_end() {
    let cases = |n: usize| {
        let upper = |(bit, letter): (usize, char)| {
            if n >> bit & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        };
        ('a'..='n').enumerate().map(upper).collect::<String>()
    };
    grounded(&format!("abcdefghijklmn{}", "\u{fe0f}".repeat(80_000)), &many(cases));
    grounded(&format!("abcdefghijklmn{}", "\u{200d}".repeat(80_000)), &many(cases));
    // Vowel points, the same one again and again, and one of another kind before or after.
    let (one, other) = ("\u{5b8}".repeat(59_000), "\u{5bc}".repeat(59_000));
    let text = format!("א{one}\u{5bc}");
    let found = grounded(&text, &[format!("א{other}"), format!("א\u{5b8}{other}"), "א\u{5b7}".to_owned()]);
    let at = |entity: &Entity| (entity.alignment, entity.span.clone());
    let all = Some(0..59_002);
    assert_eq!(at(&found.entities[0]), (Alignment::NotFound, None));
    assert_eq!(at(&found.entities[1]), (Alignment::Normalised, all));
    assert_eq!(at(&found.entities[2]), (Alignment::NotFound, None));
    let points: Vec<char> =
        ('\u{591}'..='\u{5bd}').chain('\u{610}'..='\u{61a}').chain('\u{6d6}'..='\u{6dc}').collect();
    let letter = |n: usize| {
        let turned = points.iter().cycle().skip(n).take(points.len());
        std::iter::once('א').chain(turned.copied()).collect::<String>()
    };
    grounded(&(0..1600).map(letter).collect::<String>(), &many(letter));
}

/// The same words under thousands of types share places; each type looks at each place once.
#[test]
fn words_of_many_types_come_to_an_end() {
    let named = |types: usize, words: &str| -> Vec<(String, String)> {
        (0..ENTITIES_MAX).map(|n| (format!("{}{}", "t".repeat(300), n % types), words.to_owned())).collect()
    };
    for (text, types, words) in [
        ("Ada".to_owned(), ENTITIES_MAX, "Ada".to_owned()),
        ("Ada ".repeat(100), 3_000, "Ada".to_owned()),
        ("a".repeat(100_000), 5, "a".repeat(50)),
        ("a".repeat(100_000), 700, "a".repeat(50)),
    ] {
        let named = named(types, &words);
        let answer = entities(named.iter().map(|(kind, words)| (kind.as_str(), words.as_str())));
        let found = ground(&Text::new(&*text), &answer);
        let places = text.len() / (words.len() + usize::from(text.contains(' ')));
        let exact = found.entities.iter().filter(|entity| entity.alignment == Alignment::Exact).count();
        assert_eq!((exact, found.left_out), (ENTITIES_MAX.min(places * types), 0));
    }
}
