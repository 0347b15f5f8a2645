//! The process itself, as Linux tells it. Elsewhere these gauges stay zero.

use std::{fs, path::Path, time::UNIX_EPOCH};

use metrics::Gauge;

use super::{fractions::Fraction, instruments::Instruments};
use crate::{
    clock::{SystemClock, WallClock},
    telemetry::catalogue::list,
};

/// Billionths of a second per tick of `/proc/self/stat`: a hundredth on every architecture that Linux runs on
/// today.
const TICK: u64 = 10_000_000;

/// Instruments of the process, set when they are about to be read.
pub(super) struct ProcessMetrics {
    cpu: Fraction,
    memory: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
}

impl ProcessMetrics {
    pub(super) fn new(instruments: &Instruments) -> Self {
        let since_1970 = SystemClock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        instruments.gauge(&list::PROCESS_START, []).set(since_1970.as_secs_f64());
        Self {
            cpu: instruments.fraction(&list::PROCESS_CPU, []),
            memory: instruments.gauge(&list::PROCESS_MEMORY, []),
            open_fds: instruments.gauge(&list::PROCESS_FDS, []),
            max_fds: instruments.gauge(&list::PROCESS_FDS_MAX, []),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a process has less than 2^52 bytes and descriptors")]
    pub(super) fn sample(&self) {
        let proc = Path::new("/proc/self");
        let read = |file: &str| fs::read_to_string(proc.join(file)).unwrap_or_default();
        if let Some(ticks) = cpu_ticks(&read("stat")) {
            self.cpu.absolute(ticks * TICK);
        }
        if let Some(kibibytes) = number_after(&read("status"), "VmRSS:") {
            self.memory.set((kibibytes * 1024) as f64);
        }
        if let Ok(entries) = fs::read_dir(proc.join("fd")) {
            self.open_fds.set(entries.count() as f64);
        }
        if let Some(limit) = number_after(&read("limits"), "Max open files") {
            self.max_fds.set(limit as f64);
        }
    }
}

/// User and system time; the program's name before them may hold spaces and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// The first number of the line that starts with `label`.
fn number_after(text: &str, label: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(label))?.split_whitespace().next()?.parse().ok()
}
