//! Texts and words, and where they are to be found.

use super::*;

/// Where and how words are to be found: start and end in characters.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Exact(u32, u32),
    Normal(u32, u32),
    Nowhere,
}

use At::{Exact, Normal, Nowhere};

/// A text, what is named in it, and where that is.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [At]);

fn found(text: &str, named: &[(&str, &str)]) -> Vec<At> {
    let Grounding { entities, left_out } = ground(&Text::new(text), &entities(named.iter().copied()));
    assert_eq!(left_out, 0, "{text:?}");
    let at = |entity: Entity| match (entity.span, entity.alignment) {
        (Some(span), Alignment::Exact) => Exact(span.start, span.end),
        (Some(span), Alignment::Normalised) => Normal(span.start, span.end),
        (None, Alignment::NotFound) => Nowhere,
        (span, alignment) => panic!("{span:?} {alignment}"),
    };
    entities.into_iter().map(at).collect()
}

/// Holds each row also with a long rest behind it: in such a text words are looked for all at once.
fn hold(table: &[(&str, &[(&str, At)])]) {
    let rest = " ☃".repeat(40_000);
    for (text, row) in table {
        let (named, expected): (Vec<_>, Vec<_>) = row.iter().map(|(words, at)| (("t", *words), *at)).unzip();
        assert_eq!(found(text, &named), expected, "{named:?} in {text:?}");
        assert_eq!(found(&format!("{text}{rest}"), &named), expected, "{named:?} in {text:?} and more");
    }
}

#[test]
fn words_are_located_letter_by_letter_or_in_their_normal_form() {
    hold(&[
        ("Ann met Bob", &[("Ann", Exact(0, 3)), ("Bob", Exact(8, 11)), ("Cy", Nowhere)]),
        ("héllo wörld €5", &[("wörld", Exact(6, 11)), ("€5", Exact(12, 14))]),
        ("us and US", &[("US", Exact(7, 9))]),
        ("ACME  Corp.\n Ltd", &[("Acme corp. ltd", Normal(0, 16))]),
        ("Ann\u{a0}Lee", &[("Ann Lee", Normal(0, 7))]),
        ("O’Neil said “no” – twice…", &[("O'Neil", Normal(0, 6)), ("\"no\" - twice...", Normal(12, 25))]),
        ("on １２ May", &[("12 May", Normal(3, 9))]),
        ("the ﬁnal oﬀer", &[("final offer", Normal(4, 13))]),
        ("Große STRASSE", &[("grosse", Normal(0, 5)), ("straße", Normal(6, 13))]),
        ("בן־גוריון, צה״ל", &[("בן-גוריון", Normal(0, 9)), ("צה\"ל", Normal(11, 15))]),
        ("aA-\na", &[("-A", Normal(2, 5))]),
        ("STRAẞE", &[("Straße", Normal(0, 6))]),
        ("ΟΔΥΣΣΕΥΣ", &[("Οδυσσευς", Normal(0, 8))]),
        ("to Ann now", &[(" Ann ", Exact(2, 7))]),
        ("to Ann now", &[("Ann\n", Normal(3, 6))]),
        ("a", &[("", Nowhere), (" ", Nowhere), ("\u{200b}", Nowhere), ("much longer", Nowhere)]),
        ("", &[("a", Nowhere), ("", Nowhere)]),
    ]);
}

