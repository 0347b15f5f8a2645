//! What is to be thought of figures, in one word: of callers, of an upstream, of a profile's answers.

use super::share;
use crate::extraction::{
    label::labels,
    norms::{EMPTY_SHARE, FAILED_SHARE, FASTEST_BURN, SLO, UNGROUNDED_SHARE, UNUSABLE_SHARE},
};

/// From this share of successes on an upstream is healthy: a failure now and then is what it is there for.
pub(super) const HEALTHY_SHARE: f64 = 0.95;

/// Failures that an upstream needs at least to be called degraded: one among a few attempts is no share.
const FAILURES_MIN: u64 = 2;

/// Answers that a profile needs at least to be suspected: of a few, a share says nothing.
pub(super) const ANSWERS_MIN: u64 = 10;

labels! {
    /// How callers do, by the calls of the window that did not fail by their caller's own doing.
    pub enum CallersState {
        /// There were none.
        Idle = "idle",
        /// All were served, or as many as the SLO of 99.5 % asks for.
        Fine = "fine",
        /// Fewer, or a single one was not.
        SomeHurt = "some_hurt",
        /// So few that an error budget of thirty days would not last two.
        Hurt = "hurt",
    }
}

labels! {
    /// How an upstream does, by the attempts of the window that ended by themselves.
    pub enum UpstreamState {
        /// There were none, none is in flight and none was given up.
        Idle = "idle",
        /// None ended by itself, but some are in flight or were given up.
        Waiting = "waiting",
        /// At least 95 % succeeded, or all but a single one.
        Healthy = "healthy",
        /// The same, and answers take a multiple of what they normally do.
        Slow = "slow",
        /// At least half succeeded.
        Degraded = "degraded",
        /// Most failed.
        Failing = "failing",
    }
}

labels! {
    /// What the answers for a profile look like in the window.
    pub enum AnswersState {
        /// There were too few to tell.
        Idle = "idle",
        /// As answers should.
        Healthy = "healthy",
        /// The same, and calls that need one take a multiple of what they normally do.
        Slow = "slow",
        /// More of them are of a suspicious kind than alerts let pass by default. What is normal for the profile
        /// is not known here.
        Suspect = "suspect",
    }
}

labels! {
    /// Why answers are suspected.
    pub enum Suspicion {
        /// They are valid, and nothing was found.
        Empty = "empty",
        /// They are truncated, refused, without content or against the schema.
        Unusable = "unusable",
        /// They hold entities that do not stand in the text.
        Ungrounded = "ungrounded",
    }
}

impl CallersState {
    pub(super) fn of(rated: u64, failed: u64) -> Self {
        match share(failed, rated) {
            None => Self::Idle,
            Some(share) if share <= 1.0 - SLO => Self::Fine,
            Some(share) if failed == 1 || share <= FASTEST_BURN * (1.0 - SLO) => Self::SomeHurt,
            Some(_) => Self::Hurt,
        }
    }
}

impl UpstreamState {
    /// `unanswered` attempts are in flight, or were given up.
    pub(super) fn of(succeeded: u64, judged: u64, unanswered: u64) -> Self {
        let forgiven = succeeded > 0 && judged - succeeded < FAILURES_MIN;
        match share(succeeded, judged) {
            None if unanswered > 0 => Self::Waiting,
            None => Self::Idle,
            Some(share) if forgiven || share >= HEALTHY_SHARE => Self::Healthy,
            Some(share) if share >= 1.0 - FAILED_SHARE => Self::Degraded,
            Some(_) => Self::Failing,
        }
    }
}

impl AnswersState {
    pub(super) fn of(answers: u64, suspicions: &[Suspicion]) -> Self {
        match (answers, suspicions) {
            (..ANSWERS_MIN, _) => Self::Idle,
            (_, []) => Self::Healthy,
            (_, _) => Self::Suspect,
        }
    }
}

impl Suspicion {
    /// Those whose share is above what is let pass.
    pub(super) fn all_of(shares: &[(Self, Option<f64>)]) -> Vec<Self> {
        let above = |(of, share): &&(Self, Option<f64>)| share.is_some_and(|share| share > of.bound());
        shares.iter().filter(above).map(|(of, _)| *of).collect()
    }

