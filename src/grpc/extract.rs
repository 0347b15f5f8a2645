//! `ExtractionService`: from the wire's request to the pipeline's call, and back.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use tracing::Span;

use super::{
    auth::Tenants,
    convert::{self, Problems},
    deadline,
    profiles::Profiles,
    status::status,
    unread::Unread,
};
use crate::{
    admission::{Admission, AdmissionSettings, Admitted},
    extraction::{Call, Deadline, Entry, ExtractError, Text, Verdict},
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
    /// Is cancelled when what still runs is cut.
    pub cut: CancellationToken,
}

#[tonic::async_trait]
impl proto::extraction_service_server::ExtractionService for Extraction {
    async fn extract(
        &self,
        request: Request<proto::ExtractRequest>,
    ) -> Result<Response<proto::ExtractResponse>, Status> {
        let received = received(&request);
        let span = request.extensions().get::<Span>().cloned().unwrap_or_else(Span::none);
        // Outlives the guard, however the call ends: who waits for the last place to be free, as the drain does,
        // has heard of every end.
        let mut place = None;
        let mut guard = request.extensions().get::<Unread>().and_then(Unread::take).unwrap_or_else(|| {
            CallGuard::begin(Arc::clone(&self.observer), Entry::Unary, span.clone(), self.cut.clone())
        });
        // Larger than a task's usual future; one allocation per call.
        let (profile, served) = Box::pin(self.serve(request, received, &mut guard, &mut place)).await;
        let verdict = served.result.as_ref().err().map_or(Verdict::Ok, ExtractError::verdict);
        guard.trail(&served.report.trail);
        guard.waited(served.report.split(served.elapsed).elsewhere());
        let info = profile.map(|profile| {
            convert::info(&served.report, verdict, &profile, served.elapsed, spans::trace_id(&span))
        });
        if let Ok(extraction) = &served.result {
            guard.brought(extraction.brought);
        }
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
    /// Serves one request; the profile's name comes along as soon as it is known.
    async fn serve(
        &self,
        request: Request<proto::ExtractRequest>,
        received: Instant,
        guard: &mut CallGuard,
        place: &mut Option<Admitted>,
    ) -> (Option<Arc<str>>, Served) {
        let profile = self.profiles.name(request.get_ref());
        if let Some(profile) = &profile {
            guard.profile(profile);
        }
        let served = match self.let_in(request, received, guard) {
            Ok((call, admitted)) => {
                *place = Some(admitted);
                guard.accepted(&call.profile.name);
                guard.deadline(call.deadline.instant());
                self.pipeline.extract(&call, guard).await
            }
            Err(error) => {
                Served { result: Err(error), report: Report::default(), elapsed: received.elapsed() }
            }
        };
        (profile, served)
    }

    /// What costs least is asked first; a caller's own schema is compiled only when there is a place.
    fn let_in(
        &self,
        request: Request<proto::ExtractRequest>,
        received: Instant,
        guard: &mut CallGuard,
    ) -> Result<(Call, Admitted), ExtractError> {
        let tenant = self.tenants.authenticate(request.metadata())?;
        guard.tenant(&tenant);
        let admitted = self.admission.admit()?;
        let mut problems = Problems::default();
        let timeout = problems.note(deadline::timeout(request.metadata().as_ref()))?;
        let repeated = request.metadata().contains_key("grpc-previous-rpc-attempts");
        let request = request.into_inner();
        problems.note(convert::check(&request, &self.limits))?;
        let cache = problems.note(convert::cache_control(request.cache.as_ref()))?;
        let profile = problems.note(self.profiles.find(&request))?;
        problems.told()?;
        convert::check_available(&request)?;
        let (Some(timeout), Some(cache), Some(profile)) = (timeout, cache, profile) else {
            return Err(ExtractError::Internal { what: "a problem of a request was lost" });
        };
        let lower = (request.max_attempts > 0).then_some(request.max_attempts);
        let repeated = repeated.then_some(REPEATED_CALL_ATTEMPTS_MAX);
        let timeout = timeout.unwrap_or(profile.timeout).min(self.limits.timeout_max);
        let call = Call {
            text: Text::new(request.text),
            profile,
            tenant,
            cache,
            max_attempts: lower.into_iter().chain(repeated).min(),
            received,
            deadline: Deadline::after(received, timeout),
            entry: Entry::Unary,
        };
        Ok((call, admitted))
    }
}

/// When the request's head came in.
fn received<T>(request: &Request<T>) -> Instant {
    request.extensions().get::<super::observe::Received>().map_or_else(Instant::now, |received| received.0)
}
