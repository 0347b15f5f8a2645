//! A gateway without sockets: the pipeline over an upstream that answers as told.

use std::{
    future::{pending, ready},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tidegate::{
    extraction::{ExtractError, Extraction, Profile, Tenant},
    pipeline::Pipeline,
    resilience::Policy,
    tasks::Tasks,
    telemetry::Observer,
    upstream::{AttemptLabels, BodyForm, Endpoint, Exchange, Fault, Pushback, Question, Upstream},
};
use tokio::time::Instant;

use crate::{recorder::Recorder, support};

/// How long a test waits for what must happen: there to fail, not to pace.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The beginning of texts that the upstream answers well, whatever it is told.
const GOOD: &str = "good";

/// One arrival at the upstream.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Counted from 1 over all flights.
    pub arrival: usize,
    pub at: Instant,
    pub flight: String,
    /// Of the attempt within its flight.
    pub number: u32,
    pub text: String,
    /// What the model was told of its answer before.
    pub repair: Option<String>,
}

/// What the upstream does.
pub enum Reply {
    Says(Box<Exchange>),
    Hangs,
    Panics,
}

impl Reply {
    pub fn entities() -> Self {
        Self::content(r#"{"entities":[]}"#)
    }

    /// An answer that breaks the schema.
    pub fn invalid() -> Self {
        Self::content("{}")
    }

    fn content(content: &str) -> Self {
        Self::Says(Box::new(support::answered(content)))
    }

    /// 503, with the wait it asks for.
    pub fn unavailable(asked: Option<Duration>) -> Self {
        let fault = Fault::Status { status: 503, word: None, form: BodyForm::Other };
        Self::Says(Box::new(Exchange {
            body_retry_delay: asked.map(Pushback::For),
            ..Exchange::failed(fault)
        }))
    }
}

pub struct Scripted {
    endpoint: Arc<Endpoint>,
    script: fn(&Asked) -> Reply,
    log: Mutex<Vec<Asked>>,
}

impl Scripted {
    /// All arrivals so far, but those for good texts.
    pub fn asked(&self) -> Vec<Asked> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|asked| !asked.text.starts_with(GOOD)).cloned().collect()
    }
}

impl Upstream for Scripted {
    fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    fn attempt<'a>(&'a self, question: &'a Question, labels: AttemptLabels) -> BoxFuture<'a, Exchange> {
        let (flight, number) = labels.attempt_id.rsplit_once('-').unwrap();
        let mut log = self.log.lock().unwrap();
        let asked = Asked {
            arrival: log.len() + 1,
            at: Instant::now(),
            flight: flight.to_owned(),
            number: number.parse().unwrap(),
            text: question.text.as_str().to_owned(),
            repair: question.repair.as_ref().map(|repair| repair.problem.clone()),
        };
        let good = asked.text.starts_with(GOOD);
        let reply = if good { Reply::entities() } else { (self.script)(&asked) };
        log.push(asked);
        match reply {
            Reply::Says(exchange) => ready(*exchange).boxed(),
            Reply::Hangs => pending().boxed(),
            Reply::Panics => async { panic!("the upstream's code is broken") }.boxed(),
        }
    }
}

/// A call under way: polled by the test, left by dropping it.
pub type Calling = BoxFuture<'static, Result<Arc<Extraction>, ExtractError>>;

pub struct World {
    pub upstream: Arc<Scripted>,
    pub told: Arc<Recorder>,
    tasks: Tasks,
    pipeline: Arc<Pipeline>,
    profile: Arc<Profile>,
}

impl World {
    pub fn new(script: fn(&Asked) -> Reply) -> Self {
        Self::with_policy(Policy::default(), script)
    }

    pub fn with_policy(policy: Policy, script: fn(&Asked) -> Reply) -> Self {
        let upstream = Arc::new(Scripted {
            endpoint: Arc::new(support::endpoint()),
            script,
            log: Mutex::new(Vec::new()),
        });
        let told = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = told.clone();
        let tasks = Tasks::default();
        let pipeline = support::pipeline(upstream.clone(), observer, policy, 0x5eed_0f17, &tasks);
        Self { upstream, told, tasks, pipeline, profile: support::profile(PATIENCE) }
    }

    /// Ends all flights at once, as the end of a drain does.
    pub fn cut(&self) {
        self.tasks.cut();
    }

    /// A call that waits as long as the test does.
    pub fn call(&self, text: &str) -> Calling {
        self.call_within(text, PATIENCE)
    }

    /// A call with a deadline; nothing happens until it is polled.
    pub fn call_within(&self, text: &str, timeout: Duration) -> Calling {
        let call = support::call(&self.profile, &Tenant::default(), text, timeout);
        support::extract(Arc::clone(&self.pipeline), self.told.clone(), call).boxed()
    }

    /// How many flights are in the air.
    pub fn flights(&self) -> usize {
        self.pipeline.flights()
    }

    /// Successes fill the purse to the brim. They can't if a stake was neither spent nor given back: it
    /// counts as out for ever.
    pub async fn the_purse_fills_up(&self) {
        for number in 0..10 {
            self.call(&format!("{GOOD} text {number}")).await.unwrap();
        }
        let ratio = self.told.budget();
        assert!((ratio - 1.0).abs() < f64::EPSILON, "{ratio} is left: a stake was lost");
    }
}
