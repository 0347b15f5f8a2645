//! What a call asks for.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Deadline, Profile, label::labels};

/// One `Extract` from a client or a job, checked and ready to be served.
#[derive(Debug, Clone)]
pub struct Call {
    /// The text to extract from.
    pub text: Text,
    /// What to extract, and how.
    pub profile: Arc<Profile>,
    /// Who asks.
    pub tenant: Tenant,
    /// How the call uses the cache.
    pub cache: CacheControl,
    /// The most attempts for this call, if lower than configured.
    pub max_attempts: Option<u32>,
    /// When the call came in.
    pub received: Instant,
    /// When the answer must be there.
    pub deadline: Deadline,
    /// By which way the call came.
    pub entry: Entry,
}

/// The text of a call. Its words can't be printed: `Debug` shows the size only.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Arc<str>);

impl Text {
    /// Wraps a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The words, for those who send or search them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// The configured name of the credential a caller authenticated with, else `default`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// A tenant from the configuration.
    pub fn configured(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, to keep.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("default".into())
    }
}

/// How one call uses the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheControl {
    /// What is read and written.
    pub mode: CacheMode,
    /// Refuse cached answers older than this.
    pub max_age: Option<Duration>,
}

/// What a call reads from and writes to the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheMode {
    /// Read, and store a fresh answer.
    #[default]
    Default,
    /// Don't read; store the fresh answer.
    NoCache,
    /// Read, but don't store the fresh answer.
    NoStore,
    /// Answer from the cache or not at all.
    OnlyIfCached,
}

labels! {
    /// By which way a call came.
    pub enum Entry {
        /// `Extract`.
        Unary = "unary",
        /// An item of `ExtractMany`.
        StreamItem = "stream_item",
        /// A run of a job.
        Job = "job",
    }
}
