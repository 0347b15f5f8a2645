use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::StdRng};

use super::*;
use crate::{extraction::WaitSource, resilience::BudgetPolicy};

struct World {
    plan: Plan,
    tenant: Tenant,
    retry: Books,
    repair: Purse,
    rng: StdRng,
    now: Instant,
}

impl World {
    fn new(max_attempts: Option<u32>) -> Self {
        let now = Instant::now();
        let policy = Policy::default();
        let mut world = Self {
            tenant: Tenant::default(),
            retry: Books::new(&policy.budget, now),
            repair: Purse::new(&BudgetPolicy { capacity: 1.0, reward: 0.0 }, now),
            plan: Plan::new(Arc::new(policy), max_attempts),
            rng: StdRng::seed_from_u64(7),
            now,
        };
        assert!(matches!(world.plan.first(now, now + Duration::from_secs(60)), Step::Attempt(_)));
        world
    }

    fn next(&mut self, seen: &Observation) -> Step {
        let mut purses = Purses { tenant: &self.tenant, retry: &mut self.retry, repair: &mut self.repair };
        self.plan.next(self.now, seen, &mut purses, &mut self.rng)
    }

    fn seen(&self, class: Class) -> Observation {
        Observation {
            class,
            permission: Permission::Retry,
            mendable: false,
            pushback: None,
            deadline: self.now + Duration::from_secs(60),
            min_useful: Duration::from_millis(50),
            awaited: true,
        }
    }
}

fn withheld(taken: &Step) -> Option<Withheld> {
    match taken {
        Step::Stop(stop) => stop.withheld,
        Step::Attempt(next) => panic!("attempt {} instead of a stop", next.number),
    }
}

fn attempt(taken: Step) -> Next {
    match taken {
        Step::Attempt(next) => next,
        Step::Stop(stop) => panic!("{stop:?} instead of an attempt"),
    }
}

#[test]
fn a_failure_is_retried_after_a_jittered_wait_paid_from_the_purse() {
    let mut world = World::new(None);
    let next = attempt(world.next(&world.seen(Class::Transient)));
    assert_eq!((next.number, next.kind), (2, AttemptKind::Retry));
    let wait = next.wait.unwrap();
    assert!(wait.length < Duration::from_millis(100) && wait.source == WaitSource::Exponential);
    assert!((world.retry.ratio() - 0.99).abs() < 1e-9);
    world.retry.spend(next.stake.unwrap());
}

#[test]
fn an_invited_retry_waits_as_asked_and_costs_less() {
    let mut world = World::new(None);
    let asked = Duration::from_secs(3);
    let seen = Observation { pushback: Some(asked), ..world.seen(Class::Throttle) };
    let next = attempt(world.next(&seen));
    let wait = next.wait.unwrap();
    assert!(wait.length >= asked && wait.source == WaitSource::Pushback);
    assert!((world.retry.ratio() - 0.9965).abs() < 1e-9);
}

#[test]
fn pushback_starts_the_doubling_anew() {
    let mut world = World::new(None);
    attempt(world.next(&world.seen(Class::Transient)));
    assert_eq!(world.plan.backoffs, 1);
    let seen = Observation { pushback: Some(Duration::from_secs(1)), ..world.seen(Class::Throttle) };
    attempt(world.next(&seen));
    assert_eq!(world.plan.backoffs, 0);
}

