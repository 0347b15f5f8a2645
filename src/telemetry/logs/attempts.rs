//! Lines about attempts.

use tracing::{Span, dispatcher, level_filters::LevelFilter};

use super::{Logs, ids, milliseconds};
use crate::{
    extraction::{AnswerForm, AnswerForms, AttemptOutcome, ErrorDetail, ErrorType, FinishReason, Word},
    telemetry::event::Event,
    upstream::{Endpoint, ErrorBodyText},
};

impl Logs {
    pub(super) fn tokens_field_learned(&self, endpoint: &Endpoint, field: &'static str, span: &Span) {
        line!(
            self,
            INFO,
            "tidegate.upstream.tokens_field_learned",
            "the upstream wants another field to limit the answer's tokens, and gets it from now on; \
             max_tokens_field saves finding out",
            span = span,
            tidegate.upstream = &*endpoint.name,
            tidegate.upstream.max_tokens_field = field,
        );
    }

    pub(super) fn attempt_ended(&self, event: &Event<'_>) {
        let Event::AttemptEnded {
            attempt,
            outcome,
            error_type,
            failure,
            error_body,
            response,
            http_status,
            usage,
            elapsed,
            ..
        } = *event
        else {
            return;
        };
        let said = failure.map(|failure| &failure.said);
        let violation = failure.and_then(|failure| failure.violation.as_ref());
        if outcome == AttemptOutcome::Failure {
            line!(
                self,
                WARN,
                "tidegate.attempt.failed",
                "attempt failed",
                attempt = attempt,
                "error.type" = error_type.map(ErrorType::as_str),
                tidegate.error.detail = failure.and_then(|failure| failure.detail).map(ErrorDetail::as_str),
                tidegate.upstream.error.code = said.and_then(|said| said.code.as_ref()).map(Word::as_str),
                tidegate.upstream.error.type = said.and_then(|said| said.kind.as_ref()).map(Word::as_str),
                tidegate.upstream.error.param = said.and_then(|said| said.param.as_ref()).map(Word::as_str),
                tidegate.schema.pointer = violation.map(|violation| &*violation.pointer),
                tidegate.schema.keyword = violation.map(|violation| violation.keyword.as_str()),
                tidegate.upstream.error.body = error_body.map(ErrorBodyText::as_str),
                tidegate.answer.finish = response.finish.map(FinishReason::as_str),
                tidegate.answer.read = response.read.map(forms),
                http.response.status_code = http_status,
                duration_ms = milliseconds(elapsed),
            );
        } else {
            line!(
                self,
                DEBUG,
                "tidegate.attempt.finished",
                "attempt finished",
                attempt = attempt,
                tidegate.attempt.outcome = outcome.as_str(),
                tidegate.answer.finish = response.finish.map(FinishReason::as_str),
                tidegate.answer.read = response.read.map(forms),
                http.response.status_code = http_status,
                gen_ai.usage.input_tokens = usage.input_tokens,
                gen_ai.usage.output_tokens = usage.output_tokens,
                duration_ms = milliseconds(elapsed),
            );
        }
    }
}

/// The forms of an answer, as one word.
fn forms(forms: AnswerForms) -> String {
    forms.iter().map(AnswerForm::as_str).collect::<Vec<_>>().join(",")
}
