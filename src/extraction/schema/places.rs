//! The places of a schema at which an answer can break it, known before any answer came: labels of metrics
//! are made of them.

use std::{collections::HashSet, sync::Arc};

use serde_json::Value;

use super::{
    graph::{Graph, Shape, shape},
    limits::below,
    problems::shown,
    root::Origin,
    violation::Keyword,
};

/// The most places that are told of one schema: each may become a value of a metric's label.
const PLACES_MAX: usize = 64;

/// Pointers as a [`Violation`](super::Violation) has them.
pub(super) type Places = Arc<[Arc<str>]>;

/// The pointers of the parts whose violations can be told, in the order of the document; see
/// [`Schema::places`](super::Schema::places).
pub(super) fn places(root: &Value, origin: &Origin, graph: &Graph) -> Places {
    let mut walk = Walk { origin, told: graph.told(), places: Vec::new() };
    walk.visit(root, "");
    walk.places.into()
}

struct Walk<'g> {
    origin: &'g Origin,
    /// The JSON Pointers of the parts that are told of.
    told: HashSet<&'g str>,
    places: Vec<Arc<str>>,
}

impl Walk<'_> {
    fn visit(&mut self, value: &Value, place: &str) {
        let told = self.told.contains(place);
        if told && can_break(value) {
            self.add(place);
        }
        for (key, member) in members(value) {
            if self.places.len() >= PLACES_MAX {
                return;
            }
            let at = below(place, &key);
            let named = matches!(shape(&key, member), Some(Shape::List | Shape::Map));
            for (name, inner) in members(member).into_iter().filter(|_| told && named) {
                if *inner == Value::Bool(false) {
                    self.add(&below(&at, &name));
                }
            }
            self.visit(member, &at);
        }
    }

    fn add(&mut self, place: &str) {
        let pointer: Arc<str> = shown(&self.origin.of(place)).into();
        if self.places.len() < PLACES_MAX && !self.places.contains(&pointer) {
            self.places.push(pointer);
        }
    }
}

/// Whether a part holds a keyword that an answer can break.
fn can_break(part: &Value) -> bool {
    part.as_object().is_some_and(|keywords| keywords.keys().any(|key| Keyword::named(key).is_some()))
}

fn members(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), member)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(at, element)| (at.to_string(), element)).collect()
        }
        _ => Vec::new(),
    }
}