#[test]
fn places_begin_and_end_between_characters() {
    hold(&[
        // In "Zoe\u{308}" the words "Zoe" end amid a character.
        ("Zoe\u{308} spoke", &[("Zoe", Nowhere), ("Zoë", Normal(0, 4))]),
        ("Zoë spoke", &[("Zoe", Nowhere), ("Zoe\u{308}", Normal(0, 3))]),
        ("Zoe\u{308}, then Zoe", &[("Zoe", Exact(11, 14))]),
        ("ﬁ", &[("i", Nowhere), ("f", Nowhere), ("ﬁ", Exact(0, 1))]),
        ("👩\u{200d}👩\u{200d}👧 Ann", &[("👧", Nowhere), ("Ann", Exact(6, 9))]),
        ("👍🏽 and 👍", &[("👍", Exact(7, 8)), ("👍", Nowhere)]),
        ("🇩🇪🇫🇷", &[("🇪🇫", Nowhere), ("🇫🇷", Exact(2, 4))]),
        ("❤\u{fe0f} x", &[("❤", Normal(0, 2))]),
        ("1\u{fe0f}\u{20e3} 1", &[("1", Exact(4, 5))]),
        // Hangul, whole and in jamo.
        (
            "\u{1112}\u{1161}\u{11ab}국",
            &[("하", Nowhere), ("\u{1112}\u{1161}", Nowhere), ("한", Normal(0, 3))],
        ),
        ("한국", &[("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", Normal(0, 2))]),
        // Conjuncts and vowel signs of Devanagari; Thai vowels.
        ("क्षेत्र", &[("क", Nowhere), ("क्षे", Exact(0, 4))]),
        ("กำ", &[("ก", Nowhere), ("กำ", Exact(0, 2))]),
        ("a\r\nb", &[("a\r", Normal(0, 1)), ("b", Exact(3, 4))]),
    ]);
}

#[test]
fn far_runs_of_flags_are_cut_between_flags() {
    let text = "🇩🇪".repeat(300);
    assert_eq!(found(&text, &[("t", "🇩🇪🇩🇪"), ("t", "🇪🇩")]), [Exact(0, 4), Nowhere]);
    let text = format!("{text}🇫🇷");
    assert_eq!(found(&text, &[("t", "🇫🇷"), ("t", "🇪🇫")]), [Exact(600, 602), Nowhere]);
    let marks = format!("a{}b", "\u{301}".repeat(200));
    assert_eq!(found(&marks, &[("t", "a"), ("t", "b")]), [Nowhere, Exact(201, 202)]);
}

#[test]
fn canonically_equal_text_matches_whatever_the_order_of_its_marks() {
    hold(&[
        ("cafe\u{301} noir", &[("café", Normal(0, 5))]),
        ("q\u{307}\u{323}!", &[("q\u{323}\u{307}", Normal(0, 3)), ("q", Nowhere), ("q\u{307}", Nowhere)]),
        ("q\u{323}\u{307}!", &[("q\u{323}\u{307}", Exact(0, 3))]),
        ("Vi\u{1ec7}t", &[("Vie\u{302}\u{323}t", Normal(0, 4)), ("Viet", Nowhere)]),
        ("\u{212b}ngstro\u{308}m", &[("Ångström", Normal(0, 9))]),
        ("ά\u{345}", &[("α\u{345}\u{301}", Normal(0, 2))]),
        ("ﷺ", &[("صلى الله عليه وسلم", Nowhere)]),
    ]);
}

#[test]
fn vowel_points_may_be_left_out() {
    hold(&[
        ("בְּרֵאשִׁית בָּרָא", &[("בראשית", Normal(0, 11)), ("ברא", Normal(12, 18))]),
        ("ברא", &[("בָּרָא", Normal(0, 3))]),
        ("סֵפֶר", &[("סֵפר", Normal(0, 5)), ("סְפָר", Nowhere)]),
        ("שׁלום", &[("שלום", Normal(0, 5))]),
        ("مُحَمَّد رَسُول", &[("محمد", Normal(0, 8)), ("رسول", Normal(9, 15))]),
        ("كتـــاب", &[("كتاب", Normal(0, 7))]),
        ("هٰذَا", &[("هذا", Normal(0, 5))]),
        // Other letters, not other vowels.
        ("أحمد", &[("احمد", Nowhere), ("أحمد", Exact(0, 4))]),
        ("ܫܠܳܡܳܐ", &[("ܫܠܡܐ", Normal(0, 6))]),
        ("Zoë", &[("Zoe", Nowhere)]),
    ]);
}

