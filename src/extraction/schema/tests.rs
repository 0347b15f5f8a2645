use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Keyword, Schema, cost, limits};
use crate::extraction::{Alignment, Text};

mod drafts;
mod formats;
mod numbers;

fn compile(schema: &Value) -> Result<Schema, String> {
    Schema::compile(&schema.to_string()).map_err(|problem| problem.0)
}

/// A schema whose one member `a` is `part`, beside `$defs`.
fn with(part: &Value, defs: &Value) -> Value {
    json!({"type": "object", "properties": {"a": part}, "$defs": defs})
}

#[test]
fn good_schemas_compile() {
    let good = [
        json!({"type": "object"}),
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}),
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema#", "type": "object"}),
        json!({"$id": "https://example.com/a.json", "type": "object"}),
        with(&json!({"$ref": "#"}), &json!({})),
        with(&json!({"items": {"$ref": "#"}}), &json!({})),
        with(&json!({"$ref": "#/$defs/n"}), &json!({"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}})),
        with(&json!({"$ref": "#/$defs/a%20b~1c"}), &json!({"a b/c": true})),
        with(&json!({"$ref": "#n"}), &json!({"n": {"$anchor": "n", "items": {"$ref": "#n"}}})),
        with(&json!({"$dynamicRef": "#n"}), &json!({"n": {"$dynamicAnchor": "n", "type": "string"}})),
        json!({"type": "object", "definitions": {"x": {}}, "properties": {"$ref": {"$ref": "#/definitions/x"}}}),
        with(&json!({"oneOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x"}]}), &json!({"x": {"const": 1}})),
        with(&json!({"pattern": "^\\d{4}-[\\w.]+\\p{L}*$"}), &json!({})),
        with(&json!({"format": "of our own", "x-note": "unknown keywords are fine"}), &json!({})),
        with(&json!({"enum": (0..1000).collect::<Vec<_>>()}), &json!({})),
        with(&json!({"const": {"$ref": "https://example.com", "$id": "data, not schema"}}), &json!({})),
    ];
    for schema in good {
        assert!(compile(&schema).is_ok(), "{schema}: {:?}", compile(&schema));
    }
}

#[test]
fn bad_schemas_are_refused_with_place_and_remedy() {
    let bad = [
        (json!(true), "#: the root must be an object schema"),
        (json!([]), "#: the root must be an object schema"),
        (json!({}), "say \"type\": \"object\""),
        (json!({"type": "array"}), "say \"type\": \"object\""),
        (
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}),
            "#/$schema: is a draft that is not supported: write the schema in draft 2020-12, 2019-09 or 7",
        ),
        (json!({"$schema": "https://example.com/meta", "type": "object"}), "#/$schema: is an unknown draft"),
        (json!({"$schema": 7, "type": "object"}), "#/$schema: is an unknown draft"),
        (with(&json!({"type": "strin"}), &json!({})), "#/properties/a/type: "),
        (with(&json!({"minLength": -1}), &json!({})), "#/properties/a/minLength: "),
        (with(&json!(3), &json!({})), "#/properties/a: "),
        (with(&json!({"$id": "https://e.com/"}), &json!({})), "#/properties/a/$id: would change"),
        (
            with(&json!({"$schema": "http://json-schema.org/draft-07/schema#"}), &json!({})),
            "#/properties/a/$schema: ",
        ),
        (with(&json!({"$ref": "https://example.com/x.json"}), &json!({})), "#/properties/a/$ref: leads out"),
        (with(&json!({"$ref": "file:///etc/passwd"}), &json!({})), "leads out of the schema"),
        (with(&json!({"$ref": "other.json#/x"}), &json!({})), "copy what it means into $defs"),
        (with(&json!({"$ref": ""}), &json!({})), "leads out of the schema"),
        (
            with(&json!({"$dynamicRef": "https://json-schema.org/draft/2020-12/schema"}), &json!({})),
            "leads out",
        ),
        (with(&json!({"$ref": "#/$defs/none"}), &json!({})), "#/properties/a/$ref: leads nowhere"),
        (with(&json!({"$ref": "#none"}), &json!({})), "leads nowhere"),
        (with(&json!({"$ref": "#/%zz"}), &json!({})), "#/properties/a/$ref: "),
        (with(&json!({"$ref": "#/type"}), &json!({})), "no schema"),
        (with(&json!({"$anchor": "n"}), &json!({"b": {"$anchor": "n"}})), "given twice"),
        (with(&json!({"pattern": "("}), &json!({})), "#/properties/a/pattern: "),
        (with(&json!({"pattern": "(?=a)b"}), &json!({})), "look-around"),
        (with(&json!({"pattern": "(a)\\1"}), &json!({})), "back-references"),
        (with(&json!({"pattern": "(?:\\p{L}{1,999}){1,999}"}), &json!({})), "too large"),
        (with(&json!({"patternProperties": {"(": true}}), &json!({})), "#/properties/a/patternProperties"),
    ];
    for (schema, expected) in bad {
        let problem = compile(&schema).expect_err(&schema.to_string());
        assert!(problem.contains(expected), "{schema}: {problem}");
    }
    assert!(Schema::compile("{").unwrap_err().0.contains("not JSON"));
}

