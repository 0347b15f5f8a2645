//! What is served beside `Extract`.

use futures_util::{StreamExt as _, stream};
use tidegate::proto::{self, job_service_client::JobServiceClient};
use tonic::{Code, Status, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::{v1, v1alpha};

use crate::{
    stage::{Stage, TEXT, code_and_reason, is, message},
    support::pushback_of,
};

async fn channel(stage: &Stage) -> Channel {
    Channel::from_shared(format!("http://{}", stage.gateway.grpc)).unwrap().connect().await.unwrap()
}

fn is_not_there_yet<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let status = answer.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::Unimplemented, "NOT_AVAILABLE_YET".to_owned()));
    assert_eq!(pushback_of(&status), -1);
}

#[tokio::test]
async fn extract_many_says_that_it_is_not_there_yet() {
    let stage = Stage::healthy().await;
    let item = proto::ExtractManyRequest { id: "1".to_owned(), request: Some(message(TEXT)), timeout: None };
    is_not_there_yet(stage.client.clone().extract_many(stream::iter([item])).await);
    assert_eq!(stage.sent(), 0);
}

#[tokio::test]
async fn every_rpc_of_jobs_says_that_it_is_not_there_yet() {
    let stage = Stage::healthy().await;
    let mut jobs = JobServiceClient::new(channel(&stage).await);
    is_not_there_yet(jobs.submit_job(proto::SubmitJobRequest::default()).await);
    is_not_there_yet(jobs.get_job(proto::GetJobRequest::default()).await);
    is_not_there_yet(jobs.watch_job(proto::WatchJobRequest::default()).await);
    is_not_there_yet(jobs.list_jobs(proto::ListJobsRequest::default()).await);
    is_not_there_yet(jobs.cancel_job(proto::CancelJobRequest::default()).await);
    is_not_there_yet(jobs.redrive_jobs(proto::RedriveJobsRequest::default()).await);
    assert_eq!(stage.sent(), 0);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented_and_counted_under_one_name() {
    let stage = Stage::healthy().await;
    let raw = crate::raw::Raw::connect(stage.gateway.grpc).await;
    for path in ["/tidegate.v1.ExtractionService/NoSuch", "/no.such/Service", "/"] {
        assert_eq!(raw.call(path, &[], &[]).await.code(), Code::Unimplemented, "{path}");
    }
    let labels = [("rpc_method", "_OTHER"), ("rpc_response_status_code", "UNIMPLEMENTED")];
    let metrics = stage.metrics_at("rpc_server_call_duration_seconds_count", &labels, 3.0).await;
    assert!(!metrics.0.contains("NoSuch"), "what callers make up is no label");
}

#[tokio::test]
async fn health_is_told_per_service() {
    let stage = Stage::healthy().await;
    let mut health = HealthClient::new(channel(&stage).await);
    let mut check = async |service: &str| {
        let reply = health.check(HealthCheckRequest { service: service.to_owned() }).await;
        reply.map(|reply| reply.get_ref().status())
    };
    assert_eq!(check("").await.unwrap(), ServingStatus::Serving);
    assert_eq!(check("tidegate.v1.ExtractionService").await.unwrap(), ServingStatus::Serving);
    assert_eq!(check("tidegate.v1.JobService").await.unwrap(), ServingStatus::NotServing, "of no use yet");
    assert_eq!(check("no.such.Service").await.unwrap_err().code(), Code::NotFound);
}

/// What is worth calling is told of.
fn are_listed(listed: &[String]) {
    for service in ["grpc.health.v1.Health", "tidegate.v1.ExtractionService", "tidegate.v1.JobService"] {
        assert!(listed.iter().any(|name| name == service), "{service} is missing in {listed:?}");
    }
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let stage = Stage::healthy().await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel(&stage).await);
    let list = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response;
    match answer {
        Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) => {
            are_listed(&list.service.into_iter().map(|service| service.name).collect::<Vec<_>>());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reflection_knows_the_older_protocol_too() {
    let stage = Stage::healthy().await;
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel(&stage).await);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response;
    match answer {
        Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list)) => {
            are_listed(&list.service.into_iter().map(|service| service.name).collect::<Vec<_>>());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reflection_gives_the_file_behind_a_symbol() {
    let stage = Stage::healthy().await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel(&stage).await);
    let symbol = "tidegate.v1.ExtractionService".to_owned();
    let ask = v1::server_reflection_request::MessageRequest::FileContainingSymbol(symbol);
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response;
    let Some(v1::server_reflection_response::MessageResponse::FileDescriptorResponse(files)) = answer else {
        panic!("{answer:?}");
    };
    let file: prost_types::FileDescriptorProto =
        prost::Message::decode(&*files.file_descriptor_proto[0]).unwrap();
    assert_eq!(file.name(), "tidegate/v1/extraction.proto");
}

#[tokio::test]
async fn every_rpc_is_counted_once_with_its_status() {
    let stage = Stage::healthy().await;
    stage.extract(TEXT).await.unwrap();
    stage.extract("").await.unwrap_err();
    let method = ("rpc_method", "tidegate.v1.ExtractionService/Extract");
    let count = "rpc_server_call_duration_seconds_count";
    let metrics = stage.metrics_at(count, &[method], 2.0).await;
    for code in ["OK", "INVALID_ARGUMENT"] {
        assert!(is(metrics.sum(count, &[method, ("rpc_response_status_code", code)]), 1.0), "{code}");
    }
    stage.metrics_at("tidegate_server_active_calls", &[method], 0.0).await;
}

#[tokio::test]
async fn reflection_knows_the_details_of_errors() {
    let stage = Stage::healthy().await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel(&stage).await);
    for symbol in ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest"] {
        let wanted = v1::server_reflection_request::MessageRequest::FileContainingSymbol(symbol.to_owned());
        let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(wanted) };
        let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap().message_response;
        let known = matches!(
            answer,
            Some(v1::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
        );
        assert!(known, "{symbol}: {answer:?}");
    }
}
