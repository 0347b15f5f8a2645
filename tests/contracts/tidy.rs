//! What lints can't see: sizes, names, left-overs, and documents that point nowhere.

use std::path::Path;

use super::{files, read, report, source::is_of_tests, words::words};

/// The most lines a source may have, unit tests apart.
const LINES_MAX: usize = 500;

/// Words that say nothing of what a thing does. `Handler` is for what gRPC calls so.
const EMPTY_WORDS: &[&str] = &["Manager", "Helper", "Util", "Utils", "Handler", "Processor"];

const EMPTY_FILE_NAMES: &[&str] =
    &["mod", "common", "util", "utils", "helper", "helpers", "misc", "types", "prelude"];

/// The sections of every decision, in this order.
const SECTIONS: &[&str] = &["## Context", "## Decision", "## Consequences", "## Alternatives rejected"];

fn rust() -> Vec<std::path::PathBuf> {
    ["src", "tests", "benches"].iter().flat_map(|root| files(root, &[".rs"])).collect()
}

#[test]
fn no_source_is_longer_than_can_be_read() {
    let long = files("src", &[".rs"]).into_iter().filter(|path| !is_of_tests(path)).filter_map(|path| {
        let text = read(&path);
        let lines = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines; split it by what it does", path.display()))
    });
    report(&long.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_over() {
    // In two halves, so that this file is not found itself.
    let left_over =
        [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("todo", "!("), ("unimplemented", "!("), ("dbg", "!(")];
    let mut breaches = Vec::new();
    for path in rust() {
        for (at, line) in read(&path).lines().enumerate() {
            let found =
                left_over.iter().map(|(a, b)| format!("{a}{b}")).find(|mark| line.contains(mark.as_str()));
            breaches.extend(found.map(|mark| format!("{}:{}: {mark}", path.display(), at + 1)));
        }
    }
    report(&breaches);
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let bare = ["[al", "low("].concat();
    let mut breaches = Vec::new();
    for path in rust() {
        let text = read(&path);
        for (at, _) in text.match_indices(&bare) {
            let generated =
                path == Path::new("src/lib.rs") && text[at..].contains("reason = \"generated code\"");
            // A file that several suites include can't expect what only some of them leave unused.
            let shared =
                path.starts_with("tests/support") && text[at..].lines().next().unwrap().contains("reason = ");
            let line = text[..at].lines().count();
            let say = || format!("{}:{line}: use #[expect(.., reason = ..)]", path.display());
            breaches.extend((!generated && !shared).then(say));
        }
    }
    report(&breaches);
}

#[test]
fn names_say_what_a_thing_does() {
    let mut breaches = Vec::new();
    for path in rust() {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if EMPTY_FILE_NAMES.contains(&stem.as_str()) {
            breaches.push(format!("{}: name the file after what it does", path.display()));
        }
        for pair in words(&read(&path)).windows(2) {
            let declared = matches!(pair[0].text.as_str(), "struct" | "enum" | "trait" | "type" | "mod");
            if declared && EMPTY_WORDS.iter().any(|word| pair[1].text.ends_with(word)) {
                breaches.push(format!("{}:{}: {}", path.display(), pair[1].line, pair[1].text));
            }
        }
    }
    report(&breaches);
}

#[test]
fn no_line_ends_in_white_space() {
    let endings = [".rs", ".md", ".toml", ".proto", ".json", ".yml", ".yaml", ".py", ".sh"];
    let mut breaches = Vec::new();
    for path in files(".", &endings)
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "vectors"))
    {
        let text = read(&path);
        let ends = text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t']));
        breaches.extend(ends.map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
        if !text.is_empty() && !text.ends_with('\n') {
            breaches.push(format!("{}: no line feed at the end", path.display()));
        }
    }
    report(&breaches);
}

#[test]
fn decisions_are_numbered_and_complete() {
    let mut breaches = Vec::new();
    // A number may be missing: it is taken by a decision that is still being written.
    let mut last = 0;
    for path in &files("docs/adr", &[".md"]) {
        let (name, text) = (path.file_name().unwrap().to_string_lossy().into_owned(), read(path));
        let (number, _) = name.split_once('-').unwrap_or_default();
        let own = number.parse::<u32>().ok().filter(|own| *own > last && number.len() == 4);
        if own.is_none() || !text.starts_with(&format!("# {number}. ")) {
            breaches.push(format!("{name}: needs a number of its own, in file name and title"));
        }
        last = own.unwrap_or(last);
        let mut rest = text.as_str();
        for section in SECTIONS {
            match rest.split_once(&format!("\n{section}\n")) {
                Some((_, after)) => rest = after,
                None => breaches.push(format!("{name}: {section} is missing or out of order")),
            }
        }
    }
    report(&breaches);
}

#[test]
fn every_link_between_documents_resolves() {
    let mut breaches = Vec::new();
    for path in files(".", &[".md"])
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == ".venv"))
    {
        let text = read(&path);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let outside = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
            if !outside && !path.parent().unwrap().join(file).exists() {
                breaches.push(format!("{}: {target}", path.display()));
            }
        }
    }
    report(&breaches);
}

#[test]
fn the_documents_a_newcomer_needs_are_there_and_short() {
    for (name, lines_max) in [("README.md", 400), ("ARCHITECTURE.md", 250), ("CONTRIBUTING.md", 150)] {
        let lines = read(name.as_ref()).lines().count();
        assert!(lines <= lines_max, "{name} has {lines} lines, more than {lines_max}");
    }
}