#[test]
fn words_are_joined_over_line_ends() {
    hold(&[
        ("an extrac-\ntion", &[("extraction", Normal(3, 15))]),
        ("an extrac-\ntion", &[("extrac- tion", Normal(3, 15))]),
        ("an extrac-\ntion", &[("extrac-\ntion", Exact(3, 15))]),
        ("an Extrac- \r\n  tion.", &[("extraction", Normal(3, 19))]),
        ("ex\u{ad}trac\u{ad}\ntion", &[("extraction", Normal(0, 13))]),
        ("a well-\nknown man", &[("well-known", Normal(2, 13))]),
        ("the Donau-\u{2028}dampfschiff", &[("Donaudampfschiff", Normal(4, 22))]),
        ("экстрак‐\nция", &[("экстракция", Normal(0, 12))]),
        ("on 2026-\n11-23", &[("2026-11-23", Normal(3, 14)), ("202611-23", Nowhere)]),
        ("1-\n2", &[("12", Nowhere)]),
        ("a - \nb", &[("ab", Nowhere)]),
        ("extra-ction", &[("extraction", Nowhere)]),
        ("extrac\ntion", &[("extraction", Nowhere)]),
        // The word that stands there as it is comes first.
        ("extrac-\ntion, extraction", &[("extraction", Exact(14, 24))]),
        ("extrac-\ntion, extraction", &[("extraction", Normal(0, 12)), ("extraction", Exact(14, 24))]),
    ]);
}

#[test]
fn a_place_is_taken_once() {
    hold(&[
        ("Ann, Ann", &[("Ann", Exact(0, 3)), ("Ann", Exact(5, 8)), ("Ann", Nowhere)]),
        ("ANN, ANN", &[("Ann", Normal(0, 3)), ("ann", Normal(5, 8)), ("aNN", Nowhere)]),
        ("Berlin BERLIN", &[("Berlin", Exact(0, 6)), ("Berlin", Normal(7, 13))]),
        ("The Berlin Works opened in Berlin.", &[("Berlin Works", Exact(4, 16)), ("Berlin", Exact(27, 33))]),
        ("The Berlin Works opened in Berlin.", &[("Berlin", Exact(27, 33)), ("Berlin Works", Exact(4, 16))]),
        ("Paid 2,400 USD, refunded: 400 USD.", &[("2,400 USD", Exact(5, 14)), ("400 USD", Exact(26, 33))]),
        ("東京都と東京", &[("東京", Exact(4, 6)), ("東京都", Exact(0, 3))]),
        // No free place: an overlap with other words.
        (
            "Write ada@calc.example today.",
            &[("ada@calc.example", Exact(6, 22)), ("calc.example", Exact(10, 22)), ("calc.example", Nowhere)],
        ),
        ("aaa", &[("aa", Exact(0, 2)), ("aa", Nowhere)]),
        // The same words in other letters.
        ("Ann", &[("Ann", Exact(0, 3)), ("ANN", Nowhere)]),
        (
            "Ada Lovelace wrote; Lovelace, A.",
            &[("Ada", Exact(0, 3)), ("Lovelace", Exact(20, 28)), ("Ada Lovelace", Exact(0, 12))],
        ),
    ]);
}

#[test]
fn who_has_other_places_makes_room() {
    hold(&[
        (
            "New York Times Square, Times Square",
            &[("New York Times", Exact(0, 14)), ("Times Square", Exact(23, 35))],
        ),
        (
            "New York Times Square. New York Times.",
            &[("New York Times", Exact(23, 37)), ("Times Square", Exact(9, 21))],
        ),
        // One after the other: "b c" can only be moved after "c d".
        ("a b c. b c d. c d", &[("c d", Exact(14, 17)), ("b c", Exact(7, 10)), ("a b", Exact(0, 3))]),
        // Whole words out of the way of a part of words.
        ("bb a bb", &[("b a", Exact(1, 4)), ("bb", Exact(5, 7))]),
        // In another form, so that there is room.
        ("ab cd. AB", &[("ab", Normal(7, 9)), ("cd", Exact(3, 5)), ("b cd", Exact(1, 5))]),
        ("ab cd ef. AB CD", &[("ab cd", Normal(10, 15)), ("cd ef", Exact(3, 8))]),
    ]);
}

