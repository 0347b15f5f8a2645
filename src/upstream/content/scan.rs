//! Goes through a model's words once, from left to right.

use std::ops::Range;

use serde::de::IgnoredAny;

use crate::extraction::{AnswerForm, AnswerForms};

/// What some editors, and some models, begin a text with.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The most broken objects that are passed over because a thought may end behind them. Each may have been read to the
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
    object: Option<Range<usize>>,
    /// A second object, or one within a list, or a brace that belongs to none.
    spoilt: bool,
    forms: AnswerForms,
    /// Words were passed over.
    words: bool,
    /// Words stand behind the object.
    words_behind: bool,
    /// Square brackets that are open.
    lists: usize,
}

impl<'a> Scan<'a> {
    /// The one object in `text`, if there is exactly one.
    pub(super) fn of(text: &'a str) -> Option<Found> {
        let mut scan = Self { text, rest: text, since: Since::default(), broken: 0, no_more_ends: false };
        if let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
            scan.rest = rest;
            scan.since.forms.add(AnswerForm::ByteOrderMark);
        }
        while scan.step()? {}
        let Since { object, spoilt, forms, words_behind, .. } = scan.since;
        let range = object.filter(|_| !spoilt)?;
        Some(Found { range, forms, is_last: !words_behind })
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
            Some(_) => self.tag(),
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
            self.since.words_behind = self.since.object.is_some();
        }
        self.rest = rest;
    }

    fn object(&mut self) -> Option<bool> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<IgnoredAny>();
        if !matches!(values.next(), Some(Ok(_))) {
            return self.spoil();
        }
        let start = self.text.len() - self.rest.len();
        let length = values.byte_offset();
        self.rest = self.rest.get(length..)?;
        self.since.spoilt |= self.since.lists > 0 || self.since.object.is_some();
        self.since.words_behind = false;
        self.since.object = Some(start..start + length);
        Some(true)
    }

    /// A brace that belongs to no object: all may still be well behind the end of a thought, unless it stands first.
    fn spoil(&mut self) -> Option<bool> {
        self.broken += 1;
        if !self.since.words || self.broken > BROKEN_OBJECTS_MAX {
            return None;
        }
        self.since.spoilt = true;
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
        let label = behind.find(['\n', '{', '}', '[', ']', '`', '~']).filter(|_| self.since.object.is_none());
        self.rest = behind.get(label.unwrap_or(0)..).unwrap_or_default();
    }

    fn tag(&mut self) {
        if let Some(end) = tag_at(self.rest, THOUGHT_ENDS).filter(|_| self.since.words) {
            return self.end_thought(end);
        }
        if let Some(begin) = tag_at(self.rest, THOUGHT_BEGINS) {
            return self.begin_thought(begin);
        }
        if self.rest.starts_with('[') {
            self.since.lists += 1;
        }
        self.words(self.rest.chars().next().map_or(0, char::len_utf8));
    }

    /// What stands in a thought is passed over, if it ends and something stands behind it.
    fn begin_thought(&mut self, begin: &str) {
        self.since.forms.add(AnswerForm::Thought);
        let behind = self.rest.get(begin.len()..).unwrap_or_default();
        let passed = self.next_end().and_then(|(at, end)| self.rest.get(at + end.len()..));
        self.rest = passed.unwrap_or(behind);
    }

    /// A thought ends whose beginning was not seen: the words and what was found so far were part of it, if anything stands
    /// behind it.
    fn end_thought(&mut self, end: &str) {
        self.rest = self.rest.get(end.len()..).unwrap_or_default();
        if is_more(Some(self.rest)) {
            self.since = Since::default();
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

fn is_more(rest: Option<&str>) -> bool {
    rest.is_some_and(|rest| !rest.trim_start().is_empty())
}

/// Which of the tags a text begins with, in any case.
fn tag_at(text: &str, tags: &[&'static str]) -> Option<&'static str> {
    let begins = |tag: &&&str| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
    tags.iter().find(begins).copied()
}
