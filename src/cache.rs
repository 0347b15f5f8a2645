//! Answers from memory, and one flight for identical calls.

/// The `[cache]` section, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// The most memory the answers may take, in bytes.
    pub bytes_max: u64,
}
