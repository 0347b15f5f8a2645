//! A gateway without sockets: the pipeline over a scripted upstream, and a load of calls.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tidegate::{
    extraction::{Profile, Tenant},
    pipeline::Pipeline,
    resilience::Policy,
    tasks::Tasks,
    telemetry::Observer,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    counts::Counts,
    support,
    upstream::{Conditions, Scripted, Trouble},
};

/// The longest a call may take: long enough that no deadline is at play.
pub const TIMEOUT: Duration = Duration::from_secs(120);

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

pub struct World {
    pub seed: u64,
    pub rng: StdRng,
    pub upstream: Arc<Scripted>,
    pub counts: Arc<Counts>,
    pub pipeline: Arc<Pipeline>,
    pub tasks: Tasks,
    profile: Arc<Profile>,
    calls: u64,
    running: JoinSet<(Tenant, bool)>,
}

impl World {
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        let upstream = Arc::new(Scripted::new(seed, conditions));
        let counts = Arc::new(Counts::default());
        let observer: Arc<dyn Observer> = counts.clone();
        let tasks = Tasks::default();
        let pipeline = support::pipeline(upstream.clone(), observer, Policy::default(), seed, &tasks);
        Self {
            seed,
            rng: StdRng::seed_from_u64(seed ^ 0xca11),
            upstream,
            counts,
            pipeline,
            tasks,
            profile: support::profile(TIMEOUT),
            calls: 0,
            running: JoinSet::new(),
        }
    }

    /// `calls` distinct calls at `rate` per second, with random gaps, to their end.
    pub async fn load(&mut self, calls: u32, rate: f64) -> Run {
        self.settle().await;
        let (attempts, arrivals) = (self.attempts(), self.upstream.arrivals());
        for _ in 0..calls {
            self.gap(rate).await;
            self.start();
        }
        let answered = self.settle().await;
        let run = Run {
            calls,
            answered,
            attempts: self.attempts() - attempts,
            arrivals: self.upstream.arrivals() - arrivals,
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
        let before = self.upstream.script.lock().unwrap().conditions;
        self.upstream.script.lock().unwrap().conditions = Conditions { share: 1.0, trouble, ..before };
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
        self.upstream.gaps().into_iter().map(|(gap, _)| gap).collect()
    }

    pub async fn gap(&mut self, rate: f64) {
        let uniform: f64 = self.rng.random();
        sleep(Duration::from_secs_f64(-(1.0 - uniform).ln() / rate)).await;
    }

    fn start(&mut self) {
        self.calls += 1;
        self.call(&Tenant::default(), &format!("call {}", self.calls), TIMEOUT, TIMEOUT);
    }

    /// A call of `tenant` for a text that nobody has asked for yet, and that begins with the tenant's name.
    pub fn start_for(&mut self, tenant: &Tenant) {
        self.calls += 1;
        self.call(tenant, &format!("{} {}", tenant.as_str(), self.calls), TIMEOUT, TIMEOUT);
    }

    /// A call whose caller leaves when its patience ends.
    pub fn call(&mut self, tenant: &Tenant, text: &str, timeout: Duration, patience: Duration) {
        let call = support::call(&self.profile, tenant, text, timeout);
        let calling = support::extract(Arc::clone(&self.pipeline), self.counts.clone(), call);
        let calling = async move { calling.await.is_ok() };
        let tenant = tenant.clone();
        self.running
            .spawn(async move { (tenant, tokio::time::timeout(patience, calling).await.unwrap_or(false)) });
    }

    /// Waits for all running calls; tells how many were answered.
    pub async fn settle(&mut self) -> u32 {
        self.settle_each().await.values().map(|(_, answered)| answered).sum()
    }

    /// The same, by tenant: how many calls there were and how many were answered.
    pub async fn settle_each(&mut self) -> HashMap<Tenant, (u32, u32)> {
        let mut tenants: HashMap<Tenant, (u32, u32)> = HashMap::new();
        while let Some(ended) = self.running.join_next().await {
            let (tenant, ok) = ended.unwrap();
            let (calls, answered) = tenants.entry(tenant).or_default();
            *calls += 1;
            *answered += u32::from(ok);
        }
        tenants
    }

    fn attempts(&self) -> u32 {
        self.counts.now().attempts_ended()
    }
}
