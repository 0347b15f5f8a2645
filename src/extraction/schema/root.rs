//! The root of a schema as generators write it.

use serde_json::{Map, Value};

/// Keys that a root may have beside its reference: they assert nothing.
const BESIDE: [&str; 6] = ["$ref", "$defs", "definitions", "title", "description", "$comment"];

/// Replaces a root that only refers to a definition by that definition, beside all definitions: pydantic
/// writes so for models that hold themselves, zod-to-json-schema for schemas with a name, Go's jsonschema
/// for all. APIs of models want to see an object at the root.
pub(super) fn unfold(root: &mut Value) {
    let Some(unfolded) = unfolded(root) else { return };
    *root = Value::Object(unfolded);
}

fn unfolded(root: &Value) -> Option<Map<String, Value>> {
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
    let definitions = keywords.iter().filter(|(key, _)| *key == "$defs" || *key == "definitions");
    Some(target.iter().chain(definitions).map(|(key, value)| (key.clone(), value.clone())).collect())
}