#[test]
fn the_same_words_share_a_place_under_another_type_only() {
    let table: &[Row<'_>] = &[
        (
            "Ada.",
            &[("person", "Ada"), ("author", "Ada"), ("person", "Ada")],
            &[Exact(0, 3), Exact(0, 3), Nowhere],
        ),
        ("Ada, Ada.", &[("person", "Ada"), ("author", "Ada")], &[Exact(0, 3), Exact(5, 8)]),
        (
            "ADA.",
            &[("person", "Ada"), ("author", "ada"), ("person", "aDa")],
            &[Normal(0, 3), Normal(0, 3), Nowhere],
        ),
        // Not a part of a longer word, as long as whole words can be shared.
        ("Ada, Adam", &[("person", "Ada"), ("author", "Ada")], &[Exact(0, 3), Exact(0, 3)]),
        (
            "Adam",
            &[("person", "Ada"), ("author", "Ada"), ("author", "Ada")],
            &[Exact(0, 3), Exact(0, 3), Nowhere],
        ),
        (
            "Ada Byron",
            &[("person", "Ada Byron"), ("person", "Ada"), ("name", "Ada")],
            &[Exact(0, 9), Exact(0, 3), Exact(0, 3)],
        ),
    ];
    for (text, named, expected) in table {
        assert_eq!(found(text, named), *expected, "{named:?} in {text:?}");
    }
}

#[test]
fn the_same_words_of_one_type_stand_in_the_order_of_the_list() {
    let (jordan, place) = (("person", "Jordan"), ("place", "Jordan"));
    let table: &[Row<'_>] = &[
        ("Jordan met Jordan in town", &[place, jordan, jordan], &[Exact(0, 6), Exact(0, 6), Exact(11, 17)]),
        (
            "Jordan met Jordan in town",
            &[jordan, place, jordan, place],
            &[Exact(0, 6), Exact(0, 6), Exact(11, 17), Exact(11, 17)],
        ),
        (
            "Jordan met Jordan in town",
            &[place, jordan, jordan, jordan],
            &[Exact(0, 6), Exact(0, 6), Exact(11, 17), Nowhere],
        ),
        // Others between them, another form, and a part of a word.
        ("JORDAN, Jordan", &[jordan, ("person", "JORDAN"), jordan], &[Exact(8, 14), Exact(0, 6), Nowhere]),
        ("JORDAN, Jordan", &[place, jordan, jordan], &[Normal(0, 6), Normal(0, 6), Exact(8, 14)]),
        (
            "Jordanian, Jordan, JORDAN",
            &[jordan, jordan, jordan],
            &[Exact(0, 6), Exact(11, 17), Normal(19, 25)],
        ),
        // Within longer names, where an overlap comes last.
        (
            "Air Jordan and Jordan",
            &[("brand", "Air Jordan"), jordan, jordan],
            &[Exact(0, 10), Exact(4, 10), Exact(15, 21)],
        ),
        ("東京都と東京", &[("city", "東京"), ("city", "東京")], &[Exact(0, 2), Exact(4, 6)]),
    ];
    for (text, named, expected) in table {
        assert_eq!(found(text, named), *expected, "{named:?} in {text:?}");
    }
}

