//! What it costs to find an answer's entities in the text, as a multiple of the least that would do for an
//! honest answer. What is measured, how, and the last figures: docs/performance.md.
//!
//! Not on criterion, for the reasons that the bench of telemetry gives: everything is measured in turn, round
//! by round, and what counts is the ratio within a round.

use std::{collections::HashMap, fmt::Write as _, hint::black_box, time::Duration};

use clap::Parser;
use serde_json::{Value, json};
use statistics::Spread;
use tidegate::extraction::{Text, grounding::ground};
use tokio::time::Instant;

#[expect(unreachable_pub, reason = "shared with the bench of telemetry, where it is for other modules")]
#[path = "telemetry/statistics.rs"]
mod statistics;

/// What finding entities costs, as ratios.
#[derive(Parser)]
struct Cli {
    /// How often everything is measured.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// One round without repetitions: only shows that the bench works.
    #[arg(long)]
    smoke: bool,
    /// What `cargo bench` adds to every command line.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A text, and an answer to it.
struct Case {
    title: &'static str,
    text: Text,
    answer: Value,
}

/// What one case cost in each round, in microseconds.
#[derive(Default)]
struct Samples {
    floor: Vec<f64>,
    ours: Vec<f64>,
}

/// What is repeated until it has taken so long is measured well enough.
const LONG_ENOUGH: Duration = Duration::from_millis(5);

fn main() {
    let cli = Cli::parse();
    let (rounds, long_enough) = if cli.smoke { (1, Duration::ZERO) } else { (cli.rounds, LONG_ENOUGH) };
    let cases = cases();
    let mut samples: Vec<Samples> = cases.iter().map(|_| Samples::default()).collect();
    for _ in 0..rounds {
        for (case, samples) in cases.iter().zip(&mut samples) {
            samples.floor.push(micros(long_enough, || place_one_after_the_other(&case.text, &case.answer)));
            samples.ours.push(micros(long_enough, || ground(&case.text, &case.answer).entities.len()));
        }
    }
    print!("{}", report(&cases, &samples));
}

fn cases() -> Vec<Case> {
    let [small, large] = [4 << 10, 256 << 10];
    let mut cases = Vec::new();
    for (exact, otherwise, bytes, count) in [
        ("20 in 4 KB, letter by letter", "20 in 4 KB, 2 of them otherwise", small, 20),
        ("1,000 in 256 KB, letter by letter", "1,000 in 256 KB, 100 of them otherwise", large, 1000),
    ] {
        let text = prose(bytes, count);
        let names: Vec<String> = (0..count).map(name).collect();
        // One in twenty is written in other letters, and one in twenty stands nowhere.
        let others = names.iter().enumerate().map(|(number, name)| match number % 20 {
            7 => name.to_uppercase(),
            13 => format!("{name} Esq."),
            _ => name.clone(),
        });
        let others = others.collect();
        cases.push(Case { title: exact, text: Text::new(&*text), answer: answer(names) });
        cases.push(Case { title: otherwise, text: Text::new(text), answer: answer(others) });
    }
    let letters = "a ".repeat(large / 2 - 8);
    let all = std::iter::once(letters.clone()).chain((1..10_000).map(|_| "a".to_owned())).collect();
    cases.push(Case {
        title: "hostile: the whole text, and 9,999 letters",
        text: Text::new(&*letters),
        answer: answer(all),
    });
    let words: String = (0..large / 6).fold(String::new(), |mut words, number| {
        let _ = write!(words, "{number:05} ");
        words
    });
    let nested = (0..700).map(|n| words.get(n * 6..8400 - n * 6).unwrap_or_default().to_owned());
    let nested = nested.filter(|words| !words.is_empty()).collect();
    cases.push(Case {
        title: "hostile: 700 within each other",
        text: Text::new(words),
        answer: answer(nested),
    });
    cases
}

/// So many bytes of prose with these names in it at equal distances, every third of them twice.
fn prose(bytes: usize, names: usize) -> String {
    const WORDS: [&str; 12] =
        ["the", "contract", "of", "was", "signed", "in", "presence", "by", "and", "delivered", "to", "later"];
    let (mut text, mut names, every) = (String::with_capacity(bytes), (0..names).peekable(), bytes / names);
    for number in 0_usize.. {
        if let Some(next) = names.next_if(|next| next * every <= text.len()) {
            text += &name(next);
            text += if next % 3 == 0 { ", said " } else { " " };
            text += if next % 3 == 0 { name(next) } else { String::new() }.as_str();
        }
        let word = WORDS.get((number * number + number / 5) % WORDS.len()).unwrap_or(&"");
        text += word;
        text += if number % 11 == 10 { ". " } else { " " };
        if text.len() >= bytes && names.peek().is_none() {
            break;
        }
    }
    text
}

fn name(number: usize) -> String {
    const FIRST: [&str; 8] = ["Ada", "Charles", "Grace", "Zoë", "Jean-Pierre", "Alan", "Hedy", "Mary"];
    let first = FIRST.get(number % FIRST.len()).unwrap_or(&"");
    format!("{first} Number{}son", number * 7919 % 10_007)
}

fn answer(names: Vec<String>) -> Value {
    let entities = names.into_iter().map(|name| json!({ "type": "person", "text": name }));
    json!({ "entities": entities.collect::<Vec<_>>() })
}

/// The floor: looks for each mention from where the last one of the same words ended, and looks at nothing
/// else. That is enough where words stand in the text letter by letter and in nobody's way.
fn place_one_after_the_other(text: &Text, answer: &Value) -> usize {
    let text = text.as_str();
    let (mut ends, mut found) = (HashMap::<&str, usize>::new(), Vec::new());
    for entity in answer.get("entities").and_then(Value::as_array).into_iter().flatten() {
        let (Some(kind), Some(words)) =
            (entity.get("type").and_then(Value::as_str), entity.get("text").and_then(Value::as_str))
        else {
            continue;
        };
        let end = ends.entry(words).or_default();
        let place =
            text.get(*end..).and_then(|rest| rest.find(words)).map(|at| *end + at..*end + at + words.len());
        *end = place.as_ref().map_or(text.len(), |place| place.end);
        found.push((kind.to_owned(), words.to_owned(), place));
    }
    found.len()
}

fn micros(long_enough: Duration, mut work: impl FnMut() -> usize) -> f64 {
    let (began, mut times) = (Instant::now(), 0_u32);
    loop {
        black_box(work());
        times += 1;
        let took = began.elapsed();
        if took >= long_enough {
            return took.as_secs_f64() * 1e6 / f64::from(times);
        }
    }
}

fn report(cases: &[Case], samples: &[Samples]) -> String {
    let mut table =
        String::from("| entities | floor us | grounding us | of the floor |\n|---|---|---|---|\n");
    for (Case { title, .. }, Samples { floor, ours }) in cases.iter().zip(samples) {
        let ratio = Spread::of(ours.iter().zip(floor).map(|(ours, floor)| ours / floor));
        let [floor, ours] = [floor, ours].map(|figures| Spread::of(figures.iter().copied()).median);
        let Spread { median, low, high } = ratio;
        let _ = writeln!(table, "| {title} | {floor:.0} | {ours:.0} | {median:.2} ({low:.2}–{high:.2}) |");
    }
    table
}
