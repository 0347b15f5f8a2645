//! What callers, an upstream and a profile's answers are judged by, for a window and for each glance within it.

use super::states::{ANSWERS_MIN, AnswersState, CallersState, HEALTHY_SHARE, Suspicion, UpstreamState};
use crate::{
    extraction::{Party, norms::SLO},
    telemetry::recorder::{
        faults::Judge,
        overview::share,
        tallies::{AnswerCounts, AttemptCounts, CallCounts},
        window::{Difference, Sum},
    },
};

/// Failures that a fault needs at least: one alone says nothing of those around it.
const FAULT_FAILURES_MIN: u64 = 2;

/// Calls or attempts that a glance holds at least, as far as there are so many.
const GLANCE_MIN: u64 = 5;

/// Judges how callers do.
pub(super) struct Callers;

/// Judges an upstream with so many attempts in flight.
pub(super) struct Upstream {
    pub(super) in_flight: u64,
}

/// Judges the answers for a profile.
pub(super) struct Answers;

/// Calls that tell how callers do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rated {
    pub(super) rated: u64,
    pub(super) failed: u64,
}

/// Attempts that tell how an upstream does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Attempted {
    pub(super) judged: u64,
    pub(super) succeeded: u64,
    pub(super) cancelled: u64,
}

/// Answers and entities that tell what answers are worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) answers: u64,
    pub(super) empty: u64,
    pub(super) unusable: u64,
    pub(super) entities: u64,
    pub(super) ungrounded: u64,
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
        UpstreamState::of(counts.succeeded, counts.judged, self.in_flight + counts.cancelled)
    }

    fn fault(&self, counts: &Attempted) -> Option<UpstreamState> {
        let state = self.state(counts);
        let failed = counts.judged - counts.succeeded;
        let bad = failed >= FAULT_FAILURES_MIN && state >= UpstreamState::Degraded;
        bad.then_some(state)
    }

    fn hurts(&self, counts: &Attempted) -> bool {
        share(counts.succeeded, counts.judged).is_some_and(|share| share < HEALTHY_SHARE)
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
        AnswersState::of(counts.answers, &counts.suspicions())
    }

    fn fault(&self, counts: &Answered) -> Option<AnswersState> {
        let state = self.state(counts);
        (state == AnswersState::Suspect).then_some(state)
    }

    fn hurts(&self, counts: &Answered) -> bool {
        !counts.suspicions().is_empty()
    }
}

impl From<&CallCounts> for Rated {
    fn from(counts: &CallCounts) -> Self {
        Self { rated: counts.by(Party::RATED), failed: counts.by(Party::FAILING) }
    }
}

impl From<&AttemptCounts> for Attempted {
    fn from(counts: &AttemptCounts) -> Self {
        Self { judged: counts.judged(), succeeded: counts.succeeded(), cancelled: counts.cancelled() }
    }
}

impl From<&AnswerCounts> for Answered {
    fn from(counts: &AnswerCounts) -> Self {
        Self {
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

/// Sums and differences of structs of numbers, field by field.
macro_rules! of_numbers {
    ($($name:ident { $($field:ident),+ })+) => {$(
        impl Sum for $name {
            fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
            }
        }

        impl Difference for $name {
            fn without(&self, other: &Self) -> Self {
                Self { $($field: self.$field - other.$field),+ }
            }
        }
    )+};
}

of_numbers! {
    Rated { rated, failed }
    Attempted { judged, succeeded, cancelled }
    Answered { answers, empty, unusable, entities, ungrounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_these_bounds() {
        let page = include_str!("../../../../docs/live-page.md");
        let bound = format!("fewer than {GLANCE_MIN} calls or attempts or {ANSWERS_MIN} answers");
        assert!(page.contains(&bound), "docs/live-page.md does not say {bound:?}");
    }

    #[test]
    fn a_single_failure_is_no_fault_and_hurts_all_the_same() {
        let upstream = Upstream { in_flight: 0 };
        for (succeeded, judged, fault) in [
            (0, 1, None),
            (3, 5, Some(UpstreamState::Degraded)),
            (0, 2, Some(UpstreamState::Failing)),
            (96, 100, None),
            (94, 100, Some(UpstreamState::Degraded)),
        ] {
            let attempts = Attempted { judged, succeeded, cancelled: 3 };
            assert_eq!(upstream.fault(&attempts), fault, "{attempts:?}");
        }
        assert!(upstream.hurts(&Attempted { judged: 1, succeeded: 0, cancelled: 0 }));
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
            (Answered { unusable: 3, ..good }, Some(AnswersState::Suspect)),
            (Answered { ungrounded: 3, ..good }, Some(AnswersState::Suspect)),
            (Answered { answers: 9, empty: 9, ..good }, None),
        ] {
            assert_eq!(Answers.fault(&answered), fault, "{answered:?}");
        }
        assert!(Answers.hurts(&Answered { answers: 1, empty: 1, ..Answered::default() }));
    }
}
