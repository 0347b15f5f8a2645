//! What a call gets.

use std::sync::Arc;

use super::Brought;

/// A validated answer. Its words can't be printed: `Debug` shows sizes only.
#[derive(Clone, PartialEq)]
pub struct Extraction {
    /// The result as JSON text, valid against the profile's schema.
    pub result_json: Arc<str>,
    /// What the result's `entities` array names, located in the text.
    pub entities: Vec<Entity>,
    /// All that in numbers, those among them that are not listed.
    pub brought: Brought,
}

/// One thing found in the text.
#[derive(Clone, PartialEq)]
pub struct Entity {
    /// The kind of thing.
    pub kind: String,
    /// The words as the model gave them.
    pub text: String,
    /// Where the words stand in the text: a half-open range in Unicode scalar values. Absent when
    /// they do not.
    pub span: Option<std::ops::Range<u32>>,
    /// How well the words match the text.
    pub alignment: Alignment,
}

super::label::labels! {
    /// How an entity's words relate to the text.
    pub enum Alignment {
        /// Letter by letter.
        Exact = "exact",
        /// But for case, white space, typographic variants, the order of marks, vowel points left out, and
        /// hyphens at line ends.
        Normalised = "normalised",
        /// Not in the text.
        NotFound = "not_found",
    }
}

impl Extraction {
    /// The memory the extraction takes, in bytes, roughly.
    pub fn weight_bytes(&self) -> usize {
        let entities: usize =
            self.entities.iter().map(|e| e.kind.len() + e.text.len() + size_of::<Entity>()).sum();
        size_of::<Self>() + self.result_json.len() + entities
    }
}

impl std::fmt::Debug for Extraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Extraction({} bytes, {} entities)", self.result_json.len(), self.entities.len())
    }
}

impl std::fmt::Debug for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entity({} bytes, {})", self.text.len(), self.alignment)
    }
}
