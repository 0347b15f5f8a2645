//! Time scales: the same rules, faster.

use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use tidegate::monitoring::rules::{Options, TimeScale};

use crate::{rules, rules_of};

const FASTER: u32 = 60;

/// Takes every duration out of an expression.
fn without_durations(expr: &str) -> (String, Vec<Duration>) {
    let places = Regex::new(r"\[(\w+)(?::(\w+))?\]|offset (\w+)").unwrap();
    let durations = places.captures_iter(expr).flat_map(|found| {
        let texts: Vec<_> = found.iter().skip(1).flatten().map(|text| duration(text.as_str())).collect();
        texts
    });
    (places.replace_all(expr, "[]").into_owned(), durations.collect())
}

fn duration(text: &str) -> Duration {
    promql_parser::util::parse_duration(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Takes every duration out of a rule.
fn parts(rule: &Value) -> (Value, Vec<Duration>) {
    let mut rest = rule.clone();
    let (expr, mut durations) = without_durations(rule["expr"].as_str().unwrap());
    rest["expr"] = expr.into();
    for key in ["for", "keep_firing_for"] {
        durations
            .extend(rest.as_object_mut().unwrap().remove(key).map(|text| duration(text.as_str().unwrap())));
    }
    (rest, durations)
}

#[test]
fn at_another_scale_nothing_but_durations_differs() {
    let scaled = Options { time_scale: TimeScale::new(FASTER).unwrap(), ..Options::default() };
    let (slow, fast) = (rules(), rules_of(&scaled));
    assert_eq!(slow.len(), fast.len());
    for (slow, fast) in slow.iter().zip(&fast) {
        let ((rest, durations), (fast_rest, fast_durations)) = (parts(&slow.all), parts(&fast.all));
        assert_eq!(rest, fast_rest);
        let expected: Vec<_> = durations.iter().map(|duration| *duration / FASTER).collect();
        assert_eq!(fast_durations, expected, "{}", slow.name);
    }
}

#[test]
fn no_duration_vanishes_at_the_greatest_scale() {
    let options =
        Options { time_scale: TimeScale::new(*TimeScale::RANGE.end()).unwrap(), ..Options::default() };
    for rule in rules_of(&options) {
        let (_, durations) = parts(&rule.all);
        assert!(durations.iter().all(|duration| !duration.is_zero()), "{}", rule.all);
    }
}
