use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use tonic_types::StatusExt as _;

use super::*;
use crate::extraction::{FieldViolation, Phase, Withheld};

/// One error of every kind and, for upstream failures, of every type.
fn every_error() -> Vec<ExtractError> {
    let second = Duration::from_secs(1);
    let mut errors = vec![
        ExtractError::Invalid([FieldViolation { field: "text", description: "is empty".into() }].into()),
        ExtractError::Unauthenticated,
        ExtractError::Saturated { retry_after: second },
        ExtractError::Draining { retry_after: second },
        ExtractError::NotCached,
        ExtractError::DeadlineExceeded { phase: Phase::Attempt, last: Some(ErrorType::Overloaded) },
        ExtractError::Cancelled,
        ExtractError::Unimplemented { what: "ExtractMany" },
        ExtractError::Internal { what: "test" },
    ];
    errors.extend(ErrorType::ALL.iter().map(|error_type| upstream(*error_type, None, false, None)));
    errors.push(upstream(ErrorType::ServerError, Some(502), false, None));
    errors.push(upstream(ErrorType::Timeout, Some(504), true, None));
    errors.push(upstream(ErrorType::ServerError, Some(500), true, None));
    errors
}

fn upstream(
    error_type: ErrorType,
    http_status: Option<u16>,
    outcome_unknown: bool,
    retry_after: Option<Duration>,
) -> ExtractError {
    ExtractError::Upstream(Arc::new(UpstreamFailure {
        upstream: "primary".into(),
        model: "model".into(),
        error_type,
        facts: Arc::default(),
        violation: None,
        inline: false,
        http_status,
        outcome_unknown,
        withheld: Some(Withheld::MaxAttempts),
        retry_after,
        attempts: 4,
    }))
}

/// The table of README.md, made from the statuses themselves.
fn table() -> String {
    let mut rows: Vec<String> = Vec::new();
    for error in every_error() {
        let status = status(&error, None);
        let details = status.get_error_details();
        let mut more = Vec::new();
        let mut say = |there: bool, name| {
            if there {
                more.push(name);
            }
        };
        say(details.bad_request().is_some(), "BadRequest");
        say(details.quota_failure().is_some(), "QuotaFailure");
        say(details.resource_info().is_some(), "ResourceInfo");
        say(details.retry_info().is_some(), "RetryInfo");
        let Row { reason, message, .. } = row(&error);
        let line = format!("| {} | `{reason}` | {message} | {} |", code_name(status.code()), more.join(", "));
        if !rows.contains(&line) {
            rows.push(line);
        }
    }
    rows.sort();
    let mut table =
        String::from("| code | reason | what happened, what to do | further details |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(table, "{row}");
    }
    table
}

#[test]
fn readme_lists_every_error() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let begin = readme.find("<!-- errors: begin").unwrap();
    let begin = begin + readme[begin..].find('\n').unwrap() + 1;
    let end = readme.find("<!-- errors: end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{}{}{}", &readme[..begin], table(), &readme[end..])).unwrap();
        return;
    }
    assert_eq!(&readme[begin..end], table(), "run UPDATE_DOCS=1 cargo test to write the table anew");
}

#[test]
fn every_status_says_why_and_whether_to_call_again() {
    for error in every_error() {
        let status = status(&error, None);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.domain, ERROR_DOMAIN);
        assert!(!info.reason.is_empty() && !status.message().is_empty());
        let pushback = status.metadata().get(PUSHBACK_KEY).map(|value| value.to_str().unwrap().to_owned());
        let expected = match (&error, status.get_details_retry_info()) {
            (ExtractError::Cancelled, _) => None,
            (_, None) => Some("-1".to_owned()),
            (_, Some(retry)) => retry.retry_delay.map(|delay| delay.as_millis().to_string()),
        };
        assert_eq!(pushback, expected, "{error:?}");
    }
}

#[test]
fn only_a_delay_that_is_given_is_spoken_of() {
    let waits = |error: ExtractError| match error {
        ExtractError::Upstream(failure) => ExtractError::Upstream(Arc::new(UpstreamFailure {
            retry_after: Some(Duration::from_hours(5)),
            ..UpstreamFailure::clone(&failure)
        })),
        other => other,
    };
    for error in every_error().into_iter().chain(every_error().into_iter().map(waits)) {
        let status = status(&error, None);
        let given = status.get_details_retry_info().is_some();
        assert_eq!(status.message().ends_with(CALL_AGAIN), given, "{error:?}: {}", status.message());
        assert!(given || !status.message().contains("delay"), "{error:?}: {}", status.message());
    }
}

#[test]
fn no_caller_is_told_to_sleep_until_its_deadline() {
    let second = Duration::from_secs(1);
    for (pushback, left, expected) in [
        ("1000", second * 2, "1000"),
        ("1000", second + Duration::from_millis(1), "1000"),
        ("1000", second, "-1"),
        ("1000", Duration::ZERO, "-1"),
        ("60000", second * 10, "-1"),
        ("-1", second * 10, "-1"),
        ("0", second, "0"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(PUSHBACK_KEY, pushback.parse().unwrap());
        hold_to_deadline(&mut headers, left);
        assert_eq!(headers[PUSHBACK_KEY], expected, "{pushback} of {left:?}");
    }
    let mut without = HeaderMap::new();
    hold_to_deadline(&mut without, Duration::ZERO);
    assert!(without.is_empty());
}

#[test]
fn the_trail_travels_in_the_details() {
    let info = proto::ExtractionInfo { verdict: "upstream_failed".into(), ..Default::default() };
    let status = status(&upstream(ErrorType::Overloaded, Some(503), false, None), Some(&info));
    let details = pb::Status::decode(status.details()).unwrap();
    assert_eq!((details.code, details.message.as_str()), (status.code() as i32, status.message()));
    let any = details.details.iter().find(|any| any.type_url == INFO_TYPE_URL).unwrap();
    assert_eq!(proto::ExtractionInfo::decode(&*any.value).unwrap(), info);
    assert_eq!(status.get_details_error_info().unwrap().metadata["retry_withheld"], "max_attempts");
}

#[test]
fn a_status_fits_into_a_header() {
    let attempt = proto::Attempt {
        upstream: "u".repeat(63),
        error_type: "refused_by_protocol".into(),
        ..Default::default()
    };
    let info = proto::ExtractionInfo { attempts: vec![attempt; 5], ..Default::default() };
    for error in every_error() {
        assert!(status(&error, Some(&info)).details().len() < 4096, "{error:?}");
    }
}
