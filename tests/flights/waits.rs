//! Callers that come and go while a flight waits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, poll};
use tidegate::resilience::{BackoffPolicy, Policy};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use crate::{
    recorder::Told,
    world::{PATIENCE, Reply, World},
};

/// The wait that the upstream asks for.
const ASKED: Duration = Duration::from_millis(50);

/// How many waits are disturbed, by how many threads, and how often by each.
const CYCLES: usize = 300;
const THREADS: usize = 2;
const VISITS: usize = 200;

/// A flight that nobody waits for ends; one that is joined before it has ended waits on. Between the two
/// lie a few instructions, which is why this is tried so often.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wait_that_was_asked_for_outlasts_all_coming_and_going() {
    // No jitter that would hide the wait that was asked for.
    let short = Duration::from_millis(1);
    let backoff = BackoffPolicy { base: short, throttle_base: short, max: short };
    let world = World::with_policy(Policy { backoff, ..Policy::default() }, |asked| match asked.number {
        1 => Reply::unavailable(Some(ASKED)),
        _ => Reply::entities(),
    });
    let world = Arc::new(world);
    let mut stayers = JoinSet::new();
    for cycle in 0..CYCLES {
        let text = format!("cycle {cycle}");
        let mark = world.told.mark();
        let mut leader = world.call(&text);
        assert!(poll!(&mut leader).is_pending());
        world.told.told_after(mark, |told| *told == Told::RetryScheduled).await;
        let visitors = (0..THREADS).map(|_| {
            let (world, text) = (Arc::clone(&world), text.clone());
            spawn_blocking(move || (0..VISITS).for_each(|_| drop(world.call(&text).now_or_never())))
        });
        let visitors: Vec<_> = visitors.collect();
        drop(leader);
        for visitor in visitors {
            visitor.await.unwrap();
        }
        stayers.spawn(world.call(&text));
    }
    for answer in timeout(PATIENCE, stayers.join_all()).await.unwrap() {
        answer.unwrap();
    }
    retries_keep_their_distance(&world);
}

fn retries_keep_their_distance(world: &World) {
    let mut first = HashMap::new();
    let mut retries = 0;
    for asked in world.upstream.asked() {
        if asked.number == 1 {
            first.insert(asked.flight, asked.at);
            continue;
        }
        retries += 1;
        let gap = asked.at - first[&asked.flight];
        assert!(gap >= ASKED, "asked for {ASKED:?}, sent after {gap:?}: {}", asked.text);
    }
    assert!(retries >= CYCLES, "every caller who stayed was answered by a retry: {retries}");
}
