//! What is only known by its capitals: people, organisations, places.

use std::ops::Range;

use super::{Claims, Kind};

const TITLES: [&str; 7] = ["Dr", "Mr", "Mrs", "Ms", "Prof", "Professor", "Sir"];

/// Words that end the name of an organisation.
const LEGAL_FORMS: [&str; 24] = [
    "AB",
    "AG",
    "Association",
    "Bank",
    "BV",
    "Co",
    "College",
    "Company",
    "Corp",
    "Corporation",
    "Foundation",
    "GmbH",
    "Group",
    "Inc",
    "Institute",
    "KG",
    "LLC",
    "LLP",
    "Ltd",
    "PLC",
    "SA",
    "SE",
    "SpA",
    "University",
];

/// Words with a capital for their place in the sentence only.
#[rustfmt::skip]
const ORDINARY: [&str; 66] = [
    "A", "After", "Also", "An", "And", "As", "Ask", "At", "Before", "But", "By", "Call", "Contact", "Dear", "During",
    "For", "From", "He", "Hello", "Her", "Hi", "His", "How", "However", "I", "If", "In", "Invoice", "It", "Its",
    "Meet", "My", "No", "On", "Or", "Our", "Pay", "Please", "Re", "Regards", "See", "Send", "She", "Since", "So",
    "Subject", "Thanks", "That", "The", "Their", "Then", "There", "These", "They", "This", "Those", "To", "Today",
    "Tomorrow", "Until", "We", "When", "Where", "With", "Yesterday", "You",
];

#[rustfmt::skip]
const PLACES: [&str; 84] = [
    "Amsterdam", "Athens", "Australia", "Austria", "Bangalore", "Bangkok", "Barcelona", "Beijing", "Belgium",
    "Berlin", "Boston", "Brazil", "Brussels", "Budapest", "Buenos Aires", "Cairo", "Canada", "Cape Town", "Chicago",
    "Chile", "China", "Copenhagen", "Delhi", "Denmark", "Dubai", "Dublin", "Egypt", "England", "Europe", "Finland",
    "France", "Frankfurt", "Geneva", "Germany", "Greece", "Hamburg", "Helsinki", "Hong Kong", "India", "Ireland",
    "Istanbul", "Italy", "Japan", "Kenya", "Lagos", "Lisbon", "London", "Los Angeles", "Madrid", "Melbourne",
    "Mexico", "Mexico City", "Milan", "Montreal", "Mumbai", "Munich", "Nairobi", "Netherlands", "New York",
    "New Zealand", "Norway", "Oslo", "Paris", "Poland", "Portugal", "Prague", "Rome", "San Francisco", "Santiago",
    "Seattle", "Seoul", "Shanghai", "Singapore", "Spain", "Stockholm", "Sweden", "Switzerland", "Sydney",
    "São Paulo", "Tokyo", "Toronto", "United Kingdom", "United States", "Zurich",
];

/// Words in the longest name of a place.
const PLACE_WORDS: usize = 2;
/// Words in the longest name of a person.
const PERSON_WORDS: usize = 3;

/// Words looked at together; a longer run of capitals is looked at in pieces.
const RUN_WORDS: usize = 16;

/// A word; without the `'s` of a genitive.
#[derive(Debug, Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl Word<'_> {
    fn is_capitalised(&self) -> bool {
        self.text.starts_with(char::is_uppercase)
    }

    fn is_title(&self) -> bool {
        TITLES.contains(&self.text)
    }

    fn is_legal_form(&self) -> bool {
        LEGAL_FORMS.contains(&self.text)
    }

    /// Capitalised like a name, not like an acronym; or an initial.
    fn is_name(&self) -> bool {
        self.is_capitalised() && (self.is_initial() || self.text.contains(char::is_lowercase))
    }

    fn is_initial(&self) -> bool {
        self.text.chars().count() == 1
    }
}

