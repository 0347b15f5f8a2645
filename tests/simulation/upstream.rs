//! The upstream of the simulations: scripted, seeded, and the only one who knows what really came in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tidegate::upstream::{AttemptLabels, Endpoint, Exchange, Fault, Pushback, Question, Upstream};
use tokio::time::{Instant, sleep};

use crate::support;

/// Mean of the exponentially distributed latency.
const LATENCY_MEAN: f64 = 1.0;

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
    /// The share of answers that break the schema, of those that are not in trouble.
    pub invalid: f64,
    /// How texts begin that are always in trouble.
    pub doomed: Option<&'static str>,
}

impl Conditions {
    pub fn faults(share: f64, fault: Fault) -> Self {
        Self { share, trouble: Trouble::plain(fault), invalid: 0.0, doomed: None }
    }
}

/// One arrival at the upstream.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub at: Instant,
    flight: String,
    pub number: u32,
    /// When it was answered.
    ended: Option<Instant>,
    /// When it was answered with a failure.
    failed: Option<Instant>,
    /// The wait that its failure asked for.
    asked: Option<Duration>,
}

pub struct Script {
    rng: StdRng,
    pub conditions: Conditions,
    pub log: Vec<Arrival>,
}

/// An upstream whose answers depend on nothing but the seed and the order of arrivals. What goes wrong is
/// decided when the answer leaves, so that an outage fails what is under way as well.
pub struct Scripted {
    endpoint: Arc<Endpoint>,
    pub script: Mutex<Script>,
}

impl Scripted {
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        let script = Script { rng: StdRng::seed_from_u64(seed), conditions, log: Vec::new() };
        Self { endpoint: Arc::new(support::endpoint()), script: Mutex::new(script) }
    }

    /// How often it was asked.
    pub fn arrivals(&self) -> u32 {
        u32::try_from(self.script.lock().unwrap().log.len()).unwrap()
    }

    /// The time from each failure to the attempt after it, and the wait that was asked for.
    pub fn gaps(&self) -> Vec<(Duration, Option<Duration>)> {
        let script = self.script.lock().unwrap();
        let starts: HashMap<_, _> =
            script.log.iter().map(|a| ((a.flight.as_str(), a.number), a.at)).collect();
        let gaps = script.log.iter().filter_map(|arrival| {
            let next = starts.get(&(arrival.flight.as_str(), arrival.number + 1))?;
            Some((*next - arrival.failed?, arrival.asked))
        });
        gaps.collect()
    }
}

impl Scripted {
    /// How many retries, and how many attempts of any kind, were under way when each retry came in, itself
    /// counted. Holds when no retry is of another kind than those that are paid.
    pub fn crowds(&self) -> Vec<(usize, usize)> {
        let script = self.script.lock().unwrap();
        let mut under_way: Vec<&Arrival> = Vec::new();
        let mut crowds = Vec::new();
        for arrival in &script.log {
            under_way.retain(|earlier| earlier.ended.is_none_or(|ended| ended > arrival.at));
            under_way.push(arrival);
            if arrival.number > 1 {
                let retries = under_way.iter().filter(|arrival| arrival.number > 1).count();
                crowds.push((retries, under_way.len()));
            }
        }
        crowds
    }
}

impl Upstream for Scripted {
    fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    fn attempt<'a>(&'a self, question: &'a Question, labels: AttemptLabels) -> BoxFuture<'a, Exchange> {
        let (index, latency) = {
            let mut script = self.script.lock().unwrap();
            let (flight, number) = labels.attempt_id.rsplit_once('-').unwrap();
            let number = number.parse().unwrap();
            script.log.push(Arrival {
                at: Instant::now(),
                flight: flight.to_owned(),
                number,
                ended: None,
                failed: None,
                asked: None,
            });
            let uniform: f64 = script.rng.random();
            (script.log.len() - 1, -LATENCY_MEAN * (1.0 - uniform).ln())
        };
        async move {
            sleep(Duration::from_secs_f64(latency)).await;
            let mut script = self.script.lock().unwrap();
            script.log[index].ended = Some(Instant::now());
            let Conditions { share, trouble, invalid, doomed } = script.conditions;
            let doomed = doomed.is_some_and(|words| question.text.as_str().starts_with(words));
            if doomed || script.rng.random_bool(share) {
                script.log[index].failed = Some(Instant::now());
                script.log[index].asked = trouble.asked;
                return Exchange {
                    body_retry_delay: trouble.asked.map(Pushback::For),
                    ..Exchange::failed(trouble.fault)
                };
            }
            let breaks = invalid > 0.0 && script.rng.random_bool(invalid);
            let content = if breaks { "{}" } else { r#"{"entities":[]}"# };
            support::answered(content)
        }
        .boxed()
    }
}
