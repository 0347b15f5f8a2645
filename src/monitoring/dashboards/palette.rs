//! Colours. What has a fixed meaning has the same colour on every board, whatever else is in the graph.

use serde_json::json;

use super::model::{Matcher, Override, Property};
use crate::{
    extraction::{AttemptOutcome, Party, Verdict},
    telemetry::event::{CacheResult, ValidationResult},
};

/// As it should be.
pub(super) const GREEN: &str = "green";
/// As it should be, by a shorter way.
pub(super) const BLUE: &str = "blue";
/// Worth a look.
pub(super) const YELLOW: &str = "yellow";
/// Soon not worth having.
pub(super) const ORANGE: &str = "orange";
/// Users are hurt.
pub(super) const RED: &str = "red";
/// Users are hurt by the gateway itself.
pub(super) const DARK_RED: &str = "dark-red";
/// Neither good nor bad.
pub(super) const GREY: &str = "#8e8e8e";
/// A share of time, where red and green would judge.
pub(super) const PURPLE: &str = "purple";

/// A colour for the series of each name.
pub(super) type Colours = Vec<(&'static str, &'static str)>;

/// Green is well, red hurts users, yellow protects the gateway, grey is the caller's own doing.
pub(super) fn verdicts() -> Colours {
    let colour = |verdict: &Verdict| match verdict {
        Verdict::Ok => GREEN,
        Verdict::Internal => DARK_RED,
        Verdict::DeadlineExceeded | Verdict::RateLimited => ORANGE,
        Verdict::Draining => "light-yellow",
        Verdict::UpstreamRejected => "semi-dark-red",
        Verdict::AnswerInvalid => PURPLE,
        Verdict::Refused => "light-purple",
        Verdict::Cancelled => "#b0b0b0",
        verdict => match Party::of(*verdict) {
            Party::Nobody => GREEN,
            Party::Caller => GREY,
            Party::Gateway => YELLOW,
            Party::Upstream => RED,
        },
    };
    Verdict::ALL.iter().map(|verdict| (verdict.as_str(), colour(verdict))).collect()
}

/// How attempts end.
pub(super) fn outcomes() -> Colours {
    let colour = |outcome: &AttemptOutcome| match outcome {
        AttemptOutcome::Success => GREEN,
        AttemptOutcome::Failure => RED,
        AttemptOutcome::Cancelled => GREY,
    };
    AttemptOutcome::ALL.iter().map(|outcome| (outcome.as_str(), colour(outcome))).collect()
}

/// Where answers come from.
pub(super) fn cache_results() -> Colours {
    let colour = |result: &CacheResult| match result {
        CacheResult::Hit => GREEN,
        CacheResult::Joined => BLUE,
        CacheResult::Miss => YELLOW,
        CacheResult::Stale => ORANGE,
        CacheResult::Bypass => GREY,
    };
    CacheResult::ALL.iter().map(|result| (result.as_str(), colour(result))).collect()
}

/// What answers are worth.
pub(super) fn validations() -> Colours {
    let colour = |result: &ValidationResult| match result {
        ValidationResult::Valid => GREEN,
        ValidationResult::ValidEmpty => BLUE,
        ValidationResult::Repaired => YELLOW,
        ValidationResult::Truncated => ORANGE,
        ValidationResult::SchemaInvalid => RED,
        ValidationResult::NotJson => "semi-dark-red",
        ValidationResult::Refused => PURPLE,
        ValidationResult::Empty => DARK_RED,
    };
    ValidationResult::ALL.iter().map(|result| (result.as_str(), colour(result))).collect()
}

/// Gives the series of each name its colour.
pub(super) fn overrides(colours: &Colours) -> Vec<Override> {
    let property = |colour| Property { id: "color", value: json!({ "mode": "fixed", "fixedColor": colour }) };
    colours
        .iter()
        .map(|(name, colour)| Override {
            matcher: Matcher { id: "byName", options: (*name).to_owned() },
            properties: vec![property(colour)],
        })
        .collect()
}