pub(super) fn claim(claims: &mut Claims<'_>) {
    let text = claims.text;
    let mut run = Vec::new();
    for word in words(text) {
        if run.len() == RUN_WORDS || run.last().is_some_and(|last| !joined(text, last, &word)) {
            name(&run, claims);
            run.clear();
        }
        let free = claims.is_free(&(word.start..word.end));
        let of = word.text == "of" && run.last().is_some_and(Word::is_legal_form);
        if of || free && word.is_capitalised() && !ORDINARY.contains(&word.text) {
            run.push(word);
        } else {
            name(&run, claims);
            run.clear();
        }
    }
    name(&run, claims);
}

/// Claims what a run of capitalised words names.
fn name(run: &[Word<'_>], claims: &mut Claims<'_>) {
    let mut rest = run;
    while let Some((kind, words)) = first_name(rest, claims.text) {
        let named = rest.get(words.clone()).unwrap_or_default();
        if let (Some(kind), Some(first), Some(last)) = (kind, named.first(), named.last()) {
            claims.claim(kind, first.start..last.end);
        }
        rest = rest.get(words.end..).unwrap_or_default();
    }
}

/// What the first words of a run name, and which they are; `None` for the kind: nothing.
fn first_name(run: &[Word<'_>], text: &str) -> Option<(Option<Kind>, Range<usize>)> {
    let first = run.first()?;
    if first.is_title() {
        let person = 1..1 + person_words(run.get(1..)?, text).max(1);
        return Some((Some(Kind::Person), person.start..person.end.min(run.len())));
    }
    let until_title = run.iter().position(Word::is_title).unwrap_or(run.len());
    let run = run.get(..until_title)?;
    if first.is_legal_form() && run.get(1).is_some_and(|word| word.text == "of") && run.len() > 2 {
        return Some((Some(Kind::Organisation), 0..run.len()));
    }
    if let Some(form) = run.iter().skip(1).position(Word::is_legal_form) {
        return Some((Some(Kind::Organisation), 0..form + 2));
    }
    let place = place_words(run, text);
    // "Paris Hilton" is nobody's city.
    if place > 0 && (place > 1 || run.len() != 2) {
        return Some((Some(Kind::Place), 0..place));
    }
    match person_words(run, text) {
        words if words > 1 => Some((Some(Kind::Person), 0..words)),
        _ => Some((None, 0..1)),
    }
}

/// How many of the first words are a person's name.
fn person_words(run: &[Word<'_>], text: &str) -> usize {
    let names =
        run.iter().take(PERSON_WORDS).take_while(|word| word.is_name() && !word.is_legal_form()).count();
    let place = (2..names).find(|at| place_words(run.get(*at..).unwrap_or_default(), text) > 0);
    let mut names = place.unwrap_or(names);
    while names > 0 && run.get(names - 1).is_some_and(Word::is_initial) {
        names -= 1;
    }
    names
}

/// How many of the first words are a place's name.
fn place_words(run: &[Word<'_>], text: &str) -> usize {
    let is_place = |count: &usize| {
        let (first, last) = (run.first(), run.get(count - 1));
        let name = first.zip(last).and_then(|(first, last)| text.get(first.start..last.end));
        name.is_some_and(|name| PLACES.contains(&name))
    };
    (1..=PLACE_WORDS).rev().find(is_place).unwrap_or(0)
}

/// Whether two neighbouring words can belong to one name, going by what stands between them.
fn joined(text: &str, left: &Word<'_>, right: &Word<'_>) -> bool {
    match text.get(left.end..right.start) {
        Some(" " | " & ") => true,
        Some(". ") => left.is_initial() || left.is_title(),
        Some(", ") => right.is_legal_form(),
        _ => false,
    }
}

fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(char::is_alphanumeric)?;
        let rest = text.get(start..)?;
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
        let long = rest.get(..rest.find(|c| !inner(c)).unwrap_or(rest.len()))?;
        from = start + long.len();
        let word = long.trim_end_matches(|c: char| !c.is_alphanumeric());
        let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        Some(Word { text: word, start, end: start + word.len() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_has_more_words_than_are_looked_at() {
        assert!(PLACES.iter().all(|place| place.split(' ').count() <= PLACE_WORDS));
    }
}
