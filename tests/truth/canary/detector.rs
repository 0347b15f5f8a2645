//! Finds words in whatever guise they went out: as they are, escaped or encoded.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};

/// Knows some words in all their guises.
pub struct Detector {
    guises: Vec<Guise>,
}

struct Guise {
    /// Which word, and how it is written.
    what: String,
    written: String,
    /// Whether upper and lower case make no difference.
    folded: bool,
}

impl Detector {
    /// Looks for these words, each with a name for reports.
    pub fn of(words: &[(&str, &str)]) -> Self {
        Self { guises: words.iter().flat_map(|(name, word)| guises(name, word)).collect() }
    }

    /// What of it is in `where_to_look`; nothing, if all is well.
    pub fn find(&self, where_to_look: &[u8]) -> Vec<&str> {
        let text = String::from_utf8_lossy(where_to_look);
        let folded = text.to_ascii_lowercase();
        let found = self.guises.iter().filter(|guise| {
            if guise.folded { folded.contains(&guise.written) } else { text.contains(&guise.written) }
        });
        found.map(|guise| guise.what.as_str()).collect()
    }
}

fn guises(name: &str, word: &str) -> Vec<Guise> {
    let json = serde_json::to_string(word).unwrap();
    let json = json.trim_matches('"');
    let mut folded = vec![
        ("as it is", word.to_owned()),
        ("in JSON", json.to_owned()),
        ("in JSON twice", json.replace('\\', "\\\\").replace('"', "\\\"")),
        ("in ASCII JSON", json.chars().map(ascii_json).collect()),
        ("in Rust's debug form", format!("{word:?}").trim_matches('"').to_owned()),
        ("escaped as ASCII", word.escape_default().to_string()),
        ("percent-encoded", percent_encoded(word, "%20")),
        ("as a form", percent_encoded(word, "+")),
        ("in HTML", word.replace('&', "&amp;").replace('"', "&quot;")),
        ("in hexadecimal", word.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))),
    ];
    for (_, written) in &mut folded {
        *written = written.to_ascii_lowercase();
    }
    let folded = folded.into_iter().map(|(how, written)| (how.to_owned(), written, true));
    let base64 = (0..3).flat_map(|before| {
        [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD].map(|engine| {
            let bytes: Vec<u8> = std::iter::repeat_n(b' ', before).chain(word.bytes()).collect();
            let encoded = engine.encode(&bytes);
            // Digits that hold bits of what stands before or behind the word.
            let whole = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
            (format!("in base64 after {before}"), encoded[whole].to_owned(), false)
        })
    });
    let all = folded.chain(base64);
    all.map(|(how, written, folded)| Guise { what: format!("{name} {how}"), written, folded }).collect()
}

fn ascii_json(c: char) -> String {
    if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }
}

fn percent_encoded(word: &str, blank: &str) -> String {
    word.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b' ' => text.push_str(blank),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(byte.into()),
            _ => write!(text, "%{byte:02x}").unwrap(),
        }
        text
    })
}

#[test]
fn a_word_is_found_in_every_guise_and_place() {
    let word = "Mimsy \"Borogove%/ü";
    let detector = Detector::of(&[("it", word)]);
    let swapped: String = word
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let json = serde_json::json!({ "text": word }).to_string();
    for leak in [
        word.to_owned(),
        swapped,
        json.clone(),
        serde_json::json!({ "line": json }).to_string(),
        format!("{word:?}"),
        "Mimsy \\\"Borogove%/\\u00FC".to_owned(),
        "Mimsy%20%22Borogove%25%2F%C3%BC".to_owned(),
        "Mimsy+%22Borogove%25%2f%c3%bc".to_owned(),
        "4D696D73792022426F726F676F7665252FC3BC".to_owned(),
    ] {
        let around = format!("before {leak} behind");
        assert!(!detector.find(around.as_bytes()).is_empty(), "{around} was not noticed");
    }
    for before in 0..7 {
        for behind in 0..4 {
            let plain = format!("{}{word}{}", "x".repeat(before), "y".repeat(behind));
            for encoded in [BASE64_STANDARD_NO_PAD.encode(&plain), BASE64_URL_SAFE_NO_PAD.encode(&plain)] {
                assert!(!detector.find(encoded.as_bytes()).is_empty(), "{plain} was not noticed in base64");
            }
        }
    }
}

#[test]
fn innocent_words_raise_no_alarm() {
    let detector = Detector::of(&[("it", "Mimsy \"Borogove%/ü"), ("its friend", "Qvkey-7f3a")]);
    for innocent in ["", "Mimsy", "Borogove", "qvkey", "{\"event\":\"tidegate.call.finished\"}"] {
        assert_eq!(detector.find(innocent.as_bytes()), Vec::<&str>::new(), "{innocent}");
    }
}