#[test]
fn references_that_consume_nothing_in_a_cycle_are_refused() {
    let in_place = ["allOf", "anyOf", "oneOf"].map(|keyword| json!({keyword: [{"$ref": "#/$defs/x"}]}));
    let one = ["not", "if", "then", "else"].map(|keyword| json!({keyword: {"$ref": "#/$defs/x"}}));
    let named =
        ["dependentSchemas", "dependencies"].map(|keyword| json!({keyword: {"k": {"$ref": "#/$defs/x"}}}));
    for cyclic in in_place.iter().chain(&one).chain(&named).chain([&json!({"$ref": "#/$defs/x"})]) {
        let problem = compile(&with(&json!({}), &json!({"x": cyclic}))).expect_err(&cyclic.to_string());
        assert!(problem.contains("#/$defs/x") && problem.contains("applies itself"), "{problem}");
    }
    let root = json!({"type": "object", "$ref": "#"});
    assert!(compile(&root).unwrap_err().contains("applies itself"));
    let dynamic = with(&json!({}), &json!({"x": {"$dynamicAnchor": "x", "$dynamicRef": "#x"}}));
    assert!(compile(&dynamic).unwrap_err().contains("applies itself"));
    let long = with(
        &json!({}),
        &json!({"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/c"}, "c": {"$ref": "#/$defs/a"}}),
    );
    assert!(compile(&long).unwrap_err().contains("applies itself"));
}

