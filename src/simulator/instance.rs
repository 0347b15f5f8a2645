//! Answers for a JSON Schema: true where entities are asked for, else the smallest that is valid.

use serde_json::{Map, Value, json};

use super::{
    entities::{Entity, Kind},
    formats,
};

/// Schemas within schemas that are followed; deeper ones get null.
const DEPTH_MAX: usize = 32;
/// Items or characters made up for a minimum, at most.
const FILLER_MAX: u64 = 4_096;

/// The schema of an answer when the request brings none.
pub(super) fn entities_schema() -> Value {
    let text = json!({ "type": "string" });
    let item = json!({ "type": "object", "properties": { "type": text, "text": text }, "required": ["type", "text"] });
    json!({
        "type": "object",
        "properties": { "entities": { "type": "array", "items": item } },
        "required": ["entities"]
    })
}

/// An instance of `schema`, with `entities` where it asks for them:
/// every array of objects with `type` and `text` gets those whose type it allows, and a string named like a
/// type gets the first of that type. An array of entities is never padded to its `minItems`: truth comes first.
pub(super) fn instance(schema: &Value, entities: &[Entity<'_>]) -> Value {
    Walk { root: schema, entities }.value(schema, None, 0)
}

struct Walk<'a> {
    root: &'a Value,
    entities: &'a [Entity<'a>],
}

impl<'a> Walk<'a> {
    fn value(&self, schema: &'a Value, name: Option<&str>, depth: usize) -> Value {
        let Some(schema) = self.resolve(schema).and_then(Value::as_object) else { return Value::Null };
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(value) = first(schema, "enum") {
            return value.clone();
        }
        if let Some(schema) = first(schema, "anyOf").or_else(|| first(schema, "oneOf")) {
            return self.value(schema, name, depth + 1);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => self.string(schema, name),
            "integer" | "number" => number(schema),
            "boolean" => Value::Bool(false),
            _ => Value::Null,
        }
    }

