//! Answers that came and can't be used.

use tidegate::simulator::script::{Fault, Place};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{Failure, metadata, provoke};
use crate::{
    stage::{Stage, TEXT, always, inline, is, words},
    support::extraction,
};

/// What can't be read may be better the next time.
fn is_malformed(failure: &Failure) {
    failure.says(Code::Internal, "UPSTREAM_MALFORMED_RESPONSE").counts_as("malformed", "answer_invalid");
    failure.with_http_status(Some(200)).was_retried().names_no_time();
}

#[tokio::test]
async fn broken_json_is_malformed() {
    is_malformed(&provoke(Fault::Malformed { place: Place::Body }).await);
}

#[tokio::test]
async fn a_web_page_is_malformed() {
    is_malformed(&provoke(Fault::Html).await);
}

#[tokio::test]
async fn another_content_type_is_no_fault() {
    let stage = Stage::scripted(always(Fault::WrongContentType)).await;
    assert!(!words(&stage.extract(TEXT).await.unwrap()).is_empty());
}

#[tokio::test]
async fn what_is_no_utf8_is_malformed() {
    is_malformed(&provoke(Fault::InvalidUtf8).await);
}

#[tokio::test]
async fn json_of_any_depth_is_malformed_and_harmless() {
    let failure = provoke(Fault::DeepJson { depth: 1_000_000, place: Place::Body }).await;
    is_malformed(&failure);
    assert_eq!(failure.stage.gateway.admin_get("/healthz").await.0, 200);
}

#[tokio::test]
async fn content_of_any_depth_is_not_json_and_harmless() {
    let failure = provoke(Fault::DeepJson { depth: 1_000_000, place: Place::Content }).await;
    failure.says(Code::Internal, "ANSWER_NOT_JSON").counts_as("not_json", "answer_invalid");
    failure.was_to_be_repaired().names_no_time();
    assert_eq!(failure.stage.gateway.admin_get("/healthz").await.0, 200);
}

#[tokio::test]
async fn content_that_is_no_json_is_repaired_once_at_most() {
    for fault in [Fault::Malformed { place: Place::Content }, Fault::Prose] {
        let failure = provoke(fault).await;
        failure.says(Code::Internal, "ANSWER_NOT_JSON").counts_as("not_json", "answer_invalid");
        failure.with_http_status(Some(200)).was_to_be_repaired().names_no_time();
    }
}

#[tokio::test]
async fn content_against_the_schema_is_repaired_once_at_most() {
    let failure = provoke(Fault::WrongSchema).await;
    failure.says(Code::Internal, "ANSWER_SCHEMA_INVALID").counts_as("schema_invalid", "answer_invalid");
    failure.with_http_status(Some(200)).was_to_be_repaired().names_no_time();
    let seen = failure.metrics.sum("tidegate_extract_validation_total", &[("result", "schema_invalid")]);
    assert!(is(seen, 2.0), "{seen} answers");
}

#[tokio::test]
async fn which_part_of_the_schema_was_broken_can_be_seen_in_all_places() {
    let failure = provoke(Fault::WrongSchema).await;
    let told = failure.status.get_details_error_info().expect("an ErrorInfo").metadata;
    let (pointer, keyword) = (told["schema_pointer"].as_str(), told["schema_keyword"].as_str());
    assert_eq!((pointer, keyword), ("#/properties/entities/items/properties/text", "type"));
    assert!(failure.status.message().contains("Say the field's type"), "{}", failure.status.message());
    let labels = [("profile", "entities"), ("pointer", pointer), ("keyword", keyword)];
    let broken = failure.metrics.sum("tidegate_extract_schema_violations_total", &labels);
    assert!(is(broken, 2.0), "{broken} answers");
    let calls: serde_json::Value =
        serde_json::from_str(&failure.stage.gateway.admin_get("/api/calls").await.1).unwrap();
    for attempt in calls["calls"][0]["attempts"].as_array().unwrap() {
        assert_eq!(
            (&attempt["schema_pointer"], &attempt["schema_keyword"]),
            (&pointer.into(), &keyword.into())
        );
    }
    let log = failure.stage.gateway.log().join("\n");
    assert!(log.contains(&format!("\"tidegate.schema.pointer\":\"{pointer}\"")), "{log}");
    assert!(log.contains(&format!("\"tidegate.schema.keyword\":\"{keyword}\"")), "{log}");
}

