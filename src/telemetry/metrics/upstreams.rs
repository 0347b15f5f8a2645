//! Attempts, retries and flights, by upstream.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram};

use super::{
    exemplars::Traced,
    fractions::Fraction,
    instruments::{Instruments, LabelValue, name, word},
    table::{ByName, Grid, Grown, Level},
};
use crate::{
    extraction::{
        AnswerForm, AnswerForms, AttemptKind, AttemptOutcome, ErrorType, FinishReason, ResponseFacts, Usage,
        WaitSource, Withheld, party::OF_THE_TEXT,
    },
    telemetry::{
        catalogue::{
            OTHER,
            labels::{self, CANCELLED},
            list,
        },
        event::{AttemptFacts, FlightEnded},
        settings::Configured,
        spans::SpanIds,
    },
    upstream::{Endpoint, settings::Prices},
};

/// Instruments of all upstreams.
pub(super) struct UpstreamTable {
    instruments: Arc<Instruments>,
    by_name: ByName<UpstreamMetrics>,
}

/// How one attempt ended.
#[derive(Clone, Copy)]
pub(super) struct AttemptEnd {
    pub(super) outcome: AttemptOutcome,
    pub(super) error_type: Option<ErrorType>,
    pub(super) http_status: Option<u16>,
    pub(super) usage: Usage,
    pub(super) elapsed: Duration,
}

/// How, and what with if it failed.
type AttemptEnding = (AttemptOutcome, Option<ErrorType>);

/// Instruments of one upstream.
pub(super) struct UpstreamMetrics {
    instruments: Arc<Instruments>,
    upstream: LabelValue,
    attempts: Grid<OnceLock<Traced<Counter>>>,
    retries: Grid<Traced<Counter>>,
    withheld: Grid<Traced<Counter>>,
    call_retries: Grid<OnceLock<Traced<Histogram>>>,
    retry_delay: OnceLock<Traced<Histogram>>,
    inflight: Level,
    failures_running: Level,
    budget: Gauge,
    tokens: Grid<Counter>,
    finishes: Grid<Counter>,
    reads: Grid<Counter>,
    cost: Option<Cost>,
    http: Grown<(AttemptKind, Option<u16>, AttemptEnding), Traced<Histogram>>,
    gen_ai: Grown<AttemptEnding, Traced<Histogram>>,
    gen_ai_tokens: OnceLock<Grid<Histogram>>,
}

/// What attempts cost.
struct Cost {
    prices: Prices,
    useful: Grid<Fraction>,
    saved: Fraction,
}

impl UpstreamTable {
    pub(super) fn new(instruments: &Arc<Instruments>, configured: &Configured) -> Self {
        let one = |upstream: &Arc<str>| {
            let prices = configured.prices.iter().find(|(name, _)| name == upstream);
            UpstreamMetrics::new(instruments, name(upstream), prices.map(|(_, prices)| *prices))
        };
        Self { instruments: Arc::clone(instruments), by_name: ByName::new(&configured.upstreams, one) }
    }

    pub(super) fn of(&self, endpoint: &Endpoint) -> &UpstreamMetrics {
        self.named(&endpoint.name)
    }

    pub(super) fn named(&self, upstream: &str) -> &UpstreamMetrics {
        self.by_name.get(upstream, || UpstreamMetrics::new(&self.instruments, word(OTHER), None))
    }

    pub(super) fn sample(&self) {
        for upstream in self.by_name.values() {
            upstream.inflight.sample();
            upstream.failures_running.sample();
        }
    }
}

impl UpstreamMetrics {
    fn new(instruments: &Arc<Instruments>, upstream: LabelValue, prices: Option<Prices>) -> Self {
        let counter = |metric, first, second| instruments.counter(metric, [upstream.clone(), first, second]);
        let budget = instruments.gauge(&list::BUDGET, [upstream.clone()]);
        budget.set(1.0);
        Self {
            attempts: Grid::new(AttemptKind::ALL, &attempt_ends(), |kind, end| {
                if starts_at_zero(kind) {
                    OnceLock::from(attempts(instruments, &upstream, kind, end))
                } else {
                    OnceLock::new()
                }
            }),
            retries: Grid::new(ErrorType::ALL, WaitSource::ALL, |reason, source| {
                let labels = [upstream.clone(), word(reason.as_str()), word(source.as_str())];
                instruments.traced_counter(&list::RETRIES_SCHEDULED, labels)
            }),
            withheld: Grid::new(&[()], Withheld::ALL, |(), reason| {
                instruments.traced_counter(&list::RETRIES_WITHHELD, [upstream.clone(), word(reason.as_str())])
            }),
            call_retries: Grid::new(&[()], AttemptOutcome::ALL, |(), _| OnceLock::new()),
            retry_delay: OnceLock::new(),
            inflight: Level::new(instruments.gauge(&list::INFLIGHT, [upstream.clone()])),
            failures_running: Level::new(instruments.gauge(&list::FAILURES_RUNNING, [upstream.clone()])),
            budget,
            tokens: Grid::new(labels::DIRECTIONS, USEFUL, |direction, useful| {
                counter(&list::TOKENS_TOTAL, word(direction), word(useful))
            }),
            finishes: Grid::new(&[()], FinishReason::ALL, |(), reason| {
                instruments.counter(&list::FINISHES, [upstream.clone(), word(reason.as_str())])
            }),
            reads: Grid::new(&[()], AnswerForm::ALL, |(), form| {
                instruments.counter(&list::ANSWERS_READ, [upstream.clone(), word(form.as_str())])
            }),
            cost: prices.map(|prices| Cost::new(instruments, &upstream, prices)),
            http: Grown::new(),
            gen_ai: Grown::new(),
            gen_ai_tokens: OnceLock::new(),
            instruments: Arc::clone(instruments),
            upstream,
        }
    }

