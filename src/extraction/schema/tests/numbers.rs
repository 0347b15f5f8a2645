use std::cmp::Ordering;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{compile, with};
use crate::extraction::{Keyword, Schema, Text};

fn schema(text: &str) -> Schema {
    Schema::compile(text).unwrap()
}

fn anything() -> Schema {
    schema(r#"{"type": "object"}"#)
}

fn read(schema: &Schema, answer: &str) -> Result<String, String> {
    match schema.read(&Text::new("x"), answer) {
        Ok(extraction) => Ok(extraction.result_json.to_string()),
        Err(invalid) => Err(invalid.problem),
    }
}

#[test]
fn numbers_leave_as_they_came() {
    let numbers = [
        "49015420323751812345",
        "7654321098.987654321",
        "1.50",
        "-0",
        "-0.0",
        "0e0",
        "1E5",
        "1e5",
        "1e+05",
        "1.0E-7",
        "1e400",
        "-2.50e-400",
        "18446744073709551616",
        "-9223372036854775809",
        "1234567890123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        "100000000000000000000000.000",
    ];
    for number in numbers {
        for answer in [
            format!("{{\"a\":{number}}}"),
            format!("{{\"a\":[{number},{{\"b\":[[{number}]]}}],\"c\":\"{number}\"}}"),
        ] {
            assert_eq!(read(&anything(), &answer).as_deref(), Ok(answer.as_str()));
        }
    }
    let spaced = "{ \"b\" : 1E2 ,\n \"a\" : [ 1e2 , \"\\u0041\\/\" ] , \"b\" : 2E2 }";
    assert_eq!(read(&anything(), spaced).as_deref(), Ok(r#"{"b":2E2,"a":[1e2,"A/"]}"#));
}

#[test]
fn keywords_judge_the_exact_value() {
    let valid = [
        (r#"{"type": "integer"}"#, "49015420323751812345"),
        (r#"{"type": "integer"}"#, "1E5"),
        (r#"{"type": "integer"}"#, "12345678901234567890.000"),
        (r#"{"type": "integer"}"#, "150e-1"),
        (r#"{"maximum": 49015420323751812345}"#, "49015420323751812345"),
        (r#"{"maximum": 0.3}"#, "0.30000"),
        (r#"{"minimum": 1e400}"#, "1e400"),
        (r#"{"minimum": 9007199254740993}"#, "9007199254740993.0"),
        (r#"{"maximum": 1152921504606847176}"#, "1152921504606847175.5"),
        (r#"{"exclusiveMinimum": 7654321098.987654320}"#, "7654321098.987654321"),
        (r#"{"multipleOf": 0.01}"#, "7654321098.98"),
        (r#"{"multipleOf": 7}"#, "343412345678910111213141516171819202122232425262728293034"),
        (r#"{"multipleOf": 1e-30}"#, "0.000000000000000000000000000007"),
        (r#"{"const": 1.50}"#, "1.5"),
        (r#"{"enum": [18446744073709551617]}"#, "18446744073709551617"),
        (r#"{"enum": [1e2]}"#, "100"),
        (r#"{"uniqueItems": true}"#, "[18446744073709551616, 18446744073709551617]"),
        (r#"{"uniqueItems": true}"#, "[0.1, 0.10000000000000000001]"),
    ];
    let invalid = [
        (r#"{"type": "integer"}"#, "49015420323751812345.5"),
        (r#"{"type": "integer"}"#, "1e-400"),
        (r#"{"type": "integer"}"#, "10000000000000000.5"),
        (r#"{"maximum": 49015420323751812344}"#, "49015420323751812345"),
        (r#"{"maximum": 0.3}"#, "0.30000000000000000001"),
        (r#"{"maximum": 10000000000000000}"#, "10000000000000000.5"),
        (r#"{"maximum": 10000000000000000000000000}"#, "10000000000000000000000000.5"),
        (r#"{"exclusiveMaximum": 1e400}"#, "1e400"),
        (r#"{"exclusiveMinimum": 7654321098.987654321}"#, "7654321098.987654321"),
        (r#"{"minimum": 0}"#, "-1e-999"),
        (r#"{"multipleOf": 0.01}"#, "7654321098.987"),
        (r#"{"multipleOf": 1}"#, "10000000000000000000000000.5"),
        (r#"{"multipleOf": 7}"#, "343412345678910111213141516171819202122232425262728293035"),
        (r#"{"const": 18446744073709551616}"#, "18446744073709551617"),
        (r#"{"const": 0.1}"#, "0.1000000000000000055511151231257827"),
        (r#"{"enum": [18446744073709551617]}"#, "18446744073709551616"),
        (r#"{"uniqueItems": true}"#, "[1.0, 1]"),
        (r#"{"uniqueItems": true}"#, "[1e400, 10e399]"),
        (r#"{"uniqueItems": true}"#, "[{\"a\": 18446744073709551617.0}, {\"a\": 18446744073709551617}]"),
    ];
    let judge = |part: &str, value: &str| {
        let schema = schema(&format!("{{\"type\":\"object\",\"properties\":{{\"a\":{part}}}}}"));
        read(&schema, &format!("{{\"a\":{value}}}"))
    };
    for (part, value) in valid {
        assert!(judge(part, value).is_ok(), "{value} against {part}: {:?}", judge(part, value));
    }
    for (part, value) in invalid {
        let keyword = part.split('"').nth(1).unwrap();
        let problem = judge(part, value).expect_err(&format!("{value} against {part}"));
        assert!(problem.contains(&format!("#/properties/a/{keyword}: {keyword}")), "{problem}");
    }
}

#[test]
fn a_number_that_is_too_long_says_where_it_stands() {
    let schema = schema(
        r##"{"type": "object", "properties": {"n": {"type": "number"}, "a/b": {"items": {"$ref": "#/$defs/x"}},
            "t": {"prefixItems": [true], "items": {"type": "number"}}}, "$defs": {"x": {"type": "object"}}}"##,
    );
    for (answer, pointer) in [
        (r#"{"n":1e5000}"#, "#/properties/n"),
        (r#"{"m":1e-5000}"#, "#"),
        (r#"{"a/b":[1,{"x":-2E9999}]}"#, "#/properties/a~1b/items"),
        (r#"{"t":[1e2000]}"#, "#/properties/t"),
    ] {
        let violation = schema.read(&Text::new("x"), answer).unwrap_err().violation.unwrap();
        assert_eq!((&*violation.pointer, violation.keyword), (pointer, Keyword::Digits), "{answer}");
    }
}

#[test]
fn numbers_too_long_to_be_compared_are_refused_and_never_written_out() {
    let nines = "9".repeat(1001);
    for number in ["1e999999999", "-1E-999999999", "0e99999999999999999999999999", "1e1001", &nines] {
        let problem = read(&anything(), &format!("{{\"a\":[{{\"b\":{number}}}]}}")).unwrap_err();
        assert!(problem.contains("a number of more than 1000 digits"), "{problem}");
        let bound = format!(r#"{{"type":"object","properties":{{"a":{{"maximum":{number}}}}}}}"#);
        let problem = Schema::compile(&bound).unwrap_err().0;
        assert!(problem.contains("#/properties/a/maximum: has more than 1000 digits"), "{problem}");
    }
    assert!(read(&anything(), "{\"a\":1e999}").is_ok());
    assert!(read(&anything(), &format!("{{\"a\":{}}}", "9".repeat(1000))).is_ok());
}

#[test]
fn long_numbers_that_would_be_compared_with_each_other_are_bounded() {
    let schema = compile(&with(&json!({"uniqueItems": true}), &json!({}))).unwrap();
    let many = |number: &dyn Fn(usize) -> String| {
        let numbers: Vec<String> = (0..3000).map(number).collect();
        read(&schema, &format!("{{\"a\":[{}]}}", numbers.join(",")))
    };
    assert!(many(&|k| k.to_string()).is_ok());
    assert!(many(&|k| format!("{k}.25")).is_ok());
    let alike: [&dyn Fn(usize) -> String; 3] =
        [&|k| format!("0.1{k:030}"), &|k| format!("{k}e900"), &|k| format!("{k}e-400")];
    for number in alike {
        assert!(many(number).unwrap_err().contains("too long"));
    }
    let long: Vec<String> = (0..5000).map(|k| format!("{k}e-990")).collect();
    assert!(read(&anything(), &format!("{{\"a\":[{}]}}", long.join(","))).unwrap_err().contains("too long"));
}

#[test]
fn names_that_the_parser_keeps_for_itself_are_no_way_around() {
    let hidden = [
        r#"{"a": {"$serde_json::private::Number": "12"}}"#,
        r#"{"a": [{"\u0024serde_json::private::Number": "12"}]}"#,
        r#"{"a": {"$serde_json::private::RawValue": "{\"b\": 1}"}}"#,
        r#"{"$serde_json::private\u003a:RawValue": "{\"b\": 1}"}"#,
    ];
    for answer in hidden {
        let problem = read(&anything(), answer).unwrap_err();
        assert!(problem.contains("a key that can't be read") || problem.contains("type"), "{problem}");
    }
    let harmless = r#"{"a":"$serde_json::private::Number","b":{"c":1,"$serde_json::private::Number":2}}"#;
    assert_eq!(read(&anything(), harmless).as_deref(), Ok(harmless));
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?"
}

/// A number as a count of some tiny unit: whether it is negative, and its digits.
fn scaled(number: &str) -> (bool, String) {
    const PLACES: i64 = 200;
    const WIDTH: usize = 400;
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let moved: i64 = exponent.parse().unwrap();
    let zeros = usize::try_from(PLACES + moved).unwrap() - fraction.len();
    let digits = format!("{:0>WIDTH$}", format!("{whole}{fraction}{}", "0".repeat(zeros)).replace('-', ""));
    (whole.starts_with('-') && digits.contains(|digit| digit != '0'), digits)
}

fn order(left: &str, right: &str) -> Ordering {
    match (scaled(left), scaled(right)) {
        ((false, left), (false, right)) => left.cmp(&right),
        ((true, left), (true, right)) => right.cmp(&left),
        ((true, _), (false, _)) => Ordering::Less,
        ((false, _), (true, _)) => Ordering::Greater,
    }
}

proptest! {
    #[test]
    fn any_number_survives_the_round_trip(
        numbers in prop::collection::vec(number(), 1..6),
        spaced in any::<bool>(),
    ) {
        let gap = if spaced { " " } else { "" };
        let list = numbers.join(&format!("{gap},"));
        let first = &numbers[0];
        let answer = format!("{{\"list\":{gap}[{list}{gap}],\"deep\":{{\"a\":{gap}{first}}}}}");
        prop_assert_eq!(read(&anything(), &answer), Ok(answer.replace(' ', "")));
    }

    #[test]
    fn bounds_agree_with_exact_arithmetic(value in number(), bound in number(), nudge in 0..3_usize) {
        // Neighbours are where rounding would show.
        let bound = match nudge { 0 => bound, 1 => value.clone(), _ => nudged(&value) };
        let order = order(&value, &bound);
        for (keyword, holds) in [
            ("minimum", order.is_ge()),
            ("maximum", order.is_le()),
            ("exclusiveMinimum", order.is_gt()),
            ("exclusiveMaximum", order.is_lt()),
            ("const", order.is_eq()),
        ] {
            let text = format!(r#"{{"type":"object","properties":{{"a":{{"{keyword}":{bound}}}}}}}"#);
            let read = read(&schema(&text), &format!("{{\"a\":{value}}}"));
            prop_assert_eq!(read.is_ok(), holds, "{} {} {}", value, keyword, bound);
        }
    }
}

/// The number with one digit more.
fn nudged(number: &str) -> String {
    let (mantissa, exponent) = match number.find(['e', 'E']) {
        Some(at) => number.split_at(at),
        None => (number, ""),
    };
    let point = if mantissa.contains('.') { "" } else { "." };
    format!("{mantissa}{point}1{exponent}")
}

#[test]
fn a_schema_keeps_its_numbers() {
    let schema = schema(r#"{"type":"object","properties":{"a":{"maximum":49015420323751812345.10}}}"#);
    assert_eq!(&*schema.text, r#"{"type":"object","properties":{"a":{"maximum":49015420323751812345.10}}}"#);
    let value: &Value = &schema.value["properties"]["a"]["maximum"];
    assert_eq!(value.to_string(), "49015420323751812345.10");
}
