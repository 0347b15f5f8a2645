//! What is told of a call.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::Span;

use super::cache::CacheResult;
use crate::extraction::{Brought, Entry, ErrorType, Phase, Tenant, Trail, Usage, Verdict};

/// How a call ended.
#[derive(Debug)]
pub struct CallEnded<'a> {
    /// By which way it came.
    pub entry: Entry,
    /// Who called; absent while that was not known.
    pub tenant: Option<&'a Tenant>,
    /// The profile's configured name, or `inline`; absent when it could not be told.
    pub profile: Option<&'a Arc<str>>,
    /// Whether `CallStarted` was told for it.
    pub started: bool,
    /// How it ended.
    pub verdict: Verdict,
    /// What the last attempt failed with, if it did.
    pub error_type: Option<ErrorType>,
    /// What the call was doing when its deadline passed.
    pub phase: Option<Phase>,
    /// The cache's part in it.
    pub cache: Option<CacheResult>,
    /// Age of the answer, for `hit` and `stale`.
    pub cache_age: Option<Duration>,
    /// Whether it waited for a flight that another call had started.
    pub joined: bool,
    /// The span of that flight, which is in another trace; absent if it did not take off.
    pub flight: Option<&'a Span>,
    /// When it came.
    pub received: Instant,
    /// By when it had to be answered; absent if it was refused before that was settled.
    pub deadline: Option<Instant>,
    /// From receipt to answer.
    pub elapsed: Duration,
    /// The part of it that the gateway itself took.
    pub overhead: Option<Duration>,
    /// Attempts of the flight it had or shared.
    pub attempts: u32,
    /// Those among them that were retries.
    pub retries: u32,
    /// Tokens of all those attempts.
    pub usage: Usage,
    /// What the answer brought, if there was one.
    pub brought: Option<Brought>,
    /// What the call did not have to pay again, if it got an answer that another one had paid for.
    pub saved: Option<&'a Saved>,
    /// The upstream asked last.
    pub upstream: Option<&'a Arc<str>>,
    /// All that was tried, by its flight or the one it joined, as far as the call lived to see it.
    pub trail: &'a Trail,
    /// The call's span: SERVER for a gRPC call.
    pub span: &'a Span,
}

/// What an answer had cost that a call got without an attempt of its own: from the cache while it was fresh,
/// or of a flight that it joined. A stale answer saves nothing: its call had asked, in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The upstream that gave the answer.
    pub upstream: Arc<str>,
    /// The tokens of the attempt that brought it, not those of others before it: they might not be needed again.
    pub usage: Usage,
}
