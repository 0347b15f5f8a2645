//! The root of a schema as generators write it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::graph::{REFERENCES, Shape, shape};

/// Where the parts of a schema stand as its author wrote it: nowhere else, unless a definition took the root's place.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// The JSON Pointer of the definition that is the root now.
    definition: Option<String>,
}

impl Origin {
    /// What now stands at a JSON Pointer, as one into the schema that was written.
    pub(super) fn of<'p>(&self, place: &'p str) -> Cow<'p, str> {
        let first = place.split('/').nth(1).unwrap_or_default();
        match &self.definition {
            // A definition that takes the root's place has none of its own.
            Some(definition) if !DEFINITIONS.contains(&first) => format!("{definition}{place}").into(),
            _ => place.into(),
        }
    }
}

/// Takes the root's address away, and out of the references that begin with it: they lead into the schema all the same,
/// and nothing is ever fetched.
pub(super) fn take_address(root: &mut Value) {
    let id = root.as_object_mut().and_then(|keywords| keywords.shift_remove("$id"));
    let address = id.as_ref().and_then(Value::as_str).map(|id| id.trim_end_matches('#'));
    if let Some(address) = address.filter(|address| !address.is_empty()) {
        make_local(root, address);
    }
}

fn make_local(schema: &mut Value, address: &str) {
    for (keyword, held) in schema.as_object_mut().into_iter().flatten() {
        match (shape(keyword, held), held) {
            (None, Value::String(reference)) if REFERENCES.contains(&keyword.as_str()) => {
                match reference.strip_prefix(address) {
                    Some("") => "#".clone_into(reference),
                    Some(fragment) if fragment.starts_with('#') => *reference = fragment.to_owned(),
                    Some(_) | None => {}
                }
            }
            (Some(Shape::Schema), inner) => make_local(inner, address),
            (Some(Shape::List), Value::Array(list)) => {
                for inner in list {
                    make_local(inner, address);
                }
            }
            (Some(Shape::Map), Value::Object(named)) => {
                for inner in named.values_mut() {
                    make_local(inner, address);
                }
            }
            (Some(_) | None, _) => {}
        }
    }
}

/// The keywords that hold definitions.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// Keys that a root may have beside its reference: they assert nothing.
const BESIDE: [&str; 6] = ["$ref", "$defs", "definitions", "title", "description", "$comment"];

/// Replaces a root that only refers to a definition by that definition, beside all definitions: pydantic
/// writes so for models that hold themselves, zod-to-json-schema for schemas with a name, Go's jsonschema
/// for all. APIs of models want to see an object at the root.
pub(super) fn unfold(root: &mut Value) -> Origin {
    let Some((unfolded, definition)) = unfolded(root) else { return Origin::default() };
    *root = Value::Object(unfolded);
    Origin { definition: Some(definition) }
}

fn unfolded(root: &Value) -> Option<(Map<String, Value>, String)> {
    let keywords = root.as_object()?;
    let pointer = keywords.get("$ref")?.as_str()?.strip_prefix('#')?;
    let is_definition = pointer.starts_with("/definitions/") || pointer.starts_with("/$defs/");
    if !is_definition || !keywords.keys().all(|key| BESIDE.contains(&key.as_str())) {
        return None;
    }
    let target = root.pointer(pointer)?.as_object()?;
    // What refers further, or has definitions of its own, stays as it is.
    if target.keys().any(|key| ["$ref", "$defs", "definitions", "$id"].contains(&key.as_str())) {
        return None;
    }
    let definitions = keywords.iter().filter(|(key, _)| DEFINITIONS.contains(&key.as_str()));
    let unfolded = target.iter().chain(definitions).map(|(key, value)| (key.clone(), value.clone()));
    Some((unfolded.collect(), pointer.to_owned()))
}
