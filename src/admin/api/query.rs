//! What can be asked of the API. Everything else is a mistake, and is told so.

use std::{borrow::Cow, collections::HashSet};

use url::form_urlencoded;

use crate::{
    extraction::Verdict,
    telemetry::{CallFilter, OverviewSpan, Recorder},
};

/// How many calls are told when nobody says how many.
const LIMIT: usize = 100;

/// The most calls that can be asked for: as many as can be kept.
const LIMIT_MAX: usize = 10_000;

/// What is wrong with a question. Never repeats what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadQuery {
    #[error("there is no such parameter here; use {0}")]
    Parameter(&'static str),
    #[error("{parameter} must be {allowed}")]
    Value { parameter: &'static str, allowed: String },
    #[error("each parameter may stand once; give several verdicts with commas between them")]
    Repeated,
}

/// Name and value.
type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The span of an overview.
pub(super) fn span(query: &str) -> Result<OverviewSpan, BadQuery> {
    let mut span = OverviewSpan::FiveMinutes;
    for (key, value) in parameters(query)? {
        if key != "window" {
            return Err(BadQuery::Parameter("window"));
        }
        let known = value.parse().ok().and_then(OverviewSpan::of_seconds);
        span = known.ok_or_else(|| bad("window", "60, 300 or 900 (seconds)"))?;
    }
    Ok(span)
}

/// Which calls to tell of.
pub(super) fn filter(query: &str, recorder: &Recorder) -> Result<CallFilter, BadQuery> {
    let mut filter = CallFilter { limit: Some(LIMIT), ..CallFilter::default() };
    for (key, value) in parameters(query)? {
        match &*key {
            "verdict" => filter.verdicts = verdicts(&value)?,
            "upstream" if recorder.upstreams().any(|name| name == value) => {
                filter.upstream = Some(value.into_owned());
            }
            "upstream" => return Err(bad("upstream", one_of(recorder.upstreams()))),
            "retried" => {
                filter.retried = Some(value.parse().map_err(|_| bad("retried", "true or false"))?);
            }
            "empty" => {
                filter.empty = Some(value.parse().map_err(|_| bad("empty", "true or false"))?);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                filter.limit =
                    Some(limit.ok_or_else(|| bad("limit", format!("a number from 1 to {LIMIT_MAX}")))?);
            }
            _ => return Err(BadQuery::Parameter("verdict, upstream, retried, empty or limit")),
        }
    }
    Ok(filter)
}

/// Names and values, each name once: of two values, nobody can know which was meant.
fn parameters(query: &str) -> Result<Vec<Parameter<'_>>, BadQuery> {
    let all: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let names: HashSet<_> = all.iter().map(|(name, _)| name).collect();
    if names.len() < all.len() { Err(BadQuery::Repeated) } else { Ok(all) }
}

/// One or more words, with commas between them.
fn verdicts(words: &str) -> Result<Vec<Verdict>, BadQuery> {
    let verdict = |word: &str| Verdict::ALL.iter().copied().find(|verdict| verdict.as_str() == word);
    let verdicts: Option<Vec<_>> = words.split(',').map(verdict).collect();
    verdicts.ok_or_else(|| bad("verdict", one_of(Verdict::LABELS.iter().copied())))
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("one of: {}", words.collect::<Vec<_>>().join(", "))
}

fn bad(parameter: &'static str, allowed: impl Into<String>) -> BadQuery {
    BadQuery::Value { parameter, allowed: allowed.into() }
}
