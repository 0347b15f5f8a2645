//! Where ready-made instruments are kept, so that recording formats and allocates nothing.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use metrics::Gauge;

/// One value for each combination of two closed sets, found by the position of their members.
pub(super) struct Grid<T> {
    columns: usize,
    cells: Vec<T>,
}

impl<T> Grid<T> {
    /// Makes all values, row by row.
    pub(super) fn new<R: Copy, C: Copy>(rows: &[R], columns: &[C], mut make: impl FnMut(R, C) -> T) -> Self {
        let cells = rows.iter().flat_map(|row| columns.iter().map(|column| (*row, *column)));
        Self { columns: columns.len(), cells: cells.map(|(row, column)| make(row, column)).collect() }
    }

    /// The value at a position.
    pub(super) fn at(&self, row: usize, column: usize) -> Option<&T> {
        self.cells.get(row * self.columns + column)
    }
}

/// One value per configured name, and one for all names that are not.
pub(super) struct ByName<T> {
    configured: HashMap<Arc<str>, T>,
    other: OnceLock<T>,
}

impl<T> ByName<T> {
    /// Makes the values of all configured names.
    pub(super) fn new(names: &[Arc<str>], make: impl Fn(&Arc<str>) -> T) -> Self {
        let configured = names.iter().map(|name| (Arc::clone(name), make(name))).collect();
        Self { configured, other: OnceLock::new() }
    }

    /// The value of `name`; `make_other` makes the one for strangers.
    pub(super) fn get(&self, name: &str, make_other: impl FnOnce() -> T) -> &T {
        self.configured.get(name).unwrap_or_else(|| self.other.get_or_init(make_other))
    }

    /// All values made so far.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.configured.values().chain(self.other.get())
    }
}

/// Values made when they are first needed. For few, bounded keys.
pub(super) struct Grown<K, T> {
    values: RwLock<HashMap<K, Arc<T>>>,
}

impl<K: Copy + Eq + Hash, T> Grown<K, T> {
    pub(super) fn new() -> Self {
        Self { values: RwLock::new(HashMap::new()) }
    }

    /// The value of `key`, made if it is new.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(value) = self.values.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(value);
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(values.entry(key).or_insert_with(|| Arc::new(make())))
    }

    /// Looks at all values made so far.
    pub(super) fn each(&self, look: impl Fn(&T)) {
        for value in self.values.read().unwrap_or_else(PoisonError::into_inner).values() {
            look(value);
        }
    }
}

/// How many of something there are now.
///
/// The gauge itself is set when it is about to be read: two threads that set it as they go could leave
/// the older value behind, and a gauge that does not return to zero is worse than none.
pub(super) struct Level {
    value: AtomicI64,
    gauge: Gauge,
}

impl Level {
    pub(super) fn new(gauge: Gauge) -> Self {
        Self { value: AtomicI64::new(0), gauge }
    }

    /// One more.
    pub(super) fn up(&self) {
        self.value.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(super) fn down(&self) {
        self.value.fetch_sub(1, Ordering::Relaxed);
    }

    /// None any more.
    pub(super) fn clear(&self) {
        self.value.store(0, Ordering::Relaxed);
    }

    /// Shows the value to readers.
    #[expect(clippy::cast_precision_loss, reason = "nothing here is counted beyond 2^52")]
    pub(super) fn sample(&self) {
        self.gauge.set(self.value.load(Ordering::Relaxed) as f64);
    }
}