    fn bound(self) -> f64 {
        match self {
            Self::Empty => EMPTY_SHARE,
            Self::Unusable => UNUSABLE_SHARE,
            Self::Ungrounded => UNGROUNDED_SHARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_judged_by_what_was_not_their_own_doing() {
        for (rated, failed, expected) in [
            (0, 0, CallersState::Idle),
            (1, 0, CallersState::Fine),
            (200, 1, CallersState::Fine),
            (199, 1, CallersState::SomeHurt),
            (1, 1, CallersState::SomeHurt),
            (3, 1, CallersState::SomeHurt),
            (100, 7, CallersState::SomeHurt),
            (100, 8, CallersState::Hurt),
            (3, 2, CallersState::Hurt),
            (5, 5, CallersState::Hurt),
        ] {
            assert_eq!(CallersState::of(rated, failed), expected, "{failed} of {rated}");
        }
    }

    #[test]
    fn one_failure_among_a_few_attempts_makes_no_upstream_ill() {
        for (succeeded, judged, expected) in [
            (1, 1, UpstreamState::Healthy),
            (9, 10, UpstreamState::Healthy),
            (1, 2, UpstreamState::Healthy),
            (0, 1, UpstreamState::Failing),
            (8, 10, UpstreamState::Degraded),
            (95, 100, UpstreamState::Healthy),
            (94, 100, UpstreamState::Degraded),
            (2, 4, UpstreamState::Degraded),
            (1, 3, UpstreamState::Failing),
            (0, 50, UpstreamState::Failing),
        ] {
            for unanswered in [0, 40] {
                let state = UpstreamState::of(succeeded, judged, unanswered);
                assert_eq!(state, expected, "{succeeded} of {judged}, {unanswered} unanswered");
            }
        }
    }

    #[test]
    fn the_document_names_these_bounds() {
        let page = include_str!("../../../../docs/live-page.md");
        let percent = |share: f64| (share * 1000.0).round() / 10.0;
        for bound in [
            format!("`fine` if at least {} % of the rated", percent(SLO)),
            format!("`hurt` below {} %,", percent(1.0 - FASTEST_BURN * (1.0 - SLO))),
            format!("`healthy` if at least {} % succeeded", percent(HEALTHY_SHARE)),
            format!("`degraded` if at least {} %,", percent(1.0 - FAILED_SHARE)),
            format!("`suspect` with at least {ANSWERS_MIN} answers"),
            format!("`empty` {} %,", percent(EMPTY_SHARE)),
            format!("`unusable` {} %,", percent(UNUSABLE_SHARE)),
            format!("`ungrounded` {} %,", percent(UNGROUNDED_SHARE)),
        ] {
            assert!(page.contains(&bound), "docs/live-page.md does not say {bound:?}");
        }
    }

    #[test]
    fn an_upstream_that_left_all_attempts_unanswered_is_not_idle() {
        assert_eq!(UpstreamState::of(0, 0, 0), UpstreamState::Idle);
        assert_eq!(UpstreamState::of(0, 0, 1), UpstreamState::Waiting);
    }

    #[test]
    fn answers_are_suspected_by_each_share_for_itself_and_never_of_a_few() {
        let suspicions = |shares: [Option<f64>; 3]| {
            let of = [Suspicion::Empty, Suspicion::Unusable, Suspicion::Ungrounded];
            Suspicion::all_of(&[(of[0], shares[0]), (of[1], shares[1]), (of[2], shares[2])])
        };
        assert_eq!(suspicions([None, None, None]), []);
        assert_eq!(suspicions([Some(0.3), Some(UNUSABLE_SHARE), Some(0.1)]), []);
        assert_eq!(suspicions([Some(0.31), Some(0.0), None]), [Suspicion::Empty]);
        assert_eq!(
            suspicions([Some(0.0), Some(0.31), Some(0.11)]),
            [Suspicion::Unusable, Suspicion::Ungrounded]
        );
        for (answers, suspicions, expected) in [
            (0, &[][..], AnswersState::Idle),
            (9, &[Suspicion::Empty], AnswersState::Idle),
            (10, &[Suspicion::Empty], AnswersState::Suspect),
            (10, &[], AnswersState::Healthy),
        ] {
            assert_eq!(AnswersState::of(answers, suspicions), expected, "{answers} {suspicions:?}");
        }
    }
}
