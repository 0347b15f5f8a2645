//! Between the wire's messages and the domain's words.

use std::time::Duration;

use crate::{
    admission::AdmissionSettings,
    extraction::{
        Alignment, AttemptRecord, CacheControl, CacheMode, ExtractError, Extraction, FieldViolation, Usage,
        Verdict, Withheld,
    },
    pipeline::Report,
    proto,
    telemetry::event::CacheResult,
};

/// The most characters an idempotency key may have.
const IDEMPOTENCY_KEY_MAX: usize = 128;

/// Collects what is wrong with a request, so that all of it is told at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldViolation>);

impl Problems {
    /// Takes note of what is invalid and goes on; any other error ends the call.
    pub fn note<T>(&mut self, result: Result<T, ExtractError>) -> Result<Option<T>, ExtractError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(ExtractError::Invalid(violations)) => {
                self.0.extend(violations.iter().cloned());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// All that was noted, as one error.
    pub fn told(self) -> Result<(), ExtractError> {
        if self.0.is_empty() { Ok(()) } else { Err(ExtractError::Invalid(self.0.into())) }
    }
}

/// Checks everything of a request that is neither profile nor cache control.
pub fn check(request: &proto::ExtractRequest, limits: &AdmissionSettings) -> Result<(), ExtractError> {
    let problems = [
        text(&request.text, limits),
        idempotency_key(&request.idempotency_key),
        on_deadline(request.on_deadline),
    ];
    Problems(problems.into_iter().flatten().collect()).told()
}

/// Refuses what this version can't do yet.
pub fn check_available(request: &proto::ExtractRequest) -> Result<(), ExtractError> {
    match request.on_deadline() {
        proto::OnDeadline::ContinueAsJob => {
            Err(ExtractError::Unimplemented { what: "ON_DEADLINE_CONTINUE_AS_JOB" })
        }
        proto::OnDeadline::Unspecified | proto::OnDeadline::Fail => Ok(()),
    }
}

/// How a call uses the cache.
pub fn cache_control(control: Option<&proto::CacheControl>) -> Result<CacheControl, ExtractError> {
    let Some(control) = control else { return Ok(CacheControl::default()) };
    let mut problems = Problems::default();
    let mode = problems.note(cache_mode(control.mode))?;
    let max_age = problems.note(control.max_age.map(max_age).transpose())?;
    problems.told()?;
    Ok(CacheControl { mode: mode.unwrap_or_default(), max_age: max_age.flatten() })
}

fn cache_mode(mode: i32) -> Result<CacheMode, ExtractError> {
    match proto::CacheMode::try_from(mode) {
        Ok(proto::CacheMode::Unspecified | proto::CacheMode::Default) => Ok(CacheMode::Default),
        Ok(proto::CacheMode::NoCache) => Ok(CacheMode::NoCache),
        Ok(proto::CacheMode::NoStore) => Ok(CacheMode::NoStore),
        Ok(proto::CacheMode::OnlyIfCached) => Ok(CacheMode::OnlyIfCached),
        Err(_) => {
            let description = format!("{mode} is not a cache mode; see CacheMode for the known ones");
            Err(ExtractError::invalid("cache.mode", description))
        }
    }
}

/// By hand: prost's own conversion overflows for the most negative of all durations.
fn max_age(age: prost_types::Duration) -> Result<Duration, ExtractError> {
    let (Ok(seconds), Ok(nanos)) = (u64::try_from(age.seconds), u64::try_from(age.nanos)) else {
        return Err(ExtractError::invalid("cache.max_age", "is negative; send zero or more"));
    };
    Ok(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos)))
}

/// A validated answer, for the wire.
pub fn extraction(extraction: &Extraction) -> proto::Extraction {
    let entities = extraction.entities.iter().map(|entity| proto::Entity {
        r#type: entity.kind.clone(),
        text: entity.text.clone(),
        start: entity.span.as_ref().map(|span| span.start),
        end: entity.span.as_ref().map(|span| span.end),
        alignment: match entity.alignment {
            Alignment::Exact => proto::Alignment::Exact,
            Alignment::Normalised => proto::Alignment::Normalised,
            Alignment::NotFound => proto::Alignment::NotFound,
        }
        .into(),
    });
    proto::Extraction {
        result_json: extraction.result_json.to_string(),
        entities: entities.collect(),
        entities_left_out: u32::try_from(extraction.brought.left_out).unwrap_or(u32::MAX),
    }
}

