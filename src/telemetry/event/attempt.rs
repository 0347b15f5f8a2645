//! What is told of an attempt.

use std::{sync::Arc, time::Duration};

use tracing::Span;

use crate::{
    extraction::{AttemptKind, Tenant, WaitSource},
    upstream::Endpoint,
};

/// What is known of an attempt when it starts.
#[derive(Debug)]
pub struct AttemptFacts {
    /// Unique; what the upstream sees as `x-tidegate-attempt`.
    pub id: Arc<str>,
    /// Counted from 1 within the flight.
    pub number: u32,
    /// Why it is made.
    pub kind: AttemptKind,
    /// The tenant of the call that started its flight.
    pub tenant: Tenant,
    /// Who is asked.
    pub endpoint: Arc<Endpoint>,
    /// The wait before it.
    pub wait: Duration,
    /// What set the wait.
    pub wait_source: Option<WaitSource>,
    /// The attempt's CLIENT span.
    pub span: Span,
}
