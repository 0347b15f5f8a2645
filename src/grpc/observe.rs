//! The outermost layer of the server: gives every request its span, sees it to its end, and answers in
//! our words where a handler could not: after a panic, when a message can't be read, or when a deadline passes
//! before a slow request is complete.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::{Code, body::Body};
use tower::{Layer, Service};
use tracing::Span;

use super::{
    deadline,
    request_body::{Incomplete, timed},
    status::{code_name, hold_to_deadline, status},
    unread::Unread,
};
use crate::{
    admission::Admission,
    extraction::{Deadline, Entry, ExtractError, Phase},
    telemetry::{CallGuard, Event, Observer, RpcGuard, Spans},
};

/// The method whose requests are one call each.
const EXTRACT: &str = "tidegate.v1.ExtractionService/Extract";

/// Every method that this server knows, as spans and metrics name them.
const METHODS: &[&str] = &[
    EXTRACT,
    "tidegate.v1.ExtractionService/ExtractMany",
    "tidegate.v1.JobService/SubmitJob",
    "tidegate.v1.JobService/GetJob",
    "tidegate.v1.JobService/WatchJob",
    "tidegate.v1.JobService/ListJobs",
    "tidegate.v1.JobService/CancelJob",
    "tidegate.v1.JobService/RedriveJobs",
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The methods whose requests may go on for ever.
const STREAMED: &[&str] = &[
    "tidegate.v1.ExtractionService/ExtractMany",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The name of every method that this server does not know.
const OTHER: &str = "_OTHER";

/// A timeout beyond this is as good as none: what the gateway itself allows is far shorter.
const TIMEOUT_MAX: Duration = Duration::from_hours(1);

/// When a request's head came in; among the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Received(pub Instant);

/// Adds [`Observed`] to a service.
#[derive(Clone)]
pub struct ObserveLayer {
    observer: Arc<dyn Observer>,
    spans: Spans,
    cut: CancellationToken,
    body_time: Duration,
}

impl ObserveLayer {
    /// A layer that tells `observer` and starts traces by `spans`. When `cut` is cancelled, what still runs
    /// is answered that the gateway shuts down. The body of a request with a single message may take
    /// `body_time`.
    pub fn new(
        observer: Arc<dyn Observer>,
        spans: Spans,
        cut: CancellationToken,
        body_time: Duration,
    ) -> Self {
        Self { observer, spans, cut, body_time }
    }

    fn unread(&self, span: Span) -> Unread {
        Unread::new(CallGuard::begin(Arc::clone(&self.observer), Entry::Unary, span, self.cut.clone()))
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, shared: self.clone() }
    }
}

/// A service whose requests are observed from their head to the end of their answer.
#[derive(Clone)]
pub struct Observed<S> {
    inner: S,
    shared: ObserveLayer,
}

impl<S> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Send,
    S::Future: Send + 'static,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = method(request.uri().path());
        let span = self.shared.spans.server(method, request.headers());
        let guard = RpcGuard::begin(Arc::clone(&self.shared.observer), method, span.clone());
        let cut = self.shared.cut.clone();
        let received = Instant::now();
        let timeout = timeout(request.headers());
        let last_call = last_call(timeout, received);
        request.extensions_mut().insert(Received(received));
        request.extensions_mut().insert(span.clone());
        let unread = (method == EXTRACT).then(|| self.shared.unread(span.clone()));
        if let Some(unread) = &unread {
            request.extensions_mut().insert(unread.clone());
        }
        if !STREAMED.contains(&method) {
            let (observer, limit) = (Arc::clone(&self.shared.observer), self.shared.body_time);
            let unread = unread.clone();
            let incomplete = move |why| match why {
                Incomplete::Late => {
                    observer.observe(&Event::RequestLate { method, limit, span: &span });
                    unread.iter().for_each(Unread::late);
                }
                Incomplete::Broken => unread.iter().for_each(|unread| unread.end(&ExtractError::Cancelled)),
            };
            request = request.map(|body| timed(body, limit, incomplete));
        }
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            let mut response = tokio::select! {
                biased;
                // First: what is cut takes its flight along, and that would be answered as a fault of ours.
                () = cut.cancelled() => status(&Admission::draining(), None).into_http(),
                answer = answer => match answer {
                    Ok(response) => match &unread {
                        Some(unread) => unread.answer(response?),
                        None => response?,
                    },
                    Err(_panic) => status(&ExtractError::Internal { what: "panic" }, None).into_http(),
                },
                () = last_call => {
                    unread.iter().for_each(Unread::late);
                    let error = ExtractError::DeadlineExceeded { phase: Phase::Admission, last: None };
                    status(&error, None).into_http()
                }
            };
            if let Some(timeout) = timeout {
                let left = Deadline::after(received, timeout).remaining(Instant::now());
                hold_to_deadline(response.headers_mut(), left);
            }
            Ok(match code(response.headers()) {
                Some(code) => {
                    guard.end(code);
                    response
                }
                None => response.map(|body| Body::new(ObservedBody { body, guard: Some(guard) })),
            })
        })
    }
}

/// An answer's body that tells the status when its trailers pass.
struct ObservedBody {
    body: Body,
    guard: Option<RpcGuard>,
}

impl ObservedBody {
    fn end(&mut self, code: &'static str) {
        if let Some(guard) = self.guard.take() {
            guard.end(code);
        }
    }
}

impl http_body::Body for ObservedBody {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    self.end(code);
                }
            }
            Some(Err(_)) | None => self.end(code_name(Code::Unknown)),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The timeout of the caller's own, if it can be read: what can't is told to the caller by the handler.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    deadline::timeout(headers).ok().flatten().map(|timeout| timeout.min(TIMEOUT_MAX))
}

/// Completes when there is just time left to say that the deadline has passed.
async fn last_call(timeout: Option<Duration>, received: Instant) {
    match timeout {
        Some(timeout) => sleep_until(Deadline::last_call(received, timeout)).await,
        None => std::future::pending().await,
    }
}

fn method(path: &str) -> &'static str {
    let path = path.strip_prefix('/').unwrap_or(path);
    METHODS.iter().find(|known| **known == path).copied().unwrap_or(OTHER)
}

/// The status that stands in headers or trailers.
pub(super) fn code(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get("grpc-status")?;
    Some(code_name(Code::from_bytes(value.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compiled_method_is_known() {
        use prost::Message as _;
        let descriptors = prost_types::FileDescriptorSet::decode(crate::proto::FILE_DESCRIPTOR_SET).unwrap();
        for file in &descriptors.file {
            for service in &file.service {
                for rpc in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), rpc.name());
                    assert_ne!(method(&path), OTHER, "{path} is missing in METHODS");
                }
            }
        }
    }

    #[test]
    fn what_callers_make_up_has_one_name() {
        for path in
            ["/", "", "/tidegate.v1.ExtractionService/extract", "/x/y", "tidegate.v1.ExtractionService/"]
        {
            assert_eq!(method(path), OTHER);
        }
    }
}
