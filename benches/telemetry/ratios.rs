//! Measures all lanes in turn, round by round.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::{
    Outcome,
    lane::Lane,
    load::drive,
    process::Process,
    report::Report,
    setting::{SETTINGS, Sample, Setting},
    statistics::Spread,
    surroundings::Surroundings,
};

/// How long nobody calls before the first round, to learn what a process costs at rest: longer than any of
/// the gateway's own intervals.
const REST: Duration = Duration::from_secs(16);

/// How long a process may work on after its last call: longer than spans wait for company.
const AFTERMATH: Duration = Duration::from_secs(3);

/// Compares what calls cost with and without telemetry.
#[derive(Args)]
pub struct Ratios {
    /// How often everything is measured
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A short run that shows that the bench works; its figures mean nothing
    #[arg(long)]
    smoke: bool,
}

impl Ratios {
    /// Measures, and prints tables.
    pub async fn run(self) -> Outcome<()> {
        let surroundings = Surroundings::start().await?;
        let mut lanes = BTreeMap::new();
        for lane in SETTINGS.iter().flat_map(|setting| setting.lanes()) {
            if !lanes.contains_key(lane) {
                lanes.insert(*lane, Measured::new(Process::start(*lane, &surroundings).await?));
            }
        }
        let (rounds, rest, share) = if self.smoke { (1, AFTERMATH, 20) } else { (self.rounds, REST, 1) };
        rest_all(&mut lanes, rest).await?;
        // Until caches, pools and queues are as full as they will be.
        round(&mut lanes, 0, share).await?;
        sleep(AFTERMATH).await;
        for measured in lanes.values_mut() {
            measured.forget();
        }
        for number in 0..rounds {
            eprint!("\rround {} of {rounds} ", number + 1);
            round(&mut lanes, number as usize, share).await?;
        }
        sleep(AFTERMATH).await;
        let mut report = Report::default();
        for (lane, mut measured) in lanes {
            measured.close()?;
            report.add(lane, measured.samples, measured.at_rest);
        }
        eprintln!();
        print!("{report}");
        Ok(())
    }
}

/// Measures every lane once in every setting, starting with another lane each time.
async fn round(lanes: &mut BTreeMap<Lane, Measured>, number: usize, share: usize) -> Outcome<()> {
    for setting in SETTINGS {
        let mut order = setting.lanes().to_vec();
        let first = number % order.len();
        order.rotate_left(first);
        for lane in order {
            lanes.get_mut(&lane).ok_or("every lane runs")?.measure(setting, share).await?;
        }
    }
    Ok(())
}

/// Learns what every process does without calls.
async fn rest_all(lanes: &mut BTreeMap<Lane, Measured>, rest: Duration) -> Outcome<()> {
    let since = Instant::now();
    let mut before = Vec::new();
    for measured in lanes.values() {
        before.push(measured.process.cpu()?);
    }
    sleep(rest).await;
    for (measured, before) in lanes.values_mut().zip(before) {
        let used = measured.process.cpu()?.saturating_sub(before);
        measured.at_rest = used.as_secs_f64() / since.elapsed().as_secs_f64();
    }
    Ok(())
}

/// A process and what is known of it.
struct Measured {
    process: Process,
    samples: BTreeMap<Setting, Vec<Sample>>,
    /// Processor time per second without calls.
    at_rest: f64,
    open: Option<Window>,
}

/// What a process does from one setting to the next is charged to the calls of the first: spans are
/// exported, histograms folded and lines written after the call has ended.
struct Window {
    setting: Setting,
    calls: usize,
    latency: f64,
    since: Instant,
    cpu: Duration,
}

impl Measured {
    fn new(process: Process) -> Self {
        Self { process, samples: BTreeMap::new(), at_rest: 0.0, open: None }
    }

    async fn measure(&mut self, setting: Setting, share: usize) -> Outcome<()> {
        self.close()?;
        let (since, cpu) = (Instant::now(), self.process.cpu()?);
        let calls = (setting.calls / share).max(setting.in_flight);
        let latencies = drive(&self.process.client, setting.workload, setting.in_flight, calls).await?;
        let latency = Spread::of(latencies.iter().map(|latency| latency.as_secs_f64() * 1e6)).median;
        self.open = Some(Window { setting, calls: latencies.len(), latency, since, cpu });
        Ok(())
    }

    /// Ends the window that is open.
    fn close(&mut self) -> Outcome<()> {
        let Some(Window { setting, calls, latency, since, cpu }) = self.open.take() else { return Ok(()) };
        let used = self.process.cpu()?.saturating_sub(cpu).as_secs_f64();
        let used = used - self.at_rest * since.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let sample = Sample { cpu: used * 1e6 / calls as f64, latency };
        self.samples.entry(setting).or_default().push(sample);
        Ok(())
    }

    /// What was before does not count.
    fn forget(&mut self) {
        self.samples.clear();
        self.open = None;
    }
}
