//! What the demo counts: from the replies, as a caller sees it, and the tokens, which the gateway knows.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::{Value, json};
use tonic::Status;

use crate::{app::Tokens, cli::client::info_of, proto};

/// Counts over many calls.
#[derive(Debug, Default)]
pub(super) struct Tally {
    verdicts: BTreeMap<String, u32>,
    cache: BTreeMap<String, u32>,
    attempts: BTreeMap<String, u32>,
    retries_by_reason: BTreeMap<String, u32>,
    withheld: BTreeMap<String, u32>,
    latencies: Vec<Duration>,
    tokens: Option<Tokens>,
    /// The richest answer with a retry in it.
    showpiece: Option<proto::ExtractResponse>,
}

impl Tally {
    pub(super) fn count(&mut self, reply: Result<proto::ExtractResponse, Status>, latency: Duration) {
        self.latencies.push(latency);
        let info = match &reply {
            Ok(response) => response.info.clone(),
            Err(status) => info_of(status),
        };
        match info {
            Some(info) => self.count_info(&info),
            None => add(&mut self.verdicts, "no_details"),
        }
        if let Ok(response) = reply {
            self.show(response);
        }
    }

    fn count_info(&mut self, info: &proto::ExtractionInfo) {
        add(&mut self.verdicts, &info.verdict);
        let cache = info.cache().as_str_name().trim_start_matches("CACHE_OUTCOME_").to_lowercase();
        add(&mut self.cache, &cache);
        // A joined call shows the attempts of a flight that another call has counted.
        if info.cache() == proto::CacheOutcome::Joined {
            return;
        }
        let mut before: Option<&proto::Attempt> = None;
        for attempt in &info.attempts {
            add(&mut self.attempts, &attempt.kind);
            if let (Some(before), "retry") = (before, attempt.kind.as_str()) {
                add(&mut self.retries_by_reason, &before.error_type);
            }
            before = Some(attempt);
        }
        if !info.retry_withheld.is_empty() {
            add(&mut self.withheld, &info.retry_withheld);
        }
    }

    fn show(&mut self, response: proto::ExtractResponse) {
        let attempts = |response: &proto::ExtractResponse| {
            response
                .info
                .as_ref()
                .filter(|info| info.cache() == proto::CacheOutcome::Miss)
                .map_or(0, |info| info.attempts.len())
        };
        let shown = self.showpiece.as_ref().map_or(0, attempts);
        if attempts(&response) > shown {
            self.showpiece = Some(response);
        }
    }

    /// Takes note of the tokens that the gateway counted.
    pub(super) fn tokens(&mut self, tokens: Tokens) {
        self.tokens = Some(tokens);
    }

    pub(super) fn showpiece(&self) -> Option<&proto::ExtractResponse> {
        self.showpiece.as_ref()
    }

    pub(super) fn answered(&self) -> u32 {
        self.verdicts.get("ok").copied().unwrap_or_default()
    }

    pub(super) fn calls(&self) -> usize {
        self.latencies.len()
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "calls": self.calls(),
            "verdicts": self.verdicts,
            "cache": self.cache,
            "attempts": self.attempts,
            "retries_by_reason": self.retries_by_reason,
            "retries_withheld": self.withheld,
            "tokens_taken": self.tokens.map(|tokens| tokens.taken),
            "tokens_saved": self.tokens.map(|tokens| tokens.saved),
            "p50_ms": self.quantile_ms(0.50),
            "p99_ms": self.quantile_ms(0.99),
        })
    }

    fn quantile_ms(&self, quantile: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a list of some hundred calls"
        )]
        let index = (quantile * sorted.len().saturating_sub(1) as f64).round() as usize;
        sorted.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("calls by verdict", &self.verdicts),
            ("cache", &self.cache),
            ("attempts", &self.attempts),
            ("retries by reason", &self.retries_by_reason),
            ("retries withheld", &self.withheld),
        ];
        for (name, counts) in rows {
            let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
            let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
            writeln!(f, "  {name:<19}{counts}")?;
        }
        writeln!(
            f,
            "  {:<19}p50 {:.0} ms, p99 {:.0} ms",
            "latency",
            self.quantile_ms(0.5),
            self.quantile_ms(0.99)
        )?;
        let Some((tokens, share)) = self.tokens.and_then(|tokens| Some((tokens, tokens.saved_share()?)))
        else {
            return Ok(());
        };
        let all = tokens.taken + tokens.saved;
        writeln!(
            f,
            "  {:<19}{} of {all} ({:.0} %) by cache and shared flights",
            "tokens saved",
            tokens.saved,
            share * 100.0
        )
    }
}

fn add(counts: &mut BTreeMap<String, u32>, word: &str) {
    *counts.entry(word.to_owned()).or_default() += 1;
}