    /// Follows references within the document.
    fn resolve(&self, mut schema: &'a Value) -> Option<&'a Value> {
        for _ in 0..DEPTH_MAX {
            let Some(reference) = schema.get("$ref") else { return Some(schema) };
            schema = self.root.pointer(reference.as_str()?.strip_prefix('#')?)?;
        }
        None
    }

    fn object(&self, schema: &'a Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let parts = parts.filter_map(|part| self.resolve(part)?.as_object());
        for part in std::iter::once(schema).chain(parts) {
            let properties = part.get("properties").and_then(Value::as_object);
            let required = part.get("required").and_then(Value::as_array).into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                let property = properties.and_then(|properties| properties.get(name));
                let value = property.map_or(Value::Null, |schema| self.value(schema, Some(name), depth + 1));
                object.entry(name).or_insert(value);
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &'a Map<String, Value>, depth: usize) -> Value {
        let items = schema.get("items");
        if let Some(entities) = items.and_then(|items| self.listed(items, depth)) {
            let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
            return entities.take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(FILLER_MAX);
        let prefix = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        let rest = std::iter::repeat(items.unwrap_or(&Value::Null));
        let item = |schema| self.value(schema, None, depth + 1);
        prefix.chain(rest).take(usize::try_from(least).unwrap_or(0)).map(item).collect()
    }

    /// The entities as items of this schema, if that is what it describes.
    fn listed(&self, items: &'a Value, depth: usize) -> Option<impl Iterator<Item = Value> + use<'_, 'a>> {
        let items = self.resolve(items)?.as_object()?;
        let properties = items.get("properties")?.as_object()?;
        let kinds = self.resolve(properties.get("type")?)?;
        properties.get("text")?;
        let allowed = |kind: Kind| match (kinds.get("enum").and_then(Value::as_array), kinds.get("const")) {
            (Some(kinds), _) => kinds.iter().any(|allowed| allowed == kind.name()),
            (None, Some(only)) => only == kind.name(),
            (None, None) => true,
        };
        let item = move |entity: &Entity<'_>| {
            let mut item = self.object(items, depth + 1);
            if let Some(item) = item.as_object_mut() {
                item.insert("type".into(), entity.kind.name().into());
                item.insert("text".into(), entity.text.into());
            }
            item
        };
        Some(self.entities.iter().filter(move |entity| allowed(entity.kind)).map(item))
    }

    fn string(&self, schema: &Map<String, Value>, name: Option<&str>) -> Value {
        let named = |entity: &&Entity<'_>| name == Some(entity.kind.name());
        let found = self.entities.iter().find(named).map_or("", |entity| entity.text);
        let format = schema.get("format").and_then(Value::as_str);
        // An address that was found is one; dates and others are found as people write them.
        if let Some(example) = format.and_then(formats::example)
            && (format != Some("email") || found.is_empty())
        {
            return example.into();
        }
        let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(FILLER_MAX);
        let missing = usize::try_from(least).unwrap_or(0).saturating_sub(found.chars().count());
        Value::String(format!("{found}{}", "x".repeat(missing)))
    }
}

fn first<'a>(schema: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    schema.get(key)?.as_array()?.first()
}

/// The type of a schema's instances: as stated, else as its other keys suggest.
fn kind(schema: &Map<String, Value>) -> &str {
    let stated = schema.get("type").and_then(Value::as_str);
    let stated = stated.or_else(|| first(schema, "type").and_then(Value::as_str));
    stated.unwrap_or_else(|| {
        let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
        if has(&["items", "prefixItems", "minItems"]) {
            "array"
        } else if has(&["minLength", "pattern", "format"]) {
            "string"
        } else if has(&["minimum", "maximum", "multipleOf"]) {
            "number"
        } else {
            "object"
        }
    })
}

/// Zero, or the number within the bounds that is next to it.
fn number(schema: &Map<String, Value>) -> Value {
    let bound = |key| schema.get(key).and_then(Value::as_f64);
    let whole = kind(schema) == "integer";
    let step = bound("multipleOf").filter(|step| *step > 0.0).unwrap_or(1.0);
    let up = |least: f64| {
        if whole || bound("multipleOf").is_some() { (least / step).ceil() * step } else { least }
    };
    let down =
        |most: f64| if whole || bound("multipleOf").is_some() { (most / step).floor() * step } else { most };
    let least = bound("minimum").map(up);
    let above =
        bound("exclusiveMinimum").map(|least| if up(least) > least { up(least) } else { least + step });
    let most = bound("maximum").map(down);
    let below =
        bound("exclusiveMaximum").map(|most| if down(most) < most { down(most) } else { most - step });
    let value = [least, above].into_iter().flatten().fold(0.0_f64, f64::max);
    let value = [most, below].into_iter().flatten().fold(value, f64::min);
    if value.fract() == 0.0 && value.abs() < 2_f64.powi(53) {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53 fits")]
        let value = value as i64;
        return value.into();
    }
    value.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::entities;

    const TEXT: &str = "Ada Lovelace met Charles Babbage in London on Friday.";

    fn made(schema: &Value) -> Value {
        let made = instance(schema, &entities::find(TEXT));
        let validator = jsonschema::validator_for(schema).expect("a schema");
        assert!(validator.is_valid(&made), "{made} does not satisfy {schema}");
        made
    }

    #[test]
    fn entities_are_listed_where_they_are_asked_for() {
        let ada = json!({ "type": "person", "text": "Ada Lovelace" });
        let charles = json!({ "type": "person", "text": "Charles Babbage" });
        let london = json!({ "type": "place", "text": "London" });
        let friday = json!({ "type": "date", "text": "Friday" });
        assert_eq!(made(&entities_schema()), json!({ "entities": [ada, charles, london, friday] }));

        let item = |kind: Value| json!({ "type": "object", "required": ["type", "text"], "properties": { "type": kind, "text": {} } });
        let list = |item: Value| json!({ "properties": { "entities": { "type": "array", "items": item } }, "required": ["entities"] });
        let some = list(item(json!({ "enum": ["place", "date", "gene"] })));
        assert_eq!(made(&some), json!({ "entities": [london, friday] }));
        let mut by_reference = list(json!({ "$ref": "#/$defs/E" }));
        by_reference["$defs"] = json!({ "E": item(json!({ "const": "place" })) });
        assert_eq!(made(&by_reference), json!({ "entities": [london] }));
        let mut more = item(json!({ "type": "string" }));
        more["properties"]["sure"] = json!({ "type": "number", "minimum": 0.5 });
        more["required"] = json!(["type", "text", "sure"]);
        assert_eq!(made(&list(more))["entities"][0]["sure"], 0.5);
    }

    #[test]
    fn other_schemas_get_the_smallest_valid_instance() {
        let table = [
            (json!({ "type": "object" }), json!({})),
            (json!({ "type": "string" }), json!("")),
            (json!({ "type": "string", "minLength": 3 }), json!("xxx")),
            (json!({ "type": "string", "format": "date" }), json!("2024-02-29")),
            (json!({ "type": "string", "format": "of our own" }), json!("")),
            (json!({ "type": ["integer", "null"], "minimum": 3 }), json!(3)),
            (json!({ "type": "integer", "exclusiveMinimum": 3 }), json!(4)),
            (json!({ "type": "integer", "minimum": 2.5 }), json!(3)),
            (json!({ "type": "integer", "minimum": 7, "multipleOf": 5 }), json!(10)),
            (json!({ "type": "number", "maximum": -1.5 }), json!(-1.5)),
            (json!({ "type": "number", "exclusiveMaximum": 0 }), json!(-1)),
            (
                json!({ "type": "array", "items": { "type": "boolean" }, "minItems": 2 }),
                json!([false, false]),
            ),
            (
                json!({ "prefixItems": [{ "const": 1 }], "items": { "type": "null" }, "minItems": 2 }),
                json!([1, null]),
            ),
            (json!({ "enum": ["low", "high"] }), json!("low")),
            (json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] }), json!(null)),
            (json!({ "oneOf": [{ "const": 5 }] }), json!(5)),
            (
                json!({ "allOf": [{ "properties": { "a": { "const": 1 } }, "required": ["a"] }], "type": "object" }),
                json!({ "a": 1 }),
            ),
            (
                json!({
                    "type": "object",
                    "properties": { "person": { "type": "string" }, "money": { "type": "string" }, "note": {} },
                    "required": ["person", "money"]
                }),
                json!({ "person": "Ada Lovelace", "money": "" }),
            ),
        ];
        for (schema, want) in table {
            assert_eq!(made(&schema), want, "{schema}");
        }
    }

    #[test]
    fn a_schema_without_an_end_is_followed_only_so_far() {
        let endless = json!({ "$ref": "#" });
        assert_eq!(instance(&endless, &[]), Value::Null);
        let node =
            json!({ "properties": { "next": { "$ref": "#" } }, "required": ["next"], "type": "object" });
        assert!(instance(&node, &[]).is_object());
    }
}
