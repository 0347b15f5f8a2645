//! A profile's JSON Schema, compiled once.
//!
//! Schemas come from callers, answers from models: neither is trusted. A schema is bounded in every
//! direction before it is compiled ([`limits`]), refers to nothing outside of itself ([`graph`]), and
//! what an answer would cost to check is known before it is checked ([`cost`]).

use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::{Extraction, Text};
use cost::Cost;
use graph::Graph;
pub use limits::SCHEMA_BYTES_MAX;
use places::Places;
use problems::Problems;
pub use violation::{Keyword, Violation};

mod cost;
mod graph;
mod limits;
mod places;
mod problems;
mod violation;

#[cfg(test)]
mod tests;

/// A JSON Schema (draft 2020-12), checked and compiled.
pub struct Schema {
    /// The schema as compact JSON text, its keys in the order they were written.
    pub text: Arc<str>,
    /// The schema as a value.
    pub value: Value,
    validator: Validator,
    cost: Cost,
    patterns: usize,
    places: Places,
}

/// Why a text is no acceptable schema: what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaProblem(pub String);

/// Why an answer is not valid. Holds none of the answer's words, and so no places in the answer: their
/// names are the model's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct InvalidAnswer {
    /// Places in the schema and keywords, in words for the model.
    pub problem: String,
    /// The first place that was broken; none if the answer is not JSON, or too large to be explained.
    pub violation: Option<Violation>,
}

/// The only draft there is, whatever else a document may wish for.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The memory one compiled `pattern` may take, in bytes, and that of its lazily built automaton.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// The memory all of a schema's compiled patterns may take together, in bytes; each has an equal share.
const REGEXES_BYTES_MAX: usize = 2 << 20;

/// What a compiled schema takes per byte of its text, roughly.
const COMPILED_BYTES_PER_BYTE: usize = 32;

/// The most violations an [`InvalidAnswer`] names.
const VIOLATIONS_MAX: usize = 5;

impl Schema {
    /// Checks and compiles a schema.
    ///
    /// The root must say `"type": "object"`: it is what the structured outputs of all upstreams ask
    /// for. An `$id` of the root is dropped, since nothing can refer to it.
    pub fn compile(text: &str) -> Result<Self, SchemaProblem> {
        let value = parse(text)?;
        let patterns = limits::patterns(&value);
        let (cost, places) = check(&value, patterns > 0)?;
        let validator = build(&value, patterns)?;
        Ok(Self { text: value.to_string().into(), value, validator, cost, patterns, places })
    }

    /// The pointers that a [`Violation`] of this schema can have, in the order of the document and at
    /// most 64: further ones are as good as unknown.
    pub fn places(&self) -> &[Arc<str>] {
        &self.places
    }

    /// The memory the compiled schema may take, in bytes, roughly.
    pub fn weight_bytes(&self) -> usize {
        self.text.len() * COMPILED_BYTES_PER_BYTE + 2 * self.patterns * regex_bytes(self.patterns)
    }

    /// Holds an answer's `content` against the schema and locates its entities in `text`.
    ///
    /// The result keeps the order of the answer's keys; of a key that is given twice the last value
    /// counts.
    pub fn read(&self, text: &Text, content: &str) -> Result<Extraction, InvalidAnswer> {
        let value: Value = serde_json::from_str(content).map_err(|fault| not_json(&fault))?;
        self.hold(&value)?;
        let result_json = serde_json::to_string(&value).map_err(|fault| not_json(&fault))?;
        Ok(Extraction {
            result_json: result_json.into(),
            entities: super::grounding::ground(text, &value),
            items: items(&value),
        })
    }

    fn hold(&self, answer: &Value) -> Result<(), InvalidAnswer> {
        let evaluations = self.cost.of(answer);
        if evaluations > cost::EVALUATIONS_MAX {
            return Err(InvalidAnswer::unexplained(
                "the answer is too long or nested too deeply to be held against the schema: give a shorter, \
                 flatter one",
            ));
        }
        if self.validator.is_valid(answer) {
            return Ok(());
        }
        if evaluations > cost::EXPLAINED_EVALUATIONS_MAX {
            return Err(InvalidAnswer::unexplained("the answer does not follow the schema"));
        }
        Err(violations(&self.value, self.validator.iter_errors(answer)))
    }
}

impl InvalidAnswer {
    fn unexplained(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), violation: None }
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({} bytes)", self.text.len())
    }
}

