//! `ExtractionService`: from the wire's request to the pipeline's call, and back.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};
use tracing::Span;

use super::{auth::Tenants, convert, deadline, profiles::Profiles, status::status};
use crate::{
    admission::{Admission, AdmissionSettings},
    extraction::{Call, Deadline, Entry, ExtractError, Profile, Tenant, Text, Verdict},
    pipeline::{Pipeline, Report, Served},
    proto,
    telemetry::{CallGuard, Observer, spans},
};

/// The most attempts for a caller that says it is repeating itself already
/// (`grpc-previous-rpc-attempts`): retries at two layers multiply.
const REPEATED_CALL_ATTEMPTS_MAX: u32 = 2;

/// Serves `Extract`.
pub struct Extraction {
    /// Tells who calls.
    pub tenants: Tenants,
    /// Finds what to extract.
    pub profiles: Profiles,
    /// Lets calls in.
    pub admission: Arc<Admission>,
    /// What the door knows of limits.
    pub limits: AdmissionSettings,
    /// Serves what was let in.
    pub pipeline: Arc<Pipeline>,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
}

#[tonic::async_trait]
impl proto::extraction_service_server::ExtractionService for Extraction {
    async fn extract(
        &self,
        request: Request<proto::ExtractRequest>,
    ) -> Result<Response<proto::ExtractResponse>, Status> {
        let received = received(&request);
        let span = request.extensions().get::<Span>().cloned().unwrap_or_else(Span::none);
        let mut guard = CallGuard::begin(Arc::clone(&self.observer), Entry::Unary, span.clone());
        // Larger than a task's usual future; one allocation per call.
        let (profile, served) = Box::pin(self.serve(request, received, &mut guard)).await;
        let verdict = served.result.as_ref().err().map_or(Verdict::Ok, ExtractError::verdict);
        guard.trail(&served.report.trail);
        guard.waited(served.report.split(served.elapsed).elsewhere());
        let info = profile.map(|profile| {
            convert::info(&served.report, verdict, &profile.name, served.elapsed, spans::trace_id(&span))
        });
        guard.end(served.result.as_ref().map(|_| ()));
        match &served.result {
            Ok(extraction) => Ok(Response::new(proto::ExtractResponse {
                outcome: Some(proto::extract_response::Outcome::Extraction(convert::extraction(extraction))),
                info,
            })),
            Err(error) => Err(status(error, info.as_ref())),
        }
    }

    type ExtractManyStream = BoxStream<'static, Result<proto::ExtractManyResponse, Status>>;

    async fn extract_many(
        &self,
        _: Request<Streaming<proto::ExtractManyRequest>>,
    ) -> Result<Response<Self::ExtractManyStream>, Status> {
        let error = ExtractError::Unimplemented { what: "ExtractMany" };
        Err(status(&error, None))
    }
}

impl Extraction {
    /// Serves one request; the profile comes along as soon as it is known.
    async fn serve(
        &self,
        request: Request<proto::ExtractRequest>,
        received: Instant,
        guard: &mut CallGuard,
    ) -> (Option<Arc<Profile>>, Served) {
        let refused =
            |error| Served { result: Err(error), report: Report::default(), elapsed: received.elapsed() };
        let tenant = match self.tenants.authenticate(request.metadata()) {
            Ok(tenant) => tenant,
            Err(error) => return (None, refused(error)),
        };
        let profile = match self.profiles.find(request.get_ref()) {
            Ok(profile) => profile,
            Err(error) => return (None, refused(error)),
        };
        guard.profile(&profile.name);
        let call = match self.call(request, &profile, tenant, received) {
            Ok(call) => call,
            Err(error) => return (Some(profile), refused(error)),
        };
        let _admitted = match self.admission.admit() {
            Ok(admitted) => admitted,
            Err(error) => return (Some(profile), refused(error)),
        };
        guard.accepted(&profile.name);
        let served = self.pipeline.extract(&call, guard).await;
        (Some(profile), served)
    }

    fn call(
        &self,
        request: Request<proto::ExtractRequest>,
        profile: &Arc<Profile>,
        tenant: Tenant,
        received: Instant,
    ) -> Result<Call, ExtractError> {
        let timeout = deadline::timeout(request.metadata().as_ref())?.unwrap_or(profile.timeout);
        let repeated = request.metadata().contains_key("grpc-previous-rpc-attempts");
        let request = request.into_inner();
        convert::check(&request, &self.limits)?;
        let lower = (request.max_attempts > 0).then_some(request.max_attempts);
        let repeated = repeated.then_some(REPEATED_CALL_ATTEMPTS_MAX);
        Ok(Call {
            cache: convert::cache_control(request.cache.as_ref())?,
            max_attempts: lower.into_iter().chain(repeated).min(),
            text: Text::new(request.text),
            profile: Arc::clone(profile),
            tenant,
            received,
            deadline: Deadline::after(received, timeout.min(self.limits.timeout_max)),
            entry: Entry::Unary,
        })
    }
}

/// When the request's head came in.
fn received<T>(request: &Request<T>) -> Instant {
    request.extensions().get::<super::observe::Received>().map_or_else(Instant::now, |received| received.0)
}