    pub(super) fn attempt_started(&self) {
        self.inflight.up();
    }

    pub(super) fn attempt_ended(&self, attempt: &AttemptFacts, end: AttemptEnd, span: Option<SpanIds>) {
        self.inflight.down();
        match end.outcome {
            AttemptOutcome::Success => self.failures_running.clear(),
            AttemptOutcome::Failure if says_nothing(end.error_type) => {}
            AttemptOutcome::Failure => self.failures_running.up(),
            AttemptOutcome::Cancelled => {}
        }
        let ending = (end.outcome, failure(end.outcome, end.error_type));
        if let Some(counter) = self.attempts.at(attempt.kind as usize, attempt_end(ending)) {
            counter
                .get_or_init(|| attempts(&self.instruments, &self.upstream, attempt.kind, ending))
                .increment(span);
        }
        let useful = usize::from(end.outcome == AttemptOutcome::Success);
        for (direction, tokens) in [end.usage.input_tokens, end.usage.output_tokens].into_iter().enumerate() {
            if let (Some(tokens), Some(counter)) = (tokens, self.tokens.at(direction, useful)) {
                counter.increment(tokens);
            }
        }
        if let Some(cost) = &self.cost {
            cost.spent(end.usage, useful);
        }
        let (kind, status) = (attempt.kind, end.http_status);
        let duration = self
            .http
            .get((kind, status, ending), || self.http_duration(&attempt.endpoint, kind, status, ending));
        duration.record(end.elapsed.as_secs_f64(), span);
    }

    pub(super) fn saved(&self, usage: Usage) {
        if let Some(cost) = &self.cost {
            cost.saved.add(cost.billionths(usage));
        }
    }

    /// What an answer said of itself.
    pub(super) fn told(&self, response: &ResponseFacts) {
        let finish = response.finish.and_then(|reason| self.finishes.at(0, reason as usize));
        let forms = response.read.into_iter().flat_map(AnswerForms::iter);
        let reads = forms.filter_map(|form| self.reads.at(0, form as usize));
        finish.into_iter().chain(reads).for_each(|counter| counter.increment(1));
    }

    pub(super) fn retry_scheduled(
        &self,
        reason: ErrorType,
        source: WaitSource,
        budget_ratio: f64,
        span: Option<SpanIds>,
    ) {
        if let Some(retries) = self.retries.at(reason as usize, source as usize) {
            retries.increment(span);
        }
        self.budget_moved(budget_ratio);
    }

    pub(super) fn retry_withheld(&self, reason: Withheld, span: Option<SpanIds>) {
        if let Some(withheld) = self.withheld.at(0, reason as usize) {
            withheld.increment(span);
        }
    }

    pub(super) fn budget_moved(&self, ratio: f64) {
        self.budget.set(ratio);
    }

    pub(super) fn flight_ended(&self, flight: &FlightEnded<'_>, span: Option<SpanIds>) {
        let outcome = flight.end.outcome();
        let ending = (outcome, flight.end.error_type());
        if flight.retries > 0
            && let Some(retries) = self.call_retries.at(0, outcome as usize)
        {
            let make = || {
                let labels = [self.upstream.clone(), word(outcome.as_str())];
                self.instruments.traced_histogram(&list::FLIGHT_RETRIES, labels)
            };
            retries.get_or_init(make).record(f64::from(flight.retries), span);
        }
        if !flight.retry_delay.is_zero() {
            let labels = || [self.upstream.clone()];
            let make = || self.instruments.traced_histogram(&list::RETRY_DELAY_DURATION, labels());
            self.retry_delay.get_or_init(make).record(flight.retry_delay.as_secs_f64(), span);
        }
        let duration = self.gen_ai.get(ending, || {
            let [operation, provider, model] = gen_ai_labels(flight.endpoint);
            let labels = [operation, provider, model, unfinished_word(ending)];
            self.instruments.traced_histogram(&list::GEN_AI_DURATION, labels)
        });
        duration.record(flight.elapsed.as_secs_f64(), span);
        self.tokens_of_flight(flight.endpoint, flight.usage);
    }

