//! A profile's JSON Schema, compiled once.

use std::sync::Arc;

use serde_json::Value;

use super::{Extraction, Text};

/// A JSON Schema (draft 2020-12), checked and compiled.
pub struct Schema {
    /// The schema as compact JSON text.
    pub text: Arc<str>,
    /// The schema as a value.
    pub value: Value,
    validator: jsonschema::Validator,
}

/// Why a text is no acceptable schema: what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaProblem(pub String);

/// Why an answer is not valid: JSON Pointers and keywords, in words for the model. Holds none of the
/// answer's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAnswer(pub String);

impl Schema {
    /// Checks and compiles a schema.
    pub fn compile(text: &str) -> Result<Self, SchemaProblem> {
        let value: Value = serde_json::from_str(text).map_err(|e| SchemaProblem(e.to_string()))?;
        let validator = jsonschema::validator_for(&value).map_err(|e| SchemaProblem(e.to_string()))?;
        Ok(Self { text: value.to_string().into(), value, validator })
    }

    /// Holds an answer's `content` against the schema and locates its entities in `text`.
    pub fn read(&self, text: &Text, content: &str) -> Result<Extraction, InvalidAnswer> {
        let value: Value = serde_json::from_str(content).map_err(|_| InvalidAnswer("not JSON".into()))?;
        if !self.validator.is_valid(&value) {
            return Err(InvalidAnswer("against the schema".into()));
        }
        Ok(Extraction {
            result_json: value.to_string().into(),
            entities: super::grounding::ground(text, &value),
        })
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({} bytes)", self.text.len())
    }
}
