//! Entities found by rules, so that every answer is true to the text.

mod names;
mod patterns;

use std::{collections::BTreeMap, ops::Range};

/// Entities found in one text; what follows is left out.
const ENTITIES_MAX: usize = 10_000;

/// The types of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Person,
    Organisation,
    Place,
    Date,
    Money,
    Email,
    Url,
    Phone,
}

impl Kind {
    pub(super) const ALL: [Kind; 8] = [
        Kind::Person,
        Kind::Organisation,
        Kind::Place,
        Kind::Date,
        Kind::Money,
        Kind::Email,
        Kind::Url,
        Kind::Phone,
    ];

    /// As answers write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Organisation => "organisation",
            Kind::Place => "place",
            Kind::Date => "date",
            Kind::Money => "money",
            Kind::Email => "email",
            Kind::Url => "url",
            Kind::Phone => "phone",
        }
    }
}

/// Something named in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entity<'a> {
    pub(super) kind: Kind,
    /// A verbatim part of the text.
    pub(super) text: &'a str,
}

/// The entities of `text`, in order of appearance; no two overlap.
pub(super) fn find(text: &str) -> Vec<Entity<'_>> {
    let mut claims = Claims { text, taken: BTreeMap::new() };
    patterns::claim(&mut claims);
    names::claim(&mut claims);
    let entity =
        |(start, (end, kind)): (usize, (usize, Kind))| Some(Entity { kind, text: text.get(start..end)? });
    claims.taken.into_iter().filter_map(entity).take(ENTITIES_MAX).collect()
}

/// The parts of a text that are known to be an entity; the first claim wins.
struct Claims<'a> {
    text: &'a str,
    taken: BTreeMap<usize, (usize, Kind)>,
}

impl Claims<'_> {
    fn claim(&mut self, kind: Kind, span: Range<usize>) {
        if self.is_free(&span) {
            self.taken.insert(span.start, (span.end, kind));
        }
    }

    fn is_free(&self, span: &Range<usize>) -> bool {
        self.taken.range(..span.end).next_back().is_none_or(|(_, (end, _))| *end <= span.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        find(text).into_iter().map(|entity| (entity.kind.name(), entity.text)).collect()
    }

    #[test]
    fn finds_what_is_there() {
        let table: [(&str, &[(&str, &str)]); 22] = [
            ("", &[]),
            ("nothing to see here, really", &[]),
            (
                "Ada Lovelace met Charles Babbage.",
                &[("person", "Ada Lovelace"), ("person", "Charles Babbage")],
            ),
            ("Ask Dr. Nakamura or Ms Weiß.", &[("person", "Nakamura"), ("person", "Weiß")]),
            ("John F. Kennedy's speech", &[("person", "John F. Kennedy")]),
            ("Dear Émile Zola, see O'Brien", &[("person", "Émile Zola")]),
            (
                "The Acme Corp and Acme, Inc. merged",
                &[("organisation", "Acme Corp"), ("organisation", "Acme, Inc")],
            ),
            ("Northwind Traders GmbH pays", &[("organisation", "Northwind Traders GmbH")]),
            (
                "The University of Oxford and the Bank of England",
                &[("organisation", "University of Oxford"), ("organisation", "Bank of England")],
            ),
            ("Johnson & Johnson Ltd", &[("organisation", "Johnson & Johnson Ltd")]),
            (
                "from New York to São Paulo via Paris",
                &[("place", "New York"), ("place", "São Paulo"), ("place", "Paris")],
            ),
            ("Berlin Angela Merkel", &[("place", "Berlin"), ("person", "Angela Merkel")]),
            (
                "mail ada@example.com, or bob.b@mail.example.org.",
                &[("email", "ada@example.com"), ("email", "bob.b@mail.example.org")],
            ),
            ("see https://example.com/a?b=c.", &[("url", "https://example.com/a?b=c")]),
            (
                "call +49 30 1234567 or (415) 555-0100",
                &[("phone", "+49 30 1234567"), ("phone", "(415) 555-0100")],
            ),
            (
                "$1,200 and €3.5 million, EUR 20, 20 euros",
                &[("money", "$1,200"), ("money", "€3.5 million"), ("money", "EUR 20"), ("money", "20 euros")],
            ),
            (
                "2026-11-23, 23 November 2026, Friday and March 3",
                &[
                    ("date", "2026-11-23"),
                    ("date", "23 November 2026"),
                    ("date", "Friday"),
                    ("date", "March 3"),
                ],
            ),
            ("On March 3, 2027 Ada Lovelace", &[("date", "March 3, 2027"), ("person", "Ada Lovelace")]),
            ("Ada Lovelace, Ada Lovelace", &[("person", "Ada Lovelace"), ("person", "Ada Lovelace")]),
            ("Ada\nLovelace", &[]),
            ("IBM API HTTP", &[]),
            (
                "Grace Hopper of Initech Ltd in London paid $40 on Monday",
                &[
                    ("person", "Grace Hopper"),
                    ("organisation", "Initech Ltd"),
                    ("place", "London"),
                    ("money", "$40"),
                    ("date", "Monday"),
                ],
            ),
        ];
        for (text, want) in table {
            assert_eq!(found(text), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn is_true_to_any_text(text in r"([A-Z][a-z]{0,5}|[$€+.@ ,&\n'’0-9]|of|Inc|Dr|Paris|March|\PC){0,60}") {
            let mut rest = text.as_str();
            for entity in find(&text) {
                let at = rest.find(entity.text).expect("a verbatim part, after the one before");
                rest = &rest[at + entity.text.len()..];
            }
        }
    }
}
