use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Grounding, ground};
use crate::extraction::{Alignment, Entity, Text};

mod hostile;
mod properties;
mod tables;

fn entities<'a>(named: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let entities: Vec<Value> =
        named.into_iter().map(|(kind, text)| json!({"type": kind, "text": text})).collect();
    json!({ "entities": entities })
}

fn ground_words<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Grounding {
    ground(&Text::new(text), &entities(words.into_iter().map(|words| ("t", words))))
}

#[test]
fn only_members_with_type_and_text_are_entities() {
    let text = Text::new("Ann");
    let result = json!({"entities": [
        {"type": "person", "text": "Ann", "more": 1}, {"type": 1, "text": "Ann"}, {"text": "Ann"}, "Ann", null,
        {"type": "person"}]});
    let Grounding { entities: found, left_out } = ground(&text, &result);
    assert_eq!((found.len(), left_out), (1, 0));
    assert_eq!((found[0].kind.as_str(), found[0].text.as_str()), ("person", "Ann"));
    for other in [json!({"entities": {"type": "a", "text": "Ann"}}), json!({}), json!([]), json!(null)] {
        assert!(ground(&text, &other).entities.is_empty());
    }
}