/// How an answer, or an error, came about, for the wire.
pub fn info(
    report: &Report,
    verdict: Verdict,
    profile: &str,
    elapsed: Duration,
    trace_id: Option<String>,
) -> proto::ExtractionInfo {
    let trail = &report.trail;
    let split = report.split(elapsed);
    proto::ExtractionInfo {
        cache: cache_outcome(report.cache).into(),
        cache_age: report.cache_age.map(duration),
        verdict: verdict.as_str().to_owned(),
        upstream: report.upstream.as_deref().unwrap_or_default().to_owned(),
        model: report.model.as_deref().unwrap_or_default().to_owned(),
        usage: usage(trail.usage),
        wasted_usage: usage(trail.wasted),
        time: Some(proto::TimeSplit {
            total: Some(duration(elapsed)),
            wait: Some(duration(split.wait)),
            backoff: Some(duration(split.backoff)),
            upstream: Some(duration(split.upstream)),
            validation: Some(duration(split.validation)),
            queue: Some(duration(Duration::ZERO)),
            overhead: Some(duration(split.overhead)),
        }),
        trace_id: trace_id.unwrap_or_default(),
        attempts: trail.attempts.iter().map(attempt).collect(),
        profile: profile.to_owned(),
        retry_withheld: withheld(trail.withheld),
        repair_withheld: withheld(trail.repair_withheld),
    }
}

fn attempt(record: &AttemptRecord) -> proto::Attempt {
    proto::Attempt {
        number: record.number,
        kind: record.kind.as_str().to_owned(),
        upstream: record.upstream.to_string(),
        outcome: record.outcome.map_or("running", |outcome| outcome.as_str()).to_owned(),
        error_type: record.error_type.map(|error| error.as_str().to_owned()).unwrap_or_default(),
        http_status: record.http_status.map(u32::from),
        latency: Some(duration(record.latency)),
        wait: Some(duration(record.wait)),
        wait_source: record.wait_source.map(|source| source.as_str().to_owned()).unwrap_or_default(),
    }
}

fn withheld(reason: Option<Withheld>) -> String {
    reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default()
}

fn cache_outcome(result: Option<CacheResult>) -> proto::CacheOutcome {
    match result {
        None => proto::CacheOutcome::Unspecified,
        Some(CacheResult::Hit) => proto::CacheOutcome::Hit,
        Some(CacheResult::Miss) => proto::CacheOutcome::Miss,
        Some(CacheResult::Joined) => proto::CacheOutcome::Joined,
        Some(CacheResult::Stale) => proto::CacheOutcome::Stale,
        Some(CacheResult::Bypass) => proto::CacheOutcome::Bypass,
    }
}

fn usage(usage: Usage) -> Option<proto::TokenUsage> {
    usage
        .is_known()
        .then_some(proto::TokenUsage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens })
}

/// A duration for the wire; none that a call can have is out of its range.
fn duration(duration: Duration) -> prost_types::Duration {
    duration.try_into().unwrap_or_default()
}

fn text(text: &str, limits: &AdmissionSettings) -> Option<FieldViolation> {
    let max = limits.text_bytes_max;
    let description = if text.trim().is_empty() {
        "is empty; send the text to extract from".to_owned()
    } else if text.len() > max {
        format!(
            "has {} bytes, more than the {max} allowed; split it or raise server.text_bytes_max",
            text.len()
        )
    } else {
        return None;
    };
    Some(FieldViolation { field: "text", description })
}

fn idempotency_key(key: &str) -> Option<FieldViolation> {
    let acceptable = key.len() <= IDEMPOTENCY_KEY_MAX && key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (!acceptable).then(|| FieldViolation {
        field: "idempotency_key",
        description: format!("must be at most {IDEMPOTENCY_KEY_MAX} characters of printable ASCII"),
    })
}

fn on_deadline(value: i32) -> Option<FieldViolation> {
    proto::OnDeadline::try_from(value).is_err().then(|| FieldViolation {
        field: "on_deadline",
        description: format!("{value} is not known; see OnDeadline for the known values"),
    })
}
