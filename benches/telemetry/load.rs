//! Callers.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tidegate::proto::{
    CacheOutcome, ExtractRequest, ExtractResponse, extract_response::Outcome as Reply,
    extraction_service_client::ExtractionServiceClient,
};
use tokio::{task::JoinSet, time::Instant};
use tonic::{Request, transport::Channel};

use crate::Outcome;

/// How many entities stand in every text, see `surroundings`.
const ENTITIES: usize = 5;

/// How long a call may take: what a caller would say.
const TIMEOUT: Duration = Duration::from_secs(10);

static TEXTS: AtomicU64 = AtomicU64::new(0);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// What is in the cache.
    Hit,
    /// What nobody has asked for yet.
    Miss,
}

/// Makes `calls` calls, `in_flight` at a time, and returns how long each took.
pub async fn drive(
    client: &ExtractionServiceClient<Channel>,
    workload: Workload,
    in_flight: usize,
    calls: usize,
) -> Outcome<Vec<Duration>> {
    let known = new_text();
    call(&mut client.clone(), known.clone(), None).await?;
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        let (mut client, known) = (client.clone(), known.clone());
        callers.spawn(async move {
            let mut latencies = Vec::with_capacity(calls / in_flight);
            for _ in 0..calls / in_flight {
                let (text, cache) = match workload {
                    Workload::Hit => (known.clone(), CacheOutcome::Hit),
                    Workload::Miss => (new_text(), CacheOutcome::Miss),
                };
                latencies.push(call(&mut client, text, Some(cache)).await?);
            }
            Outcome::Ok(latencies)
        });
    }
    let mut latencies = Vec::with_capacity(calls);
    for caller in callers.join_all().await {
        latencies.extend(caller?);
    }
    Ok(latencies)
}

/// A text like no other.
pub fn new_text() -> String {
    let number = TEXTS.fetch_add(1, Ordering::Relaxed);
    format!(
        "Note {number}. In London, on 3 May 1843, Ada Lovelace wrote down for the Analytical Society how the \
         engine of Charles Babbage could be made to weave patterns of numbers as looms weave leaves, and what \
         it could never do: to originate anything."
    )
}

/// Makes one call, looks at the answer, and returns how long it took.
pub async fn call(
    client: &mut ExtractionServiceClient<Channel>,
    text: String,
    cache: Option<CacheOutcome>,
) -> Outcome<Duration> {
    let mut request = Request::new(ExtractRequest { text, ..Default::default() });
    request.set_timeout(TIMEOUT);
    let sent = Instant::now();
    let answer = client.extract(request).await?.into_inner();
    let elapsed = sent.elapsed();
    check(&answer, cache)?;
    Ok(elapsed)
}

/// A call that was not what it should be would be measured for nothing.
fn check(answer: &ExtractResponse, cache: Option<CacheOutcome>) -> Outcome<()> {
    let Some(Reply::Extraction(extraction)) = &answer.outcome else {
        return Err("an answer without an extraction".into());
    };
    if extraction.entities.len() != ENTITIES {
        return Err(format!("{} entities, not {ENTITIES}", extraction.entities.len()).into());
    }
    // A floor does not tell.
    let told = answer.info.as_ref().map(tidegate::proto::ExtractionInfo::cache);
    if let (Some(told), Some(cache)) = (told, cache)
        && told != cache
    {
        return Err(format!("{} instead of {}", told.as_str_name(), cache.as_str_name()).into());
    }
    Ok(())
}
