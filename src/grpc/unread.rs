//! Calls whose message could not be read: too large, not of the proto, cut off, or late. No handler ever hears of
//! them, but they are calls, and are counted and answered like others.

use std::sync::{Arc, Mutex, PoisonError};

use http::Response;
use tonic::{Code, body::Body};

use super::{
    observe::code,
    status::{code_name, status},
};
use crate::{
    extraction::{ExtractError, FieldViolation, Phase},
    telemetry::CallGuard,
};

/// A call that no handler has taken up yet; among its request's extensions. If none ever does, it ends with what
/// became of the request.
#[derive(Clone)]
pub(super) struct Unread(Arc<Mutex<Option<CallGuard>>>);

impl Unread {
    pub(super) fn new(guard: CallGuard) -> Self {
        Self(Arc::new(Mutex::new(Some(guard))))
    }

    /// Takes the call up.
    pub(super) fn take(&self) -> Option<CallGuard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends the call, unless it was taken up.
    pub(super) fn end(&self, error: &ExtractError) {
        if let Some(guard) = self.take() {
            guard.end(Err(error));
        }
    }

    /// The answer, in our words where the transport could not read the message.
    pub(super) fn answer(&self, response: Response<Body>) -> Response<Body> {
        let Some(guard) = self.take() else { return response };
        let said = code(response.headers());
        let is = |code| said == Some(code_name(code));
        let (error, answer) = if is(Code::OutOfRange) {
            let error = unreadable("is too large: shorten `text`");
            let answer = status(&error, None).into_http();
            (error, answer)
        } else if is(Code::Internal) {
            let error = unreadable("is no valid ExtractRequest, whose strings are UTF-8: look at the proto");
            let answer = status(&error, None).into_http();
            (error, answer)
        } else if is(Code::DeadlineExceeded) {
            (too_late(), response)
        } else {
            (ExtractError::Invalid(Arc::default()), response)
        };
        guard.end(Err(&error));
        answer
    }
}

/// The deadline passed before the message had come.
pub(super) fn too_late() -> ExtractError {
    ExtractError::DeadlineExceeded { phase: Phase::Admission, last: None }
}

fn unreadable(what: &str) -> ExtractError {
    let violation = FieldViolation { field: "", description: format!("the message {what}") };
    ExtractError::Invalid(Arc::new([violation]))
}
