//! The answers in memory, bounded by their weight.

use std::{sync::Arc, time::Duration};

use moka::{Expiry, future::Cache, notification::RemovalCause};
use tokio::time::Instant;

use super::CacheKey;
use crate::{
    extraction::{CachePolicy, Extraction, Usage},
    telemetry::{Event, Observer, event::EvictionCause},
};

/// What a key and the bookkeeping for an answer weigh, in bytes, roughly.
const ENTRY_OVERHEAD_BYTES: usize = 256;

/// Validated answers by key. Cheap to clone.
#[derive(Clone)]
pub struct Answers {
    cache: Cache<CacheKey, Arc<CachedAnswer>>,
}

/// A stored answer.
#[derive(Debug)]
pub struct CachedAnswer {
    /// The answer.
    pub extraction: Arc<Extraction>,
    /// The configured name of the upstream that gave it.
    pub upstream: Arc<str>,
    /// The configured model that gave it.
    pub model: Arc<str>,
    /// The tokens of the attempt that brought it.
    pub usage: Usage,
    stored_at: Instant,
    policy: CachePolicy,
}

/// What the cache has for a key.
#[derive(Debug)]
pub enum Lookup {
    /// An answer within its TTL.
    Fresh(Arc<CachedAnswer>),
    /// An answer past its TTL that may still be given if the upstream fails.
    Stale(Arc<CachedAnswer>),
    /// Nothing of use.
    Nothing,
}

impl Answers {
    /// A cache for answers of together at most `bytes_max` bytes.
    pub fn new(bytes_max: u64, observer: Arc<dyn Observer>) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes_max)
            .weigher(|_, answer: &Arc<CachedAnswer>| answer.weight_bytes())
            .expire_after(Lifetime)
            .eviction_listener(move |_, _, cause| {
                observer.observe(&Event::CacheEvicted { cause: eviction_cause(cause) });
            })
            .build();
        Self { cache }
    }

    /// What there is for `key` at `now`, no older than `max_age`.
    pub async fn look_up(&self, key: &CacheKey, now: Instant, max_age: Option<Duration>) -> Lookup {
        match self.cache.get(key).await {
            Some(answer) => answer.judge(now, max_age),
            None => Lookup::Nothing,
        }
    }

    /// Stores an answer.
    pub async fn store(&self, key: CacheKey, answer: CachedAnswer) {
        self.cache.insert(key, Arc::new(answer)).await;
    }

    /// The number of answers and their weight in bytes, after the bookkeeping that is due.
    pub async fn level(&self) -> (u64, u64) {
        self.cache.run_pending_tasks().await;
        (self.cache.entry_count(), self.cache.weighted_size())
    }
}

impl CachedAnswer {
    /// An answer to be stored at `now`, with the upstream and the model that gave it, and what it took.
    pub fn new(
        extraction: Arc<Extraction>,
        (upstream, model): (Arc<str>, Arc<str>),
        usage: Usage,
        policy: CachePolicy,
        now: Instant,
    ) -> Self {
        Self { extraction, upstream, model, usage, stored_at: now, policy }
    }

    /// How old the answer is.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.stored_at)
    }

    fn judge(self: Arc<Self>, now: Instant, max_age: Option<Duration>) -> Lookup {
        let age = self.age(now);
        if max_age.is_some_and(|max_age| age > max_age) {
            return Lookup::Nothing;
        }
        if age < self.policy.ttl {
            Lookup::Fresh(self)
        } else if age < self.policy.ttl + self.policy.stale_if_error {
            Lookup::Stale(self)
        } else {
            Lookup::Nothing
        }
    }

    fn weight_bytes(&self) -> u32 {
        u32::try_from(self.extraction.weight_bytes() + ENTRY_OVERHEAD_BYTES).unwrap_or(u32::MAX)
    }
}

/// Lets moka free what can't be given any more. Whether an answer may be given is decided by
/// [`CachedAnswer::judge`] on tokio's clock, which tests can move; moka's own can't be.
struct Lifetime;

#[expect(clippy::disallowed_types, reason = "moka's trait names it; it is not read")]
type MokaInstant = std::time::Instant;

impl Expiry<CacheKey, Arc<CachedAnswer>> for Lifetime {
    fn expire_after_create(
        &self,
        _: &CacheKey,
        answer: &Arc<CachedAnswer>,
        _: MokaInstant,
    ) -> Option<Duration> {
        Some(answer.policy.ttl + answer.policy.stale_if_error)
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        answer: &Arc<CachedAnswer>,
        _: MokaInstant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(answer.policy.ttl + answer.policy.stale_if_error)
    }
}

fn eviction_cause(cause: RemovalCause) -> EvictionCause {
    match cause {
        RemovalCause::Expired => EvictionCause::Expired,
        RemovalCause::Explicit => EvictionCause::Explicit,
        RemovalCause::Replaced => EvictionCause::Replaced,
        RemovalCause::Size => EvictionCause::Size,
    }
}
