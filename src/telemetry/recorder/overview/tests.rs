//! What a whole overview says of a story told second by second.

use serde_json::{Value, json};

use super::*;
use crate::telemetry::{event::ValidationResult, recorder::tallies::AttemptEnd};

fn end(outcome: AttemptOutcome, millis: u64) -> AttemptEnd {
    AttemptEnd {
        kind: AttemptKind::Initial,
        outcome,
        error_type: (outcome == AttemptOutcome::Failure).then_some(ErrorType::Timeout),
        failure: None,
        http_status: None,
        elapsed: Duration::from_millis(millis),
    }
}

/// An upstream that was asked twice a second: from one second to another, how attempts ended after how many milliseconds.
fn asked(story: &[(u64, u64, AttemptOutcome, u64)]) -> UpstreamTally {
    let mut tally = UpstreamTally::new();
    for &(from, to, outcome, millis) in story {
        for second in from..to {
            tally.attempt_ended(second, &end(outcome, millis));
            tally.attempt_ended(second, &end(outcome, millis));
        }
    }
    tally
}

fn overview(second: u64, span: Span, see: impl FnOnce(&mut Overview, Moment)) -> Value {
    let moment = Moment { uptime: Duration::from_secs(second), span };
    let mut overview = Overview::new(moment, Duration::from_secs(1_800_000_000), &CallTally::new());
    see(&mut overview, moment);
    serde_json::to_value(&overview).unwrap()
}

fn upstream(second: u64, span: Span, tally: &UpstreamTally) -> Value {
    let told = overview(second, span, |overview, moment| overview.upstream(moment, "mole".into(), tally));
    told["upstreams"][0].clone()
}

const FINE: AttemptOutcome = AttemptOutcome::Success;

#[test]
fn an_upstream_that_takes_a_multiple_of_its_norm_is_slow_and_recovers() {
    let mut story = vec![(0, 100, FINE, 100), (100, 141, FINE, 2_000)];
    let slow = upstream(140, Span::Minute, &asked(&story));
    assert_eq!((&slow["state"], &slow["norm_seconds"]), (&json!("slow"), &json!(0.1)));
    assert_eq!(
        slow["faults"],
        json!([{ "start_uptime_seconds": 100, "end_uptime_seconds": null, "worst": "slow" }])
    );
    // Within five minutes lies all that there was: nobody knows what is normal.
    let longer = upstream(140, Span::FiveMinutes, &asked(&story));
    assert_eq!((&longer["state"], &longer["norm_seconds"]), (&json!("healthy"), &Value::Null));
    story.push((141, 161, FINE, 100));
    let over = upstream(160, Span::Minute, &asked(&story));
    assert_eq!((&over["state"], &over["recovered_seconds_ago"]), (&json!("slow"), &json!(19)));
    assert_eq!(over["faults"][0]["end_uptime_seconds"], 141);
}

#[test]
fn what_fails_slowly_or_is_given_up_makes_no_upstream_slow() {
    let story = [
        (0, 100, FINE, 100),
        (100, 160, FINE, 110),
        (100, 103, AttemptOutcome::Failure, 60_000),
        (100, 160, AttemptOutcome::Cancelled, 60_000),
    ];
    assert_eq!(upstream(159, Span::Minute, &asked(&story))["state"], "healthy");
}

#[test]
fn what_has_left_the_window_is_still_in_the_norm() {
    let story = [(0, 3_000, FINE, 100), (3_000, 3_900, FINE, 900)];
    for (span, state) in
        [(Span::Minute, "slow"), (Span::FiveMinutes, "slow"), (Span::QuarterOfAnHour, "slow")]
    {
        let told = upstream(3_899, span, &asked(&story));
        assert_eq!(told["state"], state, "{told:#}");
        assert!(told["norm_seconds"].as_f64().is_some_and(|norm| norm < 0.2), "{}", told["norm_seconds"]);
        assert_eq!(told["typical_seconds"], 0.9);
    }
}

#[test]
fn a_profile_is_slow_by_the_calls_that_were_not_in_the_cache() {
    let mut tally = AnswerTally::new();
    for second in 0..160 {
        tally.validated(second, ValidationResult::Valid);
        tally.missed(second, Duration::from_millis(if second < 100 { 100 } else { 2_000 }));
    }
    let told =
        overview(159, Span::Minute, |overview, moment| overview.profile(moment, "orders".into(), &tally));
    let profile = &told["profiles"][0];
    assert_eq!((&profile["state"], &profile["norm_seconds"]), (&json!("slow"), &json!(0.1)));
    assert_eq!((&profile["typical_seconds"], &profile["suspicions"]), (&json!(2.0), &json!([])));
}