/// A name, how it comes about, and what is told.
type Row = (&'static str, fn(&mut World) -> Observation, Withheld);

#[test]
fn each_reason_to_withhold_is_told() {
    let long = Some(Duration::from_secs(61));
    let rows: [Row; 6] = [
        (
            "attempts used",
            |w| {
                w.plan.attempts = 4;
                w.seen(Class::Transient)
            },
            Withheld::MaxAttempts,
        ),
        ("nobody waits", |w| Observation { awaited: false, ..w.seen(Class::Transient) }, Withheld::Orphaned),
        ("deadline", |w| Observation { deadline: w.now, ..w.seen(Class::Transient) }, Withheld::Deadline),
        (
            "purse",
            |w| {
                empty(&mut w.retry, w.now);
                w.seen(Class::Transient)
            },
            Withheld::Budget,
        ),
        (
            "done maybe",
            |w| Observation { permission: Permission::Ambiguous, ..w.seen(Class::Ambiguous) },
            Withheld::Ambiguous,
        ),
        (
            "pushback",
            |w| Observation { pushback: Some(Duration::from_secs(61)), ..w.seen(Class::Throttle) },
            Withheld::PushbackTooLong,
        ),
    ];
    for (name, arrange, reason) in rows {
        let mut world = World::new(None);
        let seen = arrange(&mut world);
        let before = world.retry.ratio();
        let step = world.next(&seen);
        assert_eq!(withheld(&step), Some(reason), "{name}");
        assert!((world.retry.ratio() - before).abs() < 1e-9, "{name} must cost nothing");
        if reason == Withheld::PushbackTooLong {
            assert_eq!(
                step,
                Step::Stop(Stop { withheld: Some(reason), retry_after: long, ..Stop::default() })
            );
        }
    }
}

#[test]
fn what_is_forbidden_is_not_withheld() {
    let mut world = World::new(None);
    let seen = Observation { permission: Permission::Forbidden, ..world.seen(Class::Terminal) };
    assert_eq!(withheld(&world.next(&seen)), None);
}

#[test]
fn an_attempt_the_upstream_never_saw_is_repeated_at_once_and_free_but_only_once() {
    let mut world = World::new(None);
    let next = attempt(world.next(&world.seen(Class::Nack)));
    assert_eq!((next.kind, next.wait, next.stake), (AttemptKind::Transparent, None, None));
    let next = attempt(world.next(&world.seen(Class::Nack)));
    assert_eq!(next.kind, AttemptKind::Retry);
}

#[test]
fn a_request_in_other_words_is_sent_at_once_and_free_but_only_once() {
    let mut world = World::new(None);
    let next = attempt(world.next(&world.seen(Class::Reworded)));
    assert_eq!((next.kind, next.wait, next.stake), (AttemptKind::Transparent, None, None));
    assert!((world.retry.ratio() - 1.0).abs() < 1e-9);
    assert_eq!(
        world.next(&world.seen(Class::Reworded)),
        Step::Stop(Stop::default()),
        "the API refuses both words"
    );

    let mut world = World::new(None);
    for class in [Class::Nack, Class::Reworded] {
        assert_eq!(
            attempt(world.next(&world.seen(class))).kind,
            AttemptKind::Transparent,
            "each reason counts once"
        );
    }

    let mut world = World::new(Some(1));
    assert_eq!(withheld(&world.next(&world.seen(Class::Reworded))), Some(Withheld::MaxAttempts));
    let mut world = World::new(None);
    let late = Observation { min_useful: Duration::from_secs(600), ..world.seen(Class::Reworded) };
    assert_eq!(withheld(&world.next(&late)), Some(Withheld::Deadline));
}

#[test]
fn an_invalid_answer_is_repaired_once_and_never_from_the_upstreams_purse() {
    let mut world = World::new(None);
    let seen =
        Observation { permission: Permission::Forbidden, mendable: true, ..world.seen(Class::Content) };
    let next = attempt(world.next(&seen));
    assert_eq!(next.kind, AttemptKind::Repair);
    assert!((world.retry.ratio() - 1.0).abs() < 1e-9);
    assert_eq!(withheld(&world.next(&seen)), None, "a second repair is not made");
}

#[test]
fn a_repair_that_is_not_made_says_why_and_is_no_withheld_retry() {
    let invalid = |world: &World| Observation {
        permission: Permission::Forbidden,
        mendable: true,
        ..world.seen(Class::Content)
    };
    let why = |mut world: World, seen: Observation| match world.next(&seen) {
        Step::Stop(stop) => (stop.repair_withheld, stop.withheld),
        Step::Attempt(next) => panic!("attempt {} instead of a stop", next.number),
    };
    let world = || World::new(None);
    let spent =
        || World { repair: Purse::new(&BudgetPolicy { capacity: 0.5, reward: 0.0 }, world().now), ..world() };
    for (world, change, expected) in [
        (World::new(Some(1)), Observation { ..invalid(&world()) }, Withheld::MaxAttempts),
        (world(), Observation { awaited: false, ..invalid(&world()) }, Withheld::Orphaned),
        (
            world(),
            Observation { min_useful: Duration::from_secs(600), ..invalid(&world()) },
            Withheld::Deadline,
        ),
        (spent(), Observation { ..invalid(&world()) }, Withheld::Budget),
    ] {
        assert_eq!(why(world, change), (Some(expected), None));
    }
    let mut repaired = world();
    let seen = invalid(&repaired);
    attempt(repaired.next(&seen));
    assert_eq!(why(repaired, seen), (None, None), "a second repair is never made");
}

#[test]
fn a_first_attempt_that_can_not_fit_is_not_started() {
    let mut plan = Plan::new(Arc::new(Policy::default()), None);
    let now = Instant::now();
    assert!(matches!(plan.first(now, now + Duration::from_millis(1)), Step::Stop(_)));
}

fn empty(books: &mut Books, now: Instant) {
    while let Ok(stake) = books.set_aside(now, &Tenant::default(), INVITED_RETRY_COST) {
        books.spend(stake);
    }
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(vec![
        Class::NotSent,
        Class::Nack,
        Class::Throttle,
        Class::Transient,
        Class::Ambiguous,
        Class::Quota,
        Class::Terminal,
        Class::Content,
    ])
}

prop_compose! {
    fn observed()(
        class in class(),
        permission in prop::sample::select(vec![Permission::Retry, Permission::Forbidden, Permission::Ambiguous]),
        mendable in any::<bool>(),
        pushback_ms in prop::option::of(1_u64..100_000),
        min_useful_ms in 50_u64..10_000,
        awaited in prop::bool::weighted(0.9),
        attempt_ms in 0_u64..5_000,
    ) -> (Observation, u64) {
        let now = Instant::now();
        (Observation {
            class, permission, mendable, awaited,
            pushback: pushback_ms.map(Duration::from_millis),
            deadline: now,
            min_useful: Duration::from_millis(min_useful_ms),
        }, attempt_ms)
    }
}

#[test]
fn of_a_used_up_quota_only_a_far_off_renewal_is_told() {
    let hours = Some(Duration::from_hours(5));
    for (class, pushback, told) in [
        (Class::Quota, hours, hours),
        (Class::Quota, Some(Duration::from_secs(38)), None),
        (Class::Quota, None, None),
        (Class::Terminal, hours, None),
    ] {
        let mut world = World::new(None);
        let seen = Observation { permission: Permission::Forbidden, pushback, ..world.seen(class) };
        assert_eq!(
            world.next(&seen),
            Step::Stop(Stop { retry_after: told, ..Stop::default() }),
            "{class:?} {pushback:?}"
        );
    }
}

proptest! {
    /// Whatever the upstream does, the plan keeps its promises and comes to an end.
    #[test]
    fn the_plan_keeps_its_promises(
        seen in prop::collection::vec(observed(), 20),
        max_attempts in prop::option::of(1_u32..8),
        timeout_ms in 0_u64..120_000,
        seed in any::<u64>(),
        capacity in 0.0_f64..5.0,
    ) {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(timeout_ms);
        let policy = Policy { budget: BudgetPolicy { capacity, reward: 0.5 }, ..Policy::default() };
        let tenant = Tenant::default();
        let mut retry = Books::new(&policy.budget, start);
        let mut repair = Purse::new(&BudgetPolicy { capacity: 3.0, reward: 0.0 }, start);
        let mut plan = Plan::new(Arc::new(policy), max_attempts);
        let mut rng = StdRng::seed_from_u64(seed);
        let most = max_attempts.unwrap_or(4).min(4);
        let mut now = start;
        let mut attempts = 0;
        let mut step = plan.first(now, deadline);
        let mut observations = seen.into_iter();
        while let Step::Attempt(next) = step {
            attempts += 1;
            prop_assert_eq!(next.number, attempts);
            prop_assert!(attempts <= most, "attempt {} of {}", attempts, most);
            let wait = next.wait.map_or(Duration::ZERO, |wait| wait.length);
            now += wait;
            prop_assert!(now <= deadline, "attempt {} would start after the deadline", attempts);
            let paid = next.stake.is_some();
            prop_assert_eq!(paid, matches!(next.kind, AttemptKind::Retry | AttemptKind::Repair));
            if let Some(stake) = next.stake {
                if next.kind == AttemptKind::Repair { repair.spend(stake) } else { retry.spend(stake) }
            }
            let (mut seen, attempt_ms) = observations.next().expect("the plan must have ended by now");
            seen.deadline = deadline;
            now += Duration::from_millis(attempt_ms);
            let before = retry.ratio();
            let mut purses = Purses { tenant: &tenant, retry: &mut retry, repair: &mut repair };
            step = plan.next(now, &seen, &mut purses, &mut rng);
            prop_assert!(retry.ratio() >= 0.0);
            match &step {
                Step::Attempt(next) => {
                    prop_assert!(seen.awaited, "nobody waits");
                    if next.kind != AttemptKind::Repair {
                        prop_assert_eq!(seen.permission, Permission::Retry, "a retry that was not allowed");
                    }
                    if next.kind == AttemptKind::Retry {
                        let wait = next.wait.unwrap().length;
                        prop_assert!(wait >= seen.pushback.unwrap_or_default(), "sooner than asked");
                        prop_assert!(now + wait + seen.min_useful <= deadline, "can not fit");
                    }
                }
                Step::Stop(stop) => {
                    prop_assert!(retry.ratio() >= before, "a token spent without a send");
                    prop_assert_eq!(stop.withheld.is_some(), seen.permission != Permission::Forbidden);
                }
            }
        }
    }
}
