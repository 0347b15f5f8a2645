//! Callers of all kinds at once: some ask the same, some leave, some have little time.

use std::time::Duration;

use rand::RngExt as _;
use tidegate::extraction::{Tenant, Verdict};

use crate::{
    THROTTLED,
    upstream::{Conditions, Trouble},
    world::{TIMEOUT, World},
};

const CALLS: u32 = 10_000;

/// The wait that the upstream asks for when it is in trouble.
const ASKED: Duration = Duration::from_millis(700);

impl World {
    /// One call in this crowd: a new text or one of the last few, short or long of time and patience.
    fn step_forward(&mut self, number: u32) {
        let text = number - self.rng.random_range(0..5.min(number + 1));
        let mut short = |share| self.rng.random_bool(share).then(|| self.rng.random_range(1..3_000));
        let timeout = short(0.2).map_or(TIMEOUT, Duration::from_millis);
        let patience = short(0.3).map_or(TIMEOUT, Duration::from_millis);
        self.call(&Tenant::default(), &format!("text {text}"), timeout, patience);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mixed_crowd_leaves_nothing_behind_and_nothing_uncounted() {
    let trouble = Trouble::asking(THROTTLED, ASKED);
    let mut world = World::new(0x5eed_0400, Conditions { share: 0.15, trouble, invalid: 0.03, doomed: None });
    for number in 0..CALLS {
        world.gap(100.0).await;
        world.step_forward(number);
    }
    world.settle().await;
    let seed = world.seed;
    assert_eq!(world.tasks.drain(TIMEOUT).await, 0, "seed {seed:#x}: attempts for nobody end too");
    assert_eq!(world.pipeline.flights(), 0, "seed {seed:#x}");

    let totals = world.counts.now();
    assert_eq!(totals.attempts_ended(), world.upstream.arrivals(), "seed {seed:#x}: every send is seen");
    let odd = totals.attempts.iter().find(|(_, times)| **times != (1, 1));
    assert_eq!(odd, None, "seed {seed:#x}: starts and ends of an attempt");
    assert_eq!(totals.flights_started, totals.flights_ended, "seed {seed:#x}");
    assert_eq!(totals.calls_started, CALLS, "seed {seed:#x}");
    assert_eq!(totals.verdicts.values().sum::<u32>(), CALLS, "seed {seed:#x}: {:?}", totals.verdicts);
    let (least, most) = totals.budget.unwrap();
    assert!(least >= 0.0 && most <= 1.0, "seed {seed:#x}: {least} to {most} is left of the budget");
    let early =
        world.upstream.gaps().into_iter().find(|(gap, asked)| asked.is_some_and(|asked| *gap < asked));
    assert_eq!(early, None, "seed {seed:#x}: sent before the wait was over");

    // It was a mixed crowd indeed.
    assert!(totals.joined > 500 && totals.retries > 200 && totals.repairs > 50, "seed {seed:#x}");
    for verdict in [Verdict::Ok, Verdict::Cancelled, Verdict::DeadlineExceeded] {
        let calls = totals.verdicts.get(&verdict).copied().unwrap_or(0);
        assert!(calls > 200, "seed {seed:#x}: {calls} calls ended with {verdict}");
    }
}
