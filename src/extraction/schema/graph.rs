//! Which of a schema's parts apply others, to the same value or to parts of it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    draft::Draft,
    limits::{PATTERN_BYTES_MAX, PATTERNS_MAX, below},
    problems::Problems,
};

/// A schema's parts and how they apply each other. The root comes first.
#[derive(Debug)]
pub(super) struct Graph {
    /// Each part that is an object; `true` and `false` apply nothing.
    pub(super) parts: Vec<Part>,
}

/// One schema within the schema.
#[derive(Debug)]
pub(super) struct Part {
    /// Its JSON Pointer.
    pub(super) place: String,
    /// What it applies.
    pub(super) edges: Vec<Edge>,
}

/// One part applies another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// The other's index.
    pub(super) to: usize,
    /// To what.
    pub(super) to_what: Target,
    /// How many times, at most: some keywords look twice.
    pub(super) times: u64,
    /// Whether what breaks the other is told by itself, not as the one keyword that applies it.
    pub(super) told: bool,
}

/// What an applied part is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The same value.
    Same,
    /// The one member or element of its own name or index.
    One,
    /// The members or elements without a name or index of their own.
    Rest,
    /// Any member or element, whatever else applies to it.
    Any,
}

/// The shape of a keyword's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One schema.
    Schema,
    /// Several in a row.
    List,
    /// Several by name.
    Map,
}

/// The keywords that hold schemas. Those without a target only define them.
const KEYWORDS: &[(&str, Shape, Option<Target>, u64)] = &[
    ("allOf", Shape::List, Some(Target::Same), 1),
    ("anyOf", Shape::List, Some(Target::Same), 2),
    ("oneOf", Shape::List, Some(Target::Same), 2),
    ("not", Shape::Schema, Some(Target::Same), 2),
    ("if", Shape::Schema, Some(Target::Same), 2),
    ("then", Shape::Schema, Some(Target::Same), 1),
    ("else", Shape::Schema, Some(Target::Same), 1),
    ("dependentSchemas", Shape::Map, Some(Target::Same), 1),
    ("dependencies", Shape::Map, Some(Target::Same), 1),
    ("properties", Shape::Map, Some(Target::One), 1),
    ("prefixItems", Shape::List, Some(Target::One), 1),
    ("additionalProperties", Shape::Schema, Some(Target::Rest), 1),
    ("items", Shape::Schema, Some(Target::Rest), 1),
    ("additionalItems", Shape::Schema, Some(Target::Rest), 1),
    ("patternProperties", Shape::Map, Some(Target::Any), 1),
    ("propertyNames", Shape::Schema, Some(Target::Any), 1),
    ("contains", Shape::Schema, Some(Target::Any), 1),
    ("unevaluatedProperties", Shape::Schema, Some(Target::Any), 1),
    ("unevaluatedItems", Shape::Schema, Some(Target::Any), 1),
    ("contentSchema", Shape::Schema, None, 1),
    ("$defs", Shape::Map, None, 1),
    ("definitions", Shape::Map, None, 1),
];

/// Keywords that break as a whole: what their schemas found is not told.
const WHOLE: [&str; 7] =
    ["anyOf", "oneOf", "not", "if", "contains", "unevaluatedProperties", "unevaluatedItems"];

/// Keywords that refer to a part elsewhere.
pub(super) const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

impl Graph {
    /// Understands a schema that follows the meta-schema.
    pub(super) fn of(root: &Value, draft: Draft, problems: &mut Problems) -> Self {
        let (parts, places) = (Vec::new(), HashMap::new());
        let mut reader = Reader { root, draft, problems, parts, places, patterns: 0 };
        reader.read(root, "");
        let anchors = reader.anchors();
        let mut index = 0;
        // Resolving may add parts: those in places that hold no schema but for the reference.
        while let Some(&(_, schema)) = reader.parts.get(index) {
            reader.resolve(index, schema, &anchors);
            index += 1;
        }
        if reader.patterns > PATTERNS_MAX {
            let patterns = reader.patterns;
            reader.problems.add("", &format!("has {patterns} patterns: at most {PATTERNS_MAX} are allowed"));
        }
        Self { parts: reader.parts.into_iter().map(|(part, _)| part).collect() }
    }

    /// The JSON Pointers of the parts whose violations can be told.
    pub(super) fn told(&self) -> HashSet<&str> {
        let mut told = HashSet::new();
        let mut next: Vec<&Part> = self.parts.first().into_iter().collect();
        while let Some(part) = next.pop() {
            if told.insert(part.place.as_str()) {
                let edges = part.edges.iter().filter(|edge| edge.told);
                next.extend(edges.filter_map(|edge| self.parts.get(edge.to)));
            }
        }
        told
    }
}

/// The shape of what a keyword holds, if that is schemas.
pub(super) fn shape(keyword: &str, held: &Value) -> Option<Shape> {
    let &(_, shape, ..) = KEYWORDS.iter().find(|(name, ..)| *name == keyword)?;
    match (shape, held) {
        (Shape::Schema, Value::Object(_) | Value::Bool(_))
        | (Shape::List, Value::Array(_))
        | (Shape::Map, Value::Object(_)) => Some(shape),
        // What draft 2020-12 calls `prefixItems`.
        (Shape::Schema, Value::Array(_)) if keyword == "items" => Some(Shape::List),
        _ => None,
    }
}

