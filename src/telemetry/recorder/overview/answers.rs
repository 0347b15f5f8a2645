//! What answers are worth, by profile: the failure that no error tells of.

use std::sync::Arc;

use serde::Serialize;

use super::{
    Moment,
    judges::Answered,
    share,
    states::{AnswersState, Suspicion},
};
use crate::{
    extraction::Alignment,
    telemetry::{
        event::ValidationResult,
        recorder::{
            counts::{ByWord, Number},
            faults::Health,
            tallies::{AnswerCounts, AnswerSums},
        },
    },
};

/// Answers for all profiles together.
#[derive(Debug, Serialize)]
pub(super) struct Answers {
    window: AnswerWindow,
    since_start: AnswerTotals,
}

/// Answers for one profile, and what is to be thought of them.
#[derive(Debug, Serialize)]
pub(super) struct ProfileSeen {
    name: Arc<str>,
    #[serde(flatten)]
    health: Health<AnswersState>,
    suspicions: Vec<Suspicion>,
    typical_seconds: Option<f64>,
    norm_seconds: Option<f64>,
    window: AnswerWindow,
    since_start: AnswerTotals,
}

#[derive(Debug, Serialize)]
struct AnswerWindow {
    per_second: f64,
    empty_share: Option<f64>,
    unusable_share: Option<f64>,
    ungrounded_share: Option<f64>,
    #[serde(flatten)]
    totals: AnswerTotals,
}

#[derive(Debug, Serialize)]
struct AnswerTotals {
    count: u64,
    by_result: ByWord,
    entities: u64,
    by_alignment: ByWord,
}

impl Answers {
    pub(super) fn of(moment: Moment, lately: &AnswerCounts, ever: &AnswerCounts<u64>) -> Self {
        Self { window: AnswerWindow::of(moment, lately), since_start: AnswerTotals::of(ever) }
    }
}

impl ProfileSeen {
    pub(super) fn of(
        moment: Moment,
        name: Arc<str>,
        (health, norm_seconds): (Health<AnswersState>, Option<f64>),
        (lately, ever): (&AnswerSums, &AnswerCounts<u64>),
    ) -> Self {
        let suspicions = match health.state {
            AnswersState::Suspect => Answered::from(lately).suspicions(),
            AnswersState::Idle | AnswersState::Healthy | AnswersState::Slow => Vec::new(),
        };
        Self {
            name,
            health,
            suspicions,
            typical_seconds: lately.typical.seconds(),
            norm_seconds,
            window: AnswerWindow::of(moment, &lately.counts),
            since_start: AnswerTotals::of(ever),
        }
    }
}

impl AnswerWindow {
    fn of(moment: Moment, counts: &AnswerCounts) -> Self {
        let totals = AnswerTotals::of(counts);
        Self {
            per_second: moment.rate(totals.count),
            empty_share: share(counts.empty(), totals.count),
            unusable_share: share(counts.unusable(), totals.count),
            ungrounded_share: share(counts.ungrounded(), totals.entities),
            totals,
        }
    }
}

impl AnswerTotals {
    fn of<T: Number>(counts: &AnswerCounts<T>) -> Self {
        Self {
            count: counts.results.sum(),
            by_result: counts.results.by(ValidationResult::LABELS),
            entities: counts.alignments.sum(),
            by_alignment: counts.alignments.by(Alignment::LABELS),
        }
    }
}
