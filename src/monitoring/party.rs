//! Whose doing the end of a call was: what the SLO counts and what the boards colour.

use crate::extraction::Verdict;

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
    /// overlong text, but also of an expired credential: an outage that must not look green.
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

/// The verdicts that are the doing of one of these.
pub fn verdicts_of(parties: &[Party]) -> Vec<&'static str> {
    Verdict::ALL
        .iter()
        .filter(|verdict| parties.contains(&Party::of(**verdict)))
        .map(|v| v.as_str())
        .collect()
}
