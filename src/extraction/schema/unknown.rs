//! What a schema says that nobody enforces: keywords and formats that are not known.

use serde_json::{Map, Value};

use super::{
    Draft, Keyword,
    formats::FORMATS,
    graph::{Shape, shape},
    limits::below,
    problems::shown,
};

/// The most that are told of one schema.
const UNKNOWN_TOLD_MAX: usize = 8;

/// The most characters that are shown of a word that is not known.
const WORD_CHARS_MAX: usize = 60;

/// Keywords that neither hold schemas nor can be broken.
const SILENT: [&str; 18] = [
    "$schema",
    "$id",
    "$ref",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];

/// Each with its place, in the order of the document; the last one says how many are left out.
pub(super) fn unknown(schema: &Value, draft: Draft) -> Vec<String> {
    let mut found = Vec::new();
    visit(schema, "", draft, &mut found);
    let more = found.len().saturating_sub(UNKNOWN_TOLD_MAX);
    found.truncate(UNKNOWN_TOLD_MAX);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

fn visit(schema: &Value, place: &str, draft: Draft, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else { return };
    for (keyword, held) in keywords {
        let at = below(place, keyword);
        if !is_known(keyword, draft) {
            found.push(format!("{}: the keyword {}", shown(place), word(keyword)));
            continue;
        }
        match (shape(keyword, held), held) {
            (Some(Shape::Schema), _) => visit(held, &at, draft, found),
            (Some(Shape::List), Value::Array(schemas)) => {
                for (index, inner) in schemas.iter().enumerate() {
                    visit(inner, &below(&at, &index.to_string()), draft, found);
                }
            }
            (Some(Shape::Map), Value::Object(named)) => visit_each(named, &at, draft, found),
            (_, Value::String(format)) if keyword == "format" && !FORMATS.contains(&format.as_str()) => {
                found.push(format!("{}: the format {}", shown(place), word(format)));
            }
            _ => {}
        }
    }
}

fn visit_each(named: &Map<String, Value>, place: &str, draft: Draft, found: &mut Vec<String>) {
    for (name, inner) in named {
        visit(inner, &below(place, name), draft, found);
    }
}

/// Notes of one's own begin with `x-`.
fn is_known(keyword: &str, draft: Draft) -> bool {
    let named = Keyword::named(keyword).is_some()
        || SILENT.contains(&keyword)
        || shape(keyword, &Value::Bool(true)).is_some()
        || shape(keyword, &Value::Array(Vec::new())).is_some()
        || shape(keyword, &Value::Object(Map::new())).is_some();
    (named && draft.applies(keyword)) || keyword.starts_with("x-")
}

fn word(text: &str) -> String {
    let shown: String = text.chars().take(WORD_CHARS_MAX).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    format!("{:?}", shown + cut)
}
