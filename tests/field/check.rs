//! Runs a case and says what is not as it should be.

use std::{
    fmt::{Debug, Write as _},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tidegate::{extraction::builtin, grpc::status::code_name, proto};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::{
    case::{Case, Want},
    support::{Gateway, config, extraction, info_of, reason_of, request},
    upstream::Upstream,
};

/// How long a call may take: longer than all waits that upstreams ask for here.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// The name of a profile with a schema of the case's own.
const OWN_PROFILE: &str = "field";

type Reply = Result<proto::ExtractResponse, Status>;

/// What differs from what is right; nothing, if the case holds.
pub(crate) async fn differences(case: &Case) -> Vec<String> {
    let upstream = Upstream::start(case.upstream.clone()).await;
    let directory = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(&settings(case, &upstream, &directory)).await;
    let reply = extract(case, &gateway).await;
    let mut seen = Differences(Vec::new());
    match &reply {
        Ok(response) => answered(&case.want, response, &mut seen),
        Err(status) => failed(&case.want, status, &mut seen),
    }
    asked(&case.want, &upstream, &mut seen);
    for series in &case.want.series {
        // What a call did is counted before its reply leaves.
        let page = gateway.metrics().await.0;
        seen.holds(page.lines().any(|line| is_series(line, series)), || format!("no series {series}"));
    }
    seen.0
}

/// What was not as it should be, so far.
struct Differences(Vec<String>);

impl Differences {
    fn equal<T: PartialEq + Debug>(&mut self, what: &str, want: Option<&T>, seen: &T) {
        if let Some(want) = want {
            self.holds(want == seen, || format!("{what} {seen:?} instead of {want:?}"));
        }
    }

    fn holds(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.0.push(otherwise());
        }
    }
}

/// A gateway with the case's upstream and, if it has rules of its own, a profile for them.
fn settings(case: &Case, upstream: &Upstream, directory: &TempDir) -> String {
    let mut more = String::new();
    let mut of_upstream = format!("structured_output = \"{}\"\n", case.mode.as_deref().unwrap_or("schema"));
    if let Some(safety) = &case.retry_safety {
        writeln!(of_upstream, "retry_safety = \"{safety}\"").unwrap();
    }
    if let Some(schema) = case.schema.as_ref().filter(|_| !case.inline) {
        let path = directory.path().join("field.schema.json");
        std::fs::write(&path, schema.to_string()).unwrap();
        more = format!(
            "[profiles.{OWN_PROFILE}]\ninstructions = \"Extract it.\"\nschema_file = \"{}\"\n",
            path.display()
        );
    }
    let own = config(&format!("http://{}/v1", upstream.addr), "");
    let own = own.replace("[telemetry]", &format!("{of_upstream}\n[telemetry]"));
    format!("{own}\n[retry]\nbackoff_base = \"1ms\"\nthrottle_base = \"1ms\"\nbackoff_max = \"4ms\"\n{more}")
}

async fn extract(case: &Case, gateway: &Gateway) -> Reply {
    let mut request = request(&case.text(), CALL_TIMEOUT);
    if case.inline {
        let schema =
            case.schema.as_ref().map_or_else(|| builtin::entities_schema().to_owned(), Value::to_string);
        let instructions = "Extract it.".to_owned();
        request.get_mut().inline = Some(proto::InlineProfile { schema, instructions });
    } else if case.schema.is_some() {
        OWN_PROFILE.clone_into(&mut request.get_mut().profile);
    }
    gateway.client().await.extract(request).await.map(tonic::Response::into_inner)
}

fn answered(want: &Want, response: &proto::ExtractResponse, seen: &mut Differences) {
    seen.equal("code", want.code.as_ref(), &"OK".to_owned());
    seen.holds(want.reason.is_none(), || "an answer instead of an error".to_owned());
    let extraction = extraction(response);
    let entities = extraction.entities.iter().map(|entity| (entity.text.clone(), entity.start)).collect();
    seen.equal("entities", want.entities.as_ref(), &entities);
    seen.equal("result", want.result.as_ref(), &extraction.result_json);
    if want.every_entity {
        let result: Value = serde_json::from_str(&extraction.result_json).unwrap();
        let (items, told) = (result["entities"].as_array().unwrap().len(), entities.len());
        let left_out = extraction.entities_left_out as usize;
        seen.holds(items == told + left_out, || {
            format!("{told} entities and {left_out} left out of {items}")
        });
    }
    seen.equal("attempts", want.attempts.as_ref(), &attempts(response.info.as_ref().unwrap()));
}

fn failed(want: &Want, status: &Status, seen: &mut Differences) {
    seen.equal("code", want.code.as_ref(), &code_name(status.code()).to_owned());
    seen.equal("reason", want.reason.as_ref(), &reason_of(status));
    seen.equal("attempts", want.attempts.as_ref(), &attempts(&info_of(status)));
    seen.equal("retry info", want.retry_info.as_ref(), &status.get_details_retry_info().is_some());
    if let Some(field) = &want.violation {
        let violations = status.get_details_bad_request().map_or_else(Vec::new, |bad| bad.field_violations);
        let named = violations.iter().any(|violation| violation.field == *field);
        seen.holds(named, || format!("{violations:?} instead of one on {field}"));
    }
    if let Some(word) = &want.unsaid {
        seen.holds(!status.message().contains(word), || format!("it says: {}", status.message()));
    }
    let metadata = status.get_details_error_info().expect("every error has a reason").metadata;
    for (key, value) in &want.metadata {
        let told = metadata.get(key);
        seen.holds(told == Some(value), || format!("{key} {told:?} instead of {value:?}"));
    }
}

/// How often the upstream was asked, and when.
fn asked(want: &Want, upstream: &Upstream, seen: &mut Differences) {
    let arrivals = upstream.arrivals();
    seen.equal("requests", want.requests.as_ref(), &arrivals.len());
    if let (Some(least), [first, second, ..]) = (want.not_before, arrivals.as_slice()) {
        let gap = second.duration_since(*first);
        seen.holds(gap >= Duration::from_secs_f64(least), || format!("asked again after {gap:?}"));
    }
}

/// Every attempt as its kind and, in brackets, its error type if it failed.
fn attempts(info: &proto::ExtractionInfo) -> Vec<String> {
    let written = |attempt: &proto::Attempt| match attempt.error_type.as_str() {
        "" => attempt.kind.clone(),
        error_type => format!("{} ({error_type})", attempt.kind),
    };
    info.attempts.iter().map(written).collect()
}

/// Whether a line of the page of metrics is of a series: of this name, with all these labels, and not zero.
fn is_series(line: &str, series: &str) -> bool {
    let (name, labels) =
        series.strip_suffix('}').and_then(|rest| rest.split_once('{')).unwrap_or((series, ""));
    let Some((is, value)) = line.rsplit_once(' ') else { return false };
    let (is_named, has) = is.split_once('{').unwrap_or((is, ""));
    is_named == name && value != "0" && labels.split(',').all(|label| has.contains(label))
}
