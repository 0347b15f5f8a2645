//! Attempts, by upstream.

use super::{AMPLIFICATION, ATTEMPTS, FAILED_SHARE, FIRST_ATTEMPTS, RETRIES, RETRY_RATIO, TELLING_ATTEMPTS};
use crate::{
    extraction::{AttemptKind, AttemptOutcome, party::OF_THE_TEXT},
    monitoring::{
        query::{Query, Selector, series, sum_by},
        rules::{Group, INTERVAL, Options, Rule},
    },
    telemetry::catalogue::{
        labels::{ERROR_TYPE, KIND, OUTCOME},
        list,
    },
};

/// Attempts that no failure of their own upstream caused.
const FIRST: &[&str] =
    &[AttemptKind::Initial.as_str(), AttemptKind::Rerun.as_str(), AttemptKind::Fallback.as_str()];

/// Those of `attempts` whose end tells of the upstream's health, or that were given up.
pub fn telling(attempts: Selector) -> Selector {
    let of_the_text: Vec<_> = OF_THE_TEXT.iter().map(|error_type| error_type.as_str()).collect();
    attempts.none_of(&ERROR_TYPE, &of_the_text)
}

pub(super) fn group(options: &Options) -> Group {
    let window = options.time(super::super::WINDOW);
    let attempts = || series(&list::ATTEMPTS);
    let rate = |selector: Selector| sum_by(&["job", "upstream"], selector.rate(&window));
    let failed = rate(telling(attempts()).is(&OUTCOME, AttemptOutcome::Failure.as_str()));
    let rules = [
        (ATTEMPTS, rate(attempts())),
        (FIRST_ATTEMPTS, rate(attempts().one_of(&KIND, FIRST))),
        (RETRIES, rate(attempts().is(&KIND, AttemptKind::Retry.as_str()))),
        (RETRY_RATIO, Query::from(format!("{RETRIES}\n/ ({FIRST_ATTEMPTS} > 0)"))),
        (AMPLIFICATION, Query::from(format!("{ATTEMPTS}\n/ ({FIRST_ATTEMPTS} > 0)"))),
        (TELLING_ATTEMPTS, rate(telling(attempts()).is_not(&OUTCOME, AttemptOutcome::Cancelled.as_str()))),
        (FAILED_SHARE, Query::from(format!("{failed}\n/ ({TELLING_ATTEMPTS} > 0)"))),
    ];
    let rules = rules.into_iter().map(|(name, expr)| Rule::Record { name: name.to_owned(), expr });
    Group { name: "tidegate.recording.upstreams", interval: INTERVAL, rules: rules.collect() }
}
