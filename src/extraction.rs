//! The words of the domain: what a call asks for, what it gets, and how it can fail. No I/O, no
//! transport.

pub mod brought;
pub mod builtin;
pub mod deadline;
pub mod error;
pub mod fingerprint;
pub mod grounding;
pub mod label;
pub mod norms;
pub mod party;
pub mod profile;
pub mod request;
pub mod response;
pub mod result;
pub mod said;
pub mod schema;
pub mod trail;

pub use brought::Brought;
pub use deadline::Deadline;
pub use error::{ExtractError, FieldViolation, Phase, UpstreamFailure, Verdict};
pub use fingerprint::Fingerprint;
pub use party::Party;
pub use profile::{CachePolicy, CacheScope, Profile};
pub use request::{CacheControl, CacheMode, Call, Entry, Tenant, Text};
pub use response::{AnswerForm, AnswerForms, FinishReason, HeadStatus, Identifier, ResponseFacts};
pub use result::{Alignment, Entity, Extraction};
pub use said::{Said, Word};
pub use schema::{Keyword, Schema, Violation};
pub use trail::{
    AttemptKind, AttemptOutcome, AttemptRecord, BudgetLimit, ErrorDetail, ErrorType, FailureFacts, Trail,
    Usage, WaitSource, Withheld,
};
