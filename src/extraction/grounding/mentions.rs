//! Where words could stand in a text.

use std::{cmp::Reverse, collections::HashMap, ops::Range};

use super::{
    borders::Borders,
    normalised::{Hyphens, Normalised, is_blank},
    numbers::cuts_number,
    search::search,
    span::Span,
    whole::is_whole,
};
use crate::extraction::Alignment;

/// The most bytes of different words that are looked for.
const WORDS_BYTES_MAX: usize = 256 << 10;

/// All words that are looked for in one text, the longest first; those as long as each other as they are named.
pub(super) struct Mentions<'a> {
    text: &'a str,
    borders: Borders<'a>,
    pub(super) words: Vec<Words<'a>>,
}

/// Words, who wants a place for them, and where they could stand.
pub(super) struct Words<'a> {
    text: &'a str,
    /// The numbers of the entities with these words, in their order.
    pub(super) entities: Vec<usize>,
    /// Those that have no place so far.
    pub(super) open: Vec<usize>,
    /// How many places are taken for them.
    pub(super) claimed: usize,
    /// Whether not all places are known, because a bound was met.
    pub(super) is_cut: bool,
    is_normalised: bool,
    whole: Vec<Place>,
    parts: Vec<Place>,
}

/// A place where words could stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) span: Span,
    pub(super) alignment: Alignment,
}

/// Whether a place is whole words or a part of longer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fit {
    Whole,
    Part,
}

impl<'a> Mentions<'a> {
    /// Gathers what is looked for, with the number of each entity. The rest, which would be more than is
    /// looked for, is given back.
    pub(super) fn of(text: &'a str, named: impl Iterator<Item = &'a str>) -> (Self, Vec<usize>) {
        let (mut words, mut known, mut rest) = (Vec::<Words<'a>>::new(), HashMap::new(), Vec::new());
        let mut left = WORDS_BYTES_MAX;
        for (entity, named) in named.enumerate().filter(|(_, named)| !is_blank(named)) {
            if let Some(same) = known.get(named).and_then(|number: &usize| words.get_mut(*number)) {
                same.entities.push(entity);
            } else if let Some(less) = left.checked_sub(named.len()) {
                left = less;
                known.insert(named, words.len());
                words.push(Words::new(named, entity));
            } else {
                rest.push(entity);
            }
        }
        for words in &mut words {
            words.open.clone_from(&words.entities);
        }
        words.sort_by_key(|words| Reverse(words.text.len()));
        (Self { text, borders: Borders::of(text), words }, rest)
    }

    /// How long the text is.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Finds the places where words stand letter by letter.
    pub(super) fn find_exact(&mut self) {
        let Self { text, borders, words } = self;
        let patterns: Vec<&str> = words.iter().map(|words| words.text).collect();
        let told = search(text, &patterns, |number, found| {
            if let (Some(words), Some(span)) = (words.get_mut(number), Span::of(&found)) {
                words.add(text, borders, Place { span, alignment: Alignment::Exact });
            }
            found.len()
        });
        words.iter_mut().skip(told).for_each(|words| words.is_cut = true);
    }

    /// Finds the places where some of the words stand in their normal form, unless that was done.
    pub(super) fn find_normalised(&mut self, which: impl Fn(&Words<'_>) -> bool) {
        let sought = |words: &&mut Words<'a>| !words.is_normalised && which(words);
        let mut sought: Vec<&mut Words<'a>> = self.words.iter_mut().filter(sought).collect();
        if sought.is_empty() {
            return;
        }
        let forms = sought.iter().map(|words| Normalised::of(words.text, Hyphens::AsTheyStand));
        let forms: Vec<Normalised> = forms.collect();
        let text = Normalised::of(self.text, Hyphens::AsTheyStand);
        let mut add = |text: &Normalised| {
            find_forms(self.text, text, &forms, |number, span| {
                if let Some(words) = sought.get_mut(number) {
                    words.add(self.text, &self.borders, Place { span, alignment: Alignment::Normalised });
                }
            })
        };
        let mut told = add(&text);
        if text.has_line_ends {
            drop(text);
            for hyphens in [Hyphens::Dropped, Hyphens::Kept] {
                told = told.min(add(&Normalised::of(self.text, hyphens)));
            }
        }
        sought.iter_mut().skip(told).for_each(|words| words.is_cut = true);
        for words in sought {
            words.settle();
        }
    }
}

impl<'a> Words<'a> {
    fn new(text: &'a str, entity: usize) -> Self {
        Self {
            text,
            entities: vec![entity],
            open: Vec::new(),
            claimed: 0,
            is_cut: false,
            is_normalised: false,
            whole: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// How many more places are wanted.
    pub(super) fn wanting(&self) -> usize {
        self.open.len().saturating_sub(self.claimed)
    }

    /// The known places, the better first: those letter by letter, and then in order of appearance.
    pub(super) fn places(&self, fit: Fit) -> &[Place] {
        match fit {
            Fit::Whole => &self.whole,
            Fit::Part => &self.parts,
        }
    }

    fn add(&mut self, text: &str, borders: &Borders<'_>, place: Place) {
        if borders.fit(place.span) && !cuts_number(text, place.span) {
            let places = if is_whole(text, place.span) { &mut self.whole } else { &mut self.parts };
            places.push(place);
        }
    }

    /// Puts places in their order that were found in normal forms, each once.
    fn settle(&mut self) {
        self.is_normalised = true;
        for places in [&mut self.whole, &mut self.parts] {
            places.sort_by_key(|place| (place.span, place.alignment));
            places.dedup_by_key(|place| place.span);
            places.sort_by_key(|place| (place.alignment, place.span));
        }
    }
}

/// Tells where normal forms stand in a normalised text; returns how many were told of in full.
fn find_forms(
    original: &str,
    text: &Normalised,
    forms: &[Normalised],
    mut tell: impl FnMut(usize, Span),
) -> usize {
    // What is longer than the text stands nowhere; an empty one would stand everywhere.
    let sought = |form: &Normalised| !form.text.is_empty() && form.text.len() <= text.text.len();
    let numbers: Vec<usize> =
        (0..).zip(forms).filter(|(_, form)| sought(form)).map(|(number, _)| number).collect();
    let patterns: Vec<&str> =
        forms.iter().filter(|form| sought(form)).map(|form| form.text.as_str()).collect();
    let told = search(&text.text, &patterns, |pattern, found: Range<usize>| {
        let Some((number, form)) = numbers.get(pattern).and_then(|at| Some((*at, forms.get(*at)?))) else {
            return 0;
        };
        let Some(span) = text.origin(&found, original) else { return 0 };
        if text.agrees(&found, form) {
            tell(number, span);
        }
        // Far more than was found, where a letter has a hundred thousand marks that don't count.
        span.range().len()
    });
    numbers.get(told).copied().unwrap_or(forms.len())
}
