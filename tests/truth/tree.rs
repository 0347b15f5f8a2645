//! Traces as text: what varies from run to run is replaced, what is the same for every span of a kind is
//! checked and left out, and the rest stands there to be compared.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{sink::Span, stage::LONG};

/// Attributes whose values depend on time, chance or the wording of the prompt.
const VARYING: [&str; 6] = [
    "tidegate.attempt.wait_ms",
    "tidegate.cache.age_ms",
    "tidegate.call.retry_delay_ms",
    "gen_ai.response.id",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
];

/// All spans, as trees: roots and children in the order in which they began.
pub fn render(spans: &[Span]) -> String {
    let mut spans: Vec<&Span> = spans.iter().collect();
    spans.sort_by_key(|span| (span.start, span.attribute("tidegate.attempt.number").map(str::to_owned)));
    let roots = spans.iter().filter(|span| spans.iter().all(|other| other.id != span.parent));
    let mut text = String::new();
    for root in roots {
        branch(&spans, root, 0, &mut text);
    }
    text
}

/// Says whether the traces look like `expected`; its common indentation does not count.
#[track_caller]
pub fn assert_tree(spans: &[Span], expected: &str) {
    let expected = expected.trim_matches('\n');
    let margin = expected.len() - expected.trim_start().len();
    let expected =
        expected.lines().map(|line| line.get(margin..).unwrap_or("").trim_end()).collect::<Vec<_>>();
    let found = render(spans);
    assert_eq!(found.trim_end(), expected.join("\n").trim_end(), "\nfound:\n{found}");
}

fn branch(spans: &[&Span], span: &Span, depth: usize, text: &mut String) {
    let margin = "  ".repeat(depth);
    let status = match span.error {
        None => "",
        Some(false) => " [ok]",
        Some(true) => " [error]",
    };
    writeln!(text, "{margin}{} {}{status}", span.kind, span.name).unwrap();
    for (key, value) in telling(span) {
        writeln!(text, "{margin}| {key}={value}").unwrap();
    }
    for link in &span.links {
        let target = spans.iter().find(|other| other.id == link.span_id && other.trace_id == link.trace_id);
        let target = target.map_or("nowhere", |target| &target.name);
        writeln!(text, "{margin}> {target} {:?}", link.attributes).unwrap();
    }
    assert!(span.events.is_empty(), "{}: events are no part of spans: {:?}", span.name, span.events);
    assert_eq!(span.status_message, "", "{}: a status has no words", span.name);
    assert!(span.start <= span.end, "{} ends before it begins", span.name);
    for child in spans.iter().filter(|child| child.parent == span.id) {
        assert_eq!(child.trace_id, span.trace_id, "{} is in another trace than its parent", child.name);
        assert!(child.start >= span.start, "{} began before its parent {}", child.name, span.name);
        branch(spans, child, depth + 1, text);
    }
}

/// The attributes that make a difference.
fn telling(span: &Span) -> BTreeMap<&str, &str> {
    let mut attributes: BTreeMap<&str, &str> =
        span.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    for (key, value) in constant(span) {
        assert_eq!(attributes.remove(key), Some(value), "{key} of {} {}", span.kind, span.name);
    }
    match (span.kind, &*span.name) {
        ("CLIENT", name) if name.starts_with("POST ") => {
            let id = attributes.remove("tidegate.attempt.id").expect("every attempt has an id");
            assert!(!id.is_empty());
            let remaining =
                attributes.remove("tidegate.deadline.remaining_ms").expect("every attempt has a deadline");
            assert!((1..=LONG.as_millis()).contains(&remaining.parse().unwrap()), "{remaining}");
            let url = attributes.remove("url.full").expect("every attempt has a URL");
            let port = attributes.remove("server.port").expect("every attempt has a port");
            assert_eq!(url, format!("http://127.0.0.1:{port}/v1/chat/completions"));
        }
        ("CLIENT", _) => assert!(attributes.remove("server.port").is_some(), "every flight has a port"),
        _ => {}
    }
    // What an answer leaves nothing to say of is told as zero.
    for key in ["empty_parts", "left_out", "normalised", "not_found"] {
        let key = format!("tidegate.answer.{key}");
        if attributes.get(&*key) == Some(&"0") {
            attributes.remove(&*key);
        }
    }
    // The only profile of these tests has no other items than entities.
    let items = attributes.remove("tidegate.answer.items");
    assert_eq!(items, attributes.get("tidegate.answer.entities").copied(), "items of {}", span.name);
    for key in VARYING {
        if let Some(value) = attributes.get_mut(key) {
            let number = value.strip_prefix("chatcmpl-").unwrap_or(value);
            assert!(number.parse::<u64>().is_ok(), "{key}={value}");
            *value = "N";
        }
    }
    attributes
}

/// What every span of its kind says.
fn constant(span: &Span) -> Vec<(&'static str, &str)> {
    match (span.kind, &*span.name) {
        ("SERVER", name) => {
            let method = if name == "grpc" { "_OTHER" } else { name };
            vec![("rpc.system.name", "grpc"), ("rpc.method", method)]
        }
        ("CLIENT", name) if name.starts_with("POST ") => vec![
            ("http.request.method", "POST"),
            ("server.address", "127.0.0.1"),
            ("tidegate.upstream", "primary"),
        ],
        ("CLIENT", "chat simulated") => vec![
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "simulated"),
            ("server.address", "127.0.0.1"),
            ("tidegate.upstream", "primary"),
        ],
        ("INTERNAL", "tidegate.flight.wait") => vec![],
        (kind, name) => panic!("{kind} {name} is no span of this gateway"),
    }
}
