use proptest::prelude::*;

use super::*;
use crate::telemetry::recorder::window::{Sum, Window};

/// Good and bad events of a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Events {
    good: u64,
    bad: u64,
}

impl Sum for Events {
    fn add(&mut self, other: &Self) {
        self.good += other.good;
        self.bad += other.bad;
    }
}

impl Difference for Events {
    fn without(&self, other: &Self) -> Self {
        Self { good: self.good - other.good, bad: self.bad - other.bad }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Word {
    Silent,
    Good,
    Shaky,
    Down,
}

struct Tester;

impl Judge for Tester {
    type Counts = Events;
    type State = Word;

    const ENOUGH: u64 = 5;

    fn events(&self, events: &Events) -> u64 {
        events.good + events.bad
    }

    fn state(&self, Events { good, bad }: &Events) -> Word {
        match good + bad {
            0 => Word::Silent,
            _ if *bad < 2 || bad * 10 < *good => Word::Good,
            _ if bad <= good => Word::Shaky,
            _ => Word::Down,
        }
    }

    fn fault(&self, events: &Events) -> Option<Word> {
        let state = self.state(events);
        (state >= Word::Shaky).then_some(state)
    }

    fn hurts(&self, Events { good, bad }: &Events) -> bool {
        *bad > 0 && bad * 10 >= *good
    }
}

/// What is told at `now` when each of `whiles` (from, to, good, bad) had as many events a second.
fn told(now: u64, span: u64, whiles: &[(u64, u64, u64, u64)]) -> Health<Word> {
    let mut window = Window::<Events>::new();
    for &(from, to, good, bad) in whiles {
        for second in from..to {
            window.at(second).unwrap().add(&Events { good, bad });
        }
    }
    Health::of(&Tester, &window.seconds(now, |events| *events), span)
}

fn spans(health: &Health<Word>) -> Vec<(u64, Option<u64>, Word)> {
    health
        .faults
        .iter()
        .map(|fault| (fault.start_uptime_seconds, fault.end_uptime_seconds, fault.worst))
        .collect()
}

#[test]
fn a_short_fault_leaves_a_mark_in_every_window_that_holds_it() {
    let whiles = [(0, 500, 10, 0), (500, 503, 0, 10), (503, 541, 10, 0)];
    for (span, state) in [(60, Word::Good), (300, Word::Good), (900, Word::Good)] {
        let health = told(540, span, &whiles);
        assert_eq!(spans(&health), [(500, Some(503), Word::Down)], "{span}");
        assert_eq!((health.state, health.recovered_seconds_ago), (state, Some(37)), "{span}");
    }
    let later = told(600, 60, &[(0, 500, 10, 0), (500, 503, 0, 10), (503, 601, 10, 0)]);
    assert_eq!((spans(&later), later.recovered_seconds_ago), (vec![], None));
}

#[test]
fn a_fault_that_is_not_over_has_no_end() {
    for (now, whiles) in [
        (119, vec![(0, 100, 10, 0), (100, 120, 5, 5)]),
        // Nothing came since that could tell that it is over.
        (150, vec![(0, 100, 10, 0), (100, 120, 5, 5)]),
        // Too few came.
        (150, vec![(0, 100, 10, 0), (100, 120, 5, 5), (122, 123, 3, 0)]),
    ] {
        let health = told(now, 60, &whiles);
        assert_eq!(spans(&health), [(100, None, Word::Shaky)], "at {now}: {whiles:?}");
        assert_eq!(health.recovered_seconds_ago, None);
    }
}

#[test]
fn one_failure_is_no_fault_however_little_there_is() {
    assert_eq!(spans(&told(10, 60, &[(3, 4, 0, 1)])), []);
    let seldom: Vec<_> =
        (0..20).map(|n| (n * 40, n * 40 + 1, u64::from(n != 10), u64::from(n == 10))).collect();
    assert_eq!(spans(&told(780, 900, &seldom)), []);
    // Two of the last five are one.
    let twice: Vec<_> =
        (0..20).map(|n| (n * 40, n * 40 + 1, u64::from(n / 2 != 5), u64::from(n / 2 == 5))).collect();
    assert_eq!(spans(&told(780, 900, &twice)), [(400, Some(441), Word::Down)]);
}

#[test]
fn steady_failures_that_are_let_pass_hide_no_fault_among_them() {
    let whiles = [(0, 600, 97, 3), (300, 330, 0, 400)];
    assert_eq!(spans(&told(599, 900, &whiles)), [(300, Some(330), Word::Down)]);
}

#[test]
fn faults_that_are_apart_are_two_and_worst_first_seconds_do_not_hide_in_the_good_ones_before() {
    let whiles =
        [(0, 100, 50, 0), (100, 101, 0, 50), (101, 160, 50, 0), (160, 175, 30, 20), (175, 220, 50, 0)];
    let health = told(219, 300, &whiles);
    assert_eq!(spans(&health), [(100, Some(101), Word::Down), (160, Some(175), Word::Shaky)]);
    assert_eq!(health.recovered_seconds_ago, Some(44));
}

#[test]
fn a_state_holds_since_the_window_has_had_its_word() {
    // Six bad seconds of sixty make a shaky window.
    let whiles = [(0, 200, 10, 0), (200, 211, 0, 10), (211, 300, 10, 0)];
    let since = |now: u64| {
        let until: Vec<_> =
            whiles.iter().map(|&(from, to, good, bad)| (from, to.min(now + 1), good, bad)).collect();
        let health = told(now, 60, &until);
        (health.state, health.state_since_seconds)
    };
    assert_eq!(since(150), (Word::Good, Some(150)), "since the start");
    assert_eq!(since(203), (Word::Good, Some(203)));
    assert_eq!(since(210), (Word::Shaky, Some(5)));
    assert_eq!(since(240), (Word::Shaky, Some(35)), "it goes on while the fault is in the window");
    assert_eq!(since(290), (Word::Good, Some(25)));
}

#[test]
fn of_too_many_faults_the_latest_are_told_and_the_others_counted() {
    let whiles: Vec<_> =
        (0..30).flat_map(|n| [(n * 30, n * 30 + 28, 9, 0), (n * 30 + 28, n * 30 + 30, 0, 9)]).collect();
    let health = told(899, 900, &whiles);
    assert_eq!((health.faults.len(), health.faults_left_out), (FAULTS_MAX, 30 - FAULTS_MAX));
    assert_eq!(health.faults.last().unwrap().start_uptime_seconds, 898);
    assert_eq!(health.faults[0].start_uptime_seconds, 328);
}

#[test]
fn the_document_names_these_bounds() {
    let page = include_str!("../../../../docs/live-page.md");
    for bound in
        [format!("{GLANCE_SECONDS} seconds in all"), format!("the latest\n{FAULTS_MAX}, the oldest first")]
    {
        assert!(page.contains(&bound), "docs/live-page.md does not say {bound:?}");
    }
}

proptest! {
    #[test]
    fn faults_are_in_order_apart_and_begin_and_end_with_what_hurts(
        counts in prop::collection::vec((0_u64..12, prop_oneof![4 => Just(0_u64), 1 => 0_u64..12]), 1..400),
        span in prop::sample::select(vec![60_u64, 300, 900]),
    ) {
        let mut window = Window::<Events>::new();
        for (second, &(good, bad)) in (0_u64..).zip(&counts) {
            *window.at(second).unwrap() = Events { good, bad };
        }
        let now = counts.len() as u64 - 1;
        let seconds = window.seconds(now, |events| *events);
        let health = Health::of(&Tester, &seconds, span);
        let mut before = None;
        for fault in &health.faults {
            prop_assert!(before < Some(fault.start_uptime_seconds));
            prop_assert!(fault.start_uptime_seconds <= fault.last && fault.last <= now);
            prop_assert!(Tester.hurts(&seconds.of(fault.start_uptime_seconds)));
            prop_assert!(Tester.hurts(&seconds.of(fault.last)));
            prop_assert!(fault.worst >= Word::Shaky);
            prop_assert!(now - fault.last < span);
            before = Some(fault.last);
        }
        let open = health.faults.iter().filter(|fault| fault.end_uptime_seconds.is_none()).count();
        prop_assert!(open <= 1 && (open == 0) == health.faults.last().is_none_or(|fault| fault.end_uptime_seconds.is_some()));
        prop_assert!(health.state_since_seconds.unwrap() <= now);
    }
}
