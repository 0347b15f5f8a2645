//! Tables of what was measured, in Markdown.

use std::{collections::BTreeMap, fmt};

use crate::{
    lane::Lane,
    load::Workload,
    setting::{SETTINGS, Sample, Setting},
    statistics::Spread,
};

/// What calls may cost at most (docs/adr/0014).
const TARGETS: [Target; 7] = [
    Target { workload: Workload::Hit, lane: Lane::Some, whole: Whole::Off, most: 1.4 },
    Target { workload: Workload::Miss, lane: Lane::Some, whole: Whole::Off, most: 1.4 },
    Target { workload: Workload::Hit, lane: Lane::All, whole: Whole::Off, most: 1.6 },
    Target { workload: Workload::Miss, lane: Lane::All, whole: Whole::Off, most: 1.6 },
    Target { workload: Workload::Hit, lane: Lane::Some, whole: Whole::Floor, most: 1.5 },
    Target { workload: Workload::Miss, lane: Lane::Some, whole: Whole::Floor, most: 1.5 },
    Target { workload: Workload::Miss, lane: Lane::All, whole: Whole::Floor, most: 2.0 },
];

/// What calls of one kind may cost in one lane, as a multiple of what they cost elsewhere.
#[derive(Clone, Copy)]
struct Target {
    workload: Workload,
    lane: Lane,
    whole: Whole,
    most: f64,
}

/// What a cost is a multiple of.
#[derive(Clone, Copy)]
enum Whole {
    Floor,
    Off,
}

/// All figures of one run.
#[derive(Default)]
pub struct Report {
    samples: BTreeMap<(Setting, Lane), Vec<Sample>>,
    at_rest: BTreeMap<Lane, f64>,
}

impl Report {
    /// Adds what is known of one lane.
    pub fn add(&mut self, lane: Lane, samples: BTreeMap<Setting, Vec<Sample>>, at_rest: f64) {
        self.samples.extend(samples.into_iter().map(|(setting, samples)| ((setting, lane), samples)));
        self.at_rest.insert(lane, at_rest);
    }

    fn of(&self, setting: Setting, lane: Lane, figure: fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.get(&(setting, lane)).into_iter().flatten().map(figure).collect()
    }

    /// How much more than `base`, round by round.
    fn ratio(&self, setting: Setting, lane: Lane, base: Lane, figure: fn(&Sample) -> f64) -> Spread {
        let (ours, theirs) = (self.of(setting, lane, figure), self.of(setting, base, figure));
        Spread::of(ours.into_iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
    }

    fn table(&self, setting: Setting, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let floor = floor(setting);
        let what = match setting.workload {
            Workload::Hit => "cached",
            Workload::Miss => "uncached",
        };
        writeln!(f, "### A call that is {what}, {} in flight\n", setting.in_flight)?;
        writeln!(f, "| | CPU us | of the floor | of telemetry off | latency us | of the floor |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for &lane in setting.lanes() {
            let cpu = Spread::of(self.of(setting, lane, cpu));
            let latency = Spread::of(self.of(setting, lane, latency));
            write!(f, "| {} | {:.0} ", lane.title(), cpu.median)?;
            write!(f, "| {} ", Ratio(self.ratio(setting, lane, floor, self::cpu)))?;
            write!(f, "| {} ", Ratio(self.ratio(setting, lane, Lane::Off, self::cpu)))?;
            write!(f, "| {:.0} ", latency.median)?;
            writeln!(f, "| {} |", Ratio(self.ratio(setting, lane, floor, self::latency)))?;
        }
        writeln!(f)
    }

    fn dead_collectors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### A dead collector, against no collector\n")?;
        writeln!(f, "| uncached | in flight | CPU | latency |")?;
        writeln!(f, "|---|---|---|---|")?;
        for setting in SETTINGS.into_iter().filter(|setting| setting.workload == Workload::Miss) {
            for lane in [Lane::All, Lane::Refused, Lane::Silent] {
                let cpu = self.ratio(setting, lane, Lane::Logs, cpu);
                let latency = self.ratio(setting, lane, Lane::Logs, latency);
                writeln!(
                    f,
                    "| {} | {} | {} | {} |",
                    lane.title(),
                    setting.in_flight,
                    Ratio(cpu),
                    Ratio(latency)
                )?;
            }
        }
        writeln!(f)
    }

    fn targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### Targets: CPU per call\n")?;
        writeln!(f, "| | in flight | of | at most | is | |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for target in TARGETS {
            for setting in SETTINGS.into_iter().filter(|setting| setting.workload == target.workload) {
                self.target(target, setting, f)?;
            }
        }
        writeln!(f)
    }

    fn target(&self, target: Target, setting: Setting, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { workload, lane, whole, most } = target;
        let (whole, of) = match whole {
            Whole::Floor => (floor(setting), "the floor"),
            Whole::Off => (Lane::Off, "telemetry off"),
        };
        let ratio = self.ratio(setting, lane, whole, cpu);
        let met = if ratio.median <= most { "met" } else { "missed" };
        let what = if workload == Workload::Hit { "cached" } else { "uncached" };
        let (title, in_flight) = (lane.title(), setting.in_flight);
        writeln!(f, "| {what}: {title} | {in_flight} | {of} | {most:.1} | {} | {met} |", Ratio(ratio))
    }

    fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.at_rest.iter().map(|(lane, at_rest)| (lane, at_rest * 1e3));
        let figures: Vec<String> =
            milliseconds.map(|(lane, cpu)| format!("{} {cpu:.2}", lane.title())).collect();
        writeln!(f, "Without calls, CPU ms per second (taken off above): {}.", figures.join("; "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.samples.values().map(Vec::len).max().unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        writeln!(f, "Medians of {rounds} rounds on {cores} cores; in brackets the middle half of them.\n")?;
        for setting in SETTINGS {
            self.table(setting, f)?;
        }
        self.dead_collectors(f)?;
        self.targets(f)?;
        self.rest(f)
    }
}

/// `1.23 (1.20–1.26)`
struct Ratio(Spread);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { median, low, high } = self.0;
        write!(f, "{median:.2} ({low:.2}–{high:.2})")
    }
}

fn floor(setting: Setting) -> Lane {
    match setting.workload {
        Workload::Hit => Lane::FloorHit,
        Workload::Miss => Lane::FloorMiss,
    }
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu
}

fn latency(sample: &Sample) -> f64 {
    sample.latency
}
