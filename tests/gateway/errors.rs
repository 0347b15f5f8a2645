//! The error table, row by row: what goes wrong upstream, and what a caller learns of it.

mod answers;
mod connections;
mod flood;
mod statuses;

use std::time::Duration;

use tidegate::{proto, simulator::script::Fault};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    stage::{Setup, Stage, TEXT, always, code_and_reason, is, metadata, retry_info},
    support::{Metrics, info_of, pushback_of},
};

/// A call that failed, and all that is known of it.
struct Failure {
    stage: Stage,
    status: Status,
    info: proto::ExtractionInfo,
    metrics: Metrics,
}

/// What comes of a call when every arrival meets `fault`.
async fn provoke(fault: Fault) -> Failure {
    provoke_on(Setup { script: always(fault), ..Setup::default() }.start().await).await
}

/// What comes of a call on a stage where it must fail, and what holds for every failure.
async fn provoke_on(stage: Stage) -> Failure {
    let status = stage.extract(TEXT).await.expect_err("the call must fail");
    let info = info_of(&status);
    let metrics = stage.metrics_at_rest().await;
    let failure = Failure { stage, status, info, metrics };
    failure.is_consistent();
    failure
}

impl Failure {
    fn is_consistent(&self) {
        let made = self.info.attempts.len();
        let numbers: Vec<_> = self.info.attempts.iter().map(|attempt| attempt.number as usize).collect();
        assert_eq!(numbers, (1..=made).collect::<Vec<_>>());
        assert!(
            self.info.attempts.iter().all(|attempt| attempt.outcome == "failure"),
            "{:?}",
            self.info.attempts
        );
        assert_eq!(metadata(&self.status, "attempts"), Some(made.to_string()));
        assert_eq!(metadata(&self.status, "upstream").as_deref(), Some("primary"));
        assert_eq!(metadata(&self.status, "model").as_deref(), Some("simulated"));
        assert_eq!((self.info.upstream.as_str(), self.info.model.as_str()), ("primary", "simulated"));
        assert_eq!((self.info.profile.as_str(), self.info.cache()), ("entities", proto::CacheOutcome::Miss));
        let counted = self.metrics.sum("tidegate_upstream_attempts_total", &[("outcome", "failure")]);
        assert!(is(counted, u32::try_from(made).unwrap().into()), "{counted} attempts counted, {made} told");
        let details = self.status.get_error_details();
        assert_eq!(details.error_info().unwrap().domain, "tidegate");
        assert_eq!(details.request_info().unwrap().request_id, self.info.trace_id);
        assert!(self.status.details().len() < 8192, "clients refuse larger trailers");
    }

    /// Code and reason.
    fn says(&self, code: Code, reason: &str) -> &Self {
        assert_eq!(code_and_reason(&self.status), (code, reason.to_owned()), "{}", self.status.message());
        self
    }

    /// The words that it is counted under.
    fn counts_as(&self, error_type: &str, verdict: &str) -> &Self {
        assert_eq!(metadata(&self.status, "error_type").as_deref(), Some(error_type));
        assert_eq!(self.info.attempts.last().unwrap().error_type, error_type);
        assert_eq!(self.info.verdict, verdict);
        let labels = [("entry", "unary"), ("profile", "entities"), ("verdict", verdict)];
        let (this, all) = (
            self.metrics.sum("tidegate_calls_total", &labels),
            self.metrics.sum("tidegate_calls_total", &[]),
        );
        assert!(is(this, 1.0) && is(all, 1.0), "{this} of {all} calls");
        let labels = [("outcome", "failure"), ("error_type", error_type)];
        assert!(self.metrics.sum("tidegate_upstream_attempts_total", &labels) >= 1.0, "{}", self.metrics.0);
        self
    }

    /// The status of the last attempt, if an answer came.
    fn with_http_status(&self, http_status: Option<u32>) -> &Self {
        assert_eq!(self.info.attempts.last().unwrap().http_status, http_status);
        assert_eq!(metadata(&self.status, "http_status"), http_status.map(|status| status.to_string()));
        self
    }

    /// Asked once: asking again can't help.
    fn was_final(&self) -> &Self {
        self.made(&["initial"]).sent(1).withheld("")
    }

    /// Asked as often as allowed.
    fn was_retried(&self) -> &Self {
        self.made(&["initial", "retry", "retry", "retry"]).sent(4).withheld("max_attempts")
    }

    /// Asked once more, with what was wrong with the answer.
    fn was_to_be_repaired(&self) -> &Self {
        self.made(&["initial", "repair"]).sent(2).withheld("")
    }

    fn made(&self, kinds: &[&str]) -> &Self {
        let made: Vec<_> = self.info.attempts.iter().map(|attempt| attempt.kind.as_str()).collect();
        assert_eq!(made, kinds);
        self
    }

    /// What the AI API says to that.
    fn sent(&self, arrivals: usize) -> &Self {
        assert_eq!(self.stage.sent(), arrivals, "{:#?}", self.stage.arrivals());
        self
    }

    fn withheld(&self, reason: &str) -> &Self {
        assert_eq!(self.info.retry_withheld, reason);
        let expected = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        assert_eq!(metadata(&self.status, "retry_withheld"), expected);
        let counted = self.metrics.sum("tidegate_upstream_retries_withheld_total", &[]);
        let this = self.metrics.sum("tidegate_upstream_retries_withheld_total", &[("reason", reason)]);
        let once = if reason.is_empty() { 0.0 } else { 1.0 };
        assert!(is(counted, once) && (reason.is_empty() || is(this, once)), "{this} of {counted} withheld");
        self
    }

    /// Calling again at any time is as good, or as bad.
    fn names_no_time(&self) -> &Self {
        assert_eq!(pushback_of(&self.status), -1);
        assert_eq!(retry_info(&self.status), None);
        self
    }

    /// Calling again may help after this time.
    fn names_a_time(&self, wait: Duration) -> &Self {
        assert_eq!(u128::try_from(pushback_of(&self.status)), Ok(wait.as_millis()));
        assert_eq!(retry_info(&self.status), Some(wait));
        self
    }

    /// Whose limit it was.
    fn names_the_quota(&self) -> &Self {
        let details = self.status.get_details_quota_failure().expect("a QuotaFailure");
        assert_eq!(details.violations[0].subject, "upstream:primary/simulated");
        self
    }

    /// Which field of the request is to blame.
    fn blames(&self, field: &str) -> &Self {
        let details = self.status.get_details_bad_request().expect("a BadRequest");
        let fields: Vec<_> =
            details.field_violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, [field]);
        self
    }
}
