//! Where a text can be cut without cutting a character in two.

use std::cell::OnceCell;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::span::{Bits, Span};

/// The borders between what people see as characters: extended grapheme clusters of UAX #29.
pub(super) struct Borders<'t> {
    text: &'t str,
    /// All of them, once a place was met that can't be judged by what is near it.
    table: OnceCell<Bits>,
}

/// How far before a place is looked, in bytes: enough for all but long runs of flags or marks.
const LOOK_BACK_MAX: usize = 64;

/// Below this are no marks, no joiners, and nothing else that clings to its neighbours but CR LF.
const SIMPLE: char = '\u{300}';

impl<'t> Borders<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, table: OnceCell::new() }
    }

    /// Whether both ends of a span are borders.
    pub(super) fn fit(&self, span: Span) -> bool {
        self.at(span.start) && self.at(span.end)
    }

    /// Whether there is a border before the byte.
    fn at(&self, byte: u32) -> bool {
        let at = byte as usize;
        let Some((before, after)) = self.text.split_at_checked(at) else { return false };
        let (Some(left), Some(right)) = (before.chars().next_back(), after.chars().next()) else {
            return true;
        };
        if left < SIMPLE && right < SIMPLE {
            return (left, right) != ('\r', '\n');
        }
        let from = self.text.floor_char_boundary(at.saturating_sub(LOOK_BACK_MAX));
        let near = self.text.get(from..).unwrap_or_default();
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor
            .is_boundary(near, from)
            .unwrap_or_else(|_| self.table().any(Span { start: byte, end: byte + 1 }))
    }

    fn table(&self) -> &Bits {
        self.table.get_or_init(|| {
            let mut table = Bits::new(self.text.len());
            let starts = self.text.grapheme_indices(true).filter_map(|(at, _)| Span::of(&(at..at + 1)));
            starts.for_each(|start| table.set(start));
            table
        })
    }
}
