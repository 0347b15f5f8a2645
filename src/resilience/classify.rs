//! What a fault means for the next attempt: one table (docs/adr/0009).

use crate::upstream::{ErrorWord, Fault, RetrySafety};

/// What a fault means for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The request never left: nothing was done upstream, and the upstream may be gone.
    NotSent,
    /// The peer said that it did not look at the request. The first time in a flight worth an attempt at
    /// once and free of charge; after that like [`Class::NotSent`].
    Nack,
    /// The upstream wants the request in other words, which are used from now on: no work was done. The first time in a
    /// flight worth an attempt at once and free of charge; after that like [`Class::Terminal`].
    Reworded,
    /// The upstream asks for less: nothing was done, and the next attempt must come later.
    Throttle,
    /// It failed for the moment, before any work was done.
    Transient,
    /// It failed, and the work may have been done all the same.
    Ambiguous,
    /// The quota, credit or spend limit is used up: waiting does not help.
    Quota,
    /// The same request can only fail the same way.
    Terminal,
    /// The answer came and is no use for what it says: truncated, refused, empty, not JSON, against the schema.
    /// Never asked again with the same request, and no fault of the upstream's.
    Content,
}

/// Whether a failed request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// It may.
    Retry,
    /// Its class forbids it.
    Forbidden,
    /// Its class allows it, but the work may have been done and must not be done twice
    /// ([`RetrySafety::Once`]).
    Ambiguous,
}

/// The class of a fault.
///
/// `should_retry` is the upstream's `x-should-retry`, heard on answers other than 2xx only.
/// `retry_after_present` says whether the answer asked for a wait in any way.
pub fn classify(fault: Fault, should_retry: Option<bool>, retry_after_present: bool) -> Class {
    match fault {
        Fault::Connect(_) | Fault::ConnectTimeout | Fault::TlsHandshake => Class::NotSent,
        Fault::NotProcessed => Class::Nack,
        // No advice counts: it is about the request as it was.
        Fault::OtherTokensField(_) => Class::Reworded,
        // An answer that was too large once is too large the next time.
        Fault::TlsUntrusted
        | Fault::Unsendable
        | Fault::DeadlineExceeded
        | Fault::HeadTooLarge
        | Fault::BodyTooLarge => Class::Terminal,
        Fault::Reset | Fault::Timeout(_) | Fault::Malformed | Fault::Page | Fault::BrokenOff => {
            Class::Ambiguous
        }
        Fault::Status { status, word, .. } => {
            advised(status, of_status(status, word, retry_after_present), should_retry)
        }
        Fault::ErrorBody { word } => word.map_or(Class::Ambiguous, |word| of_word(word, Class::Ambiguous)),
        Fault::Truncated | Fault::Refused | Fault::Empty | Fault::NotJson | Fault::SchemaInvalid => {
            Class::Content
        }
    }
}

impl Class {
    /// Whether a request that failed with `fault`, of this class, may be sent again.
    ///
    /// A 409 says that another request holds a lock, which may be this one sent before: with
    /// [`RetrySafety::Once`] it is final, whatever `x-should-retry` says.
    pub fn may_retry(self, safety: RetrySafety, fault: Fault) -> Permission {
        let once = match safety {
            RetrySafety::Safe | RetrySafety::Keyed => false,
            RetrySafety::Once => true,
        };
        match self {
            Self::Transient if once && matches!(fault, Fault::Status { status: 409, .. }) => {
                Permission::Forbidden
            }
            Self::Ambiguous if once => Permission::Ambiguous,
            Self::NotSent
            | Self::Nack
            | Self::Reworded
            | Self::Throttle
            | Self::Transient
            | Self::Ambiguous => Permission::Retry,
            Self::Quota | Self::Terminal | Self::Content => Permission::Forbidden,
        }
    }
}

/// What the body says goes before the status, which says it in coarser words.
fn of_status(status: u16, word: Option<ErrorWord>, retry_after_present: bool) -> Class {
    let by_status = match status {
        402 => Class::Quota,
        421 => Class::Nack,
        429 | 498 | 529 => Class::Throttle,
        503 if retry_after_present => Class::Throttle,
        408 | 409 | 425 | 503 => Class::Transient,
        // 499: whoever answers had passed the request on. Below 200 and from 600 on: no status that an answer can have.
        ..200 | 424 | 499 | 500 | 502..=504 | 506..=528 | 530.. => Class::Ambiguous,
        200..=401 | 403..=407 | 410..=420 | 422 | 423 | 426..=428 | 430..=497 | 501 | 505 => Class::Terminal,
    };
    word.map_or(by_status, |word| of_word(word, by_status))
}

