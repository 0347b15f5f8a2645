//! The cache, and the flights behind it.

use super::{Metric, Unit, counter, gauge, histogram};
use crate::telemetry::catalogue::{
    buckets::LATENCY,
    labels::{CACHE_RESULT, CAUSE, DIRECTION, UPSTREAM, WAIT_OUTCOME},
};

catalogue! { "Cache and flights":
    CACHE_REQUESTS = counter("tidegate.cache.requests", Unit::Count("{call}"), &[CACHE_RESULT],
        "Calls that got as far as the cache, each exactly once.");
    CACHE_EVICTIONS = counter("tidegate.cache.evictions", Unit::Count("{answer}"), &[CAUSE],
        "Answers that left the cache.");
    CACHE_ENTRIES = gauge("tidegate.cache.entries", Unit::Count("{answer}"), &[],
        "Answers in the cache.");
    CACHE_WEIGHT = gauge("tidegate.cache.weight", Unit::Bytes, &[],
        "Memory of the answers in the cache.");
    TOKENS_SAVED = counter("tidegate.tokens.saved", Unit::Count("{token}"), &[DIRECTION],
        "Tokens that answers had taken which calls got fresh from the cache or of a flight that they joined: those \
         of the attempt that brought the answer, as the upstream reported them. Stale answers save nothing.");
    COST_SAVED = counter("tidegate.cost.saved", Unit::Count("{currency}"), &[UPSTREAM],
        "What those tokens had cost, in the currency of the configured prices, by the upstream that gave the answer; \
         only for upstreams that have prices.");
    FLIGHTS = gauge("tidegate.flights.active", Unit::Count("{flight}"), &[],
        "Flights under way.");
    FLIGHT_WAIT = histogram("tidegate.flight.wait", LATENCY, Unit::Seconds, &[WAIT_OUTCOME],
        "How long a call that joined a flight waited for it.");
}