#[tokio::test]
async fn who_brought_the_schema_learns_where_it_was_broken_and_telemetry_does_not() {
    let schema = r##"{"$ref": "#/$defs/root", "$defs": {
        "root": {"type": "object", "properties": {"entities": {"items": {"$ref": "#/$defs/own"}}}},
        "own": {"type": "object", "properties": {"type": {}, "text": {"type": "string"}}}}}"##;
    let stage = Stage::scripted(always(Fault::WrongSchema)).await;
    let status = stage.call(inline(schema, "Extract.")).await.unwrap_err();
    assert_eq!(metadata(&status, "schema_pointer").as_deref(), Some("#/$defs/own/properties/text"));
    assert_eq!(metadata(&status, "schema_keyword").as_deref(), Some("type"));
    let message = status.message();
    assert!(message.contains("it broke type at schema_pointer") && !message.contains("own/"), "{message}");
    let labels = [("profile", "inline"), ("pointer", "other"), ("keyword", "type")];
    let broken = stage.metrics_at_rest().await.sum("tidegate_extract_schema_violations_total", &labels);
    assert!(is(broken, 2.0), "{broken} answers");
    let seen = stage.gateway.log().join("\n") + &stage.gateway.admin_get("/api/calls").await.1;
    assert!(seen.contains("\"tidegate.schema.pointer\":\"other\"") && !seen.contains("$defs"), "{seen}");
}

#[tokio::test]
async fn no_content_is_repaired_once_at_most() {
    for null in [false, true] {
        let failure = provoke(Fault::Empty { null }).await;
        failure.says(Code::Internal, "ANSWER_EMPTY").counts_as("empty", "answer_invalid");
        failure.with_http_status(Some(200)).was_to_be_repaired().names_no_time();
    }
}

#[tokio::test]
async fn a_truncated_answer_is_not_asked_for_again() {
    let failure = provoke(Fault::Truncated).await;
    failure.says(Code::Internal, "ANSWER_TRUNCATED").counts_as("truncated", "answer_invalid");
    failure.with_http_status(Some(200)).was_final().names_no_time();
}

#[tokio::test]
async fn a_refusal_is_the_callers_to_heed() {
    let failure = provoke(Fault::Refused).await;
    failure.says(Code::InvalidArgument, "CONTENT_REFUSED").counts_as("refused", "refused");
    failure.with_http_status(Some(200)).was_final().names_no_time();
}

#[tokio::test]
async fn tokens_of_a_useless_answer_are_told_as_wasted() {
    let failure = provoke(Fault::Truncated).await;
    let (all, wasted) = (failure.info.usage.unwrap(), failure.info.wasted_usage.unwrap());
    assert!(all.input_tokens > Some(0) && all.output_tokens > Some(0), "{all:?}");
    assert_eq!(all, wasted);
}

#[tokio::test]
async fn finding_nothing_is_an_answer() {
    let stage = Stage::scripted(always(Fault::ZeroEntities)).await;
    let answer = stage.extract(TEXT).await.unwrap();
    assert_eq!(words(&answer), Vec::<&str>::new());
    assert_eq!(extraction(&answer).result_json.replace(char::is_whitespace, ""), r#"{"entities":[]}"#);
    let metrics = stage.metrics_at_rest().await;
    assert!(is(metrics.sum("tidegate_extract_validation_total", &[("result", "valid_empty")]), 1.0));
    assert!(is(metrics.sum("tidegate_calls_total", &[("verdict", "ok")]), 1.0));
}
