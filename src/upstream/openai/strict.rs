//! Which schemas `OpenAI` takes with `strict: true`.

use serde_json::{Map, Value};

/// The most properties of a strict schema, all objects together.
const PROPERTIES_MAX: usize = 5000;

/// The deepest nesting of a strict schema.
const DEPTH_MAX: usize = 10;

/// What keeps a schema from going out as strict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// Where it stands: a JSON Pointer behind a `#`.
    pub(super) place: String,
    /// What it is and what strict schemas want instead.
    pub(super) reason: String,
}

/// What keeps `OpenAI` from taking the schema with `strict: true`, if anything does; it answers 400 to such
/// schemas, so they go with `strict: false` and the answer is validated here, as all answers are.
///
/// Strict schemas have an object at the root, allow no further properties and require every property in
/// each object, and use only the keywords below.
pub(super) fn obstacle(schema: &Value) -> Option<Obstacle> {
    let mut walk = Walk { properties: 0 };
    let found = match schema {
        Value::Object(root) if root.get("type").and_then(Value::as_str) != Some("object") => {
            Err(at("", "the root has to say \"type\": \"object\""))
        }
        Value::Object(root) if root.contains_key("anyOf") => Err(at("", "the root may have no anyOf")),
        _ => walk.visit(schema, "", DEPTH_MAX),
    };
    found.err()
}

/// The schemas in a strict schema, so far.
struct Walk {
    properties: usize,
}

type Visited = Result<(), Obstacle>;

impl Walk {
    fn visit(&mut self, schema: &Value, place: &str, depth: usize) -> Visited {
        let Value::Object(keywords) = schema else {
            return Err(at(place, "each schema has to be one object: no true, false or list"));
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(at(place, &format!("schemas may be nested {DEPTH_MAX} deep")));
        };
        if keywords.contains_key("properties") || names_type(keywords, "object") {
            self.check_closed(keywords, place)?;
        }
        for (keyword, value) in keywords {
            self.check_keyword(keyword, value, &format!("{place}/{}", escaped(keyword)), depth)?;
        }
        Ok(())
    }

    fn check_keyword(&mut self, keyword: &str, value: &Value, place: &str, depth: usize) -> Visited {
        match keyword {
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
            | "maxItems" => Ok(()),
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => Ok(()),
            "format" => Err(at(place, "this format is not allowed")),
            "items" => self.visit(value, place, depth),
            "anyOf" => {
                let options = value.as_array().map_or(&[][..], Vec::as_slice);
                let mut options = options.iter().enumerate();
                options.try_for_each(|(n, option)| self.visit(option, &format!("{place}/{n}"), depth))
            }
            "properties" | "$defs" | "definitions" => {
                let mut named = value.as_object().into_iter().flatten();
                named.try_for_each(|(name, schema)| {
                    self.visit(schema, &format!("{place}/{}", escaped(name)), depth)
                })
            }
            _ => Err(at(place, "this keyword is not allowed")),
        }
    }

    /// Objects allow no further properties and require all that they name.
    fn check_closed(&mut self, keywords: &Map<String, Value>, place: &str) -> Visited {
        let required: Vec<&str> = match keywords.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let named = keywords.get("properties").and_then(Value::as_object);
        self.properties += named.map_or(0, Map::len);
        if keywords.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err(at(place, "the object has to say \"additionalProperties\": false"));
        }
        if self.properties > PROPERTIES_MAX {
            return Err(at(place, &format!("there may be {PROPERTIES_MAX} properties in all")));
        }
        match named.into_iter().flatten().find(|(name, _)| !required.contains(&name.as_str())) {
            Some((name, _)) => {
                let property = format!("{place}/properties/{}", escaped(name));
                Err(at(&property, "the object has to require this property: let it be null instead"))
            }
            None => Ok(()),
        }
    }
}

fn at(place: &str, reason: &str) -> Obstacle {
    Obstacle { place: format!("#{place}"), reason: reason.to_owned() }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

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

    fn closed(properties: &Value) -> Value {
        let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
        json!({"type": "object", "required": required, "additionalProperties": false,
               "properties": properties})
    }

    #[test]
    fn knows_strict_schemas() {
        for schema in [
            closed(&json!({})),
            closed(&json!({"a": {"type": "string"}, "b": {"type": ["string", "null"]}})),
            closed(&json!({"a": {"type": "array", "items": closed(&json!({"b": {"enum": ["x"]}}))}})),
            closed(&json!({"a": {"anyOf": [{"type": "null"}, {"type": "number", "minimum": 0}]}})),
            closed(&json!({"a": {"type": "string", "format": "date"}})),
        ] {
            assert_eq!(obstacle(&schema), None, "{schema}");
        }
        let mut with_defs = closed(&json!({"a": {"$ref": "#/$defs/a"}}));
        with_defs["$defs"] = json!({"a": closed(&json!({"a": {"$ref": "#/$defs/a"}}))});
        assert_eq!(obstacle(&with_defs), None);
        with_defs["$defs"]["a"]["patternProperties"] = json!({});
        assert_eq!(obstacle(&with_defs).unwrap().place, "#/$defs/a/patternProperties");
    }

    #[test]
    fn says_where_and_why_a_schema_is_not_strict() {
        let mut deep = closed(&json!({}));
        for _ in 0..DEPTH_MAX {
            deep = closed(&json!({ "a": deep }));
        }
        let optional = json!({"type": "object", "properties": {"a/b": {"type": "string"}},
            "required": [], "additionalProperties": false});
        for (schema, place, reason) in [
            (closed(&json!({"a": {"type": "string", "format": "uri"}})), "#/properties/a/format", "format"),
            (
                closed(&json!({"a": {"type": "string", "minLength": 1}})),
                "#/properties/a/minLength",
                "keyword",
            ),
            (closed(&json!({"a": {"oneOf": [{"type": "null"}]}})), "#/properties/a/oneOf", "keyword"),
            (closed(&json!({"a": {"type": "object"}})), "#/properties/a", "additionalProperties"),
            (closed(&json!({"a": {"type": ["object", "null"]}})), "#/properties/a", "additionalProperties"),
            (closed(&json!({"a": true})), "#/properties/a", "one object"),
            // How drafts 7 and 2019-09 write what strict schemas have no word for.
            (
                closed(&json!({"a": {"type": "array", "items": [{"type": "null"}]}})),
                "#/properties/a/items",
                "one object",
            ),
            (
                closed(&json!({"a": {"type": "array", "additionalItems": false}})),
                "#/properties/a/additionalItems",
                "keyword",
            ),
            (json!({"type": "object", "properties": {}, "required": []}), "#", "additionalProperties"),
            (optional, "#/properties/a~1b", "require this property"),
            (json!({"type": "array", "items": {"type": "string"}}), "#", "type"),
            (json!({"type": "object", "anyOf": []}), "#", "anyOf"),
            (json!({"type": "string"}), "#", "type"),
            (json!(true), "#", "one object"),
            (deep, &"/properties/a".repeat(DEPTH_MAX), "nested"),
        ] {
            let obstacle = obstacle(&schema).unwrap();
            assert!(obstacle.place.trim_start_matches('#') == place.trim_start_matches('#'), "{obstacle:?}");
            assert!(obstacle.reason.contains(reason), "{obstacle:?}");
        }
    }
}
