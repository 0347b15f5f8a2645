//! What an answer brought, in numbers: an answer can be valid and worth nothing.

use serde_json::Value;

use super::{grounding::Grounding, result::Alignment};

/// What an answer brought. Numbers only, none of its words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    /// How many things were found: the elements of the result's top-level arrays together. Without
    /// any such array, 1 if a member of the result says something. Zero: a valid answer that found nothing.
    pub items: usize,
    /// Entities whose words stand in the text letter by letter.
    pub exact: usize,
    /// Entities whose words stand there but for case, white space and typographic variants.
    pub normalised: usize,
    /// Entities whose words do not stand there.
    pub not_found: usize,
    /// Entities of the result that are not in the list of located ones, because a bound was met. None of the
    /// three above: whether their words stand in the text is not known.
    pub left_out: usize,
    /// How many parts the schema has: the properties that its root names.
    pub parts: usize,
    /// How many of them the answer leaves empty: absent, or with nothing in them: `null`, blank,
    /// or a list or object that holds nothing else.
    pub empty_parts: usize,
}

impl Brought {
    /// What `answer`, with these entities, brought of what `schema` asks for.
    pub fn of(answer: &Value, grounding: &Grounding, schema: &Value) -> Self {
        let located = &grounding.entities;
        let aligned = |alignment| located.iter().filter(|entity| entity.alignment == alignment).count();
        let parts = schema.get("properties").and_then(Value::as_object);
        let empty = |part: &&String| answer.get(part.as_str()).is_none_or(says_nothing);
        Self {
            items: items(answer),
            exact: aligned(Alignment::Exact),
            normalised: aligned(Alignment::Normalised),
            not_found: aligned(Alignment::NotFound),
            left_out: grounding.left_out,
            parts: parts.map_or(0, serde_json::Map::len),
            empty_parts: parts.map_or(0, |parts| parts.keys().filter(empty).count()),
        }
    }

    /// How many entities the caller's list holds: those that were located or looked for in vain, so that shares of them
    /// are true. What was left out is told apart, and `items` counts whatever the result names.
    pub fn entities(self) -> usize {
        self.exact + self.normalised + self.not_found
    }

    /// How many of them stand so in the text.
    pub fn aligned(self, alignment: Alignment) -> usize {
        match alignment {
            Alignment::Exact => self.exact,
            Alignment::Normalised => self.normalised,
            Alignment::NotFound => self.not_found,
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(self) -> bool {
        self.items == 0
    }
}

/// Whether a value has nothing in it: `null`, a text without a visible character, or a list or object that
/// holds nothing else. `false` and `0` say something.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.iter().all(says_nothing),
        Value::Object(members) => members.values().all(says_nothing),
    }
}

fn items(answer: &Value) -> usize {
    let Some(object) = answer.as_object() else { return 0 };
    let mut arrays = object.values().filter_map(Value::as_array).peekable();
    if arrays.peek().is_none() {
        return usize::from(!says_nothing(answer));
    }
    arrays.map(Vec::len).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn empty_parts(answer: &Value) -> (usize, usize) {
        let schema = json!({ "type": "object", "properties": { "number": {}, "lines": {}, "seller": {} } });
        let brought = Brought::of(answer, &Grounding::default(), &schema);
        (brought.empty_parts, brought.parts)
    }

    #[test]
    fn a_part_is_empty_if_nothing_is_said_there() {
        for (answer, empty) in [
            (json!({}), 3),
            (json!({ "number": null, "lines": [], "seller": {} }), 3),
            (json!({ "number": "", "lines": [{}, null], "seller": { "name": " \u{a0}", "ids": [[]] } }), 3),
            (json!({ "number": 0, "lines": [false], "seller": { "name": null, "id": "7" } }), 0),
            (json!({ "number": "7", "lines": [{ "text": "x" }] }), 1),
            // What the schema does not name is no part of it.
            (json!({ "number": "7", "lines": [1], "seller": "x", "note": null }), 0),
        ] {
            assert_eq!(empty_parts(&answer), (empty, 3), "{answer}");
        }
    }

    #[test]
    fn a_schema_that_names_nothing_has_no_parts() {
        let brought = Brought::of(&json!({ "a": null }), &Grounding::default(), &json!({ "type": "object" }));
        assert_eq!((brought.parts, brought.empty_parts), (0, 0));
    }

    #[test]
    fn an_answer_whose_members_all_say_nothing_found_nothing() {
        for (answer, items) in [
            (json!({}), 0),
            (json!({ "date": null, "total": "" }), 0),
            (json!({ "seller": { "name": null, "city": " " } }), 0),
            (json!({ "paid": false }), 1),
            (json!({ "total": 0 }), 1),
            (json!({ "entities": [], "note": "nothing there" }), 0),
            (json!({ "entities": [1, 2], "dates": [3] }), 3),
        ] {
            assert_eq!(Brought::of(&answer, &Grounding::default(), &json!({})).items, items, "{answer}");
        }
    }

    #[test]
    fn entities_are_counted_by_how_they_stand_in_the_text() {
        let entity = |alignment| crate::extraction::Entity {
            kind: "x".into(),
            text: "y".into(),
            span: None,
            alignment,
        };
        let of = [Alignment::Exact, Alignment::NotFound, Alignment::Exact, Alignment::Normalised];
        let grounding = Grounding { entities: of.map(entity).into(), left_out: 7 };
        let brought = Brought::of(&json!({}), &grounding, &json!({}));
        assert_eq!(Alignment::ALL.iter().map(|one| brought.aligned(*one)).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(
            (brought.entities(), brought.left_out),
            (4, 7),
            "what was not looked for is no entity of the list"
        );
    }
}
