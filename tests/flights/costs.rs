//! What a caller's schema and a model's answer may cost is bounded before it is spent.

use serde_json::{Value, json};
use tidegate::extraction::{Schema, Text};

/// A pattern that takes a large part of what all patterns of a schema may take together.
const LARGE_PATTERN: &str = r"(\w{53}){200}";

fn compile(schema: &Value) -> Result<Schema, String> {
    Schema::compile(&schema.to_string()).map_err(|problem| problem.0)
}

#[test]
fn a_long_text_under_many_patterns_is_refused_without_being_matched() {
    let references = vec![json!({"$ref": "#/$defs/slow"}); 240];
    let schema = compile(&json!({
        "type": "object",
        "properties": {"a": {"allOf": references}},
        "$defs": {"slow": {"pattern": "(a|b)*a(a|b){12}c"}},
    }));
    let answer = json!({"a": format!("confidential{}", "a".repeat(4 << 20))}).to_string();
    let invalid = schema.unwrap().read(&Text::new("a"), &answer).unwrap_err().problem;
    assert!(invalid.contains("too long"), "matched, and found to be against the schema: {invalid}");
    assert!(!invalid.contains("confidential") && !invalid.contains("aaa"), "{invalid}");
}

#[test]
fn a_text_that_few_patterns_read_may_be_long() {
    let schema = compile(&json!({"type": "object", "properties": {"a": {"pattern": "^a+$"}}})).unwrap();
    let answer = json!({"a": "a".repeat(1 << 20)}).to_string();
    schema.read(&Text::new("a"), &answer).unwrap();
}

#[test]
fn large_patterns_share_one_budget() {
    let with_patterns = |count| {
        let parts = vec![json!({"properties": {"a": {"pattern": LARGE_PATTERN}}}); count];
        compile(&json!({"type": "object", "allOf": parts}))
    };
    with_patterns(1).unwrap();
    let problem = with_patterns(32).unwrap_err();
    assert!(problem.contains("too large when compiled"), "{problem}");
}
