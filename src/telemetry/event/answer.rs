//! What is told of an answer.

use crate::extraction::label::labels;

labels! {
    /// What came of holding an answer against its schema.
    pub enum ValidationResult {
        /// Valid, with something in it.
        Valid = "valid",
        /// Valid, be it after a repair, and nothing was found in the text.
        ValidEmpty = "valid_empty",
        /// Valid after a repair, with something in it.
        Repaired = "repaired",
        /// Not JSON.
        NotJson = "not_json",
        /// Against the schema.
        SchemaInvalid = "schema_invalid",
        /// Ended at the token limit.
        Truncated = "truncated",
        /// The model refused.
        Refused = "refused",
        /// No content.
        Empty = "empty",
    }
}

impl ValidationResult {
    /// What can't be given to a caller.
    pub const UNUSABLE: &'static [Self] =
        &[Self::NotJson, Self::SchemaInvalid, Self::Truncated, Self::Refused, Self::Empty];
}
