//! What callers, an upstream and a profile's answers are judged by, for a window and for each glance within it.

use super::states::{ANSWERS_MIN, AnswersState, CallersState, HEALTHY_SHARE, Suspicion, UpstreamState};
use crate::{
    extraction::{
        Party,
        norms::{SLO, SLOW_FACTOR, SLOW_SECONDS},
    },
    telemetry::recorder::{
        faults::Judge,
        overview::share,
        tallies::{AnswerSums, AttemptSums, CallCounts},
        typical::Typical,
        window::{Difference, Sum},
    },
};

/// Failures that a fault needs at least: one alone says nothing of those around it.
const FAULT_FAILURES_MIN: u64 = 2;

/// Calls or attempts that a glance holds at least, as far as there are so many.
const GLANCE_MIN: u64 = 5;

/// Latencies that are needed at least to call them slow.
const SLOW_MIN: u64 = 5;

/// Judges how callers do.
pub(super) struct Callers;

/// Judges an upstream with so many attempts in flight, whose answers normally take so many seconds.
pub(super) struct Upstream {
    pub(super) in_flight: u64,
    pub(super) norm: Option<f64>,
}

/// Judges the answers for a profile, whose calls normally take so many seconds.
pub(super) struct Answers {
    pub(super) norm: Option<f64>,
}

/// Calls that tell how callers do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rated {
    pub(super) rated: u64,
    pub(super) failed: u64,
}

/// Attempts that tell how an upstream does.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Attempted {
    pub(super) judged: u64,
    pub(super) succeeded: u64,
    pub(super) cancelled: u64,
    pub(super) typical: Typical,
}

/// Answers and entities that tell what answers are worth.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Answered {
    pub(super) answers: u64,
    pub(super) empty: u64,
    pub(super) unusable: u64,
    pub(super) entities: u64,
    pub(super) ungrounded: u64,
    pub(super) typical: Typical,
}

impl Judge for Callers {
    type Counts = Rated;
    type State = CallersState;

    const ENOUGH: u64 = GLANCE_MIN;

    fn events(&self, counts: &Rated) -> u64 {
        counts.rated
    }

    fn state(&self, counts: &Rated) -> CallersState {
        CallersState::of(counts.rated, counts.failed)
    }

    fn fault(&self, counts: &Rated) -> Option<CallersState> {
        let state = self.state(counts);
        let bad = counts.failed >= FAULT_FAILURES_MIN && state >= CallersState::SomeHurt;
        bad.then_some(state)
    }

    fn hurts(&self, counts: &Rated) -> bool {
        share(counts.failed, counts.rated).is_some_and(|share| share > 1.0 - SLO)
    }
}

impl Judge for Upstream {
    type Counts = Attempted;
    type State = UpstreamState;

    const ENOUGH: u64 = GLANCE_MIN;

    fn events(&self, counts: &Attempted) -> u64 {
        counts.judged
    }

    fn state(&self, counts: &Attempted) -> UpstreamState {
        match UpstreamState::of(counts.succeeded, counts.judged, self.in_flight + counts.cancelled) {
            UpstreamState::Healthy if is_slow(&counts.typical, self.norm) => UpstreamState::Slow,
            state => state,
        }
    }

    fn fault(&self, counts: &Attempted) -> Option<UpstreamState> {
        let state = self.state(counts);
        let failed = counts.judged - counts.succeeded;
        let bad = state >= UpstreamState::Degraded && failed >= FAULT_FAILURES_MIN;
        (bad || state == UpstreamState::Slow).then_some(state)
    }

    fn hurts(&self, counts: &Attempted) -> bool {
        let fails = share(counts.succeeded, counts.judged).is_some_and(|share| share < HEALTHY_SHARE);
        fails || takes_long(&counts.typical, self.norm)
    }

    /// What is in flight is known of now alone.
    fn is_dated(&self, state: UpstreamState) -> bool {
        state != UpstreamState::Waiting
    }
}

impl Judge for Answers {
    type Counts = Answered;
    type State = AnswersState;

    const ENOUGH: u64 = ANSWERS_MIN;

    fn events(&self, counts: &Answered) -> u64 {
        counts.answers
    }

    fn state(&self, counts: &Answered) -> AnswersState {
        match AnswersState::of(counts.answers, &counts.suspicions()) {
            AnswersState::Healthy if is_slow(&counts.typical, self.norm) => AnswersState::Slow,
            state => state,
        }
    }

    fn fault(&self, counts: &Answered) -> Option<AnswersState> {
        let state = self.state(counts);
        (state >= AnswersState::Slow).then_some(state)
    }

    fn hurts(&self, counts: &Answered) -> bool {
        !counts.suspicions().is_empty() || takes_long(&counts.typical, self.norm)
    }
}

impl From<&CallCounts> for Rated {
    fn from(counts: &CallCounts) -> Self {
        Self { rated: counts.by(Party::RATED), failed: counts.by(Party::FAILING) }
    }
}

impl From<&AttemptSums> for Attempted {
    fn from(AttemptSums { counts, typical, .. }: &AttemptSums) -> Self {
        Self {
            judged: counts.judged(),
            succeeded: counts.succeeded(),
            cancelled: counts.cancelled(),
            typical: *typical,
        }
    }
}

impl From<&AnswerSums> for Answered {
    fn from(AnswerSums { counts, typical }: &AnswerSums) -> Self {
        Self {
            typical: *typical,
            answers: counts.results.sum(),
            empty: counts.empty(),
            unusable: counts.unusable(),
            entities: counts.alignments.sum(),
            ungrounded: counts.ungrounded(),
        }
    }
}

