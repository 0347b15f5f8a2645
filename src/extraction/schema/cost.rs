//! What an answer may cost to be held against a schema.
//!
//! A value can be looked at many times: once for each path by which schemas apply to it. Through
//! references the paths can double with each level, so that a schema of a few lines and an answer of a
//! few more would keep a thread busy for years. The paths are counted here instead of walked.

use serde_json::Value;

use super::{
    graph::{Edge, Graph, Part, Target},
    numbers::{NUMBER_DIGITS_MAX, digits, is_told_by_f64},
};

/// How often a value at each depth of an answer is looked at, at most.
#[derive(Debug)]
pub(super) struct Cost {
    per_value: Vec<u64>,
    reads: Reads,
}

/// What a look at a value may mean beyond the look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reads {
    /// To read a text.
    pub(super) texts: bool,
    /// To hold the elements of an array against each other.
    pub(super) unique: bool,
}

/// What is known of a value's cost.
#[derive(Clone, Copy)]
struct Sum {
    looks: u64,
    /// How many numbers may have to be compared with each other, as their hashes are the same.
    alike: u64,
}

/// What is wrong with a schema, behind the JSON Pointer of the part.
pub(super) type Breach = (String, String);

/// How many bytes of a text a pattern or a format reads in the time of one look at a value.
const BYTES_PER_LOOK: u64 = 8;

/// How many digits of a number are compared in the time of one look; of more it takes their square.
const DIGITS_PER_LOOK: u64 = 64;

/// How many numbers are compared in the time of one look.
const PAIRS_PER_LOOK: u64 = 4;

/// The most looks at an answer's values together.
pub(super) const EVALUATIONS_MAX: u64 = 1_000_000;

/// The most looks at an answer's values for which an invalid answer is explained, which takes longer.
pub(super) const EXPLAINED_EVALUATIONS_MAX: u64 = 100_000;

/// The most schemas that may apply to the same value.
pub(super) const SCHEMAS_PER_VALUE_MAX: u64 = 1_000;

/// The longest chain of schemas that apply each other to the same value; bounds the stack.
pub(super) const CHAIN_MAX: usize = 16;

/// The deepest nesting of an answer; bounds the stack.
pub(super) const ANSWER_DEPTH_MAX: usize = 64;

impl Cost {
    /// Counts, and refuses schemas that apply themselves to the same value, or too many schemas to
    /// one.
    pub(super) fn of_graph(graph: &Graph, reads: Reads) -> Result<Self, Breach> {
        let order = leaves_first(graph)?;
        check_chains(graph, &order)?;
        let mut looks = vec![0; graph.parts.len()];
        let mut per_value = Vec::with_capacity(ANSWER_DEPTH_MAX);
        for depth in 0..ANSWER_DEPTH_MAX {
            looks = deeper(graph, &order, &looks, u64::from(depth == 0));
            if depth == 0 {
                check_breadth(graph, &looks)?;
            }
            per_value.push(looks.first().copied().unwrap_or(0));
        }
        Ok(Self { per_value, reads })
    }

    /// How often the values of `answer` are looked at together, at most.
    pub(super) fn of(&self, answer: &Value) -> u64 {
        self.below(answer, 0).looks
    }

    fn below(&self, value: &Value, depth: usize) -> Sum {
        let Some(&looks) = self.per_value.get(depth) else { return Sum { looks: u64::MAX, alike: 0 } };
        let looks = looks.max(1);
        let own = Sum { looks, alike: 0 };
        match value {
            Value::Object(members) => members.values().fold(own, |sum, child| self.add(sum, child, depth)),
            Value::Array(elements) => {
                let sum = elements.iter().fold(own, |sum, child| self.add(sum, child, depth));
                let pairs = sum.alike.saturating_mul(sum.alike) / PAIRS_PER_LOOK;
                let compared = if self.reads.unique { pairs.saturating_mul(looks) } else { 0 };
                Sum { looks: sum.looks.saturating_add(compared), ..sum }
            }
            Value::String(text) if self.reads.texts => {
                Sum { looks: looks.saturating_mul(1 + text.len() as u64 / BYTES_PER_LOOK), ..own }
            }
            Value::Number(number) => {
                let number = number.as_str();
                let length = digits(number).min(NUMBER_DIGITS_MAX) / DIGITS_PER_LOOK;
                Sum {
                    looks: looks.saturating_mul(1 + length * length),
                    alike: u64::from(self.reads.unique && !is_told_by_f64(number)),
                }
            }
            Value::Null | Value::Bool(_) | Value::String(_) => own,
        }
    }

    fn add(&self, sum: Sum, child: &Value, depth: usize) -> Sum {
        let more = self.below(child, depth + 1);
        Sum { looks: sum.looks.saturating_add(more.looks), alike: sum.alike.saturating_add(more.alike) }
    }
}