#[test]
fn each_limit_is_named() {
    let mut deep = json!({});
    for _ in 0..limits::DEPTH_MAX {
        deep = json!({"items": deep});
    }
    let pattern = |n: usize| json!({"pattern": "a".repeat(n)});
    let patterns = |n: usize| {
        let defs: serde_json::Map<_, _> =
            (0..n).map(|k| (format!("d{k}"), json!({"pattern": "^a"}))).collect();
        with(&json!({}), &defs.into())
    };
    let chain = |n: usize| {
        let mut defs = json!({});
        for k in 0..n {
            defs[format!("d{k}")] = json!({"$ref": format!("#/$defs/d{}", k + 1)});
        }
        defs[format!("d{n}")] = json!({});
        with(&json!({"$ref": "#/$defs/d0"}), &defs)
    };
    let too_much = [
        (
            with(&json!({"description": "x".repeat(limits::SCHEMA_BYTES_MAX)}), &json!({})),
            "bytes: at most 65536",
        ),
        (with(&deep, &json!({})), "levels deep"),
        (with(&json!({"enum": vec![0; limits::NODES_MAX]}), &json!({})), "values: at most 4096"),
        (
            with(&json!({"properties": {"k".repeat(limits::KEY_BYTES_MAX + 1): {}}}), &json!({})),
            "key of more than",
        ),
        (with(&pattern(limits::PATTERN_BYTES_MAX + 1), &json!({})), "#/properties/a/pattern: is longer"),
        (patterns(limits::PATTERNS_MAX + 1), "patterns: at most"),
        (chain(cost::CHAIN_MAX), "shorten the chain"),
    ];
    for (schema, expected) in too_much {
        let problem = compile(&schema).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
        assert!(problem.len() < 3000, "{} bytes", problem.len());
    }
    for schema in
        [with(&pattern(limits::PATTERN_BYTES_MAX), &json!({})), patterns(limits::PATTERNS_MAX), chain(8)]
    {
        assert!(compile(&schema).is_ok());
    }
    let mut text = String::from("{\"a\":");
    write!(text, "{}{}", "[".repeat(30_000), "]".repeat(30_000)).unwrap();
    assert!(Schema::compile(&text).unwrap_err().0.contains("not JSON"));
}

/// A chain of definitions each of which applies the next twice.
fn doubling(levels: usize, step: impl Fn(Value) -> Value, last: &Value) -> Value {
    let mut defs = json!({});
    for level in 0..levels {
        defs[format!("d{level}")] = step(json!({"$ref": format!("#/$defs/d{}", level + 1)}));
    }
    defs[format!("d{levels}")] = last.clone();
    json!({"type": "object", "$ref": "#/$defs/d0", "$defs": defs})
}

#[test]
fn schemas_that_double_their_work_at_one_value_are_refused() {
    let schema = doubling(12, |next| json!({"allOf": [next.clone(), next]}), &json!({"maxProperties": 0}));
    let problem = compile(&schema).unwrap_err();
    assert!(problem.contains("shorten the chain") || problem.contains("use fewer"), "{problem}");
    let wide = doubling(4, |next| json!({"allOf": vec![next; 8]}), &json!({}));
    assert!(compile(&wide).unwrap_err().contains("use fewer alternatives"));
}

#[test]
fn answers_that_would_double_the_work_with_each_level_are_refused() {
    let recursive = json!({"type": "object", "$ref": "#/$defs/n", "$defs": {"n": {"oneOf": [
        {"properties": {"a": {"$ref": "#/$defs/n"}}}, {"properties": {"a": {"$ref": "#/$defs/n"}}}]}}});
    let straight =
        doubling(60, |next| json!({"properties": {"a": {"allOf": [next.clone(), next]}}}), &json!({}));
    for schema in [recursive, straight] {
        let schema = compile(&schema).unwrap();
        let mut answer = json!({"b": 1});
        for _ in 0..50 {
            answer = json!({"a": answer});
        }
        let refused = schema.read(&Text::new("x"), &answer.to_string()).unwrap_err();
        assert!(refused.problem.contains("nested too deeply"), "{refused}");
    }
}

#[test]
fn the_deepest_answers_through_the_longest_chains_fit_a_small_stack() {
    let again = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}});
    let schema = compile(&doubling(6, |next| json!({"allOf": [next]}), &again)).unwrap();
    let mut answer = json!(null);
    for _ in 1..cost::ANSWER_DEPTH_MAX {
        answer = json!({"a": answer});
    }
    let read = move || schema.read(&Text::new("x"), &answer.to_string());
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(read).unwrap();
    assert!(thread.join().unwrap().unwrap_err().problem.contains("#/$defs/d6/type: type"));
}

#[test]
fn hostile_patterns_are_linear() {
    let schema = compile(&with(&json!({"pattern": "^(a+)+(a|aa)*(.*a){10}$"}), &json!({}))).unwrap();
    let answer = json!({"a": format!("{}b", "a".repeat(100_000))});
    assert!(schema.read(&Text::new("x"), &answer.to_string()).is_err());
}