    fn tokens_of_flight(&self, endpoint: &Endpoint, usage: Usage) {
        let histograms = self.gen_ai_tokens.get_or_init(|| {
            Grid::new(&[()], labels::DIRECTIONS, |(), direction| {
                let [operation, provider, model] = gen_ai_labels(endpoint);
                self.instruments
                    .histogram(&list::GEN_AI_TOKENS, [operation, provider, model, word(direction)])
            })
        });
        for (direction, tokens) in [usage.input_tokens, usage.output_tokens].into_iter().enumerate() {
            if let (Some(tokens), Some(histogram)) = (tokens, histograms.at(0, direction)) {
                #[expect(clippy::cast_precision_loss, reason = "tokens are never counted beyond 2^52")]
                histogram.record(tokens as f64);
            }
        }
    }

    fn http_duration(
        &self,
        endpoint: &Endpoint,
        kind: AttemptKind,
        status: Option<u16>,
        ending: AttemptEnding,
    ) -> Traced<Histogram> {
        let labels = [
            word("POST"),
            name(&endpoint.host),
            Some(endpoint.port.to_string().into()),
            status.and_then(status_word),
            unfinished_word(ending),
            self.upstream.clone(),
            word(kind.as_str()),
        ];
        self.instruments.traced_histogram(&list::HTTP_DURATION, labels)
    }
}

impl Cost {
    fn new(instruments: &Instruments, upstream: &LabelValue, prices: Prices) -> Self {
        let useful = Grid::new(&[()], USEFUL, |(), useful| {
            instruments.fraction(&list::COST_TOTAL, [upstream.clone(), word(useful)])
        });
        let saved = instruments.fraction(&list::COST_SAVED, [upstream.clone()]);
        Self { prices, useful, saved }
    }

    fn spent(&self, usage: Usage, useful: usize) {
        if let Some(spent) = self.useful.at(0, useful) {
            spent.add(self.billionths(usage));
        }
    }

    /// Tokens times the price of a million are millionths; what an upstream does not tell costs nothing here.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tokens are never counted beyond 2^52, prices are not negative, and a cast stops at the greatest number"
    )]
    fn billionths(&self, usage: Usage) -> u64 {
        const BILLIONTHS: f64 = 1e3;
        let millionths = |tokens: Option<u64>, price: f64| tokens.unwrap_or_default() as f64 * price;
        let cost = millionths(usage.input_tokens, self.prices.input_per_million)
            + millionths(usage.output_tokens, self.prices.output_per_million);
        (cost * BILLIONTHS).round() as u64
    }
}

/// Values of the label, by whether it is so.
const USEFUL: &[&str] = &["false", "true"];

fn attempts(
    instruments: &Instruments,
    upstream: &LabelValue,
    kind: AttemptKind,
    (outcome, error_type): AttemptEnding,
) -> Traced<Counter> {
    let labels = [upstream.clone(), word(kind.as_str()), word(outcome.as_str()), error_word(error_type)];
    instruments.traced_counter(&list::ATTEMPTS, labels)
}

/// Attempts of kinds that are not made yet come into being when they happen.
fn starts_at_zero(kind: AttemptKind) -> bool {
    match kind {
        AttemptKind::Initial | AttemptKind::Retry | AttemptKind::Transparent | AttemptKind::Repair => true,
        AttemptKind::Rerun | AttemptKind::Hedge | AttemptKind::Fallback => false,
    }
}

/// Every way in which an attempt can end, in the order of `attempt_end`.
fn attempt_ends() -> Vec<AttemptEnding> {
    let failures = ErrorType::ALL.iter().map(|error_type| (AttemptOutcome::Failure, Some(*error_type)));
    [(AttemptOutcome::Success, None), (AttemptOutcome::Cancelled, None)].into_iter().chain(failures).collect()
}

fn attempt_end(ending: AttemptEnding) -> usize {
    match ending {
        (AttemptOutcome::Success, _) => 0,
        (AttemptOutcome::Cancelled, _) => 1,
        (AttemptOutcome::Failure, error_type) => 2 + error_type.unwrap_or(ErrorType::Internal) as usize,
    }
}

/// A failure always has a type, and nothing else has one.
fn failure(outcome: AttemptOutcome, error_type: Option<ErrorType>) -> Option<ErrorType> {
    (outcome == AttemptOutcome::Failure).then(|| error_type.unwrap_or(ErrorType::Internal))
}

/// Whether a failure says nothing of the upstream's health.
fn says_nothing(error_type: Option<ErrorType>) -> bool {
    error_type.is_some_and(|error_type| OF_THE_TEXT.contains(&error_type))
}

fn error_word(error_type: Option<ErrorType>) -> LabelValue {
    error_type.and_then(|error_type| word(error_type.as_str()))
}

/// The same for metrics that have no label for the outcome: what was given up did not succeed either.
fn unfinished_word((outcome, error_type): AttemptEnding) -> LabelValue {
    if outcome == AttemptOutcome::Cancelled { word(CANCELLED) } else { error_word(error_type) }
}

fn status_word(status: u16) -> LabelValue {
    if (100..=599).contains(&status) { Some(status.to_string().into()) } else { word(OTHER) }
}

fn gen_ai_labels(endpoint: &Endpoint) -> [LabelValue; 3] {
    [word("chat"), word(endpoint.provider), name(&endpoint.model)]
}
