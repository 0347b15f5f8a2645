//! Log lines as JSON: one flat object each.
//!
//! `tracing-subscriber` can write the same, but each quote and comma through three adapters: three times the work.

use std::{fmt, io::Write};

use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context};

use crate::clock::{SystemClock, WallClock};

/// Room for a usual line, in bytes.
const LINE_BYTES: usize = 768;

/// Writes each event as a line.
pub(super) struct JsonLines<W> {
    writer: W,
}

impl<W> JsonLines<W> {
    /// Lines go to `writer`, each in one piece.
    pub(super) fn to(writer: W) -> Self {
        Self { writer }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // A sink that fails has nowhere to say so.
        let _ = self.writer.make_writer().write_all(&line(event));
    }
}

fn line(event: &Event<'_>) -> Vec<u8> {
    let now = humantime::format_rfc3339_micros(SystemClock.now());
    let mut members = Members(Vec::with_capacity(LINE_BYTES));
    // Nothing that is written to memory fails.
    let _ = write!(members.0, "{{\"timestamp\":\"{now}\"");
    members.text("level", event.metadata().level().as_str());
    event.record(&mut members);
    members.text("target", event.metadata().target());
    members.0.extend_from_slice(b"}\n");
    members.0
}

/// The members of an object after the first.
struct Members(Vec<u8>);

impl Members {
    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    fn number(&mut self, name: &str, value: impl Serialize) {
        self.name(name);
        let _ = serde_json::to_writer(&mut self.0, &value);
    }

    fn name(&mut self, name: &str) {
        self.0.push(b',');
        self.quoted(name);
        self.0.push(b':');
    }

    fn quoted(&mut self, text: &str) {
        // Nearly all of a line is names and words that need no escape.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        } else {
            let _ = serde_json::to_writer(&mut self.0, text);
        }
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::{Value, json};
    use tracing_subscriber::{layer::SubscriberExt as _, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_flat_object() {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = registry().with(JsonLines::to(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let words = "a \"quoted\" back\\slash,\nand é\u{1}";
            tracing::warn!(
                target: "tidegate",
                words,
                "error.type" = "reset",
                float = 1.25,
                unknown = f64::NAN,
                large = u64::MAX,
                small = i64::MIN,
                yes = true,
                absent = None::<&str>,
                shown = ?Some("\"x\""),
                "it is {}", 5
            );
        });
        let line = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let mut members: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line}");
        let timestamp = members.remove("timestamp").unwrap();
        let told = humantime::parse_rfc3339(timestamp.as_str().unwrap()).unwrap();
        assert!(SystemClock.now().duration_since(told).unwrap().as_secs() < 60, "{timestamp}");
        let expected = json!({
            "level": "WARN", "message": "it is 5", "words": "a \"quoted\" back\\slash,\nand é\u{1}",
            "error.type": "reset", "float": 1.25, "unknown": null, "large": u64::MAX, "small": i64::MIN,
            "yes": true, "shown": "Some(\"\\\"x\\\"\")", "target": "tidegate",
        });
        assert_eq!(Value::Object(members), expected);
    }
}
