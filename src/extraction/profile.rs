//! A named extraction: what to extract and how.

use std::{sync::Arc, time::Duration};

use super::{Fingerprint, Schema, Violation, label::OTHER};

/// A named extraction: instructions, schema, route and cache policy. Everything in it is checked.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The configured name, or `inline`.
    pub name: Arc<str>,
    /// What to extract, in words, for the model.
    pub instructions: Arc<str>,
    /// What the result must look like.
    pub schema: Arc<Schema>,
    /// The configured names of the upstreams to ask, in order.
    pub route: Arc<[Arc<str>]>,
    /// How long a call may take whose caller brings no deadline.
    pub timeout: Duration,
    /// What is cached, for how long and for whom.
    pub cache: CachePolicy,
    /// The most tokens an answer may have.
    pub max_output_tokens: u32,
    /// Names all of the above that shapes an answer.
    pub fingerprint: Fingerprint,
}

impl Profile {
    /// The name under which rules count that callers bring along.
    pub const INLINE: &str = "inline";

    /// A violation of the schema as telemetry may tell it: the names in a schema that a caller brought are that caller's
    /// content, and only callers who bring the same schema are told them.
    pub fn observable(&self, violation: &Violation) -> Violation {
        let pointer = if self.is_inline() { OTHER.into() } else { Arc::clone(&violation.pointer) };
        Violation { pointer, keyword: violation.keyword }
    }

    /// Whether a caller brought the rules along.
    pub fn is_inline(&self) -> bool {
        &*self.name == Self::INLINE
    }
}

/// What is cached, for how long and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// How long an answer is fresh. Zero: nothing is stored.
    pub ttl: Duration,
    /// How long past its TTL an answer may still be given when the upstream fails.
    pub stale_if_error: Duration,
    /// Who shares the answers.
    pub scope: CacheScope,
}

/// Who shares cached answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheScope {
    /// Each tenant sees its own only.
    #[default]
    Tenant,
    /// All tenants share them.
    Shared,
}
