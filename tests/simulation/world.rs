//! A gateway without sockets: the pipeline over a scripted upstream, and a load of calls.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tidegate::{
    cache::Answers,
    clock::SystemClock,
    extraction::{
        CacheControl, CachePolicy, CacheScope, Call, Deadline, Entry, Fingerprint, Profile, Schema, Tenant,
        Text, Usage,
    },
    pipeline::{Parts, Pipeline, Seeds},
    resilience::Policy,
    tasks::Tasks,
    telemetry::{CallGuard, Event, Observer},
    upstream::{Answer, AttemptLabels, Endpoint, Exchange, Fault, Question, RetrySafety, Upstream},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tracing::Span;

/// Mean of the exponentially distributed latency.
const LATENCY_MEAN: f64 = 1.0;

/// The longest a call may take: long enough that no deadline is at play.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A failure and the wait it asks for.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    fault: Fault,
    asked: Option<Duration>,
}

impl Trouble {
    pub fn plain(fault: Fault) -> Self {
        Self { fault, asked: None }
    }

    pub fn asking(fault: Fault, asked: Duration) -> Self {
        Self { fault, asked: Some(asked) }
    }
}

/// How the upstream behaves.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    pub share: f64,
    pub trouble: Trouble,
}

impl Conditions {
    pub fn faults(share: f64, fault: Fault) -> Self {
        Self { share, trouble: Trouble::plain(fault) }
    }
}

/// What came of a load.
#[derive(Debug)]
pub struct Run {
    pub calls: u32,
    pub answered: u32,
    /// As the gateway counted them.
    pub attempts: u32,
    /// As the upstream saw them.
    pub arrivals: u32,
}

impl Run {
    pub fn success(&self) -> f64 {
        f64::from(self.answered) / f64::from(self.calls)
    }

    pub fn amplification(&self) -> f64 {
        f64::from(self.arrivals) / f64::from(self.calls)
    }
}

/// One arrival at the upstream.
#[derive(Debug, Clone)]
struct Arrival {
    at: Instant,
    flight: String,
    number: u32,
    /// When it was answered with a failure.
    failed: Option<Instant>,
}

struct Script {
    rng: StdRng,
    conditions: Conditions,
    log: Vec<Arrival>,
}

/// An upstream whose answers depend on nothing but the seed and the order of arrivals. What goes wrong is
/// decided when the answer leaves, so that an outage fails what is under way as well.
struct Scripted {
    endpoint: Arc<Endpoint>,
    script: Mutex<Script>,
}

