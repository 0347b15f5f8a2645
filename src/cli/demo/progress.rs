//! How far the demo has come, on a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};

/// Width of the bar in characters.
const WIDTH: usize = 40;

/// A bar on the terminal; nothing elsewhere.
pub(super) struct Progress {
    total: usize,
    shown: bool,
}

impl Progress {
    pub(super) fn of(total: usize) -> Self {
        Self { total, shown: stderr().is_terminal() }
    }

    pub(super) fn show(&self, done: usize) {
        if self.shown {
            let full = WIDTH * done / self.total.max(1);
            let bar = "█".repeat(full) + &"░".repeat(WIDTH.saturating_sub(full));
            let _ = write!(stderr(), "\r  {bar} {done}/{} calls ", self.total);
        }
    }

    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(stderr(), "\r{}\r", " ".repeat(WIDTH + 30));
        }
    }
}
