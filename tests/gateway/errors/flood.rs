//! Answers without an end.

use tidegate::simulator::script::Fault;
use tonic::Code;

use super::provoke;
use crate::stage::{Stage, TEXT, always};

/// More than one call needs in any case, less than any of the floods.
const MEMORY_MAX: u64 = 256 << 20;

const GIBIBYTE: u64 = 1 << 30;

/// What can't be held is given up at once, and what comes after it is not read.
async fn is_given_up(fault: Fault, http_status: Option<u32>) {
    let failure = provoke(fault).await;
    failure.says(Code::Internal, "UPSTREAM_MALFORMED_RESPONSE").counts_as("too_large", "upstream_failed");
    failure.with_http_status(http_status).was_final().names_no_time();
    failure.stage.arrivals_when(|log| log[0].client_gone).await;
    let peak = failure.stage.gateway.memory_peak();
    assert!(peak < MEMORY_MAX, "{peak} bytes at the peak");
}

#[tokio::test]
async fn an_answer_of_a_gigabyte_is_given_up() {
    is_given_up(Fault::Huge { bytes: GIBIBYTE }, Some(200)).await;
}

#[tokio::test]
async fn endless_headers_are_given_up() {
    is_given_up(Fault::EndlessHeaders { bytes: GIBIBYTE }, None).await;
}

#[tokio::test]
async fn many_floods_at_once_are_no_worse() {
    let stage = Stage::scripted(always(Fault::Huge { bytes: GIBIBYTE })).await;
    let calls = (0..16).map(|number| {
        let text = format!("{TEXT} {number}");
        let stage = &stage;
        async move { stage.extract(&text).await.unwrap_err().code() }
    });
    let codes = futures_util::future::join_all(calls).await;
    assert!(codes.iter().all(|code| *code == Code::Internal), "{codes:?}");
    let peak = stage.gateway.memory_peak();
    assert!(peak < MEMORY_MAX, "{peak} bytes at the peak");
    assert_eq!(stage.sent(), 16);
}