impl Upstream for Scripted {
    fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    fn attempt<'a>(&'a self, _: &'a Question, labels: AttemptLabels) -> BoxFuture<'a, Exchange> {
        let (index, latency) = {
            let mut script = self.script.lock().unwrap();
            let (flight, number) = labels.attempt_id.rsplit_once('-').unwrap();
            let number = number.parse().unwrap();
            script.log.push(Arrival { at: Instant::now(), flight: flight.to_owned(), number, failed: None });
            let uniform: f64 = script.rng.random();
            (script.log.len() - 1, -LATENCY_MEAN * (1.0 - uniform).ln())
        };
        async move {
            sleep(Duration::from_secs_f64(latency)).await;
            let mut script = self.script.lock().unwrap();
            let Conditions { share, trouble } = script.conditions;
            if script.rng.random_bool(share) {
                script.log[index].failed = Some(Instant::now());
                return Exchange { body_retry_delay: trouble.asked, ..Exchange::failed(trouble.fault) };
            }
            Exchange {
                result: Ok(Answer { content: r#"{"entities":[]}"#.to_owned() }),
                http_status: Some(200),
                headers: http::HeaderMap::new(),
                body_retry_delay: None,
                usage: Usage::default(),
            }
        }
        .boxed()
    }
}

/// Counts what the gateway reports.
#[derive(Default)]
struct Counts {
    attempts: AtomicU32,
}

impl Observer for Counts {
    fn observe(&self, event: &Event<'_>) {
        if let Event::AttemptEnded { .. } = event {
            self.attempts.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub struct World {
    seed: u64,
    rng: StdRng,
    upstream: Arc<Scripted>,
    counts: Arc<Counts>,
    pipeline: Arc<Pipeline>,
    profile: Arc<Profile>,
    calls: u64,
    running: JoinSet<bool>,
}

impl World {
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        let upstream = Arc::new(Scripted {
            endpoint: Arc::new(endpoint()),
            script: Mutex::new(Script { rng: StdRng::seed_from_u64(seed), conditions, log: Vec::new() }),
        });
        let counts = Arc::new(Counts::default());
        let observer: Arc<dyn Observer> = counts.clone();
        let pipeline = Pipeline::new(Parts {
            answers: Answers::new(1 << 20, Arc::clone(&observer)),
            upstreams: vec![upstream.clone()],
            tenants: Vec::new(),
            policy: Policy::default(),
            observer,
            clock: Arc::new(SystemClock),
            seeds: Seeds::seeded(seed),
            tasks: Tasks::default(),
        });
        Self {
            seed,
            rng: StdRng::seed_from_u64(seed ^ 0xca11),
            upstream,
            counts,
            pipeline: Arc::new(pipeline),
            profile: Arc::new(profile()),
            calls: 0,
            running: JoinSet::new(),
        }
    }

    /// `calls` distinct calls at `rate` per second, with random gaps, to their end.
    pub async fn load(&mut self, calls: u32, rate: f64) -> Run {
        self.settle().await;
        let (attempts, arrivals) = (self.attempts(), self.arrivals());
        for _ in 0..calls {
            self.gap(rate).await;
            self.start();
        }
        let answered = self.settle().await;
        let run = Run {
            calls,
            answered,
            attempts: self.attempts() - attempts,
            arrivals: self.arrivals() - arrivals,
        };
        println!(
            "seed {:#x}: {run:?}: success {:.5}, amplification {:.4}",
            self.seed,
            run.success(),
            run.amplification()
        );
        run
    }

    /// Calls for `time`, whose ends are not waited for.
    pub async fn warm_up(&mut self, time: Duration, rate: f64) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.gap(rate).await;
            self.start();
        }
    }

    /// Calls for `time` while every answer fails, those to attempts under way too; tells how many retries
    /// the upstream saw in that time.
    pub async fn outage(&mut self, time: Duration, rate: f64, trouble: Trouble) -> u32 {
        let (start, end) = (Instant::now(), Instant::now() + time);
        let before = std::mem::replace(
            &mut self.upstream.script.lock().unwrap().conditions,
            Conditions { share: 1.0, trouble },
        );
        self.warm_up(time, rate).await;
        sleep_until(end).await;
        let mut script = self.upstream.script.lock().unwrap();
        script.conditions = before;
        let seen = script.log.iter().filter(|arrival| arrival.at >= start && arrival.at <= end);
        let retries = seen.filter(|arrival| arrival.number > 1).count();
        println!("{rate}/s of {trouble:?}: {retries} retries in {time:?}");
        u32::try_from(retries).unwrap()
    }

    /// The time from each failure to the attempt after it.
    pub fn gaps_after_failures(&self) -> Vec<Duration> {
        let script = self.upstream.script.lock().unwrap();
        let starts: HashMap<_, _> =
            script.log.iter().map(|a| ((a.flight.as_str(), a.number), a.at)).collect();
        let gaps = script.log.iter().filter_map(|arrival| {
            let next = starts.get(&(arrival.flight.as_str(), arrival.number + 1))?;
            Some(*next - arrival.failed?)
        });
        gaps.collect()
    }

    async fn gap(&mut self, rate: f64) {
        let uniform: f64 = self.rng.random();
        sleep(Duration::from_secs_f64(-(1.0 - uniform).ln() / rate)).await;
    }

    fn start(&mut self) {
        self.calls += 1;
        let now = Instant::now();
        let call = Call {
            text: Text::new(format!("call {}", self.calls)),
            profile: Arc::clone(&self.profile),
            tenant: Tenant::default(),
            cache: CacheControl::default(),
            max_attempts: None,
            received: now,
            deadline: Deadline::after(now, TIMEOUT),
            entry: Entry::Unary,
        };
        let (pipeline, observer) = (Arc::clone(&self.pipeline), Arc::clone(&self.counts));
        self.running.spawn(async move {
            let mut guard = CallGuard::begin(observer, call.entry, Span::none());
            let served = pipeline.extract(&call, &mut guard).await;
            served.result.is_ok()
        });
    }

    /// Waits for all running calls; tells how many were answered.
    async fn settle(&mut self) -> u32 {
        let mut answered = 0;
        while let Some(ok) = self.running.join_next().await {
            answered += u32::from(ok.unwrap());
        }
        answered
    }

    fn attempts(&self) -> u32 {
        self.counts.attempts.load(Ordering::Relaxed)
    }

    fn arrivals(&self) -> u32 {
        u32::try_from(self.upstream.script.lock().unwrap().log.len()).unwrap()
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        name: "scripted".into(),
        provider: "openai",
        model: "model".into(),
        host: "scripted.test".into(),
        port: 443,
        url: "https://scripted.test/v1/chat/completions".into(),
        retry_safety: RetrySafety::Safe,
        attempt_timeout: Duration::from_secs(30),
        propagate_trace: false,
    }
}

fn profile() -> Profile {
    let schema = r#"{"type":"object","properties":{"entities":{"type":"array"}},"required":["entities"]}"#;
    Profile {
        name: "entities".into(),
        instructions: "Find entities.".into(),
        schema: Arc::new(Schema::compile(schema).unwrap()),
        route: [Arc::from("scripted")].into(),
        timeout: TIMEOUT,
        cache: CachePolicy {
            ttl: Duration::from_secs(60),
            stale_if_error: Duration::ZERO,
            scope: CacheScope::Tenant,
        },
        max_output_tokens: 100,
        fingerprint: Fingerprint::of([&b"profile"[..]]),
    }
}
