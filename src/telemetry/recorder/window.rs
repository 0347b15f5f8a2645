//! The last fifteen minutes, second by second, in fixed memory.

use std::ops::RangeInclusive;

/// How many seconds are remembered: the longest span, and its longest step more, since what is shown in
/// steps ends with one that is over.
pub(super) const SECONDS: u64 = 900 + 15;

/// What can be counted in a second and summed up.
pub(super) trait Sum: Default {
    /// All that `other` has counted, too.
    fn add(&mut self, other: &Self);
}

/// What can also be taken out of a sum that holds it.
pub(super) trait Difference: Sum + Clone {
    /// What is left without `other`.
    fn without(&self, other: &Self) -> Self;
}

impl Sum for u64 {
    fn add(&mut self, other: &Self) {
        *self += other;
    }
}

impl Difference for u64 {
    fn without(&self, other: &Self) -> Self {
        self - other
    }
}

/// All seconds that are remembered, with what can be asked of any stretch of them.
#[derive(Debug)]
pub(super) struct Seconds<T> {
    first: u64,
    /// What had been counted before each second, and last what is counted in all.
    sums: Vec<T>,
}

/// A ring of seconds. Takes the time as an argument: whole seconds since some start.
#[derive(Debug)]
pub(super) struct Window<T> {
    slots: Vec<Slot<T>>,
}

#[derive(Debug, Default)]
struct Slot<T> {
    /// The second that is counted here; absent while none is.
    second: Option<u64>,
    counts: T,
}

impl<T: Sum> Window<T> {
    /// A window in which nothing has happened. It takes memory from the first count on.
    pub(super) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Where to count what happened in `second`; nowhere, if that is so long ago that its place has been
    /// taken.
    pub(super) fn at(&mut self, second: u64) -> Option<&mut T> {
        self.at_after(second, |_, _| {})
    }

    /// The same, after telling of the second whose place is taken.
    pub(super) fn at_after(&mut self, second: u64, gone: impl FnOnce(u64, &T)) -> Option<&mut T> {
        if self.slots.is_empty() {
            self.slots = (0..SECONDS).map(|_| Slot { second: None, counts: T::default() }).collect();
        }
        let slot = self.slots.get_mut(usize::try_from(second % SECONDS).ok()?)?;
        if slot.second < Some(second) {
            if let Some(before) = slot.second {
                gone(before, &slot.counts);
            }
            *slot = Slot { second: Some(second), counts: T::default() };
        }
        (slot.second == Some(second)).then_some(&mut slot.counts)
    }

    /// The sum of the last `seconds`, the running one included.
    pub(super) fn sum(&self, now: u64, seconds: u64) -> T {
        let mut sum = T::default();
        for (second, counts) in self.remembered(now) {
            if now - second < seconds {
                sum.add(counts);
            }
        }
        sum
    }

    /// Sums of `points` steps of `step` whole seconds each, the oldest first. The last step that is over ends
    /// them: one that is still running would look like a fall.
    pub(super) fn steps(&self, now: u64, step: u64, points: u64) -> Vec<T> {
        let mut sums: Vec<T> = (0..points).map(|_| T::default()).collect();
        let end = steps_end(now, step);
        for (second, counts) in self.remembered(now).filter(|(second, _)| *second < end) {
            let back = usize::try_from((end - 1 - second) / step).unwrap_or(usize::MAX);
            if let Some(sum) = sums.iter_mut().rev().nth(back) {
                sum.add(counts);
            }
        }
        sums
    }

    /// All that still has its place and is older than the last `seconds`.
    pub(super) fn earlier(&self, now: u64, seconds: u64) -> impl Iterator<Item = (u64, &T)> {
        let end = (now + 1).saturating_sub(seconds);
        let earlier = move |second: &u64| *second < end;
        self.slots.iter().filter_map(move |slot| Some((slot.second.filter(earlier)?, &slot.counts)))
    }

    /// What is remembered at `now`, in other terms.
    pub(super) fn seconds<C: Difference>(&self, now: u64, of: impl Fn(&T) -> C) -> Seconds<C> {
        let first = now.saturating_sub(SECONDS - 1);
        let mut counts: Vec<C> = (first..=now).map(|_| C::default()).collect();
        for (second, counted) in self.remembered(now) {
            if let Some(place) = usize::try_from(second - first).ok().and_then(|at| counts.get_mut(at)) {
                *place = of(counted);
            }
        }
        let mut sum = C::default();
        let mut sums = vec![sum.clone()];
        for count in &counts {
            sum.add(count);
            sums.push(sum.clone());
        }
        Seconds { first, sums }
    }

