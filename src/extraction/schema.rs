//! A profile's JSON Schema, compiled once.
//!
//! Schemas come from callers, answers from models: neither is trusted. A schema is bounded in every
//! direction before it is compiled ([`limits`]), refers to nothing outside of itself ([`graph`]), and
//! what an answer would cost to check is known before it is checked ([`cost`]).

use std::sync::Arc;

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::{Brought, Extraction, Text, grounding::ground};
use cost::{Cost, Reads};
pub use draft::Draft;
pub use formats::FORMATS;
use graph::Graph;
pub use limits::SCHEMA_BYTES_MAX;
use places::Places;
use problems::Problems;
use root::Origin;
pub use violation::{Keyword, Violation};

mod answer;
mod cost;
mod draft;
mod formats;
mod graph;
mod limits;
mod numbers;
mod places;
mod problems;
mod root;
mod unknown;
mod violation;

#[cfg(test)]
mod tests;

/// A JSON Schema, checked and compiled under the rules of the draft that it declares.
pub struct Schema {
    /// The schema as compact JSON text, its keys in the order they were written, without its `$schema`
    /// and `$id`: models and their APIs know nothing of drafts.
    pub text: Arc<str>,
    /// The same as a value.
    pub value: Value,
    /// The draft that it declared.
    pub draft: Draft,
    origin: Origin,
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
    /// Places and keywords, in words for the model: the places are those of the schema that it was sent.
    pub problem: String,
    /// The first place that was broken; none if the answer is not JSON, or too large to be explained.
    pub violation: Option<Violation>,
    /// Whether it is JSON at all: what can't be read as JSON, for whatever reason, is not held against the schema.
    pub is_json: bool,
}

/// The memory one compiled `pattern` may take, in bytes, and that of its lazily built automaton.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// The memory all of a schema's compiled patterns may take together, in bytes; each has an equal share.
const REGEXES_BYTES_MAX: usize = 2 << 20;

/// What a compiled schema takes per byte of its text, roughly.
const COMPILED_BYTES_PER_BYTE: usize = 32;

/// What is wrong with an answer whose keys are names that `serde_json` keeps for itself.
const RESERVED_KEY: &str = "the answer holds a key that can't be read: give the schema's only";

/// The most violations an [`InvalidAnswer`] names.
const VIOLATIONS_MAX: usize = 5;

impl Schema {
    /// Checks and compiles a schema.
    ///
    /// The root must say `"type": "object"`: it is what the structured outputs of all upstreams ask
    /// for. A root that only refers to a definition, as generators write it, is replaced by that.
    pub fn compile(text: &str) -> Result<Self, SchemaProblem> {
        let (value, origin, draft) = parse(text)?;
        let patterns = limits::patterns(&value);
        let reads = Reads { texts: limits::reads_texts(&value), unique: limits::wants_unique(&value) };
        let (cost, places) = check(&value, &origin, draft, reads)?;
        let validator = build(&value, &origin, draft, patterns)?;
        Ok(Self { text: value.to_string().into(), value, draft, origin, validator, cost, patterns, places })
    }

    /// Where what stands at a JSON Pointer of [`Schema::value`], behind a `#`, was written.
    pub fn written_at(&self, pointer: &str) -> String {
        problems::shown(&self.origin.of(pointer.trim_start_matches('#')))
    }

    /// The pointers that a [`Violation`] of this schema can have, in the order of the document and at
    /// most 64: further ones are as good as unknown.
    pub fn places(&self) -> &[Arc<str>] {
        &self.places
    }

    /// What the schema says that is not enforced: unknown keywords and formats with their places, a few
    /// of them and how many more there are. Keywords that begin with `x-` are notes.
    pub fn unknown(&self) -> Vec<String> {
        unknown::unknown(&self.value, &self.origin, self.draft)
    }

    /// The memory the compiled schema may take, in bytes, roughly.
    pub fn weight_bytes(&self) -> usize {
        self.text.len() * COMPILED_BYTES_PER_BYTE + 2 * self.patterns * regex_bytes(self.patterns)
    }

    /// Holds an answer's `content` against the schema and locates its entities in `text`.
    ///
    /// The result keeps the order of the answer's keys and each number as it was written; of a key that
    /// is given twice the last value counts.
    pub fn read(&self, text: &Text, content: &str) -> Result<Extraction, InvalidAnswer> {
        let value: Value = serde_json::from_str(content).map_err(|fault| unread(&fault))?;
        self.hold(&value)?;
        let result_json =
            answer::write(&value, content).ok_or_else(|| InvalidAnswer::unexplained(RESERVED_KEY))?;
        let grounding = ground(text, &value);
        let brought = Brought::of(&value, &grounding, &self.value);
        Ok(Extraction { result_json: result_json.into(), entities: grounding.entities, brought })
    }

