//! What an AI API said of its error, as far as its words were known beforehand.
//!
//! Words of a body are the API's own and may quote the caller's text. What is taken over is therefore looked up: a word
//! stands in the tables of the dialect, or names something that the gateway itself sends, or is `other`.

use std::{fmt, sync::Arc};

use super::label::OTHER;

/// What an AI API said of its error; absent means that it did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Its code.
    pub code: Option<Word>,
    /// Its type.
    pub kind: Option<Word>,
    /// The part of the request that it names.
    pub param: Option<Word>,
}

/// One word of an AI API's. There is no way to make one of what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// As it stands in a table of ours.
    Listed(&'static str),
    /// The name of something that the gateway sends.
    Sent(Arc<str>),
    /// None of these.
    Other,
}

impl Word {
    /// The word, or `other`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Listed(word) => word,
            Self::Sent(name) => name,
            Self::Other => OTHER,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
