//! Quartiles.

/// The middle of some figures, and the middle half of them.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Spread {
    /// Of these figures; of none, not a number.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self { median: at(&figures, 2), low: at(&figures, 1), high: at(&figures, 3) }
    }
}

/// The figure at so many quarters of the way, between its neighbours where there is none.
fn at(sorted: &[f64], quarters: usize) -> f64 {
    let way = sorted.len().saturating_sub(1) * quarters;
    let below = sorted.get(way / 4).copied().unwrap_or(f64::NAN);
    let above = sorted.get(way.div_ceil(4)).copied().unwrap_or(f64::NAN);
    #[expect(clippy::cast_precision_loss, reason = "0 to 3")]
    let rest = (way % 4) as f64 / 4.0;
    below + (above - below) * rest
}
