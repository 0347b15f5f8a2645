//! What is told of the cache.

use crate::extraction::label::labels;

labels! {
    /// The cache's part in a call.
    pub enum CacheResult {
        /// Answered from the cache.
        Hit = "hit",
        /// Nothing there: the call started a flight.
        Miss = "miss",
        /// Nothing there, but an identical call was running: the call joined it.
        Joined = "joined",
        /// Answered with an expired answer because the upstream failed.
        Stale = "stale",
        /// Not read, as asked or configured.
        Bypass = "bypass",
    }
}

labels! {
    /// Why an answer left the cache.
    pub enum EvictionCause {
        /// Its time was over.
        Expired = "expired",
        /// It was removed.
        Explicit = "explicit",
        /// A newer answer took its place.
        Replaced = "replaced",
        /// The room was needed.
        Size = "size",
    }
}