    fn hold(&self, answer: &Value) -> Result<(), InvalidAnswer> {
        let evaluations = self.cost.of(answer);
        if evaluations > cost::EVALUATIONS_MAX {
            return Err(InvalidAnswer::unexplained(
                "the answer is too long or nested too deeply to be held against the schema: give a shorter, \
                 flatter one",
            ));
        }
        if numbers::too_long(answer) {
            let problem = format!(
                "the answer holds a number of more than {} digits, the zeros of its exponent among them: give \
                 a shorter one",
                numbers::NUMBER_DIGITS_MAX
            );
            let violation = Violation::too_many_digits(&self.value, &self.origin, answer);
            return Err(InvalidAnswer { problem, violation: Some(violation), is_json: true });
        }
        if self.validator.is_valid(answer) {
            return Ok(());
        }
        if evaluations > cost::EXPLAINED_EVALUATIONS_MAX {
            return Err(InvalidAnswer::unexplained("the answer does not follow the schema"));
        }
        Err(violations(&self.value, &self.origin, self.validator.iter_errors(answer)))
    }
}

impl InvalidAnswer {
    fn unexplained(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), violation: None, is_json: true }
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({} bytes)", self.text.len())
    }
}

/// The schema as a value, within the limits that need no understanding of it, where its parts were written, and its
/// draft.
fn parse(text: &str) -> Result<(Value, Origin, Draft), SchemaProblem> {
    limits::check_text(text)?;
    let mut value: Value = serde_json::from_str(text)
        .map_err(|fault| SchemaProblem(format!("the schema is not JSON: {fault}")))?;
    limits::check_value(&value)?;
    let draft = Draft::declared(&value).map_err(|problem| problems::one("/$schema", &problem))?;
    root::take_address(&mut value);
    if let Some(root) = value.as_object_mut() {
        root.retain(|key, _| key != "$schema");
    }
    let origin = root::unfold(&mut value);
    Ok((value, origin, draft))
}

/// Everything that is checked before the schema is compiled.
fn check(
    value: &Value,
    origin: &Origin,
    draft: Draft,
    reads: Reads,
) -> Result<(Cost, Places), SchemaProblem> {
    let mut problems = Problems::told_by(origin.clone());
    if value.get("type").and_then(Value::as_str) != Some("object") {
        problems.add("", "the root must be an object schema: say \"type\": \"object\" there");
    }
    problems.clone().into_result()?;
    for (place, problem) in draft.breaches(value) {
        problems.add(&place, &problem);
    }
    problems.clone().into_result()?;
    let graph = Graph::of(value, draft, &mut problems);
    problems.into_result()?;
    let cost = Cost::of_graph(&graph, reads);
    let cost = cost.map_err(|(place, problem)| problems::one(&origin.of(&place), &problem))?;
    Ok((cost, places::places(value, origin, &graph)))
}

/// Compiles a checked schema. Patterns run on an engine that is linear in the subject's length.
fn build(value: &Value, origin: &Origin, draft: Draft, patterns: usize) -> Result<Validator, SchemaProblem> {
    let bytes = regex_bytes(patterns);
    let patterns = PatternOptions::regex().size_limit(bytes).dfa_size_limit(bytes);
    formats::enforced(numbers::exact(jsonschema::options()), draft)
        .with_draft(draft.rules())
        .with_pattern_options(patterns)
        .offline()
        .build(value)
        .map_err(|fault| not_built(origin, &fault))
}

/// The share of one of so many patterns.
fn regex_bytes(patterns: usize) -> usize {
    (REGEXES_BYTES_MAX / patterns.max(1)).min(REGEX_BYTES_MAX)
}

fn not_built(origin: &Origin, fault: &ValidationError<'_>) -> SchemaProblem {
    let place = &*origin.of(fault.instance_path().as_str());
    if place.ends_with("/pattern") || place.contains("/patternProperties") {
        return problems::one(
            place,
            "the pattern is no regular expression, too large when compiled, or needs look-around or \
             back-references, which are not supported: simplify it",
        );
    }
    problems::one(place, &format!("can't be compiled: {}", fault.masked()))
}

/// Why an answer can't be read: it is no JSON, unless `serde_json` trips over its own names in it.
fn unread(fault: &serde_json::Error) -> InvalidAnswer {
    if fault.is_data() {
        return InvalidAnswer::unexplained(RESERVED_KEY);
    }
    // The error's own words may quote the answer.
    let what = if fault.is_eof() { "it ends too early" } else { "give one JSON object and nothing else" };
    let problem =
        format!("the answer is not JSON (line {}, column {}): {what}", fault.line(), fault.column());
    InvalidAnswer { is_json: false, ..InvalidAnswer::unexplained(problem) }
}

fn violations<'a>(
    schema: &Value,
    origin: &Origin,
    faults: impl Iterator<Item = ValidationError<'a>>,
) -> InvalidAnswer {
    let (mut lines, mut violation) = (Vec::<String>::new(), None);
    for fault in faults {
        let path = fault.schema_path().as_str();
        let line = format!("{}: {}", problems::shown(path), fault.kind().keyword());
        violation = violation.or_else(|| Some(Violation::at(schema, origin, path)));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let more = lines.len().saturating_sub(VIOLATIONS_MAX);
    lines.truncate(VIOLATIONS_MAX);
    if more > 0 {
        lines.push(format!("and {more} more places"));
    }
    let problem = format!("the answer breaks the schema at {}", lines.join(", "));
    InvalidAnswer { problem, violation, is_json: true }
}
