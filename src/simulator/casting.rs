//! Which arrival gets which fault.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, time::Instant};

use super::script::{Over, Rule, Script};

/// Distinct texts that one rule counts apart; a further one starts all of its counts anew.
const TEXTS_MAX: usize = 100_000;

/// What was decided for one arrival.
#[derive(Debug)]
pub(super) struct Cast {
    /// None: a true answer.
    pub(super) rule: Option<Arc<Rule>>,
    /// Passes before the reply.
    pub(super) delay: Duration,
    /// What to take a share of first.
    pub(super) capacity: Option<(Arc<Semaphore>, Over)>,
}

/// A script being played: a function of the seed, the arrivals so far and the time since it was set.
#[derive(Debug)]
pub(super) struct Casting {
    script: Script,
    seed: u64,
    since: Instant,
    arrivals: u64,
    rules: Vec<Counted>,
    capacity: Option<Arc<Semaphore>>,
}

/// A rule and the arrivals it has counted.
#[derive(Debug)]
struct Counted {
    rule: Arc<Rule>,
    total: u64,
    by_text: HashMap<[u8; 32], u64>,
}

impl Casting {
    /// `seed` wins over the script's own.
    pub(super) fn new(mut script: Script, seed: Option<u64>) -> Casting {
        let counted = |rule| Counted { rule: Arc::new(rule), total: 0, by_text: HashMap::new() };
        Casting {
            seed: seed.or(script.seed).unwrap_or_default(),
            since: Instant::now(),
            arrivals: 0,
            rules: std::mem::take(&mut script.rules).into_iter().map(counted).collect(),
            capacity: script.capacity.map(|capacity| Arc::new(Semaphore::new(capacity.concurrent))),
            script,
        }
    }

    /// Decides for the next arrival.
    pub(super) fn cast(&mut self, text: &str) -> Cast {
        self.arrivals += 1;
        // Each arrival has random numbers of its own, so that none depends on what befell the ones before.
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed.rotate_left(32) ^ self.arrivals);
        let latency = self.script.latency.map_or(Duration::ZERO, |latency| latency.draw(&mut rng));
        let elapsed = self.since.elapsed();
        let mut struck = self.rules.iter_mut().filter_map(|counted| {
            let dice = rng.random::<f64>();
            counted.strikes(text, elapsed, dice).then(|| Arc::clone(&counted.rule))
        });
        let rule = struck.next();
        drop(struck);
        let delay = rule.as_ref().and_then(|rule| rule.delay);
        Cast {
            delay: latency + delay.map_or(Duration::ZERO, |delay| delay.draw(&mut rng)),
            capacity: self.capacity.clone().zip(self.script.capacity.map(|capacity| capacity.over)),
            rule,
        }
    }
}

impl Counted {
    fn strikes(&mut self, text: &str, elapsed: Duration, dice: f64) -> bool {
        let rule = Arc::clone(&self.rule);
        if elapsed < rule.after || rule.until.is_some_and(|until| elapsed >= until) {
            return false;
        }
        if rule.matching.as_ref().is_some_and(|part| !text.contains(part.as_str())) {
            return false;
        }
        let count = self.count(text);
        rule.first.is_none_or(|first| count <= first)
            && rule.every.is_none_or(|every| count.is_multiple_of(every))
            && dice < rule.share
    }

    fn count(&mut self, text: &str) -> u64 {
        let count = if self.rule.per_text {
            let digest = Sha256::digest(text).into();
            if self.by_text.len() >= TEXTS_MAX && !self.by_text.contains_key(&digest) {
                self.by_text.clear();
            }
            self.by_text.entry(digest).or_default()
        } else {
            &mut self.total
        };
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::script::{Fault, Latency};

    type Kinds = &'static [&'static str];

    fn played(script: Script, seed: u64, texts: &[&str]) -> Vec<&'static str> {
        let mut casting = Casting::new(script, Some(seed));
        texts.iter().map(|text| casting.cast(text).rule.map_or("-", |rule| rule.fault.kind())).collect()
    }

    #[test]
    fn conditions() {
        let rule = || Rule::new(Fault::Cut);
        let table: [(&str, Vec<Rule>, &[&str], Kinds); 6] = [
            ("first", vec![rule().first(2)], &["a", "b", "c"], &["cut", "cut", "-"]),
            ("every", vec![rule().every(2)], &["a", "b", "c", "d"], &["-", "cut", "-", "cut"]),
            ("per text", vec![rule().first(1).per_text()], &["a", "a", "b", "a"], &["cut", "-", "cut", "-"]),
            ("match", vec![rule().matching("b").first(1)], &["a", "b", "b"], &["-", "cut", "-"]),
            (
                "a later rule counts what earlier ones leave",
                vec![rule().first(2), Rule::new(Fault::Reset).first(1)],
                &["a", "b", "c", "d"],
                &["cut", "cut", "reset", "-"],
            ),
            ("never", vec![rule().share(0.0)], &["a", "b"], &["-", "-"]),
        ];
        for (name, rules, texts, want) in table {
            assert_eq!(played(Script::of(rules), 1, texts), want, "{name}");
        }
    }

    #[test]
    fn the_seed_alone_decides_chance() {
        let script = || Script::of([Rule::new(Fault::Cut).share(0.3), Rule::new(Fault::Reset).share(0.5)]);
        let texts = ["a"; 200];
        let once = played(script(), 7, &texts);
        assert_eq!(once, played(script(), 7, &texts));
        assert_ne!(once, played(script(), 8, &texts));
        // A latency takes a draw of its own, but from the same arrival's numbers: the share stays.
        let cuts = once.iter().filter(|kind| **kind == "cut").count();
        assert!((40..=80).contains(&cuts), "{cuts} of 200 at a share of 0.3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_opens_and_closes() {
        let rule = Rule::new(Fault::Slow).after(Duration::from_secs(10)).until(Duration::from_secs(20));
        let rule = rule.delay(Latency::Fixed(Duration::from_secs(3)));
        let mut casting = Casting::new(Script::of([rule]), None);
        let mut delays = Vec::new();
        for _ in 0..3 {
            delays.push(casting.cast("a").delay.as_secs());
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        assert_eq!(delays, [0, 3, 0]);
    }
}