#[test]
fn reading_keeps_order_counts_items_and_grounds() {
    let schema = compile(&json!({"type": "object"})).unwrap();
    let text = Text::new("Ann met Bob");
    let answer = "{ \"z\": 1, \"entities\": [ {\"type\":\"person\",\"text\":\"Bob\"} ], \"a\": [1, 2] }";
    let extraction = schema.read(&text, answer).unwrap();
    assert_eq!(&*extraction.result_json, r#"{"z":1,"entities":[{"type":"person","text":"Bob"}],"a":[1,2]}"#);
    assert_eq!(extraction.brought.items, 3);
    assert_eq!(extraction.entities[0].span, Some(8..11));
    assert_eq!(extraction.entities[0].alignment, Alignment::Exact);
    let items = |answer: &str| schema.read(&text, answer).unwrap().brought.items;
    assert_eq!(
        [
            items("{}"),
            items("{\"a\":[]}"),
            items("{\"a\":{}}"),
            items("{\"a\":1}"),
            items("{\"a\":[],\"b\":1}")
        ],
        [0, 0, 0, 1, 0]
    );
    assert_eq!(&*schema.read(&text, "{\"a\":1,\"a\":2}").unwrap().result_json, "{\"a\":2}");
}

#[test]
fn invalid_answers_name_places_in_the_schema_and_none_of_the_answer() {
    const CANARY: &str = "c4n4ry";
    let schema = compile(&json!({
        "type": "object",
        "required": ["must"],
        "additionalProperties": false,
        "patternProperties": {"^p": {"type": "integer"}},
        "properties": {
            "must": {},
            "open": {"additionalProperties": {"type": "integer"}},
            "names": {"propertyNames": {"maxLength": 2}},
            "enum": {"enum": ["x"]},
            "ref": {"$ref": "#/$defs/r"},
            "any": {"anyOf": [{"type": "integer"}, {"const": 1}]},
            "left": {"unevaluatedProperties": false},
            "unique": {"uniqueItems": true},
            "pattern": {"pattern": "^x"},
            "number": {"maximum": 1},
        },
        "$defs": {"r": {"type": "integer"}},
    }))
    .unwrap();
    let table = [
        (json!({}), "#/required: required"),
        (json!({"must": 1, CANARY: 1}), "#/additionalProperties: additionalProperties"),
        (json!({"must": 1, format!("p{CANARY}"): CANARY}), "#/patternProperties/^p/type: type"),
        (json!({"must": 1, "open": {CANARY: CANARY}}), "#/properties/open/additionalProperties/type: type"),
        (json!({"must": 1, "names": {CANARY: 1}}), "#/properties/names/propertyNames"),
        (json!({"must": 1, "enum": CANARY}), "#/properties/enum/enum: enum"),
        (json!({"must": 1, "ref": CANARY}), "#/$defs/r/type: type"),
        (json!({"must": 1, "any": CANARY}), "#/properties/any/anyOf: anyOf"),
        (json!({"must": 1, "left": {CANARY: 1}}), "#/properties/left/unevaluatedProperties"),
        (json!({"must": 1, "unique": [CANARY, CANARY]}), "#/properties/unique/uniqueItems: uniqueItems"),
        (json!({"must": 1, "pattern": CANARY}), "#/properties/pattern/pattern: pattern"),
        (json!({"must": 1, "number": 4_110_001}), "#/properties/number/maximum: maximum"),
    ];
    for (answer, expected) in table {
        let invalid = schema.read(&Text::new(CANARY), &answer.to_string()).unwrap_err();
        assert!(invalid.problem.contains(expected) && invalid.is_json, "{answer}: {invalid}");
        assert!(!invalid.problem.contains(CANARY) && !invalid.problem.contains("4110001"), "{invalid}");
    }
    for broken in
        [CANARY.to_owned(), format!("{{\"{CANARY}\": {CANARY}"), format!("{{}} {CANARY}"), String::new()]
            .into_iter()
            .chain([
                r#"{"must":"\ud800"}"#.to_owned(),
                format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
            ])
    {
        let invalid = schema.read(&Text::new(CANARY), &broken).unwrap_err();
        assert!(invalid.problem.contains("not JSON") && !invalid.problem.contains(CANARY), "{invalid}");
        assert!(!invalid.is_json, "{invalid}");
    }
    let reserved = r#"{"must":{"$serde_json::private::Number":"no number"}}"#;
    assert!(schema.read(&Text::new("x"), reserved).unwrap_err().is_json, "its name is odd, it is JSON");
}

#[test]
fn violations_are_few_and_told_once() {
    let properties: serde_json::Map<_, _> =
        (0..9).map(|k| (format!("p{k}"), json!({"items": {"type": "null"}}))).collect();
    let answer: serde_json::Map<_, _> = (0..9).map(|k| (format!("p{k}"), json!([1, 2, 3]))).collect();
    let schema = compile(&json!({"type": "object", "properties": properties})).unwrap();
    let invalid = schema.read(&Text::new("x"), &Value::from(answer).to_string()).unwrap_err();
    assert_eq!(invalid.problem.matches(": type").count(), super::VIOLATIONS_MAX);
    assert!(invalid.problem.ends_with(", and 4 more places"), "{invalid}");
}

/// Parts that can be broken in every way.
fn breakable() -> Value {
    json!({
        "type": "object",
        "required": ["id"],
        "minProperties": 1,
        "properties": {
            "id": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
            "type": {"type": "array", "items": {"enum": ["a"]}, "uniqueItems": true, "maxItems": 3},
            "a/b": {"properties": {"c~d": {"const": 1}}},
            "ref": {"$ref": "#/$defs/code"},
            "odd": {"$ref": "#/x-shapes/odd"},
            "either": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/hidden"}]},
            "one": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
            "never": false,
            "tuple": {"prefixItems": [{"type": "null"}, false], "items": false},
            "some": {"contains": {"type": "null"}, "minContains": 2},
            "names": {"propertyNames": {"maxLength": 1}},
            "if": {"if": {"type": "integer"}, "then": {"minimum": 5}, "else": {"type": "null"}},
            "needs": {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
            "no": {"not": {"type": "null"}},
            "rest": {"unevaluatedProperties": {"type": "null"}},
            "closed": {"additionalProperties": false},
            "every": {"allOf": [{"multipleOf": 2}]},
        },
        "patternProperties": {"^x-": {"exclusiveMaximum": 9}},
        "$defs": {"code": {"maxLength": 1}, "hidden": {"type": "boolean"}, "unused": {"type": "null"}},
        "x-shapes": {"odd": {"maximum": 3}},
    })
}

#[test]
fn a_violation_is_the_part_of_the_schema_and_its_keyword() {
    let schema = compile(&breakable()).unwrap();
    let table = [
        (json!({}), "#", "minProperties"),
        (json!({"b": 1}), "#", "required"),
        (json!({"id": 1}), "#/properties/id", "type"),
        (json!({"id": "a"}), "#/properties/id", "minLength"),
        (json!({"id": "A9"}), "#/properties/id", "pattern"),
        (json!({"id": "aa", "type": 1}), "#/properties/type", "type"),
        (json!({"id": "aa", "type": ["b"]}), "#/properties/type/items", "enum"),
        (json!({"id": "aa", "type": ["a", "a"]}), "#/properties/type", "uniqueItems"),
        (json!({"id": "aa", "a/b": {"c~d": 2}}), "#/properties/a~1b/properties/c~0d", "const"),
        (json!({"id": "aa", "ref": "long"}), "#/$defs/code", "maxLength"),
        (json!({"id": "aa", "odd": 4}), "#/x-shapes/odd", "maximum"),
        (json!({"id": "aa", "either": 4}), "#/properties/either", "anyOf"),
        (json!({"id": "aa", "one": 4}), "#/properties/one", "oneOf"),
        (json!({"id": "aa", "never": 4}), "#/properties/never", "false"),
        (json!({"id": "aa", "tuple": [1]}), "#/properties/tuple/prefixItems/0", "type"),
        (json!({"id": "aa", "tuple": [null, 1]}), "#/properties/tuple/prefixItems/1", "false"),
        (json!({"id": "aa", "some": [null]}), "#/properties/some", "minContains"),
        (json!({"id": "aa", "names": {"ab": 1}}), "#/properties/names/propertyNames", "maxLength"),
        (json!({"id": "aa", "if": 4}), "#/properties/if/then", "minimum"),
        (json!({"id": "aa", "if": "4"}), "#/properties/if/else", "type"),
        (json!({"id": "aa", "needs": {"a": 1}}), "#/properties/needs", "dependentRequired"),
        (json!({"id": "aa", "needs": {"c": 1}}), "#/properties/needs/dependentSchemas/c", "required"),
        (json!({"id": "aa", "no": null}), "#/properties/no", "not"),
        (json!({"id": "aa", "rest": {"a": 1}}), "#/properties/rest", "unevaluatedProperties"),
        (json!({"id": "aa", "closed": {"a": 1}}), "#/properties/closed", "additionalProperties"),
        (json!({"id": "aa", "every": 3}), "#/properties/every/allOf/0", "multipleOf"),
        (json!({"id": "aa", "x-a": 10}), "#/patternProperties/^x-", "exclusiveMaximum"),
    ];
    let mut wrong = Vec::new();
    for (answer, pointer, keyword) in table {
        let invalid = schema.read(&Text::new("x"), &answer.to_string()).unwrap_err();
        let violation = invalid.violation.unwrap();
        if (&*violation.pointer, violation.keyword.as_str()) != (pointer, keyword) {
            wrong.push(format!("{answer}: {violation:?}"));
        }
        if !schema.places().iter().any(|place| **place == *pointer) {
            wrong.push(format!("{pointer} is no known place"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let hidden = ["#/properties/either/anyOf/0", "#/$defs/hidden", "#/$defs/unused", "#/properties/no/not"];
    for place in schema.places() {
        assert!(!hidden.contains(&&**place), "{place} can't be told");
    }
    let not_json = schema.read(&Text::new("x"), "no").unwrap_err();
    assert_eq!(not_json.violation, None);
}

#[test]
fn places_come_in_the_order_of_the_document_and_end() {
    let places = |schema: &Value| -> Vec<String> {
        compile(schema).unwrap().places().iter().map(ToString::to_string).collect()
    };
    let small = json!({"$defs": {"z": {"type": "string"}}, "type": "object",
        "properties": {"b": {"$ref": "#/$defs/z"}, "a": {"items": {"minimum": 1}}, "free": {"title": "x"}}});
    assert_eq!(places(&small), ["#", "#/$defs/z", "#/properties/a", "#/properties/a/items"]);
    let many: serde_json::Map<_, _> = (0..100).map(|k| (format!("p{k}"), json!({"type": "null"}))).collect();
    let many = places(&json!({"type": "object", "properties": many}));
    assert_eq!((many.len(), many[0].as_str(), many[63].as_str()), (64, "#", "#/properties/p62"));
    let long = json!({"type": "object", "properties": {"k".repeat(250): {"type": "null"}}});
    assert!(places(&long).iter().all(|place| place.len() < 210));
}

#[test]
fn each_keyword_has_advice_of_one_sentence() {
    for keyword in Keyword::ALL {
        let advice = keyword.advice();
        assert!(advice.ends_with('.') && advice.matches(". ").count() == 0, "{keyword}: {advice}");
    }
}

#[test]
fn a_schema_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Schema>();
}
