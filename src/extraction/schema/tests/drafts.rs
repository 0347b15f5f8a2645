use serde_json::{Value, json};

use super::{Schema, compile, cost};
use crate::extraction::{Text, schema::Draft};

const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019: &str = "https://json-schema.org/draft/2019-09/schema";

fn declared(draft: &str, mut schema: Value) -> Value {
    schema["$schema"] = json!(draft);
    schema
}

/// The violated place and keyword, if the answer is not valid.
fn broken(schema: &Schema, answer: &Value) -> Option<String> {
    let violation = schema.read(&Text::new("x"), &answer.to_string()).err()?.violation.unwrap();
    Some(format!("{} {}", violation.pointer, violation.keyword))
}

#[test]
fn a_draft_is_known_however_it_is_written() {
    for (written, draft) in [
        ("http://json-schema.org/draft-07/schema#", Draft::Draft7),
        ("http://json-schema.org/draft-07/schema", Draft::Draft7),
        ("https://json-schema.org/draft-07/schema#", Draft::Draft7),
        ("https://json-schema.org/draft/2019-09/schema", Draft::Draft201909),
        ("http://json-schema.org/draft/2019-09/schema#", Draft::Draft201909),
        ("https://json-schema.org/draft/2020-12/schema", Draft::Draft202012),
        ("http://json-schema.org/draft/2020-12/schema#", Draft::Draft202012),
    ] {
        let schema = compile(&declared(written, json!({"type": "object", "title": "t"}))).unwrap();
        assert_eq!(schema.draft, draft, "{written}");
        assert_eq!(&*schema.text, r#"{"type":"object","title":"t"}"#, "no $schema goes upstream");
    }
    assert_eq!(compile(&json!({"type": "object"})).unwrap().draft, Draft::Draft202012);
    for refused in [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/schema#",
        "https://json-schema.org/draft/2021-01/schema",
        "draft-07",
        "",
    ] {
        let problem = compile(&declared(refused, json!({"type": "object"}))).unwrap_err();
        assert!(problem.contains("#/$schema: is a") && problem.contains("2019-09 or 7"), "{problem}");
    }
}

#[test]
fn draft_7_is_read_as_what_it_says() {
    let schema = compile(&declared(
        DRAFT_7,
        json!({
            "type": "object",
            "properties": {
                "pair": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}],
                    "additionalItems": false},
                "rest": {"items": [{"type": "string"}], "additionalItems": {"type": "null"}},
                "ref": {"$ref": "#/definitions/Code", "maxLength": 1, "type": "integer"},
                "card": {"dependencies": {"number": ["holder"], "limit": {"required": ["currency"]}}},
                "ignored": {"dependentRequired": {"a": ["b"]}, "prefixItems": [{"type": "null"}]},
                "when": {"if": {"type": "integer"}, "then": {"exclusiveMinimum": 0}},
                "id": {"format": "uuid"},
            },
            "definitions": {"Code": {"type": "string", "minLength": 2}},
        }),
    ))
    .unwrap();
    for (answer, expected) in [
        (json!({"pair": ["a", 1]}), None),
        (json!({"pair": [1]}), Some("#/properties/pair/items/0 type")),
        (json!({"pair": ["a", 1, 2]}), Some("#/properties/pair additionalItems")),
        (json!({"rest": ["a", 1]}), Some("#/properties/rest/additionalItems type")),
        // What stands beside a reference counts for nothing.
        (json!({"ref": "long enough"}), None),
        (json!({"ref": "x"}), Some("#/definitions/Code minLength")),
        (json!({"card": {"number": 1}}), Some("#/properties/card dependencies")),
        (json!({"card": {"limit": 1}}), Some("#/properties/card/dependencies/limit required")),
        (json!({"ignored": {"a": 1}}), None),
        (json!({"ignored": [1]}), None),
        (json!({"when": 0}), Some("#/properties/when/then exclusiveMinimum")),
        (json!({"id": "no"}), Some("#/properties/id format")),
    ] {
        assert_eq!(broken(&schema, &answer).as_deref(), expected, "{answer}");
    }
}

