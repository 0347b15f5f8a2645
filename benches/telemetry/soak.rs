//! Load for a long time, nobody scraping: memory must stay flat.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::Args;
use tidegate::proto::extraction_service_client::ExtractionServiceClient;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tonic::transport::Channel;

use crate::{
    Outcome,
    lane::Lane,
    load::{call, new_text},
    process::Process,
    statistics::Spread,
    surroundings::Surroundings,
};

/// How often memory is looked at.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// What memory may grow by, from the median of the second quarter to that of the last. The first quarter is
/// for caches and queues to fill up.
const GROWTH_MAX: f64 = 1.05;

/// Drives one gateway for a long time without scraping it.
#[derive(Args)]
pub struct Soak {
    /// How long
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// How many calls per second
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// How many callers there are, each calling at its own pace
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    callers: u32,
    /// How often each text comes: 1 for calls that are never cached
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// Which gateway
    #[arg(long, default_value = "all")]
    lane: Lane,
}

/// What was seen at one moment.
struct Sight {
    calls: u64,
    resident_bytes: u64,
}

impl Soak {
    /// Drives, prints a table, and fails if memory grew.
    pub async fn run(self) -> Outcome<()> {
        let surroundings = Surroundings::start().await?;
        let process = Process::start(self.lane, &surroundings).await?;
        let sights = self.watch(&process).await?;
        let quarters: Vec<Vec<&Sight>> = (0..4)
            .map(|quarter| {
                let bounds = (sights.len() * quarter / 4, sights.len() * (quarter + 1) / 4);
                sights.iter().take(bounds.1).skip(bounds.0).collect()
            })
            .collect();
        println!(
            "{} calls/s for {} minutes, {}, nobody scrapes\n",
            self.rate,
            self.minutes,
            self.lane.title()
        );
        println!("| quarter | calls so far | memory, median MiB | least | most |\n|---|---|---|---|---|");
        for (number, quarter) in quarters.iter().enumerate() {
            let memory = || quarter.iter().map(|sight| mebibytes(sight.resident_bytes));
            let (least, most) = (memory().fold(f64::INFINITY, f64::min), memory().fold(0.0, f64::max));
            let calls = quarter.last().map_or(0, |sight| sight.calls);
            let median = Spread::of(memory()).median;
            println!("| {} | {calls} | {median:.1} | {least:.1} | {most:.1} |", number + 1);
        }
        let median = |quarter: usize| {
            let sights = quarters.get(quarter).into_iter().flatten();
            Spread::of(sights.map(|sight| mebibytes(sight.resident_bytes))).median
        };
        let growth = median(3) / median(1);
        println!("\nlast quarter / second quarter: {growth:.3}, at most {GROWTH_MAX}");
        if growth <= GROWTH_MAX { Ok(()) } else { Err("memory is not flat".into()) }
    }

    async fn watch(&self, process: &Process) -> Outcome<Vec<Sight>> {
        let pace = Duration::from_secs(1) * self.callers / self.rate;
        let calls = Arc::new(AtomicU64::new(0));
        let mut callers = JoinSet::new();
        for _ in 0..self.callers {
            callers.spawn(caller(process.client.clone(), pace, self.repeats, Arc::clone(&calls)));
        }
        let end = Instant::now() + Duration::from_secs_f64(self.minutes * 60.0);
        let mut sights = Vec::new();
        let mut ticks = interval(SAMPLE_INTERVAL);
        while Instant::now() < end {
            tokio::select! {
                _ = ticks.tick() => {
                    let calls = calls.load(Ordering::Relaxed);
                    sights.push(Sight { calls, resident_bytes: process.resident_bytes()? });
                }
                Some(failed) = callers.join_next() => failed??,
            }
        }
        Ok(sights)
    }
}

/// Calls so often with every new text: all but the first time it is cached.
async fn caller(
    mut client: ExtractionServiceClient<Channel>,
    pace: Duration,
    repeats: u32,
    calls: Arc<AtomicU64>,
) -> Outcome<()> {
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let text = new_text();
        for _ in 0..repeats {
            ticks.tick().await;
            call(&mut client, text.clone(), None).await?;
            calls.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory is less than 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
