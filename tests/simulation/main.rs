//! Retries under load, in virtual time: the production pipeline, plan, driver, budget and flights, with a
//! scripted upstream in place of HTTP. Every run is seeded; the seed is named in each failure.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test that can't go on has failed"
)]

mod counts;
mod crowd;
#[path = "../support/pipeline.rs"]
mod support;
mod tenants;
mod upstream;
mod world;

use std::time::Duration;

use tidegate::upstream::{BodyForm, ErrorWord, Fault, NoConnection};
use upstream::{Conditions, Trouble};
use world::World;

/// Retries that an outage may see: a full purse spent on the cheapest retries, and the idle refill of one
/// such retry per second (`resilience::budget`).
fn outage_bound(outage: Duration) -> f64 {
    let (capacity, cheapest, refill_per_second) = (100.0, 0.35, 1.0);
    capacity / cheapest + refill_per_second * outage.as_secs_f64()
}

const SERVER_ERROR: Fault = Fault::Status { status: 500, word: None, form: BodyForm::Other };
const THROTTLED: Fault =
    Fault::Status { status: 503, word: Some(ErrorWord::Overloaded), form: BodyForm::Api };

#[tokio::test(start_paused = true)]
async fn five_percent_faults_are_hidden_from_callers() {
    let mut world = World::new(0x5eed_0005, Conditions::faults(0.05, SERVER_ERROR));
    let run = world.load(100_000, 100.0).await;
    assert!(run.success() >= 0.9999, "{run:?}");
    assert!(run.amplification() <= 1.06, "{run:?}");
    assert_eq!(run.attempts, run.arrivals, "every send must be seen: {run:?}");
}

#[tokio::test(start_paused = true)]
async fn thirty_percent_faults_leave_99_percent_of_calls_whole() {
    let mut world = World::new(0x5eed_0030, Conditions::faults(0.30, SERVER_ERROR));
    let run = world.load(100_000, 100.0).await;
    assert!(run.success() >= 0.990, "{run:?}");
    assert!(run.amplification() <= 1.45, "{run:?}");
    assert_eq!(run.attempts, run.arrivals, "every send must be seen: {run:?}");
}

/// With few calls at a time, chance alone makes most of them retries now and then: the guard on retries in
/// flight must not take that for a storm.
#[tokio::test(start_paused = true)]
async fn little_traffic_is_retried_as_well() {
    for rate in [2.0, 5.0, 10.0, 20.0, 50.0] {
        let mut world = World::new(0x5eed_0031, Conditions::faults(0.30, SERVER_ERROR));
        let run = world.load(20_000, rate).await;
        assert!(run.success() >= 0.990, "at {rate}/s: {run:?}");
        assert!(run.amplification() <= 1.45, "at {rate}/s: {run:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_hammered_at_any_load() {
    let outage = Duration::from_secs(60);
    for (rate, trouble) in [
        (1.0, Trouble::plain(SERVER_ERROR)),
        (20.0, Trouble::plain(SERVER_ERROR)),
        (100.0, Trouble::plain(SERVER_ERROR)),
        (1000.0, Trouble::plain(SERVER_ERROR)),
        (1.0, Trouble::asking(THROTTLED, Duration::from_millis(300))),
        (100.0, Trouble::asking(THROTTLED, Duration::from_millis(300))),
        (1000.0, Trouble::asking(THROTTLED, Duration::from_millis(300))),
        (100.0, Trouble::plain(Fault::Connect(NoConnection::Refused))),
    ] {
        let mut world = World::new(0x5eed_0100, Conditions::faults(0.05, SERVER_ERROR));
        world.warm_up(Duration::from_secs(20), rate).await;
        let retries = world.outage(outage, rate, trouble).await;
        assert!(retries > 0, "the purse was never used at {rate}/s of {trouble:?}");
        let bound = outage_bound(outage);
        assert!(
            f64::from(retries) <= bound,
            "{retries} retries, bound {bound:.0}, at {rate}/s of {trouble:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_service_is_whole_within_seconds() {
    let mut world = World::new(0x5eed_0200, Conditions::faults(0.05, SERVER_ERROR));
    world.warm_up(Duration::from_secs(20), 100.0).await;
    world.outage(Duration::from_secs(60), 100.0, Trouble::plain(SERVER_ERROR)).await;
    world.warm_up(Duration::from_secs(5), 100.0).await;
    let run = world.load(5_000, 100.0).await;
    assert!(run.success() >= 0.999, "{run:?}");
}

/// Everybody is asked to come back in the same instant, and the purse could pay for 285.
#[tokio::test(start_paused = true)]
async fn retries_that_wait_for_the_same_instant_are_not_sent_all_at_once() {
    let asked = Duration::from_secs(10);
    let conditions =
        Conditions { trouble: Trouble::asking(THROTTLED, asked), ..Conditions::faults(1.0, THROTTLED) };
    let mut world = World::new(0x5eed_0600, conditions);
    world.load(300, 10_000.0).await;
    let crowds = world.upstream.crowds();
    let most = crowds.iter().map(|(retries, _)| retries).max();
    assert_eq!(most, Some(&20), "of {} retries", crowds.len());
    assert!(crowds.iter().all(|(retries, attempts)| *retries <= 20.max(attempts / 2 + 1)), "{crowds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_asked_for_is_never_cut_short() {
    let asked = Duration::from_secs(2);
    let mut conditions = Conditions::faults(0.2, THROTTLED);
    conditions.trouble = Trouble::asking(THROTTLED, asked);
    let mut world = World::new(0x5eed_0300, conditions);
    world.load(5_000, 50.0).await;
    let gaps = world.gaps_after_failures();
    assert!(gaps.len() > 500, "only {} retries", gaps.len());
    assert!(gaps.iter().all(|gap| *gap >= asked), "a retry after {:?}", gaps.iter().min());
    let late = gaps.iter().filter(|gap| **gap > asked + Duration::from_millis(250)).count();
    assert!(late > gaps.len() / 4, "the herd must be spread, only {late} of {} are late", gaps.len());
}