#[test]
fn draft_2019_09_is_read_as_what_it_says() {
    let schema = compile(&declared(
        DRAFT_2019,
        json!({
            "type": "object",
            "$recursiveAnchor": true,
            "properties": {
                "child": {"$recursiveRef": "#"},
                "ref": {"$ref": "#/$defs/code", "maxLength": 3},
                "pair": {"items": [{"type": "string"}], "unevaluatedItems": false},
                "needs": {"dependentRequired": {"a": ["b"]}},
                "named": {"$ref": "#spot"},
                "n": {"type": "integer"},
            },
            "unevaluatedProperties": false,
            "$defs": {"code": {"minLength": 2}, "spot": {"$anchor": "spot", "type": "null"}},
        }),
    ))
    .unwrap();
    for (answer, expected) in [
        (json!({"child": {"child": {"n": 1}}}), None),
        (json!({"child": {"child": {"n": "x"}}}), Some("#/properties/n type")),
        (json!({"ref": "long"}), Some("#/properties/ref maxLength")),
        (json!({"ref": "x"}), Some("#/$defs/code minLength")),
        (json!({"pair": ["a", 1]}), Some("#/properties/pair unevaluatedItems")),
        (json!({"needs": {"a": 1}}), Some("#/properties/needs dependentRequired")),
        (json!({"named": 1}), Some("#/$defs/spot type")),
        (json!({"more": 1}), Some("# unevaluatedProperties")),
    ] {
        assert_eq!(broken(&schema, &answer).as_deref(), expected, "{answer}");
    }
}

