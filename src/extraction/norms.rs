//! What is fine, unless operators say otherwise. Alerts, boards and the live page judge by the same figures.

/// The share of rated calls that must end well.
pub const SLO: f64 = 0.995;

/// How many times faster than steadily the error budget burns when that is most urgent: two days instead of
/// thirty.
pub const FASTEST_BURN: f64 = 14.4;

/// The share of attempts at an upstream beyond which it fails more than it works.
pub const FAILED_SHARE: f64 = 0.5;

/// How many times its own norm a typical latency must be to be slow. A shift across the bound between two buckets of a
/// histogram makes a median seem up to 2.4 times as long.
pub const SLOW_FACTOR: f64 = 3.0;

/// Seconds below which no typical latency is slow, whatever its norm: few callers notice them.
pub const SLOW_SECONDS: f64 = 0.25;

/// The share of answers in which nothing was found.
pub const EMPTY_SHARE: f64 = 0.3;

/// The share of answers without any content.
pub const NO_CONTENT_SHARE: f64 = 0.05;

/// The share of answers that end at the token limit.
pub const TRUNCATED_SHARE: f64 = 0.05;

/// The share of answers that are not JSON: as useless as those that have no content or no end.
pub const NOT_JSON_SHARE: f64 = 0.05;

/// The share of answers that violate their schema.
pub const SCHEMA_INVALID_SHARE: f64 = 0.1;

/// The share of answers that are refusals.
pub const REFUSED_SHARE: f64 = 0.05;

/// The share of answers beyond which one of the ways of not being usable is beyond its own bound.
pub const UNUSABLE_SHARE: f64 =
    NO_CONTENT_SHARE + TRUNCATED_SHARE + NOT_JSON_SHARE + SCHEMA_INVALID_SHARE + REFUSED_SHARE;

/// The share of entities that do not stand in the text.
pub const UNGROUNDED_SHARE: f64 = 0.1;
