//! Keeps what repeats itself from filling the log.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The time for which lines are counted.
const WINDOW: Duration = Duration::from_mins(1);

/// Lets so many lines a minute pass for each key, and counts what it holds back. For few, bounded keys.
pub(super) struct Throttle<K> {
    lines_max: u32,
    windows: Mutex<HashMap<K, Window>>,
}

struct Window {
    began: Instant,
    lines: u32,
    left_out: u64,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Lets `lines_max` lines a minute pass.
    pub(super) fn new(lines_max: u32) -> Self {
        Self { lines_max, windows: Mutex::default() }
    }

    /// Whether a line about `count` things of `key` may be written now: if so, how many things were left out
    /// since the last one.
    pub(super) fn pass(&self, key: K, count: u64) -> Option<u64> {
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key).or_insert(Window { began: now, lines: 0, left_out: 0 });
        if now.duration_since(window.began) >= WINDOW {
            (window.began, window.lines) = (now, 0);
        }
        if window.lines >= self.lines_max {
            window.left_out = window.left_out.saturating_add(count);
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

impl<K: Copy> Throttle<K> {
    /// What was left out since the last line of each key, for the last lines of all.
    pub(super) fn rest(&self) -> Vec<(K, u64)> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = windows.iter_mut().map(|(key, window)| (*key, std::mem::take(&mut window.left_out)));
        rest.filter(|(_, left_out)| *left_out > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_left_out_is_told_with_the_next_line() {
        let throttle = Throttle::new(2);
        let passed: Vec<_> = (0..5).map(|_| throttle.pass("a", 3)).collect();
        assert_eq!(passed, [Some(0), Some(0), None, None, None]);
        assert_eq!(throttle.pass("b", 1), Some(0), "another key has its own lines");
        tokio::time::advance(Duration::from_millis(59_999)).await;
        assert_eq!(throttle.pass("a", 1), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        let passed: Vec<_> = (0..3).map(|_| throttle.pass("a", 1)).collect();
        assert_eq!(passed, [Some(10), Some(0), None]);
        assert_eq!(throttle.rest(), [("a", 1)]);
        assert_eq!(throttle.rest(), []);
    }
}