/// The looks each part causes at any one value one level deeper than those in `above`.
fn deeper(graph: &Graph, order: &[usize], above: &[u64], own: u64) -> Vec<u64> {
    let mut looks = vec![0; graph.parts.len()];
    for &index in order {
        let Some(part) = graph.parts.get(index) else { continue };
        let here = own.saturating_add(same(part, &looks)).saturating_add(inner(part, above));
        if let Some(slot) = looks.get_mut(index) {
            *slot = here;
        }
    }
    looks
}

fn same(part: &Part, looks: &[u64]) -> u64 {
    towards(part, Target::Same, looks).fold(0, u64::saturating_add)
}

/// A member has one name: of the schemas for names only one applies to it, or else the one for the
/// rest.
fn inner(part: &Part, above: &[u64]) -> u64 {
    let named = towards(part, Target::One, above).max().unwrap_or(0);
    let rest = towards(part, Target::Rest, above).max().unwrap_or(0);
    towards(part, Target::Any, above).fold(named.max(rest), u64::saturating_add)
}

fn towards<'a>(part: &'a Part, target: Target, looks: &'a [u64]) -> impl Iterator<Item = u64> + 'a {
    let times = |edge: &Edge| looks.get(edge.to).copied().unwrap_or(0).saturating_mul(edge.times);
    part.edges.iter().filter(move |edge| edge.to_what == target).map(times)
}

fn check_breadth(graph: &Graph, looks: &[u64]) -> Result<(), Breach> {
    for (part, &looks) in graph.parts.iter().zip(looks) {
        if looks > SCHEMAS_PER_VALUE_MAX {
            let problem = format!(
                "applies more than {SCHEMAS_PER_VALUE_MAX} schemas to one value, counting each way of \
                 reaching them: use fewer alternatives and references"
            );
            return Err((part.place.clone(), problem));
        }
    }
    Ok(())
}

fn check_chains(graph: &Graph, order: &[usize]) -> Result<(), Breach> {
    let mut chains = vec![1_usize; graph.parts.len()];
    for &index in order {
        let Some(part) = graph.parts.get(index) else { continue };
        let longest = same_edges(part).filter_map(|to| chains.get(to)).max().copied().unwrap_or(0) + 1;
        if longest > CHAIN_MAX {
            let problem = format!(
                "leads through more than {CHAIN_MAX} schemas that apply each other to the same value: \
                 shorten the chain of references"
            );
            return Err((part.place.clone(), problem));
        }
        if let Some(slot) = chains.get_mut(index) {
            *slot = longest;
        }
    }
    Ok(())
}

fn same_edges(part: &Part) -> impl Iterator<Item = usize> + '_ {
    part.edges.iter().filter(|edge| edge.to_what == Target::Same).map(|edge| edge.to)
}

/// The parts in an order in which each comes after those it applies to the same value.
fn leaves_first(graph: &Graph) -> Result<Vec<usize>, Breach> {
    let mut waiting: Vec<usize> = graph.parts.iter().map(|part| same_edges(part).count()).collect();
    let mut appliers = vec![Vec::new(); graph.parts.len()];
    for (index, part) in graph.parts.iter().enumerate() {
        for to in same_edges(part) {
            if let Some(list) = appliers.get_mut(to) {
                list.push(index);
            }
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(graph.parts.len());
    order.extend(waiting.iter().enumerate().filter(|(_, left)| **left == 0).map(|(index, _)| index));
    let mut done = 0;
    while let Some(&index) = order.get(done) {
        done += 1;
        for &applier in appliers.get(index).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(applier) {
                *left -= 1;
                if *left == 0 {
                    order.push(applier);
                }
            }
        }
    }
    if order.len() == graph.parts.len() { Ok(order) } else { Err(cycle(graph, &waiting)) }
}

/// Names one of the cycles among the parts that still wait.
fn cycle(graph: &Graph, waiting: &[usize]) -> Breach {
    let waits = |index: &usize| waiting.get(*index).is_some_and(|left| *left > 0);
    let mut path: Vec<usize> = (0..graph.parts.len()).find(|index| waits(index)).into_iter().collect();
    while let Some(part) = path.last().and_then(|last| graph.parts.get(*last)) {
        let Some(next) = same_edges(part).find(|index| waits(index)) else { break };
        if let Some(start) = path.iter().position(|index| *index == next) {
            path.drain(..start);
            break;
        }
        path.push(next);
    }
    let part = path.first().and_then(|index| graph.parts.get(*index));
    let problem = "applies itself to the same value again, without end: let the reference stand under properties or items";
    (part.map_or_else(String::new, |part| part.place.clone()), problem.to_owned())
}
