//! What a schema says that nobody enforces: keywords and formats that are not known.

use serde_json::{Map, Value};

use super::{
    Draft, Keyword,
    formats::FORMATS,
    graph::{Shape, shape},
    limits::below,
    problems::shown,
    root::Origin,
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
pub(super) fn unknown(schema: &Value, origin: &Origin, draft: Draft) -> Vec<String> {
    let mut walk = Walk { origin, draft, found: Vec::new() };
    walk.visit(schema, "");
    let mut found = walk.found;
    let more = found.len().saturating_sub(UNKNOWN_TOLD_MAX);
    found.truncate(UNKNOWN_TOLD_MAX);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

struct Walk<'s> {
    origin: &'s Origin,
    draft: Draft,
    found: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, schema: &Value, place: &str) {
        let Some(keywords) = schema.as_object() else { return };
        for (keyword, held) in keywords {
            let at = below(place, keyword);
            if !is_known(keyword, self.draft) {
                self.add(place, "keyword", keyword);
                continue;
            }
            match (shape(keyword, held), held) {
                (Some(Shape::Schema), _) => self.visit(held, &at),
                (Some(Shape::List), Value::Array(schemas)) => {
                    for (index, inner) in schemas.iter().enumerate() {
                        self.visit(inner, &below(&at, &index.to_string()));
                    }
                }
                (Some(Shape::Map), Value::Object(named)) => {
                    for (name, inner) in named {
                        self.visit(inner, &below(&at, name));
                    }
                }
                (_, Value::String(format)) if keyword == "format" && !FORMATS.contains(&format.as_str()) => {
                    self.add(place, "format", format);
                }
                _ => {}
            }
        }
    }

    /// Once: what took the root's place stands among the definitions too.
    fn add(&mut self, place: &str, what: &str, name: &str) {
        let told = format!("{}: the {what} {}", shown(&self.origin.of(place)), word(name));
        if !self.found.contains(&told) {
            self.found.push(told);
        }
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