#[test]
fn whole_words_come_before_parts_of_words() {
    hold(&[
        ("Anna, Ann", &[("Ann", Exact(6, 9))]),
        ("Anna", &[("Ann", Exact(0, 3))]),
        ("Anna, Ann", &[("Ann", Exact(0, 3)), ("Ann", Exact(6, 9))]),
        ("subann ann", &[("ANN", Normal(7, 10))]),
        ("Anna met ANN", &[("Ann", Normal(9, 12))]),
        // Rather an overlap than a part of another word.
        ("Annual report by Ann Lee", &[("Ann Lee", Exact(17, 24)), ("Ann", Exact(17, 20))]),
        ("Das Rathaus, das Haus", &[("Haus", Exact(17, 21)), ("haus", Exact(7, 11))]),
        ("Ada's notes. Ada wrote", &[("Ada", Exact(0, 3))]),
        ("l'Italie et Italie", &[("Italie", Exact(2, 8))]),
        ("O'Neil met Neil", &[("Neil", Exact(11, 15))]),
        ("D’Angelo, Angelo", &[("Angelo", Exact(10, 16))]),
        ("Jean-Pierre and Jean", &[("Jean", Exact(16, 20))]),
        ("www.calc.example, calc.example", &[("calc.example", Exact(18, 30))]),
        ("to a.b@calc.example, b@calc.example", &[("b@calc.example", Exact(21, 35))]),
        ("node.js or node", &[("node", Exact(11, 15))]),
        ("Mr.Smith, Smith", &[("Smith", Exact(3, 8))]),
        ("Berlin-based, in Berlin", &[("Berlin", Exact(0, 6))]),
        ("東京都に住む", &[("東京", Exact(0, 2))]),
        ("私はSonyの社員", &[("Sony", Exact(2, 6))]),
        ("ฉันรักกรุงเทพ", &[("กรุงเทพ", Exact(6, 13))]),
        ("서울에서 서울로", &[("서울", Exact(0, 2)), ("서울", Exact(5, 7))]),
        ("Москвич в Москве", &[("Москв", Exact(0, 5))]),
    ]);
}

#[test]
fn numbers_are_whole_with_their_separators_and_signs() {
    hold(&[
        ("Paid 2,400 USD, refunded: 400 USD.", &[("400 USD", Exact(26, 33))]),
        ("Paid 2.400 EUR und 400 EUR", &[("400 EUR", Exact(19, 26))]),
        ("Betalt 2 400 kr, 400 kr", &[("400 kr", Exact(17, 23))]),
        ("payé 2\u{202f}400 €, 400 €", &[("400 €", Exact(14, 19))]),
        ("CHF 2'400 und 400", &[("400", Exact(14, 17))]),
        ("in 2020 400 people", &[("400", Exact(8, 11)), ("2020", Exact(3, 7))]),
        ("2012年に12人", &[("12", Exact(6, 8))]),
        ("-5 °C, then 5 °C", &[("5 °C", Exact(12, 16)), ("-5 °C", Exact(0, 5))]),
        ("2026-11-23, 2026", &[("2026", Exact(12, 16))]),
        ("2026-11-23", &[("2026", Exact(0, 4))]),
        ("v1.2.3 or 1.2", &[("1.2", Exact(10, 13))]),
        ("at 10:30, 30 guests", &[("30", Exact(10, 12))]),
        ("1,2,3", &[("1", Exact(0, 1)), ("2", Exact(2, 3)), ("3", Exact(4, 5))]),
        ("٢٬٤٠٠ و ٤٠٠", &[("٤٠٠", Exact(8, 11))]),
        ("x@a.example, a.example", &[("a.example", Exact(13, 22))]),
        ("up 5%, 5", &[("5", Exact(3, 4))]),
    ]);
}

