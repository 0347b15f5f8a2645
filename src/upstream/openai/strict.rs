//! Which schemas `OpenAI` takes with `strict: true`.

use serde_json::{Map, Value};

/// The most properties of a strict schema, all objects together.
const PROPERTIES_MAX: usize = 5000;

/// The deepest nesting of a strict schema.
const DEPTH_MAX: usize = 10;

/// Whether `OpenAI` takes the schema with `strict: true`; it answers 400 to others, so they go with
/// `strict: false` and the answer is validated here, as all answers are.
///
/// Strict schemas have an object at the root, allow no further properties and require every property in
/// each object, and use only the keywords below.
pub(super) fn is_strict_compatible(schema: &Value) -> bool {
    let Value::Object(root) = schema else { return false };
    let mut properties = 0;
    root.get("type").and_then(Value::as_str) == Some("object")
        && !root.contains_key("anyOf")
        && fits(schema, DEPTH_MAX, &mut properties)
}

fn fits(schema: &Value, depth: usize, properties: &mut usize) -> bool {
    let Value::Object(keywords) = schema else { return false };
    let Some(depth) = depth.checked_sub(1) else { return false };
    let is_object = keywords.contains_key("properties") || names_type(keywords, "object");
    (!is_object || closed(keywords, properties))
        && keywords.iter().all(|(keyword, value)| match keyword.as_str() {
            "type"
            | "enum"
            | "const"
            | "title"
            | "description"
            | "required"
            | "additionalProperties"
            | "$ref"
            | "$schema"
            | "$id"
            | "$comment"
            | "pattern"
            | "multipleOf"
            | "minimum"
            | "maximum"
            | "exclusiveMinimum"
            | "exclusiveMaximum"
            | "minItems"
            | "maxItems" => true,
            "format" => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
            "items" => fits(value, depth, properties),
            "anyOf" => {
                value.as_array().is_some_and(|options| options.iter().all(|s| fits(s, depth, properties)))
            }
            "properties" | "$defs" | "definitions" => {
                value.as_object().is_some_and(|named| named.values().all(|s| fits(s, depth, properties)))
            }
            _ => false,
        })
}

const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Whether an object allows no further properties and requires all that it names.
fn closed(keywords: &Map<String, Value>, properties: &mut usize) -> bool {
    let required: Vec<&str> = match keywords.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let named = keywords.get("properties").and_then(Value::as_object);
    *properties += named.map_or(0, Map::len);
    keywords.get("additionalProperties") == Some(&Value::Bool(false))
        && *properties <= PROPERTIES_MAX
        && named.is_none_or(|named| named.keys().all(|name| required.contains(&name.as_str())))
}

fn names_type(keywords: &Map<String, Value>, name: &str) -> bool {
    match keywords.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn knows_strict_schemas() {
        let closed = |properties: Value| {
            let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
            json!({"type": "object", "required": required, "additionalProperties": false,
                   "properties": properties})
        };
        let mut deep = closed(json!({}));
        for _ in 0..DEPTH_MAX {
            deep = closed(json!({ "a": deep }));
        }
        for (schema, expected) in [
            (closed(json!({})), true),
            (closed(json!({"a": {"type": "string"}, "b": {"type": ["string", "null"]}})), true),
            (closed(json!({"a": {"type": "array", "items": closed(json!({"b": {"enum": ["x"]}}))}})), true),
            (closed(json!({"a": {"anyOf": [{"type": "null"}, {"type": "number", "minimum": 0}]}})), true),
            (closed(json!({"a": {"type": "string", "format": "date"}})), true),
            (closed(json!({"a": {"type": "string", "format": "uri"}})), false),
            (closed(json!({"a": {"type": "string", "minLength": 1}})), false),
            (closed(json!({"a": {"oneOf": [{"type": "null"}]}})), false),
            (closed(json!({"a": {"type": "object"}})), false),
            (closed(json!({"a": {"type": ["object", "null"]}})), false),
            (closed(json!({"a": true})), false),
            (json!({"type": "object", "properties": {}, "required": []}), false),
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}},
                    "required": [], "additionalProperties": false}),
                false,
            ),
            (json!({"type": "array", "items": {"type": "string"}}), false),
            (json!({"type": "string"}), false),
            (json!(true), false),
            (deep, false),
        ] {
            assert_eq!(is_strict_compatible(&schema), expected, "{schema}");
        }
        let mut with_defs = closed(json!({"a": {"$ref": "#/$defs/a"}}));
        with_defs["$defs"] = json!({"a": closed(json!({"a": {"$ref": "#/$defs/a"}}))});
        assert!(is_strict_compatible(&with_defs));
        with_defs["$defs"]["a"]["patternProperties"] = json!({});
        assert!(!is_strict_compatible(&with_defs));
    }
}