impl Answered {
    /// Why these answers would be suspected, if there are enough of them.
    pub(super) fn suspicions(&self) -> Vec<Suspicion> {
        Suspicion::all_of(&[
            (Suspicion::Empty, share(self.empty, self.answers)),
            (Suspicion::Unusable, share(self.unusable, self.answers)),
            (Suspicion::Ungrounded, share(self.ungrounded, self.entities)),
        ])
    }
}

/// Whether latencies are a multiple of their norm, and enough to say so. Without a norm none are.
fn is_slow(latencies: &Typical, norm: Option<f64>) -> bool {
    latencies.count() >= SLOW_MIN && takes_long(latencies, norm)
}

fn takes_long(latencies: &Typical, norm: Option<f64>) -> bool {
    let (Some(seconds), Some(norm)) = (latencies.seconds(), norm) else { return false };
    seconds > SLOW_SECONDS && seconds > SLOW_FACTOR * norm
}

/// Sums and differences of structs of numbers, field by field.
macro_rules! of_numbers {
    ($($name:ident { $($field:ident),+ })+) => {$(
        impl Sum for $name {
            fn add(&mut self, other: &Self) {
                $(self.$field.add(&other.$field);)+
            }
        }

        impl Difference for $name {
            fn without(&self, other: &Self) -> Self {
                Self { $($field: self.$field.without(&other.$field)),+ }
            }
        }
    )+};
}

of_numbers! {
    Rated { rated, failed }
    Attempted { judged, succeeded, cancelled, typical }
    Answered { answers, empty, unusable, entities, ungrounded, typical }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_these_bounds() {
        let page = include_str!("../../../../docs/live-page.md");
        let bound = format!("fewer than {GLANCE_MIN} calls or attempts or {ANSWERS_MIN} answers");
        assert!(page.contains(&bound), "docs/live-page.md does not say {bound:?}");
        let slow = format!(
            "more than {SLOW_FACTOR} times its norm and above {SLOW_SECONDS} s, in at least {SLOW_MIN}"
        );
        assert!(page.contains(&slow), "docs/live-page.md does not say {slow:?}");
    }

    #[test]
    fn what_takes_a_multiple_of_its_norm_is_slow_unless_it_is_quick_or_rare_or_has_none() {
        let took = |count: u32, seconds: f64| {
            let mut typical = Typical::default();
            for _ in 0..count {
                typical.record(std::time::Duration::from_secs_f64(seconds));
            }
            typical
        };
        for (count, seconds, norm, slow) in [
            (5, 3.1, Some(1.0), true),
            (5, 2.9, Some(1.0), false),
            (4, 20.0, Some(1.0), false),
            (50, 0.24, Some(0.01), false),
            (50, 0.26, Some(0.01), true),
            (50, 60.0, Some(30.0), false),
            (50, 60.0, None, false),
        ] {
            let upstream = Upstream { in_flight: 0, norm };
            let typical = took(count, seconds);
            let attempts = Attempted { judged: 50, succeeded: 50, cancelled: 0, typical };
            let answers = Answered { answers: 50, typical, ..Answered::default() };
            let (state, answered) = if slow {
                (UpstreamState::Slow, AnswersState::Slow)
            } else {
                (UpstreamState::Healthy, AnswersState::Healthy)
            };
            assert_eq!(upstream.state(&attempts), state, "{count} of {seconds} s, norm {norm:?}");
            assert_eq!(upstream.fault(&attempts), slow.then_some(UpstreamState::Slow));
            assert_eq!(Answers { norm }.state(&answers), answered);
            // Failing is worse.
            let failing = Attempted { succeeded: 10, ..attempts };
            assert_eq!(upstream.state(&failing), UpstreamState::Failing);
        }
    }

    #[test]
    fn a_single_failure_is_no_fault_and_hurts_all_the_same() {
        let upstream = Upstream { in_flight: 0, norm: None };
        for (succeeded, judged, fault) in [
            (0, 1, None),
            (3, 5, Some(UpstreamState::Degraded)),
            (0, 2, Some(UpstreamState::Failing)),
            (96, 100, None),
            (94, 100, Some(UpstreamState::Degraded)),
        ] {
            let attempts = Attempted { judged, succeeded, cancelled: 3, ..Attempted::default() };
            assert_eq!(upstream.fault(&attempts), fault, "{attempts:?}");
        }
        assert!(upstream.hurts(&Attempted { judged: 1, ..Attempted::default() }));
        for (rated, failed, fault) in [
            (1, 1, None),
            (400, 2, None),
            (399, 2, Some(CallersState::SomeHurt)),
            (3, 2, Some(CallersState::Hurt)),
        ] {
            assert_eq!(Callers.fault(&Rated { rated, failed }), fault, "{failed} of {rated}");
        }
        assert!(!Callers.hurts(&Rated { rated: 400, failed: 2 }));
    }

    #[test]
    fn answers_are_at_fault_by_each_share_and_never_a_few() {
        let good = Answered { answers: 10, entities: 20, ..Answered::default() };
        for (answered, fault) in [
            (good, None),
            (Answered { empty: 4, ..good }, Some(AnswersState::Suspect)),
            (Answered { unusable: 4, ..good }, Some(AnswersState::Suspect)),
            (Answered { ungrounded: 3, ..good }, Some(AnswersState::Suspect)),
            (Answered { answers: 9, empty: 9, ..good }, None),
        ] {
            assert_eq!(Answers { norm: None }.fault(&answered), fault, "{answered:?}");
        }
        assert!(Answers { norm: None }.hurts(&Answered { answers: 1, empty: 1, ..Answered::default() }));
    }
}
