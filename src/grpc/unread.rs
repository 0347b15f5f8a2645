//! Calls whose message could not be read: too large, not of the proto, cut off, or late. No handler ever hears of
//! them, but they are calls, and are counted and answered like others.
//!
//! Whatever keeps a message from coming is its caller's doing, or nobody's, and never the gateway's failure: nobody has
//! shown a key yet, and strangers must not spend the error budget.

use std::sync::{Arc, Mutex, PoisonError};

use http::Response;
use tonic::{Code, body::Body};

use super::{
    observe::code,
    status::{code_name, status},
};
use crate::{
    extraction::{ExtractError, FieldViolation},
    telemetry::CallGuard,
};

/// Names the encodings of messages that are understood.
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// A call that no handler has taken up yet; among its request's extensions. If none ever does, it ends with what
/// became of the request: left, unless something else is said of it.
#[derive(Clone)]
pub(super) struct Unread(Arc<Waiting>);

struct Waiting(Mutex<Option<CallGuard>>);

impl Unread {
    pub(super) fn new(guard: CallGuard) -> Self {
        Self(Arc::new(Waiting(Mutex::new(Some(guard)))))
    }

    /// Takes the call up: the message has come, and what the call takes is measured from now on.
    pub(super) fn take(&self) -> Option<CallGuard> {
        self.0.take()
    }

    /// Ends the call, unless it was taken up.
    pub(super) fn end(&self, error: &ExtractError) {
        if let Some(guard) = self.take() {
            guard.end(Err(error));
        }
    }

    /// The message did not come in time.
    pub(super) fn late(&self) {
        self.end(&unreadable("did not come in time"));
    }

    /// The answer, in our words where the transport could not read the message.
    pub(super) fn answer(&self, response: Response<Body>) -> Response<Body> {
        let Some(guard) = self.take() else { return response };
        let said = code(response.headers());
        let is = |code| said == Some(code_name(code));
        let error = match () {
            () if is(Code::Unimplemented) => {
                ExtractError::Unimplemented { what: "a message compressed by other means than gzip" }
            }
            // The second is said of what is too large only when it is inflated, which ends there.
            () if is(Code::OutOfRange) || is(Code::ResourceExhausted) => {
                unreadable("is too large: shorten `text`")
            }
            () if is(Code::Internal) => unreadable(
                "can't be read as an ExtractRequest: look at the proto; strings are UTF-8, and what is compressed is \
                 gzip and says so",
            ),
            () => {
                guard.end(Err(&ExtractError::Invalid(Arc::default())));
                return response;
            }
        };
        guard.end(Err(&error));
        let mut answer = status(&error, None).into_http();
        // Tells a client's library how it may compress (gRPC compression, "Compression Method Asymmetry").
        if let Some(encodings) = response.headers().get(ACCEPT_ENCODING) {
            answer.headers_mut().insert(ACCEPT_ENCODING, encodings.clone());
        }
        answer
    }
}

impl Waiting {
    fn take(&self) -> Option<CallGuard> {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        guard.restart();
        Some(guard)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(guard) = self.take() {
            guard.end(Err(&ExtractError::Cancelled));
        }
    }
}

fn unreadable(what: &str) -> ExtractError {
    let violation = FieldViolation { field: "", description: format!("the message {what}") };
    ExtractError::Invalid(Arc::new([violation]))
}
