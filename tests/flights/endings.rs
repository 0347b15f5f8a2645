//! However a flight ends, it is told once, leaves the map, and owes nobody a token.

use std::time::Duration;

use futures_util::poll;
use tidegate::{
    extraction::{AttemptKind, AttemptOutcome, ErrorType, ExtractError},
    telemetry::FlightEnd,
};

use crate::{
    recorder::Told,
    world::{Reply, World},
};

/// The end of a flight that panicked in its last attempt.
fn lost(attempts: u32) -> Told {
    Told::FlightEnded { end: FlightEnd::Failed(ErrorType::Internal), attempts }
}

fn failed(number: u32, error_type: ErrorType) -> Told {
    Told::AttemptEnded { number, outcome: AttemptOutcome::Failure, error_type: Some(error_type) }
}

fn started(number: u32, kind: AttemptKind) -> Told {
    Told::AttemptStarted { number, kind }
}

#[tokio::test(start_paused = true)]
async fn a_panicking_upstream_is_an_internal_fault_that_is_told_once() {
    let world = World::new(|_| Reply::Panics);
    let error = world.call("a").await.unwrap_err();
    assert!(matches!(error, ExtractError::Internal { .. }), "{error}");
    let attempts = world.told.all(Told::is_of_attempts);
    assert_eq!(attempts, [started(1, AttemptKind::Initial), failed(1, ErrorType::Internal)]);
    assert_eq!(world.told.all(Told::ends_a_flight), [lost(1)]);
    assert_eq!(world.flights(), 0);
    world.the_purse_fills_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_retry_spends_its_stake_and_no_more() {
    let world = World::new(|asked| if asked.number == 1 { Reply::unavailable(None) } else { Reply::Panics });
    let error = world.call("a").await.unwrap_err();
    assert!(matches!(error, ExtractError::Internal { .. }), "{error}");
    assert_eq!(world.told.all(Told::is_of_attempts).last(), Some(&failed(2, ErrorType::Internal)));
    assert_eq!(world.told.all(Told::ends_a_flight), [lost(2)]);
    assert_eq!(world.flights(), 0);
    assert!(world.told.budget() < 1.0, "a retry was paid for");
    world.the_purse_fills_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_flight_whose_leader_leaves_before_it_starts_asks_nobody() {
    let world = World::new(|_| Reply::entities());
    let mut leader = world.call("a");
    // On one thread the flight can't start before this test waits for something.
    assert!(poll!(&mut leader).is_pending());
    assert_eq!(world.flights(), 1);
    drop(leader);
    world.told.told_after(0, Told::ends_a_flight).await;
    let cancelled = Told::FlightEnded { end: FlightEnd::GivenUp, attempts: 0 };
    assert_eq!(world.told.all(Told::ends_a_flight), [cancelled]);
    assert_eq!(world.told.all(Told::is_of_attempts), []);
    assert_eq!(world.upstream.asked().len(), 0);
    world.the_purse_fills_up().await;
    assert_eq!(world.flights(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flight_that_is_cut_tells_what_it_has_done() {
    let world = World::new(|asked| if asked.number == 1 { Reply::unavailable(None) } else { Reply::Hangs });
    let mut call = world.call("a");
    let second = |told: &Told| matches!(told, Told::AttemptStarted { number: 2, .. });
    tokio::select! {
        end = &mut call => panic!("nothing answers it: {end:?}"),
        () = world.told.told_after(0, second) => world.cut(),
    }
    world.told.told_after(0, Told::ends_a_flight).await;
    let cut = Told::FlightEnded { end: FlightEnd::GivenUp, attempts: 2 };
    assert_eq!(world.told.all(Told::ends_a_flight), [cut]);
}

#[tokio::test(start_paused = true)]
async fn a_flight_that_all_leave_between_attempts_has_not_failed() {
    let world = World::new(|_| Reply::unavailable(Some(Duration::from_secs(10))));
    let mut call = world.call("a");
    tokio::select! {
        end = &mut call => panic!("nobody has waited: {end:?}"),
        () = world.told.told_after(0, |told| *told == Told::RetryScheduled) => drop(call),
    }
    world.told.told_after(0, Told::ends_a_flight).await;
    let left = Told::FlightEnded { end: FlightEnd::GivenUp, attempts: 1 };
    assert_eq!(world.told.all(Told::ends_a_flight), [left]);
    world.the_purse_fills_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_a_failed_repair_is_still_a_repair() {
    let world = World::new(|asked| match asked.number {
        1 => Reply::invalid(),
        2 => Reply::unavailable(None),
        _ => Reply::entities(),
    });
    world.call("a").await.unwrap();
    let kinds = world.told.all(|told| matches!(told, Told::AttemptStarted { .. }));
    assert_eq!(
        kinds,
        [started(1, AttemptKind::Initial), started(2, AttemptKind::Repair), started(3, AttemptKind::Retry)]
    );
    let repairs: Vec<_> = world.upstream.asked().into_iter().map(|asked| asked.repair).collect();
    assert_eq!(repairs[0], None);
    assert!(repairs[1].is_some(), "the second attempt is the repair");
    assert_eq!(repairs[2], repairs[1], "the first question must not be asked again");
    world.the_purse_fills_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_nobody_waits_for_any_more_gives_its_stake_back() {
    let world = World::new(|_| Reply::unavailable(None));
    let mut caller = world.call("a");
    tokio::select! {
        biased;
        () = world.told.told_after(0, |told| *told == Told::RetryScheduled) => {}
        _ = &mut caller => panic!("a retry was due"),
    }
    drop(caller);
    world.told.told_after(0, Told::ends_a_flight).await;
    assert_eq!(world.upstream.asked().len(), 1);
    let moved = world.told.all(|told| matches!(told, Told::BudgetMoved { .. }));
    assert_eq!(moved, [Told::BudgetMoved { ratio: 1.0 }], "what was set aside is back");
    world.the_purse_fills_up().await;
    assert_eq!(world.flights(), 0);
}
