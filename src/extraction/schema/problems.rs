//! What is wrong with a schema, put into words.

use super::{SchemaProblem, root::Origin};

/// Problems found so far. Only the first few are told: they travel in a reply's header.
#[derive(Debug, Clone, Default)]
pub(super) struct Problems {
    origin: Origin,
    told: Vec<String>,
    untold: usize,
}

/// The most problems that are told at once.
const TOLD_MAX: usize = 5;

/// The longest place or reason that is shown, in bytes.
const SHOWN_MAX: usize = 200;

impl Problems {
    /// None so far; those to come are told where they stand in the schema that was written.
    pub(super) fn told_by(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    /// Adds what is wrong at a JSON Pointer.
    pub(super) fn add(&mut self, place: &str, problem: &str) {
        if self.told.len() < TOLD_MAX {
            self.told.push(line(&self.origin.of(place), problem));
        } else {
            self.untold += 1;
        }
    }

    /// Fails if there are any.
    pub(super) fn into_result(self) -> Result<(), SchemaProblem> {
        if self.told.is_empty() {
            return Ok(());
        }
        let mut told = self.told;
        if self.untold > 0 {
            told.push(format!("and {} more", self.untold));
        }
        Err(SchemaProblem(told.join("; ")))
    }
}

/// The one thing that is wrong, at a JSON Pointer.
pub(super) fn one(place: &str, problem: &str) -> SchemaProblem {
    SchemaProblem(line(place, problem))
}

/// A JSON Pointer as a fragment, shortened in its middle if it is long.
pub(super) fn shown(place: &str) -> String {
    let tail = place.char_indices().rev().map(|(at, _)| at).find(|at| place.len() - at >= SHOWN_MAX / 2);
    match tail.and_then(|at| place.split_at_checked(at)) {
        Some((head, tail)) if place.len() > SHOWN_MAX => format!("#{}…{tail}", cut(head, SHOWN_MAX / 2)),
        _ => format!("#{place}"),
    }
}

fn line(place: &str, problem: &str) -> String {
    let told = cut(problem, 2 * SHOWN_MAX);
    let dots = if told.len() < problem.len() { "…" } else { "" };
    format!("{}: {told}{dots}", shown(place))
}

fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.split_at_checked(end).map_or("", |(head, _)| head)
}
