//! `JobService`: its shape stands; jobs themselves come in a later version.

use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status};

use super::status::status;
use crate::{extraction::ExtractError, proto};

/// Answers every call of `JobService` with `UNIMPLEMENTED`.
#[derive(Debug, Default)]
pub struct Jobs;

fn not_yet<T>(what: &'static str) -> Result<Response<T>, Status> {
    Err(status(&ExtractError::Unimplemented { what }, None))
}

#[tonic::async_trait]
impl proto::job_service_server::JobService for Jobs {
    async fn submit_job(
        &self,
        _: Request<proto::SubmitJobRequest>,
    ) -> Result<Response<proto::SubmitJobResponse>, Status> {
        not_yet("SubmitJob")
    }

    async fn get_job(
        &self,
        _: Request<proto::GetJobRequest>,
    ) -> Result<Response<proto::GetJobResponse>, Status> {
        not_yet("GetJob")
    }

    type WatchJobStream = BoxStream<'static, Result<proto::WatchJobResponse, Status>>;

    async fn watch_job(
        &self,
        _: Request<proto::WatchJobRequest>,
    ) -> Result<Response<Self::WatchJobStream>, Status> {
        not_yet("WatchJob")
    }

    async fn list_jobs(
        &self,
        _: Request<proto::ListJobsRequest>,
    ) -> Result<Response<proto::ListJobsResponse>, Status> {
        not_yet("ListJobs")
    }

    async fn cancel_job(
        &self,
        _: Request<proto::CancelJobRequest>,
    ) -> Result<Response<proto::CancelJobResponse>, Status> {
        not_yet("CancelJob")
    }

    async fn redrive_jobs(
        &self,
        _: Request<proto::RedriveJobsRequest>,
    ) -> Result<Response<proto::RedriveJobsResponse>, Status> {
        not_yet("RedriveJobs")
    }
}