    fn remembered(&self, now: u64) -> impl Iterator<Item = (u64, &T)> {
        let remembered = move |second: &u64| *second <= now && now - *second < SECONDS;
        self.slots.iter().filter_map(move |slot| Some((slot.second.filter(remembered)?, &slot.counts)))
    }
}

impl<T: Difference> Seconds<T> {
    /// The earliest.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The running one.
    pub(super) fn last(&self) -> u64 {
        self.first + (self.sums.len() as u64).saturating_sub(2)
    }

    /// Each of them, the earliest first.
    pub(super) fn all(&self) -> RangeInclusive<u64> {
        self.first..=self.last()
    }

    /// What is counted in `second`.
    pub(super) fn of(&self, second: u64) -> T {
        self.between(second, second)
    }

    /// What is counted in the `seconds` that end with `second`.
    pub(super) fn before(&self, second: u64, seconds: u64) -> T {
        self.between((second + 1).saturating_sub(seconds), second)
    }

    /// What is counted from one second to another, both included.
    pub(super) fn between(&self, from: u64, to: u64) -> T {
        let until = |second: u64| {
            let place = usize::try_from(second.saturating_sub(self.first)).unwrap_or(usize::MAX);
            self.sums.get(place.min(self.sums.len().saturating_sub(1))).cloned().unwrap_or_default()
        };
        until(to + 1).without(&until(from))
    }
}

/// The second at which the last whole step ended.
pub(super) fn steps_end(now: u64, step: u64) -> u64 {
    now - now % step
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_second_that_has_lost_its_place_is_not_counted() {
        let mut window = Window::<u64>::new();
        *window.at(SECONDS).unwrap() += 1;
        assert_eq!(window.at(0), None);
        assert_eq!(window.sum(SECONDS, SECONDS), 1);
    }

    #[test]
    fn what_loses_its_place_is_told_once_and_the_rest_can_be_asked_for() {
        let mut window = Window::<u64>::new();
        let mut gone = Vec::new();
        for second in [3, 4, 4, SECONDS + 3, SECONDS + 3] {
            *window.at_after(second, |second, count| gone.push((second, *count))).unwrap() += 1;
        }
        assert_eq!(gone, [(3, 1)]);
        let earlier =
            |now, seconds| window.earlier(now, seconds).map(|(at, count)| (at, *count)).collect::<Vec<_>>();
        assert_eq!(earlier(SECONDS + 3, 1), [(4, 2)], "what lies further back than is remembered, too");
        assert_eq!(earlier(SECONDS + 4, 1), [(SECONDS + 3, 2), (4, 2)]);
    }

    #[test]
    fn a_running_step_is_left_out() {
        let mut window = Window::<u64>::new();
        for second in 0..12 {
            *window.at(second).unwrap() += 1;
        }
        assert_eq!(window.steps(11, 5, 3), [0, 5, 5]);
        assert_eq!(window.sum(11, 3), 3);
    }

    proptest! {
        #[test]
        fn sums_are_those_of_a_list(
            gaps in prop::collection::vec(0_u64..40, 1..300),
            seconds in 1..=SECONDS,
            step in 1_u64..=15,
        ) {
            let (mut window, mut list, mut now) = (Window::<u64>::new(), BTreeMap::<u64, u64>::new(), 0);
            for gap in gaps {
                now += gap;
                *window.at(now).unwrap() += 1;
                *list.entry(now).or_default() += 1;
            }
            let between = |from: u64, to: u64| list.range(from..to).map(|(_, count)| count).sum::<u64>();
            prop_assert_eq!(window.sum(now, seconds), between((now + 1).saturating_sub(seconds), now + 1));
            let remembered = window.seconds(now, |count| *count);
            prop_assert_eq!(remembered.last(), now);
            prop_assert_eq!(remembered.before(now, seconds), window.sum(now, seconds));
            for second in remembered.all() {
                prop_assert_eq!(remembered.of(second), between(second, second + 1));
                prop_assert_eq!(remembered.before(second, seconds), {
                    let from = (second + 1).saturating_sub(seconds).max(remembered.first());
                    between(from, second + 1)
                });
            }
            let steps = window.steps(now, step, 60);
            let end = steps_end(now, step);
            for (back, sum) in steps.iter().rev().enumerate() {
                let to = end.saturating_sub(back as u64 * step);
                prop_assert_eq!(*sum, between(to.saturating_sub(step), to));
            }
        }
    }
}
