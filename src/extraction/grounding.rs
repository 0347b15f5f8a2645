//! Locates entities in the text.

use serde_json::Value;

use super::{Alignment, Entity, Text};
use offsets::Offsets;
use placing::{Found, place};

mod borders;
mod claims;
mod contest;
mod fold;
mod mentions;
mod normalised;
mod numbers;
mod offsets;
mod overlaps;
mod placing;
mod search;
mod span;
mod whole;

#[cfg(test)]
mod tests;

/// The most entities that are located; those after them are left out.
pub const ENTITIES_MAX: usize = 10_000;

/// Located entities.
#[derive(Default)]
pub struct Grounding {
    /// The entities, in the order of the result.
    pub entities: Vec<Entity>,
    /// How many more the result names that are not listed, because a bound was met.
    pub left_out: usize,
}

/// Type and words of an entity.
type Named<'a> = (&'a str, &'a str);

/// Locates the members of `result`'s top-level `entities` array that have a string `type` and a
/// string `text`.
///
/// An entity is *exact* when its words stand in the text letter by letter, *normalised* when they do but
/// for case, white space, typographic variants, compatibility forms, the order of marks, vowel points left
/// out, and hyphens at line ends. A place is taken once, by the rules of [`placing::place`]. What is not
/// looked for because there is too much of it is left out and counted, never called *not found*.
pub fn ground(text: &Text, result: &Value) -> Grounding {
    let mut all = entities(result);
    let named: Vec<Named<'_>> = all.by_ref().take(ENTITIES_MAX).collect();
    let mut grounding = Grounding { entities: Vec::with_capacity(named.len()), left_out: all.count() };
    if named.is_empty() {
        return grounding;
    }
    let offsets = Offsets::of(text.as_str());
    for ((kind, words), found) in named.iter().zip(place(text.as_str(), &named)) {
        let (span, alignment) = match found {
            Found::At(place) => (offsets.in_chars(&place.span.range()), place.alignment),
            Found::Nowhere => (None, Alignment::NotFound),
            Found::Unknown => {
                grounding.left_out += 1;
                continue;
            }
        };
        let alignment = if span.is_some() { alignment } else { Alignment::NotFound };
        let entity = Entity { kind: (*kind).to_owned(), text: (*words).to_owned(), span, alignment };
        grounding.entities.push(entity);
    }
    grounding
}

fn entities(result: &Value) -> impl Iterator<Item = Named<'_>> {
    let array = result.get("entities").and_then(Value::as_array).into_iter().flatten();
    array.filter_map(|entity| Some((entity.get("type")?.as_str()?, entity.get("text")?.as_str()?)))
}
