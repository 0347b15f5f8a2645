//! Answers and errors, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};
use tonic::Status;

use super::client::{info_of, reason_of, retry_delay_of};
use crate::{grpc::status, proto};

/// An answer in words: entities, then how it came about.
pub(super) fn answer(response: &proto::ExtractResponse) -> String {
    let mut text = String::new();
    if let Some(proto::extract_response::Outcome::Extraction(extraction)) = &response.outcome {
        if extraction.entities.is_empty() {
            let _ = writeln!(text, "{}", extraction.result_json);
        }
        for entity in &extraction.entities {
            let _ = writeln!(text, "  {:<13} {:<34} {}", entity.r#type, entity.text, place(entity));
        }
        if extraction.entities_left_out > 0 {
            let _ = writeln!(
                text,
                "  and {} more, not looked for: --json shows the whole result",
                extraction.entities_left_out
            );
        }
    }
    if let Some(info) = &response.info {
        text.push_str(&trail(info));
    }
    text
}

/// An error in words: what happened, what to do, and how it came about.
pub(super) fn error(status: &Status) -> String {
    let reason = reason_of(status).unwrap_or_else(|| NO_REASON.to_owned());
    let mut text = format!("{} {reason}: {}\n", code_name(status), status.message());
    if let Some(delay) = retry_delay_of(status) {
        let _ = writeln!(text, "  call again in {:.1} s", delay.as_secs_f64());
    }
    if let Some(info) = info_of(status) {
        text.push_str(&trail(&info));
    }
    text
}

/// An answer as JSON.
pub(super) fn answer_json(response: &proto::ExtractResponse) -> Value {
    let Some(proto::extract_response::Outcome::Extraction(extraction)) = &response.outcome else {
        return json!({ "info": response.info.as_ref().map(info_json) });
    };
    let entities: Vec<_> = extraction
        .entities
        .iter()
        .map(|entity| {
            json!({
                "type": entity.r#type,
                "text": entity.text,
                "start": entity.start,
                "end": entity.end,
                "alignment": alignment(entity),
            })
        })
        .collect();
    let result: Value = serde_json::from_str(&extraction.result_json).unwrap_or(Value::Null);
    json!({
        "result": result,
        "entities": entities,
        "entities_left_out": extraction.entities_left_out,
        "info": response.info.as_ref().map(info_json),
    })
}

/// An error as JSON.
pub(super) fn error_json(status: &Status) -> Value {
    json!({
        "error": {
            "code": code_name(status),
            "reason": reason_of(status),
            "message": status.message(),
            "retry_delay_s": retry_delay_of(status).map(|delay| delay.as_secs_f64()),
        },
        "info": info_of(status).as_ref().map(info_json),
    })
}

/// The attempts behind an answer, one a line, with the waits between them.
pub(super) fn trail(info: &proto::ExtractionInfo) -> String {
    let mut text = String::new();
    let total = info.time.as_ref().and_then(|time| time.total).map(ms);
    let _ = writeln!(
        text,
        "  {} · cache {} · {} in total · trace {}",
        info.verdict,
        info.cache().as_str_name().trim_start_matches("CACHE_OUTCOME_").to_lowercase(),
        total.unwrap_or_default(),
        info.trace_id,
    );
    for attempt in &info.attempts {
        let wait = attempt.wait.filter(|_| !attempt.wait_source.is_empty()).map(ms);
        let wait = wait.map(|wait| format!(" after {wait} ({})", attempt.wait_source)).unwrap_or_default();
        let status = attempt.http_status.map(|status| format!("HTTP {status} ")).unwrap_or_default();
        let outcome = if attempt.error_type.is_empty() { &attempt.outcome } else { &attempt.error_type };
        let latency = attempt.latency.map(ms).unwrap_or_default();
        let _ = writeln!(
            text,
            "    #{} {:<11} {:<12} {status}{outcome} in {latency}{wait}",
            attempt.number, attempt.kind, attempt.upstream,
        );
    }
    if !info.retry_withheld.is_empty() {
        let _ = writeln!(text, "    no further attempt: {}", info.retry_withheld);
    }
    if !info.repair_withheld.is_empty() {
        let _ = writeln!(text, "    no repair: {}", info.repair_withheld);
    }
    text
}

fn info_json(info: &proto::ExtractionInfo) -> Value {
    let seconds = |duration: Option<prost_types::Duration>| duration.map(|d| to_std(d).as_secs_f64());
    let attempts: Vec<_> = info
        .attempts
        .iter()
        .map(|attempt| {
            json!({
                "number": attempt.number,
                "kind": attempt.kind,
                "upstream": attempt.upstream,
                "outcome": attempt.outcome,
                "error_type": attempt.error_type,
                "http_status": attempt.http_status,
                "latency_s": seconds(attempt.latency),
                "wait_s": seconds(attempt.wait),
                "wait_source": attempt.wait_source,
            })
        })
        .collect();
    json!({
        "verdict": info.verdict,
        "cache": info.cache().as_str_name().trim_start_matches("CACHE_OUTCOME_").to_lowercase(),
        "upstream": info.upstream,
        "model": info.model,
        "profile": info.profile,
        "trace_id": info.trace_id,
        "total_s": seconds(info.time.as_ref().and_then(|time| time.total)),
        "retry_withheld": info.retry_withheld,
        "repair_withheld": info.repair_withheld,
        "cache_age_s": seconds(info.cache_age),
        "usage": info.usage.as_ref().map(usage_json),
        "wasted_usage": info.wasted_usage.as_ref().map(usage_json),
        "time_s": info.time.as_ref().map(|time| json!({
            "wait": seconds(time.wait),
            "backoff": seconds(time.backoff),
            "upstream": seconds(time.upstream),
            "validation": seconds(time.validation),
            "overhead": seconds(time.overhead),
        })),
        "attempts": attempts,
    })
}

fn usage_json(usage: &proto::TokenUsage) -> Value {
    json!({ "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens })
}

fn place(entity: &proto::Entity) -> String {
    match (entity.start, entity.end) {
        (Some(start), Some(end)) => format!("{start}..{end} {}", alignment(entity)),
        _ => alignment(entity),
    }
}

fn alignment(entity: &proto::Entity) -> String {
    entity.alignment().as_str_name().trim_start_matches("ALIGNMENT_").to_lowercase()
}

/// Why an error can't be told by its reason: it came from the transport, or from this side of it.
const NO_REASON: &str = "(transport)";

fn code_name(status: &Status) -> &'static str {
    status::code_name(status.code())
}

fn ms(duration: prost_types::Duration) -> String {
    format!("{:.0} ms", to_std(duration).as_secs_f64() * 1e3)
}

fn to_std(duration: prost_types::Duration) -> Duration {
    duration.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_by_how_much() {
        let entity =
            proto::Entity { r#type: "person".to_owned(), text: "Ada".to_owned(), ..Default::default() };
        let response = |entities_left_out| proto::ExtractResponse {
            outcome: Some(proto::extract_response::Outcome::Extraction(proto::Extraction {
                result_json: "{}".to_owned(),
                entities: vec![entity.clone()],
                entities_left_out,
            })),
            ..Default::default()
        };
        assert_eq!(answer(&response(0)).lines().count(), 1);
        let said = answer(&response(3));
        assert!(said.contains("\n  and 3 more, not looked for: --json shows the whole result\n"), "{said}");
        for left_out in [0, 3] {
            assert_eq!(answer_json(&response(left_out))["entities_left_out"], left_out);
        }
    }
}
