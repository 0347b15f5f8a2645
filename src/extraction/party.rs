//! Whose doing the end of a call was: what the SLO counts, what the boards colour and what the live page calls hurt.

use super::{ErrorType, Phase, Verdict};

/// Whose doing a call's end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Nobody's: it went well.
    Nobody,
    /// The caller's: the request was wrong or refused by the model, or nobody waits any more. Neither good nor
    /// bad for the SLO, or one who sends nonsense would dilute or spend the error budget.
    Caller,
    /// The gateway's: it refused, or broke. A refusal on purpose still leaves the caller without an answer.
    Gateway,
    /// The upstream's, its configuration's, or of the time it took. `upstream_rejected` may come of a caller's
    /// overlong text, but also of an expired credential: an outage that must not look green. Of
    /// `deadline_exceeded` the verdict does not say it all: see [`SPENT_ON_UPSTREAMS`].
    Upstream,
}

impl Party {
    /// Those who can fail a caller.
    pub const FAILING: &[Self] = &[Self::Gateway, Self::Upstream];
    /// Those whose calls the SLO counts.
    pub const RATED: &[Self] = &[Self::Nobody, Self::Gateway, Self::Upstream];

    /// Whose doing a verdict is.
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Nobody,
            Verdict::Invalid
            | Verdict::Unauthenticated
            | Verdict::NotCached
            | Verdict::Refused
            | Verdict::Cancelled
            | Verdict::Unimplemented => Self::Caller,
            Verdict::Saturated | Verdict::Draining | Verdict::Internal => Self::Gateway,
            Verdict::DeadlineExceeded
            | Verdict::RateLimited
            | Verdict::UpstreamFailed
            | Verdict::UpstreamRejected
            | Verdict::AnswerInvalid => Self::Upstream,
        }
    }
}

/// What a call did with its time if an upstream has used it up: an attempt ran, or was waited for, or had failed. A
/// deadline that passed at [`Phase::Admission`] was never any upstream's to keep: so little was left that nothing
/// was sent.
pub const SPENT_ON_UPSTREAMS: &[Phase] = &[Phase::Attempt, Phase::Backoff, Phase::Joined];

/// Ends of attempts that say nothing of the upstream's health: it works, and it is the text that it can't or won't
/// work on.
pub const OF_THE_TEXT: &[ErrorType] = &[ErrorType::ContextLength, ErrorType::Refused];

/// The verdicts that are the doing of one of these.
pub fn verdicts_of(parties: &[Party]) -> Vec<&'static str> {
    Verdict::ALL
        .iter()
        .filter(|verdict| parties.contains(&Party::of(**verdict)))
        .map(|v| v.as_str())
        .collect()
}
