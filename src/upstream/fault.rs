//! What can go wrong with one attempt, as seen from this side of the wire.
//!
//! A fault tells facts; what to make of them is `resilience::classify`'s table.

use super::settings::MaxTokensField;
use crate::extraction::{ErrorDetail, ErrorType};

/// What went wrong with one attempt. Carries no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No connection.
    Connect(NoConnection),
    /// No connection within `connect_timeout`.
    ConnectTimeout,
    /// The TLS handshake failed for lack of trust: wrong, expired or unknown certificate.
    TlsUntrusted,
    /// The TLS handshake broke otherwise.
    TlsHandshake,
    /// The request could not be built: a fault of configuration.
    Unsendable,
    /// The peer said that it did not look at the request: HTTP/2 `REFUSED_STREAM`, or GOAWAY below
    /// its stream, or a kept-alive connection that closed before a byte of it was written.
    NotProcessed,
    /// The connection broke after the request went out.
    Reset,
    /// A clock of the attempt ran out.
    Timeout(TimeoutPhase),
    /// The caller's deadline ended the attempt.
    DeadlineExceeded,
    /// The head of the answer was larger than the limit.
    HeadTooLarge,
    /// The body of the answer was larger than the limit.
    BodyTooLarge,
    /// An answer with a status other than 2xx.
    Status {
        /// The status.
        status: u16,
        /// What its body says, if that is understood.
        word: Option<ErrorWord>,
        /// Whose its body seems to be.
        form: BodyForm,
    },
    /// An answer that refuses the field which limits the answer's tokens, where the other one is to be sent from now on:
    /// the same request would not be sent again.
    OtherTokensField(OtherTokensField),
    /// A 2xx answer whose body is an error.
    ErrorBody {
        /// What the body says, if that is understood.
        word: Option<ErrorWord>,
    },
    /// A 2xx answer that can't be read: not UTF-8, neither JSON nor an event stream, wrong shape.
    Malformed,
    /// A 2xx answer that is a page for people: something else than the API answered.
    Page,
    /// The answer ended at the token limit.
    Truncated,
    /// The model refused to answer, or its guard did.
    Refused,
    /// The answer has no content.
    Empty,
    /// The generation broke off: the answer says so itself, or its end is missing.
    BrokenOff,
    /// What the model said is not exactly one JSON object.
    NotJson,
    /// The content violates the profile's schema.
    SchemaInvalid,
}

/// Which field limits an answer's tokens, as an upstream has just said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherTokensField {
    /// The field.
    pub field: MaxTokensField,
    /// Whether nobody knew so far.
    pub first: bool,
}

/// Whose the body of an error seems to be. Only the API's own word can make an error the caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BodyForm {
    /// The API's: an error in its own form.
    Api,
    /// Of something in between: a page for people.
    Page,
    /// Of something in between: words in no form of the API's, such as `error code: 1020`.
    Foreign,
    /// Nobody's: there is none, or nothing is said in it.
    #[default]
    Other,
}

/// Why there was no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoConnection {
    /// The name has no address.
    Dns,
    /// Nobody listens there.
    Refused,
    /// Unreachable, or another reason.
    Other,
}

/// Which clock of an attempt ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutPhase {
    /// Until the answer's head.
    FirstByte,
    /// Between two pieces of the body.
    Idle,
    /// From start to end.
    Total,
}

/// What an error body says, as far as it matters for what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorWord {
    /// Too many requests for now.
    RateLimited,
    /// The quota, credit or spend limit is used up; waiting does not help.
    QuotaExhausted,
    /// The upstream has too much to do.
    Overloaded,
    /// The text is too long for the model.
    ContextLength,
    /// A content filter stopped the request.
    ContentFiltered,
    /// The credential is not accepted.
    InvalidCredential,
    /// The model does not exist.
    ModelNotFound,
    /// The shape that the answer must have is not accepted.
    SchemaRejected,
    /// Something else that the gateway chose to send is not accepted.
    ParameterRejected,
    /// The model did not manage to write JSON, and the API held it against that itself.
    JsonNotMade,
    /// The upstream did not manage it in its own time.
    Timeout,
    /// A fault of the upstream's own.
    ServerError,
    /// The request is not acceptable.
    InvalidRequest,
}

impl Fault {
    /// The word for metrics, spans, logs and error details.
    pub fn error_type(self) -> ErrorType {
        match self {
            Self::Connect(_) | Self::ConnectTimeout => ErrorType::Connect,
            Self::TlsUntrusted | Self::TlsHandshake => ErrorType::Tls,
            Self::Unsendable => ErrorType::Internal,
            Self::NotProcessed => ErrorType::RefusedByProtocol,
            Self::Reset => ErrorType::Reset,
            Self::Timeout(_) => ErrorType::Timeout,
            Self::DeadlineExceeded => ErrorType::DeadlineExceeded,
            Self::HeadTooLarge | Self::BodyTooLarge => ErrorType::TooLarge,
            Self::Status { status, word, form } => {
                word.map_or_else(|| status_error_type(status, form), word_error_type)
            }
            Self::OtherTokensField(_) => ErrorType::ParameterRejected,
            Self::ErrorBody { word } => word.map_or(ErrorType::ServerError, word_error_type),
            Self::Malformed | Self::Page => ErrorType::Malformed,
            Self::Truncated => ErrorType::Truncated,
            Self::Refused => ErrorType::Refused,
            Self::Empty => ErrorType::Empty,
            Self::BrokenOff => ErrorType::ServerError,
            Self::NotJson => ErrorType::NotJson,
            Self::SchemaInvalid => ErrorType::SchemaInvalid,
        }
    }

