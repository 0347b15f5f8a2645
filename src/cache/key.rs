//! What makes two calls identical.

use crate::extraction::{CacheMode, CacheScope, Call, Entry, Fingerprint};

/// Names an answer: SHA-256 over tenant scope, profile (which covers schema, instructions and route)
/// and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(Fingerprint);

impl CacheKey {
    /// The key of a call's answer.
    pub fn of(call: &Call) -> Self {
        let (scope, tenant) = match call.profile.cache.scope {
            CacheScope::Tenant => (&b"tenant"[..], call.tenant.as_str()),
            CacheScope::Shared => (&b"shared"[..], ""),
        };
        Self(Fingerprint::of([
            scope,
            tenant.as_bytes(),
            call.profile.fingerprint.as_bytes(),
            call.text.as_str().as_bytes(),
        ]))
    }
}

/// Names a flight: calls share one only if nothing that shapes its attempts or the use of its answer
/// differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlightKey {
    answer: CacheKey,
    fresh: bool,
    storable: bool,
    max_attempts: Option<u32>,
    job: bool,
}

impl FlightKey {
    /// The key of the flight that a call may share.
    pub fn of(call: &Call, answer: CacheKey) -> Self {
        Self {
            answer,
            fresh: call.cache.mode == CacheMode::NoCache,
            storable: storable(call),
            max_attempts: call.max_attempts,
            job: call.entry == Entry::Job,
        }
    }

    /// Whether the flight's answer is to be stored.
    pub fn storable(&self) -> bool {
        self.storable
    }
}

fn storable(call: &Call) -> bool {
    call.cache.mode != CacheMode::NoStore && !call.profile.cache.ttl.is_zero()
}
