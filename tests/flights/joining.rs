//! Calls that come in the moment in which a flight ends.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tidegate::extraction::{ErrorType, ExtractError};
use tokio::{
    sync::{Barrier, oneshot},
    task::JoinSet,
    time::timeout,
};

use crate::{
    recorder::Told,
    world::{PATIENCE, Reply, World},
};

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_while_a_flight_is_cut_gets_one_of_its_own() {
    let world = World::new(|asked| if asked.arrival == 1 { Reply::Hangs } else { Reply::entities() });
    let mut late = world.call_within("a", 2 * PATIENCE);
    let (hand_over, handed_over) = oneshot::channel();
    // The flight is past its deadline and has not landed: it must not take anybody on any more.
    world.told.at(
        |told| matches!(told, Told::AttemptEnded { error_type: Some(ErrorType::DeadlineExceeded), .. }),
        move || {
            let early_end = (&mut late).now_or_never();
            let _ = hand_over.send((early_end, late));
        },
    );
    let error = world.call_within("a", Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, ExtractError::DeadlineExceeded { .. }), "{error}");
    let (early_end, late) = timeout(PATIENCE, handed_over).await.unwrap().unwrap();
    assert!(early_end.is_none(), "{early_end:?}");
    timeout(PATIENCE, late).await.unwrap().unwrap();
    let flights: Vec<_> = world.upstream.asked().into_iter().map(|asked| asked.flight).collect();
    assert_eq!(flights.len(), 2);
    assert_ne!(flights[0], flights[1], "each call had a flight of its own");
    assert_eq!(world.flights(), 0);
}

/// How often a crowd calls at once, and how many they are. What can go wrong is that a call looks at the cache
/// before an answer is stored and for a flight after it has left: one round in fifty comes near that.
const ROUNDS: usize = 600;
const CROWD: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn identical_calls_make_one_request_however_they_meet_its_end() {
    let world = World::new(|_| Reply::entities());
    for round in 1..=ROUNDS {
        let text = format!("round {round}");
        let together = Arc::new(Barrier::new(CROWD));
        let crowd: JoinSet<_> = (0..CROWD)
            .map(|_| {
                let (together, calling) = (Arc::clone(&together), world.call(&text));
                async move {
                    together.wait().await;
                    calling.await
                }
            })
            .collect();
        for answer in timeout(PATIENCE, crowd.join_all()).await.unwrap() {
            answer.unwrap();
        }
        assert_eq!(world.upstream.asked().len(), round, "one request per round, up to round {round}");
    }
    assert_eq!(world.flights(), 0);
}