    /// What the error type leaves open, for spans and logs.
    pub fn detail(self) -> Option<ErrorDetail> {
        match self {
            Self::Connect(NoConnection::Dns) => Some(ErrorDetail::Dns),
            Self::Connect(NoConnection::Refused) => Some(ErrorDetail::ConnectRefused),
            Self::Connect(NoConnection::Other) => Some(ErrorDetail::ConnectFailed),
            Self::ConnectTimeout => Some(ErrorDetail::ConnectTimeout),
            Self::TlsUntrusted => Some(ErrorDetail::TlsUntrusted),
            Self::TlsHandshake => Some(ErrorDetail::TlsHandshake),
            Self::Timeout(TimeoutPhase::FirstByte) => Some(ErrorDetail::FirstByteTimeout),
            Self::Timeout(TimeoutPhase::Idle) => Some(ErrorDetail::IdleTimeout),
            Self::Timeout(TimeoutPhase::Total) => Some(ErrorDetail::AttemptTimeout),
            Self::OtherTokensField(_) => Some(ErrorDetail::MaxTokensField),
            Self::HeadTooLarge => Some(ErrorDetail::HeadTooLarge),
            Self::BodyTooLarge => Some(ErrorDetail::BodyTooLarge),
            Self::Page | Self::Status { form: BodyForm::Page, .. } => Some(ErrorDetail::HtmlPage),
            Self::BrokenOff => Some(ErrorDetail::BrokenOff),
            Self::Unsendable
            | Self::NotProcessed
            | Self::Reset
            | Self::DeadlineExceeded
            | Self::Status { .. }
            | Self::ErrorBody { .. }
            | Self::Malformed
            | Self::Truncated
            | Self::Refused
            | Self::Empty
            | Self::NotJson
            | Self::SchemaInvalid => None,
        }
    }
}

fn word_error_type(word: ErrorWord) -> ErrorType {
    match word {
        ErrorWord::RateLimited => ErrorType::RateLimited,
        ErrorWord::QuotaExhausted => ErrorType::QuotaExhausted,
        ErrorWord::Overloaded => ErrorType::Overloaded,
        ErrorWord::ContextLength => ErrorType::ContextLength,
        ErrorWord::ContentFiltered => ErrorType::Refused,
        ErrorWord::InvalidCredential => ErrorType::Unauthorized,
        ErrorWord::ModelNotFound => ErrorType::NotFound,
        ErrorWord::SchemaRejected => ErrorType::SchemaRejected,
        ErrorWord::ParameterRejected => ErrorType::ParameterRejected,
        ErrorWord::JsonNotMade => ErrorType::NotJson,
        ErrorWord::Timeout => ErrorType::Timeout,
        ErrorWord::ServerError => ErrorType::ServerError,
        ErrorWord::InvalidRequest => ErrorType::BadRequest,
    }
}

/// What a status says by itself. A status that blames the request is the caller's fault only if the API says so in its
/// own form; in any other form nobody knows who answered.
fn status_error_type(status: u16, form: BodyForm) -> ErrorType {
    match (status, form) {
        // No HTTP status that an answer can have.
        (..200 | 600.., _) => ErrorType::Malformed,
        // Not followed: what was asked for is somewhere else.
        (300..=399, _) => ErrorType::Redirected,
        (400 | 422, BodyForm::Api) => ErrorType::BadRequest,
        (401, _) | (403, BodyForm::Api | BodyForm::Other) => ErrorType::Unauthorized,
        // A page or a word of a firewall, a proxy or a login, or a law: not the credential.
        (403, BodyForm::Page | BodyForm::Foreign) | (451, _) => ErrorType::Blocked,
        (402, _) => ErrorType::QuotaExhausted,
        (404 | 410, _) => ErrorType::NotFound,
        (405 | 501 | 505, _) => ErrorType::Unsupported,
        // 499: what the API asked itself gave up, or a proxy before it.
        (408 | 499 | 504, _) => ErrorType::Timeout,
        (409, _) => ErrorType::Conflict,
        (413, _) => ErrorType::ContextLength,
        // The connection leads to a server that does not know the host: it did not look at the request.
        (421, _) => ErrorType::RefusedByProtocol,
        (429 | 498, _) => ErrorType::RateLimited,
        (503 | 529, _) => ErrorType::Overloaded,
        // None of these says anything of the text: a proxy's credential (407), locks (423), what the API depends on
        // (424), too early (425), preconditions, headers and forms that the gateway chose, and what no register has.
        (
            200..=299
            | 400
            | 406
            | 407
            | 411
            | 412
            | 414..=420
            | 422..=428
            | 430..=450
            | 452..=497
            | 500
            | 502
            | 506..=528
            | 530..=599,
            _,
        ) => ErrorType::ServerError,
    }
}
