//! Goes through a model's words once, from left to right.

use std::ops::Range;

use super::{bracket::Bracket, json::Json};
use crate::extraction::{AnswerForm, AnswerForms};

/// What some editors, and some models, begin a text with.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The most broken objects and lists that are passed over because a thought may end behind them. Each may have been read to the
/// end of the text to know that it is broken, so that more of them would cost more than the text is worth.
const BROKEN_OBJECTS_MAX: usize = 16;

/// What begins a thought. Any end ends it.
const THOUGHT_BEGINS: &[&str] = &[
    "<think>",
    "<thinking>",
    "<thought>",
    "<thoughts>",
    "<reasoning>",
    "<reflection>",
    "<analysis>",
    "<scratchpad>",
    "<seed:think>",
    "<|start_thinking|>",
    "[think]",
    "\u{25c1}think\u{25b7}",
    "<|channel|>analysis<|message|>",
];

/// What ends a thought.
const THOUGHT_ENDS: &[&str] = &[
    "</think>",
    "</thinking>",
    "</thought>",
    "</thoughts>",
    "</reasoning>",
    "</reflection>",
    "</analysis>",
    "</scratchpad>",
    "</seed:think>",
    "<|end_thinking|>",
    "[/think]",
    "\u{25c1}/think\u{25b7}",
    "<|channel|>final<|message|>",
    "<|channel|>final json<|message|>",
    "<|channel|>final <|constrain|>json<|message|>",
];

/// What a tag can begin with.
const TAG_OPENERS: [char; 3] = ['<', '[', '\u{25c1}'];

/// Where the one object stands.
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) forms: AnswerForms,
    /// Whether no words stand behind it.
    pub(super) is_last: bool,
}

/// How far the words are read, and what was found since the last thought ended.
pub(super) struct Scan<'a> {
    text: &'a str,
    rest: &'a str,
    since: Since,
    broken: usize,
    /// No thought ends in the rest.
    no_more_ends: bool,
}

/// What was found since the last thought ended.
#[derive(Default)]
struct Since {
    /// Where it begins.
    start: usize,
    values: Values,
    forms: AnswerForms,
    /// Words were passed over.
    words: bool,
    /// Letters or digits were, and no object since: a number in brackets is a footnote of theirs.
    prose: bool,
    /// Words stand behind the object.
    words_behind: bool,
    /// Square brackets that are open.
    lists: usize,
}

/// Which values were found.
#[derive(Default)]
enum Values {
    #[default]
    None,
    /// One object, and where.
    One(Range<usize>),
    /// A second value, or an object within a list, or a brace that belongs to none.
    Spoilt,
}