/// As pydantic, zod-to-json-schema and Go's jsonschema write roots.
#[test]
fn a_root_that_only_refers_to_a_definition_is_that_definition() {
    let person = json!({"type": "object", "properties": {"name": {"type": "string"},
        "friends": {"items": {"$ref": "#/definitions/Person"}}}, "required": ["name"]});
    let schema = compile(&declared(
        DRAFT_7,
        json!({"$ref": "#/definitions/Person", "definitions": {"Person": person}}),
    ))
    .unwrap();
    assert_eq!(schema.value["type"], "object");
    assert_eq!(broken(&schema, &json!({"name": "a", "friends": [{"name": "b"}]})), None);
    assert_eq!(broken(&schema, &json!({})).unwrap(), "#/definitions/Person required");
    let deep = broken(&schema, &json!({"name": "a", "friends": [{}]})).unwrap();
    assert_eq!(deep, "#/definitions/Person required");
    let defs = json!({"$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
        "$ref": "#/$defs/Node", "title": "Node"});
    assert!(compile(&defs).is_ok());
    for not_lonely in [
        json!({"$ref": "#/$defs/a", "required": ["b"], "$defs": {"a": {"type": "object"}}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a", "type": "object"}}}),
    ] {
        assert!(compile(&not_lonely).unwrap_err().contains("the root must be an object schema"));
    }
}

/// Its author has never seen the schema that is sent.
#[test]
fn what_took_the_roots_place_is_told_where_it_was_written() {
    let node = |further: Value| {
        let mut node = json!({"type": "object", "properties": {
            "name": {"type": "string"}, "next": {"$ref": "#/$defs/a~1b"}, "code": {"$ref": "#/$defs/code"}}});
        node["properties"]["further"] = further;
        json!({"$ref": "#/$defs/a~1b", "$defs": {"a/b": node, "code": {"minLength": 2}}, "title": "Node"})
    };
    let schema = compile(&node(json!({"items": {"not": {}}}))).unwrap();
    for (answer, expected) in [
        (json!({"name": 1}), "#/$defs/a~1b/properties/name type"),
        (json!({"next": {"name": 1}}), "#/$defs/a~1b/properties/name type"),
        (json!({"code": "x"}), "#/$defs/code minLength"),
        (json!({"further": [1]}), "#/$defs/a~1b/properties/further/items not"),
    ] {
        assert_eq!(broken(&schema, &answer).unwrap(), expected, "{answer}");
        let place = expected.split(' ').next().unwrap();
        assert!(schema.places().iter().any(|known| **known == *place), "{:?}", schema.places());
    }
    assert!(schema.places().iter().all(|place| place.starts_with("#/$defs/")), "{:?}", schema.places());
    let invalid = schema.read(&Text::new("x"), r#"{"name": 1}"#).unwrap_err();
    assert!(invalid.problem.contains("at #/properties/name/type: type"), "the model's schema: {invalid}");
    for (further, expected) in [
        (json!({"type": "nothing"}), "#/$defs/a~1b/properties/further"),
        (json!({"pattern": "("}), "#/$defs/a~1b/properties/further/pattern: the pattern"),
        (json!({"$ref": "#/nowhere"}), "#/$defs/a~1b/properties/further/$ref: leads nowhere"),
        (
            json!({"allOf": [{"$ref": "#/$defs/a~1b/properties/further"}]}),
            "#/$defs/a~1b/properties/further: applies itself",
        ),
    ] {
        let problem = compile(&node(further)).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
    let unknown = compile(&node(json!({"likes": 1, "format": "tea"}))).unwrap().unknown();
    let place = "#/$defs/a~1b/properties/further";
    assert_eq!(unknown, [format!("{place}: the keyword \"likes\""), format!("{place}: the format \"tea\"")]);
    assert_eq!(schema.written_at("#/properties/name"), "#/$defs/a~1b/properties/name");
    let plain = compile(&json!({"type": "object", "$defs": {"x": true}})).unwrap();
    assert_eq!(["#", "#/$defs/x"].map(|place| plain.written_at(place)), ["#", "#/$defs/x"]);
}

#[test]
fn a_part_of_draft_7_has_its_name_in_its_id() {
    let schema = compile(&declared(
        DRAFT_7,
        json!({"type": "object",
            "properties": {"a": {"$ref": "#/definitions/x"}, "b": {"$ref": "#x"}, "c": {"$id": "#c", "minimum": 1}},
            "definitions": {"x": {"$id": "#x", "type": "string"}}}),
    ))
    .unwrap();
    assert_eq!(broken(&schema, &json!({"a": "s", "b": "s", "c": 1})), None);
    assert_eq!(broken(&schema, &json!({"a": 1})).as_deref(), Some("#/definitions/x type"));
    assert_eq!(broken(&schema, &json!({"b": 1})).as_deref(), Some("#/definitions/x type"));
    assert_eq!(broken(&schema, &json!({"c": 0})).as_deref(), Some("#/properties/c minimum"));
    let twice = json!({"type": "object", "properties": {"a": {"$id": "#x"}, "b": {"$id": "#x"}}});
    let problem = compile(&declared(DRAFT_7, twice)).unwrap_err();
    assert!(problem.contains("$id: is given twice"), "{problem}");
}

#[test]
fn references_that_name_the_root_lead_into_it() {
    for (draft, id) in [
        (DRAFT_7, "https://example.com/r"),
        (DRAFT_7, "http://example.com/r.json#"),
        (DRAFT_2019, "urn:uuid:4711"),
        ("https://json-schema.org/draft/2020-12/schema", "person.json"),
    ] {
        let at = |fragment: &str| json!({"$ref": format!("{}{fragment}", id.trim_end_matches('#'))});
        let schema = json!({"$id": id, "type": "object",
            "properties": {"a": at("#/definitions/x"), "b": {"items": at("")}, "c": {"anyOf": [at("#"), true]},
                "d": {"const": at("#/kept")}},
            "definitions": {"x": {"type": "string"}}});
        let schema = compile(&declared(draft, schema)).unwrap();
        assert_eq!(broken(&schema, &json!({"a": "s", "b": [{"a": "s"}], "d": at("#/kept")})), None, "{id}");
        assert_eq!(broken(&schema, &json!({"a": 1})).as_deref(), Some("#/definitions/x type"), "{id}");
        assert_eq!(
            broken(&schema, &json!({"b": [{"a": 1}]})).as_deref(),
            Some("#/definitions/x type"),
            "{id}"
        );
        assert!(broken(&schema, &json!({"d": {"$ref": "#/kept"}})).is_some(), "{id}");
        for outside in [at("/other"), at("x#/definitions/x"), json!({"$ref": "https://example.org/r"})] {
            let schema = json!({"$id": id, "type": "object", "properties": {"a": outside}});
            let problem = compile(&declared(draft, schema)).unwrap_err();
            assert!(problem.contains("leads out of the schema"), "{problem}");
        }
    }
}

#[test]
fn limits_hold_under_each_draft() {
    let cases = [
        // Cycles that consume nothing.
        (
            DRAFT_7,
            json!({"definitions": {"x": {"dependencies": {"k": {"$ref": "#/definitions/x"}}}}}),
            "itself",
        ),
        (DRAFT_2019, json!({"allOf": [{"$recursiveRef": "#"}]}), "applies itself"),
        (DRAFT_2019, json!({"$defs": {"x": {"dependentSchemas": {"k": {"$ref": "#/$defs/x"}}}}}), "itself"),
        // Places outside, names that change what references mean, other drafts within.
        (DRAFT_7, json!({"properties": {"a": {"$ref": "http://example.com/x"}}}), "leads out of the schema"),
        (DRAFT_7, json!({"properties": {"a": {"items": [{"$id": "x#name"}]}}}), "items/0/$id: would change"),
        (DRAFT_7, json!({"properties": {"a": {"additionalItems": {"$id": "x"}}}}), "additionalItems/$id"),
        (DRAFT_2019, json!({"properties": {"a": {"$schema": DRAFT_7}}}), "another draft within"),
        // What the draft's own rules say.
        (DRAFT_7, json!({"properties": {"a": {"type": "strin"}}}), "see JSON Schema draft 7"),
        (DRAFT_2019, json!({"properties": {"a": {"minContains": -1}}}), "see JSON Schema draft 2019-09"),
        (DRAFT_7, json!({"properties": {"a": {"items": []}}}), ""),
    ];
    for (draft, mut schema, expected) in cases {
        schema["type"] = json!("object");
        match compile(&declared(draft, schema.clone())) {
            Err(problem) => assert!(problem.contains(expected), "{schema}: {problem}"),
            Ok(_) => assert_eq!(expected, "", "{schema}"),
        }
    }
    // In draft 7 a reference has no siblings, so that this is no cycle.
    let siblings = json!({"type": "object", "definitions": {"a": {"type": "string"},
        "b": {"$ref": "#/definitions/a", "allOf": [{"$ref": "#/definitions/b"}]}}});
    assert!(compile(&declared(DRAFT_7, siblings.clone())).is_ok());
    assert!(compile(&declared(DRAFT_2019, siblings)).unwrap_err().contains("applies itself"));
}

#[test]
fn answers_that_double_the_work_are_refused_under_each_draft() {
    let twice = |next: Value| json!({"items": [{"allOf": [next.clone(), next]}]});
    for (draft, definitions) in [(DRAFT_7, "definitions"), (DRAFT_2019, "$defs")] {
        let mut defs = json!({});
        for level in 0..60 {
            defs[format!("d{level}")] = twice(json!({"$ref": format!("#/{definitions}/d{}", level + 1)}));
        }
        defs["d60"] = json!({});
        let schema = json!({"type": "object", definitions: defs,
            "properties": {"a": {"$ref": format!("#/{definitions}/d0")}}});
        let schema = compile(&declared(draft, schema)).unwrap();
        let mut answer = json!(1);
        for _ in 0..cost::ANSWER_DEPTH_MAX - 10 {
            answer = json!([answer]);
        }
        let refused = schema.read(&Text::new("x"), &json!({ "a": answer }).to_string()).unwrap_err();
        assert!(refused.problem.contains("nested too deeply"), "{refused}");
    }
}
