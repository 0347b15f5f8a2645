//! Faults in what is remembered second by second: from when to when something was bad, and how bad at worst.
//!
//! A state is of a whole window, in which a short fault is a small share. So each second that tells anything is judged
//! once more, together with those just before it.

use serde::Serialize;

use super::window::{Difference, Seconds};

/// A second is judged together with those before it, so many in all, and with more where these tell too little.
const GLANCE_SECONDS: u64 = 10;

/// The most faults that are told of one thing: the latest.
const FAULTS_MAX: usize = 20;

/// Judges what was counted of one thing within a while.
pub(super) trait Judge {
    /// What it judges by.
    type Counts: Difference;
    /// Its verdict. The worse, the greater.
    type State: Copy + Ord + Serialize;

    /// So many events say something.
    const ENOUGH: u64;

    /// How many events there are to judge by.
    fn events(&self, counts: &Self::Counts) -> u64;

    /// The word for a window.
    fn state(&self, counts: &Self::Counts) -> Self::State;

    /// The word for a glance, if it is that of a fault.
    fn fault(&self, counts: &Self::Counts) -> Option<Self::State>;

    /// Whether a second has a part in the fault of a glance that it is in.
    fn hurts(&self, counts: &Self::Counts) -> bool;

    /// Whether the past can tell since when a state holds.
    fn is_dated(&self, _state: Self::State) -> bool {
        true
    }
}

/// How a thing does within a window, and how it came to that.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Health<S> {
    pub(super) state: S,
    state_since_seconds: Option<u64>,
    recovered_seconds_ago: Option<u64>,
    faults: Vec<Fault<S>>,
    faults_left_out: usize,
}

/// A while in which a thing was bad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Fault<S> {
    start_uptime_seconds: u64,
    /// Absent while it is not over, as far as can be seen.
    end_uptime_seconds: Option<u64>,
    worst: S,
    /// The last second that had a part in it.
    #[serde(skip)]
    last: u64,
}

impl<S: Copy + Ord + Serialize> Health<S> {
    /// By the last `span` seconds.
    pub(super) fn of<J: Judge<State = S>>(judge: &J, seconds: &Seconds<J::Counts>, span: u64) -> Self {
        let now = seconds.last();
        let state = judge.state(&seconds.before(now, span));
        let mut faults = faults(judge, seconds);
        faults.retain(|fault| now - fault.last < span);
        let faults_left_out = faults.len().saturating_sub(FAULTS_MAX);
        faults.drain(..faults_left_out);
        let end = faults.last().and_then(|fault| fault.end_uptime_seconds);
        Self {
            state,
            state_since_seconds: judge.is_dated(state).then(|| held(judge, seconds, span)),
            recovered_seconds_ago: end.map(|end| now - end),
            faults,
            faults_left_out,
        }
    }
}

/// For how long the window that ends now, and those that ended before, have had the same word. What is no longer
/// remembered is in none of them.
fn held<J: Judge>(judge: &J, seconds: &Seconds<J::Counts>, span: u64) -> u64 {
    let state = |second| judge.state(&seconds.before(second, span));
    let now = seconds.last();
    let since = seconds.all().rev().take_while(|second| state(*second) == state(now)).last();
    now - since.unwrap_or(now)
}

/// All that are remembered, the oldest first.
fn faults<J: Judge>(judge: &J, seconds: &Seconds<J::Counts>) -> Vec<Fault<J::State>> {
    let mut faults: Vec<Fault<J::State>> = Vec::new();
    let mut from = seconds.first();
    for second in seconds.all().filter(|second| judge.events(&seconds.of(*second)) > 0) {
        while from + GLANCE_SECONDS <= second && judge.events(&seconds.between(from + 1, second)) >= J::ENOUGH
        {
            from += 1;
        }
        match judge.fault(&seconds.between(from, second)) {
            Some(state) => note(judge, seconds, &mut faults, (from, second, state)),
            None => {
                if let Some(fault) = faults.last_mut() {
                    fault.end_uptime_seconds = Some(fault.last + 1);
                }
            }
        }
    }
    // Seldom is a glance as bad as the worst of it: it begins before the fault, or ends after it.
    for fault in &mut faults {
        let whole = seconds.between(fault.start_uptime_seconds, fault.last);
        fault.worst = judge.fault(&whole).map_or(fault.worst, |state| state.max(fault.worst));
    }
    faults
}

/// A glance was bad: the last fault goes on, or there is another one.
fn note<J: Judge>(
    judge: &J,
    seconds: &Seconds<J::Counts>,
    faults: &mut Vec<Fault<J::State>>,
    (from, second, state): (u64, u64, J::State),
) {
    let hurts = |second: &u64| judge.hurts(&seconds.of(*second));
    let last = (from..=second).rev().find(hurts).unwrap_or(second);
    let start = (from..=second).find(hurts).unwrap_or(second);
    match faults.last_mut() {
        Some(fault) if fault.end_uptime_seconds.is_none_or(|end| start < end) => {
            *fault = Fault { end_uptime_seconds: None, worst: state.max(fault.worst), last, ..*fault };
        }
        Some(_) | None => {
            faults.push(Fault { start_uptime_seconds: start, end_uptime_seconds: None, worst: state, last });
        }
    }
}

#[cfg(test)]
mod tests;