/// The schema as a value, within the limits that need no understanding of it.
fn parse(text: &str) -> Result<Value, SchemaProblem> {
    limits::check_text(text)?;
    let mut value: Value = serde_json::from_str(text)
        .map_err(|fault| SchemaProblem(format!("the schema is not JSON: {fault}")))?;
    limits::check_value(&value)?;
    if let Some(root) = value.as_object_mut() {
        root.retain(|key, _| key != "$id");
    }
    Ok(value)
}

/// Everything that is checked before the schema is compiled.
fn check(value: &Value, has_patterns: bool) -> Result<(Cost, Places), SchemaProblem> {
    let mut problems = Problems::default();
    check_root(value, &mut problems);
    problems.clone().into_result()?;
    for fault in jsonschema::draft202012::meta::validator().iter_errors(value) {
        problems.add(fault.instance_path().as_str(), &format!("{}; see JSON Schema 2020-12", fault.masked()));
    }
    problems.clone().into_result()?;
    let graph = Graph::of(value, &mut problems);
    problems.into_result()?;
    Ok((Cost::of_graph(&graph, has_patterns)?, places::places(value, &graph)))
}

fn check_root(value: &Value, problems: &mut Problems) {
    if let Some(draft) = value.get("$schema").filter(|draft| !is_our_draft(draft)) {
        let known = draft.as_str().is_some_and(|draft| draft.contains("json-schema.org"));
        let what = if known { "another draft" } else { "an unknown draft" };
        problems.add(
            "/$schema",
            &format!("{what}: write the schema in draft 2020-12 and say {DRAFT} or nothing"),
        );
    }
    if value.get("type").and_then(Value::as_str) != Some("object") {
        problems.add("", "the root must be an object schema: say \"type\": \"object\" there");
    }
}

fn is_our_draft(draft: &Value) -> bool {
    draft.as_str().map(|draft| draft.strip_suffix('#').unwrap_or(draft)) == Some(DRAFT)
}

/// Compiles a checked schema. Patterns run on an engine that is linear in the subject's length.
fn build(value: &Value, patterns: usize) -> Result<Validator, SchemaProblem> {
    let bytes = regex_bytes(patterns);
    let patterns = PatternOptions::regex().size_limit(bytes).dfa_size_limit(bytes);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(patterns)
        .offline()
        .build(value)
        .map_err(|fault| not_built(&fault))
}

/// The share of one of so many patterns.
fn regex_bytes(patterns: usize) -> usize {
    (REGEXES_BYTES_MAX / patterns.max(1)).min(REGEX_BYTES_MAX)
}

fn not_built(fault: &ValidationError<'_>) -> SchemaProblem {
    let place = fault.instance_path().as_str();
    if place.ends_with("/pattern") || place.contains("/patternProperties") {
        return problems::one(
            place,
            "the pattern is no regular expression, too large when compiled, or needs look-around or \
             back-references, which are not supported: simplify it",
        );
    }
    problems::one(place, &format!("can't be compiled: {}", fault.masked()))
}

fn not_json(fault: &serde_json::Error) -> InvalidAnswer {
    // The error's own words may quote the answer.
    let what = if fault.is_eof() { "it ends too early" } else { "give one JSON object and nothing else" };
    InvalidAnswer::unexplained(format!(
        "the answer is not JSON (line {}, column {}): {what}",
        fault.line(),
        fault.column()
    ))
}

fn violations<'a>(schema: &Value, faults: impl Iterator<Item = ValidationError<'a>>) -> InvalidAnswer {
    let (mut lines, mut violation) = (Vec::<String>::new(), None);
    for fault in faults {
        let path = fault.schema_path().as_str();
        let line = format!("{}: {}", problems::shown(path), fault.kind().keyword());
        violation = violation.or_else(|| Some(Violation::at(schema, path)));
        if !lines.contains(&line) {
            lines.push(line);
        }
        if lines.len() == VIOLATIONS_MAX {
            break;
        }
    }
    let problem = format!("the answer breaks the schema at {}", lines.join(", "));
    InvalidAnswer { problem, violation }
}

/// How many things an answer holds; see [`Extraction::items`].
fn items(answer: &Value) -> usize {
    let Some(object) = answer.as_object() else { return 0 };
    let mut arrays = object.values().filter_map(Value::as_array).peekable();
    if arrays.peek().is_none() {
        return usize::from(!object.is_empty());
    }
    arrays.map(Vec::len).sum()
}