fn of_word(word: ErrorWord, otherwise: Class) -> Class {
    match word {
        ErrorWord::QuotaExhausted => Class::Quota,
        ErrorWord::RateLimited | ErrorWord::Overloaded => Class::Throttle,
        ErrorWord::ContentFiltered | ErrorWord::JsonNotMade => Class::Content,
        ErrorWord::Timeout => Class::Ambiguous,
        ErrorWord::ContextLength
        | ErrorWord::InvalidCredential
        | ErrorWord::ModelNotFound
        | ErrorWord::SchemaRejected
        | ErrorWord::ParameterRejected
        | ErrorWord::InvalidRequest => Class::Terminal,
        ErrorWord::ServerError => otherwise,
    }
}

/// Applies `x-should-retry`. No advice helps against an empty purse; a throttle stays a throttle. Whoever says 499 lost
/// sight of the request before its end, and can't advise to repeat what may have been done.
fn advised(status: u16, class: Class, should_retry: Option<bool>) -> Class {
    match (should_retry, class) {
        (None, _) | (_, Class::Quota) | (Some(true), Class::Throttle) => class,
        (Some(true), Class::Ambiguous) if status == 499 => class,
        (Some(false), _) => Class::Terminal,
        (Some(true), _) => Class::Transient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{BodyForm, NoConnection, OtherTokensField, TimeoutPhase, settings::MaxTokensField};

    const OTHER_FIELD: OtherTokensField =
        OtherTokensField { field: MaxTokensField::MaxCompletionTokens, first: true };

    fn status(status: u16, word: Option<ErrorWord>) -> Fault {
        Fault::Status { status, word, form: BodyForm::Api }
    }

    #[test]
    fn faults_without_a_status() {
        for (fault, class) in [
            (Fault::Connect(NoConnection::Refused), Class::NotSent),
            (Fault::ConnectTimeout, Class::NotSent),
            (Fault::TlsHandshake, Class::NotSent),
            (Fault::TlsUntrusted, Class::Terminal),
            (Fault::Unsendable, Class::Terminal),
            (Fault::NotProcessed, Class::Nack),
            (Fault::Reset, Class::Ambiguous),
            (Fault::Timeout(TimeoutPhase::FirstByte), Class::Ambiguous),
            (Fault::Timeout(TimeoutPhase::Idle), Class::Ambiguous),
            (Fault::Timeout(TimeoutPhase::Total), Class::Ambiguous),
            (Fault::DeadlineExceeded, Class::Terminal),
            (Fault::HeadTooLarge, Class::Terminal),
            (Fault::BodyTooLarge, Class::Terminal),
            (Fault::OtherTokensField(OTHER_FIELD), Class::Reworded),
            (Fault::ErrorBody { word: None }, Class::Ambiguous),
            (Fault::ErrorBody { word: Some(ErrorWord::ServerError) }, Class::Ambiguous),
            (Fault::ErrorBody { word: Some(ErrorWord::RateLimited) }, Class::Throttle),
            (Fault::ErrorBody { word: Some(ErrorWord::QuotaExhausted) }, Class::Quota),
            (Fault::ErrorBody { word: Some(ErrorWord::InvalidRequest) }, Class::Terminal),
            (Fault::Malformed, Class::Ambiguous),
            (Fault::Truncated, Class::Content),
            (Fault::Refused, Class::Content),
            (Fault::Empty, Class::Content),
            (Fault::BrokenOff, Class::Ambiguous),
            (Fault::NotJson, Class::Content),
            (Fault::SchemaInvalid, Class::Content),
        ] {
            for advice in [None, Some(false), Some(true)] {
                assert_eq!(classify(fault, advice, false), class, "{fault:?}");
            }
        }
    }

    #[test]
    fn statuses() {
        use ErrorWord as W;
        for (code, word, retry_after, class) in [
            (301, None, false, Class::Terminal),
            (400, None, false, Class::Terminal),
            (401, None, true, Class::Terminal),
            (402, None, false, Class::Quota),
            (402, Some(W::RateLimited), false, Class::Throttle),
            (404, None, false, Class::Terminal),
            (408, None, false, Class::Transient),
            (409, None, false, Class::Transient),
            (407, None, false, Class::Terminal),
            (413, None, false, Class::Terminal),
            (421, None, false, Class::Nack),
            (423, None, false, Class::Terminal),
            (424, None, false, Class::Ambiguous),
            (425, None, false, Class::Transient),
            (429, None, false, Class::Throttle),
            (429, Some(W::QuotaExhausted), true, Class::Quota),
            (498, None, false, Class::Throttle),
            (499, None, false, Class::Ambiguous),
            (499, Some(W::RateLimited), false, Class::Throttle),
            (500, None, false, Class::Ambiguous),
            (500, Some(W::Overloaded), false, Class::Throttle),
            (501, None, false, Class::Terminal),
            (502, None, false, Class::Ambiguous),
            (503, None, false, Class::Transient),
            (503, None, true, Class::Throttle),
            (503, Some(W::ServerError), false, Class::Transient),
            (504, None, false, Class::Ambiguous),
            (505, None, false, Class::Terminal),
            (522, None, false, Class::Ambiguous),
            (529, None, false, Class::Throttle),
            (101, None, false, Class::Ambiguous),
            (600, None, false, Class::Ambiguous),
            (999, None, true, Class::Ambiguous),
            (504, Some(W::Timeout), false, Class::Ambiguous),
            (400, Some(W::JsonNotMade), false, Class::Content),
            (400, Some(W::SchemaRejected), false, Class::Terminal),
            (400, Some(W::ParameterRejected), false, Class::Terminal),
            (400, Some(W::ContextLength), false, Class::Terminal),
            (400, Some(W::ContentFiltered), false, Class::Content),
            (403, Some(W::InvalidCredential), false, Class::Terminal),
            (404, Some(W::ModelNotFound), false, Class::Terminal),
        ] {
            assert_eq!(classify(status(code, word), None, retry_after), class, "{code} {word:?}");
        }
    }

    #[test]
    fn the_upstreams_advice() {
        for (code, word, refused, advised) in [
            (500, None, Class::Terminal, Class::Transient),
            (400, None, Class::Terminal, Class::Transient),
            (429, None, Class::Terminal, Class::Throttle),
            (503, None, Class::Terminal, Class::Transient),
            (429, Some(ErrorWord::QuotaExhausted), Class::Quota, Class::Quota),
            (402, None, Class::Quota, Class::Quota),
            (499, None, Class::Terminal, Class::Ambiguous),
            (499, Some(ErrorWord::Timeout), Class::Terminal, Class::Ambiguous),
            (499, Some(ErrorWord::RateLimited), Class::Terminal, Class::Throttle),
        ] {
            assert_eq!(classify(status(code, word), Some(false), false), refused, "{code} {word:?}");
            assert_eq!(classify(status(code, word), Some(true), false), advised, "{code} {word:?}");
        }
    }

    #[test]
    fn once_is_asked_again_only_when_nothing_was_done() {
        let once = |fault: Fault| classify(fault, None, false).may_retry(RetrySafety::Once, fault);
        for (fault, permission) in [
            (Fault::Connect(NoConnection::Dns), Permission::Retry),
            (Fault::NotProcessed, Permission::Retry),
            (Fault::OtherTokensField(OTHER_FIELD), Permission::Retry),
            (status(408, None), Permission::Retry),
            (status(425, None), Permission::Retry),
            (status(429, None), Permission::Retry),
            (status(503, None), Permission::Retry),
            (status(409, None), Permission::Forbidden),
            (status(421, None), Permission::Retry),
            (status(424, None), Permission::Ambiguous),
            (status(499, None), Permission::Ambiguous),
            (status(500, None), Permission::Ambiguous),
            (Fault::Reset, Permission::Ambiguous),
            (Fault::Timeout(TimeoutPhase::FirstByte), Permission::Ambiguous),
            (Fault::Malformed, Permission::Ambiguous),
            (Fault::BrokenOff, Permission::Ambiguous),
            (Fault::NotJson, Permission::Forbidden),
            (status(400, None), Permission::Forbidden),
            (Fault::Truncated, Permission::Forbidden),
        ] {
            assert_eq!(once(fault), permission, "{fault:?}");
        }
        for safety in [RetrySafety::Safe, RetrySafety::Keyed] {
            assert_eq!(Class::Ambiguous.may_retry(safety, Fault::Reset), Permission::Retry);
            assert_eq!(Class::Transient.may_retry(safety, status(409, None)), Permission::Retry);
            assert_eq!(Class::Quota.may_retry(safety, status(402, None)), Permission::Forbidden);
        }
    }
}