struct Reader<'a, 'p> {
    root: &'a Value,
    draft: Draft,
    problems: &'p mut Problems,
    parts: Vec<(Part, &'a Map<String, Value>)>,
    places: HashMap<String, usize>,
    patterns: usize,
}

impl<'a> Reader<'a, '_> {
    /// Reads the part at `place` and those within. Booleans are no parts.
    fn read(&mut self, value: &'a Value, place: &str) -> Option<usize> {
        let schema = value.as_object()?;
        if let Some(&known) = self.places.get(place) {
            return Some(known);
        }
        let index = self.parts.len();
        self.places.insert(place.to_owned(), index);
        self.parts.push((Part { place: place.to_owned(), edges: Vec::new() }, schema));
        self.check(schema, place);
        let looks_again =
            schema.contains_key("unevaluatedProperties") || schema.contains_key("unevaluatedItems");
        let alone = self.draft.reference_stands_alone() && schema.contains_key("$ref");
        for &(keyword, _, target, times) in KEYWORDS {
            let Some(held) = schema.get(keyword).filter(|_| self.draft.applies(keyword)) else { continue };
            let Some(shape) = shape(keyword, held) else { continue };
            // In a list each element has a schema of its own.
            let listed = (keyword, shape) == ("items", Shape::List);
            let target = if listed { Some(Target::One) } else { target }.filter(|_| !alone);
            let times = if looks_again { times * 2 } else { times };
            let told = !WHOLE.contains(&keyword);
            for (child, child_place) in schemas(held, shape, &below(place, keyword)) {
                if let (Some(to), Some(to_what)) = (self.read(child, &child_place), target) {
                    self.connect(index, Edge { to, to_what, times, told });
                }
            }
        }
        Some(index)
    }

    fn connect(&mut self, from: usize, edge: Edge) {
        if let Some((part, _)) = self.parts.get_mut(from) {
            part.edges.push(edge);
        }
    }

    /// What a part must not say, and what it may say in measure.
    fn check(&mut self, schema: &Map<String, Value>, place: &str) {
        if schema.contains_key("$id") && self.draft.anchor_in_id(schema).is_none() {
            self.problems.add(&below(place, "$id"), "would change what references mean: remove it");
        }
        if schema.get("$schema").is_some_and(|declared| Draft::named(declared) != Some(self.draft)) {
            self.problems.add(&below(place, "$schema"), "is another draft within the schema: remove it");
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            self.patterns += 1;
            if pattern.len() > PATTERN_BYTES_MAX {
                let problem = format!("is longer than {PATTERN_BYTES_MAX} bytes: shorten it");
                self.problems.add(&below(place, "pattern"), &problem);
            }
        }
        self.patterns += schema.get("patternProperties").and_then(Value::as_object).map_or(0, Map::len);
    }

    /// The parts that have names of their own.
    fn anchors(&mut self) -> HashMap<&'a str, (&'a Value, String)> {
        let mut anchors = HashMap::new();
        for (part, schema) in &self.parts {
            let named = |keyword| Some((keyword, schema.get(keyword)?.as_str()?));
            let in_id = self.draft.anchor_in_id(schema).map(|name| ("$id", name));
            for (keyword, name) in [named("$anchor"), named("$dynamicAnchor"), in_id].into_iter().flatten() {
                let Some(value) = self.root.pointer(&part.place) else { continue };
                let known: Option<(&Value, String)> = anchors.insert(name, (value, part.place.clone()));
                if known.is_some_and(|(_, place)| place != part.place) {
                    self.problems.add(&below(&part.place, keyword), "is given twice: rename one");
                }
            }
        }
        anchors
    }

    /// Follows the references of the part at `index`.
    fn resolve(
        &mut self,
        index: usize,
        schema: &'a Map<String, Value>,
        anchors: &HashMap<&'a str, (&'a Value, String)>,
    ) {
        let Some(place) = self.parts.get(index).map(|(part, _)| part.place.clone()) else { return };
        for keyword in REFERENCES {
            let Some(reference) = schema.get(keyword).and_then(Value::as_str) else { continue };
            if !self.draft.applies(keyword) {
                continue;
            }
            match self.target(reference, anchors) {
                Ok((value, target)) => {
                    if let Some(to) = self.read(value, &target) {
                        self.connect(index, Edge { to, to_what: Target::Same, times: 1, told: true });
                    }
                }
                Err(problem) => self.problems.add(&below(&place, keyword), problem),
            }
        }
    }

    fn target(
        &self,
        reference: &str,
        anchors: &HashMap<&'a str, (&'a Value, String)>,
    ) -> Result<(&'a Value, String), &'static str> {
        let fragment = reference
            .strip_prefix('#')
            .ok_or("leads out of the schema: copy what it means into $defs and refer to it with #/$defs/…")?;
        let fragment = percent_decoded(fragment).ok_or("is no JSON Pointer: check its % escapes")?;
        let found = if fragment.is_empty() || fragment.starts_with('/') {
            self.root.pointer(&fragment).map(|value| (value, fragment))
        } else {
            anchors.get(fragment.as_str()).cloned()
        };
        let (value, place) = found.ok_or("leads nowhere: define its target, or correct it")?;
        if value.is_object() || value.is_boolean() {
            return Ok((value, place));
        }
        Err("leads to something that is no schema: correct it")
    }
}

/// The schemas in a keyword's value, with their JSON Pointers.
fn schemas<'a>(held: &'a Value, shape: Shape, place: &str) -> Vec<(&'a Value, String)> {
    match (shape, held) {
        (Shape::Schema, schema) => vec![(schema, place.to_owned())],
        (Shape::List, Value::Array(list)) => {
            list.iter().enumerate().map(|(at, schema)| (schema, below(place, &at.to_string()))).collect()
        }
        (Shape::Map, Value::Object(map)) => {
            map.iter().map(|(name, schema)| (schema, below(place, name))).collect()
        }
        _ => Vec::new(),
    }
}

fn percent_decoded(fragment: &str) -> Option<String> {
    let mut bytes = fragment.bytes();
    let mut decoded = Vec::with_capacity(fragment.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}
