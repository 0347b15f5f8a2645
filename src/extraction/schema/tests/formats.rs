use serde_json::{Value, json};

use super::{compile, with};
use crate::extraction::{Text, schema::FORMATS};

const DRAFTS: [&str; 3] = [
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

/// A text that is of the format, and one that is not.
fn examples(format: &str) -> (&'static str, &'static str) {
    match format {
        "date" => ("2024-02-29", "2023-02-29"),
        "date-time" => ("2024-02-29T12:00:00Z", "2024-02-29 12:00"),
        "time" => ("12:00:00+01:00", "noon"),
        "duration" => ("P1DT12H", "36 hours"),
        "email" => ("a@example.com", "a at example.com"),
        "hostname" => ("example.com", "exa mple.com"),
        "ipv4" => ("192.0.2.1", "192.0.2.256"),
        "ipv6" => ("2001:db8::1", "2001:db8"),
        "uuid" => ("2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08"),
        "uri" => ("https://example.com/a", "/a"),
        "uri-reference" => ("/a", "\\a"),
        "uri-template" => ("/a/{b}", "/a/{b"),
        "iri" => ("https://example.com/é", "/é"),
        "iri-reference" => ("/é", "\\é"),
        "json-pointer" => ("/a/0", "a"),
        "relative-json-pointer" => ("1/a", "/a"),
        "regex" => ("^a+$", "("),
        other => panic!("{other} needs examples"),
    }
}

#[test]
fn each_format_is_enforced_under_each_draft() {
    for draft in DRAFTS {
        for format in FORMATS {
            let mut schema = with(&json!({"format": format}), &json!({}));
            schema["$schema"] = json!(draft);
            let schema = compile(&schema).unwrap();
            let (good, bad) = examples(format);
            let read = |text: &str| schema.read(&Text::new("x"), &json!({"a": text}).to_string());
            assert!(read(good).is_ok(), "{good} is a {format} in {draft}");
            let violation = read(bad).expect_err(&format!("{bad} is no {format} in {draft}")).violation;
            assert_eq!(violation.unwrap().keyword.as_str(), "format");
            assert!(schema.read(&Text::new("x"), r#"{"a": 1}"#).is_ok(), "only texts have a format");
            assert_eq!(schema.unknown(), Vec::<String>::new());
        }
    }
}

#[test]
fn formats_take_time_that_grows_with_the_text() {
    let names = (0..200_000).map(|n| format!("(?<n{n}>)")).collect::<Vec<_>>().concat();
    for (format, text) in [
        ("regex", names),
        ("regex", "(".repeat(1_000_000)),
        ("email", "\"\"@".repeat(300_000)),
        ("hostname", "xn--".repeat(300_000)),
        ("uri-template", "{".repeat(1_000_000)),
        ("duration", "P1".repeat(500_000)),
        ("iri", "a:".repeat(500_000)),
        ("ipv6", ":".repeat(1_000_000)),
    ] {
        let schema = compile(&with(&json!({"format": format}), &json!({}))).unwrap();
        let _either = schema.read(&Text::new("x"), &json!({"a": text}).to_string());
    }
}

#[test]
fn what_is_not_enforced_is_named_with_its_place() {
    let unknown = |schema: &Value| compile(schema).unwrap().unknown();
    let schema = json!({
        "type": "object",
        "properties": {
            "a": {"type": "string", "nullable": true, "format": "phone"},
            "b": {"items": {"requird": ["c"], "const": {"nullable": 1}}},
            "nullable": {"anyOf": [{"format": "idn-hostname"}], "x-note": 1},
        },
        "discriminator": {"propertyName": "a"},
    });
    assert_eq!(
        unknown(&schema),
        [
            "#/properties/a: the keyword \"nullable\"",
            "#/properties/a: the format \"phone\"",
            "#/properties/b/items: the keyword \"requird\"",
            "#/properties/nullable/anyOf/0: the format \"idn-hostname\"",
            "#: the keyword \"discriminator\"",
        ]
    );
    // What one draft knows another may not.
    let of_7 = json!({"$schema": DRAFTS[0], "type": "object", "dependentRequired": {}, "dependencies": {}});
    assert_eq!(unknown(&of_7), ["#: the keyword \"dependentRequired\""]);
    let of_2020 = json!({"type": "object", "additionalItems": false, "prefixItems": [{}]});
    assert_eq!(unknown(&of_2020), ["#: the keyword \"additionalItems\""]);
    let many: serde_json::Map<_, _> = (0..20).map(|n| (format!("k{n}"), json!(1))).collect();
    let mut many = Value::from(many);
    many["type"] = json!("object");
    let told = unknown(&many);
    assert_eq!((told.len(), told.last().unwrap().as_str()), (9, "and 12 more"));
}