impl<'a> Scan<'a> {
    /// The one object in `text`, if there is exactly one.
    pub(super) fn of(text: &'a str) -> Option<Found> {
        let mut scan = Self { text, rest: text, since: Since::default(), broken: 0, no_more_ends: false };
        if let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
            scan.rest = rest;
            scan.since.start = scan.at();
            scan.since.forms.add(AnswerForm::ByteOrderMark);
        }
        while scan.step()? {}
        let Since { start, values: Values::One(range), forms, words_behind, .. } = scan.since else {
            return None;
        };
        let around = [text.get(start..range.start)?, text.get(range.end..)?];
        (!around.into_iter().any(are_values)).then_some(Found { range, forms, is_last: !words_behind })
    }

    fn nothing_yet(&self) -> bool {
        matches!(self.since.values, Values::None)
    }

    /// How many bytes are read.
    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// Reads up to the next thing that matters, and that; false at the end, nothing if it can't end well any more.
    fn step(&mut self) -> Option<bool> {
        let matters = |c: char| matches!(c, '{' | '}' | ']' | '`' | '~') || TAG_OPENERS.contains(&c);
        let Some(at) = self.rest.find(matters) else {
            self.words(self.rest.len());
            return Some(false);
        };
        self.words(at);
        match self.rest.chars().next() {
            Some('{') => return self.object(),
            Some('}') => return self.spoil(),
            Some(']') => {
                self.since.lists = self.since.lists.saturating_sub(1);
                self.words(1);
            }
            Some(mark @ ('`' | '~')) => self.fence(mark),
            Some(_) => return self.tag(),
            None => {}
        }
        Some(true)
    }

    /// Passes over words.
    fn words(&mut self, bytes: usize) {
        let (words, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        if !words.trim().is_empty() {
            self.since.forms.add(AnswerForm::Surrounded);
            self.since.words = true;
            self.since.prose |= words.contains(char::is_alphanumeric);
            self.since.words_behind = !self.nothing_yet();
        }
        self.rest = rest;
    }

    fn object(&mut self) -> Option<bool> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Json>();
        if !matches!(values.next(), Some(Ok(_))) {
            return self.spoil();
        }
        let start = self.at();
        let length = values.byte_offset();
        self.rest = self.rest.get(length..)?;
        let is_first = self.nothing_yet() && self.since.lists == 0;
        (self.since.words_behind, self.since.prose) = (false, false);
        self.since.values = if is_first { Values::One(start..start + length) } else { Values::Spoilt };
        Some(true)
    }

    /// A brace that belongs to no object, or a list: all may still be well behind the end of a thought, unless it stands
    /// first.
    fn spoil(&mut self) -> Option<bool> {
        self.broken += 1;
        if !self.since.words || self.broken > BROKEN_OBJECTS_MAX {
            return None;
        }
        self.since.values = Values::Spoilt;
        let (at, end) = self.next_end()?;
        self.rest = self.rest.get(at..)?;
        self.end_thought(end);
        Some(true)
    }

    /// Three or more of these at a time are a fence; what follows the first of a pair is its label.
    fn fence(&mut self, mark: char) {
        let behind = self.rest.trim_start_matches(mark);
        let length = self.rest.len() - behind.len();
        if length < 3 {
            return self.words(length);
        }
        self.since.forms.add(AnswerForm::Fenced);
        let label = behind.find(['\n', '{', '}', '[', ']', '`', '~']).filter(|_| self.nothing_yet());
        self.rest = behind.get(label.unwrap_or(0)..).unwrap_or_default();
    }

    fn tag(&mut self) -> Option<bool> {
        if let Some(end) = tag_at(self.rest, THOUGHT_ENDS).filter(|_| self.since.words) {
            self.end_thought(end);
        } else if let Some(begin) = tag_at(self.rest, THOUGHT_BEGINS) {
            self.begin_thought(begin);
        } else {
            if self.rest.starts_with('[') {
                match Bracket::of(self.rest) {
                    Bracket::List => return self.spoil(),
                    Bracket::Number if !self.since.prose => return self.spoil(),
                    Bracket::Number | Bracket::Words => self.since.lists += 1,
                }
            }
            self.words(self.rest.chars().next().map_or(0, char::len_utf8));
        }
        Some(true)
    }

    /// What stands in a thought is passed over, if it ends and something stands behind it.
    fn begin_thought(&mut self, begin: &str) {
        self.since.forms.add(AnswerForm::Thought);
        let behind = self.rest.get(begin.len()..).unwrap_or_default();
        let passed = self.next_end().and_then(|(at, end)| self.rest.get(at + end.len()..));
        self.rest = passed.unwrap_or(behind);
        if self.nothing_yet() {
            self.since.start = self.at();
        }
    }

    /// A thought ends whose beginning was not seen: the words and what was found so far were part of it, if anything stands
    /// behind it.
    fn end_thought(&mut self, end: &str) {
        self.rest = self.rest.get(end.len()..).unwrap_or_default();
        if is_more(Some(self.rest)) {
            self.since = Since { start: self.at(), ..Since::default() };
        }
        self.since.forms.add(AnswerForm::Thought);
    }

    /// Where the next end of a thought stands in the rest that has something behind it, and its tag.
    fn next_end(&mut self) -> Option<(usize, &'static str)> {
        if self.no_more_ends {
            return None;
        }
        let mut places = self.rest.match_indices(TAG_OPENERS).map(|(at, _)| at);
        let next = places.find_map(|at| Some((at, tag_at(self.rest.get(at..)?, THOUGHT_ENDS)?)));
        let next = next.filter(|(at, end)| is_more(self.rest.get(at + end.len()..)));
        self.no_more_ends = next.is_none();
        next
    }
}

/// Whether words are nothing but values, such as `"Ada",` or `null null`.
fn are_values(words: &str) -> bool {
    let mut rest = words.trim_start_matches(is_mark);
    let some = !rest.is_empty();
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Json>();
        if !matches!(values.next(), Some(Ok(_))) {
            return false;
        }
        rest = rest.get(values.byte_offset()..).unwrap_or_default().trim_start_matches(is_mark);
    }
    some
}

/// What stands between values.
fn is_mark(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn is_more(rest: Option<&str>) -> bool {
    rest.is_some_and(|rest| !rest.trim_start().is_empty())
}

/// Which of the tags a text begins with, in any case.
fn tag_at(text: &str, tags: &[&'static str]) -> Option<&'static str> {
    let begins = |tag: &&&str| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
    tags.iter().find(begins).copied()
}