#[test]
fn no_part_of_a_number_is_taken_for_another() {
    for (text, words) in [
        ("Paid 2,400 USD today", "400 USD"),
        ("Paid 2,400 USD today", "2"),
        ("Paid USD 2,400 today", "USD 2"),
        ("Paid 2,400 today", ",400"),
        ("Paid 2,400 today", "2,"),
        ("Paid 2.400 EUR", "400 eur"),
        ("Betalt 2 400 kr", "400 kr"),
        ("payé 2\u{202f}400 €", "400 €"),
        ("payé 2\u{a0}400\u{a0}€", "400 €"),
        ("CHF 2’400.–", "400"),
        ("1_000 rows", "000 rows"),
        ("12,34,567 rupees", "567 rupees"),
        ("12,34,567 rupees", "34"),
        ("1.234.567,89 EUR", "567,89 EUR"),
        ("1,5 Mio.", "5 Mio."),
        ("1·5 mg", "5 mg"),
        ("２，４００円", "400円"),
        ("２．５円", "5円"),
        ("٢٬٤٠٠ دينار", "٤٠٠ دينار"),
        ("٢٫٥ دينار", "٥ دينار"),
        ("٢٥ كتب", "٥ كتب"),
        ("२,४०० रुपये", "४०० रुपये"),
        ("2,\u{2060}400 USD", "400 USD"),
        ("21.5 km", "1.5 km"),
        ("2.55 m", "2.5"),
        ("15 %", "5 %"),
        ("21 000", "1 000"),
        ("100,000", "100"),
        ("2½ cups", "2"),
        ("1⁄2 cup", "2 cup"),
        ("XⅣⅤ", "Ⅴ"),
        ("Python 3.11", "Python 3"),
        ("Python 3.11", "3"),
        ("at 10.0.0.17", "10.0.0.1"),
        ("at 10.0.0.17", "0.0.17"),
        ("call 030 123 456", "123 456"),
        ("call 5551234", "555"),
        // Without its minus, or with a hyphen for one.
        ("at -5 °C", "5 °C"),
        ("at −5 °C", "5 °C"),
        ("(-5)", "5"),
        ("owes -$5.20", "$5.20"),
        ("owes -$5.20", "5.20"),
        ("owes $-5.20", "5.20"),
        ("a .5 inch nail", "5 inch"),
        ("at -.5 V", "5 V"),
        ("10-15 °C", "-15 °C"),
        ("5%–10%", "-10%"),
    ] {
        hold(&[(text, &[(words, Nowhere)])]);
    }
}

#[test]
fn what_stands_beside_a_number_is_no_part_of_it() {
    hold(&[
        ("in 2,400 and 400", &[("400", Exact(13, 16)), ("400", Nowhere)]),
        ("1,2,3", &[("2", Exact(2, 3))]),
        ("10,20,30 or 40", &[("20", Exact(3, 5))]),
        ("52.52,13.40", &[("13.40", Exact(6, 11))]),
        ("in 2026-11-23", &[("2026", Exact(3, 7))]),
        ("am 23.11.2026", &[("2026", Exact(9, 13))]),
        ("on 11/23/2026.", &[("2026", Exact(9, 13))]),
        ("at 10:30", &[("10", Exact(3, 5))]),
        ("555-1234", &[("1234", Exact(4, 8))]),
        ("5%-10%", &[("10%", Exact(3, 6))]),
        ("$5-$10", &[("$10", Exact(3, 6))]),
        ("the total--400 people", &[("400 people", Exact(11, 21))]),
        ("COVID-19", &[("19", Exact(6, 8))]),
        ("up +5", &[("5", Exact(4, 5))]),
        ("up -5", &[("-5", Exact(3, 5)), ("5", Nowhere)]),
        ("x2, v10", &[("2", Exact(1, 2)), ("10", Exact(5, 7))]),
        ("about 5.", &[("5", Exact(6, 7))]),
        ("from 1..5", &[("5", Exact(8, 9))]),
        ("in 2020 400 people", &[("400 people", Exact(8, 18))]),
        ("6'2\" tall", &[("2\"", Exact(2, 4))]),
        ("2,400 USD", &[("USD", Exact(6, 9)), ("2,400", Exact(0, 5))]),
    ]);
}
