//! Locates entities in the text.

use serde_json::Value;

use super::{Alignment, Entity, Text};
use mentions::Mentions;
use offsets::Offsets;

mod mentions;
mod normalised;
mod offsets;

#[cfg(test)]
mod tests;

/// The most entities that are located; those after them are left out.
pub const MAX_ENTITIES: usize = 10_000;

/// Locates the members of `result`'s top-level `entities` array that have a string `type` and a
/// string `text`.
///
/// An entity is *exact* when its words stand in the text letter by letter, *normalised* when they do
/// but for case, white space, typographic variants and compatibility forms. Of several places those
/// on word boundaries are preferred, and the first entity with the same words gets the first of them,
/// the second the second; when there are no more, the first again.
pub fn ground(text: &Text, result: &Value) -> Vec<Entity> {
    let named: Vec<(&str, &str)> = entities(result).take(MAX_ENTITIES).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let mut mentions = Mentions::find(text.as_str(), named.iter().map(|(_, words)| *words));
    let offsets = Offsets::of(text.as_str());
    let locate = |(kind, words): (&str, &str)| {
        let place = mentions.take(words);
        let span = place.as_ref().and_then(|(bytes, _)| offsets.in_chars(bytes));
        let alignment = place.filter(|_| span.is_some()).map_or(Alignment::NotFound, |(_, how)| how);
        Entity { kind: kind.to_owned(), text: words.to_owned(), span, alignment }
    };
    named.into_iter().map(locate).collect()
}

fn entities(result: &Value) -> impl Iterator<Item = (&str, &str)> {
    let array = result.get("entities").and_then(Value::as_array).into_iter().flatten();
    array.filter_map(|entity| Some((entity.get("type")?.as_str()?, entity.get("text")?.as_str()?)))
}
