//! The example file says what the code does.

use std::{collections::BTreeSet, path::Path};

use toml::{Table, Value};

use super::{Config, ConfigProblems, Environment, Reading, effective, path::KeyPath, read};

const EXAMPLE: &str = include_str!("../../config/tidegate.example.toml");

/// The example with its defaults taken in, and with `optional` the keys that have none.
fn uncommented(optional: bool) -> String {
    let key = |c: char| c.is_ascii_lowercase() || c == '[' || c == '"';
    let line = |line: &str| {
        let default = line.strip_prefix('#').filter(|rest| rest.starts_with(key));
        let option = line.strip_prefix("#+").filter(|_| optional);
        format!("{}\n", option.or(default).unwrap_or(line))
    };
    EXAMPLE.lines().map(line).collect()
}

fn read_text(text: &str) -> (Reading, Result<Config, ConfigProblems>) {
    let environment = Environment::from_iter([("PRIMARY_API_KEY", "key")]);
    read(text.parse().expect("TOML"), Path::new(""), &environment)
}

/// The paths of a key's kind: the names that a configuration gives are `*`.
fn kind_of(path: &KeyPath) -> String {
    let mut segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
    match segments.as_mut_slice() {
        ["upstreams", _, "headers" | "body", name, ..]
        | ["auth", "tenants", name, ..]
        | ["telemetry", "resource", name] => *name = "*",
        _ => {}
    }
    if let ["upstreams" | "profiles", name, ..] = segments.as_mut_slice() {
        *name = "*";
    }
    segments.join(".")
}

fn kinds_in(table: &Table, around: &KeyPath, kinds: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = around.child(key);
        kinds.insert(kind_of(&path));
        if let Value::Table(inner) = value {
            kinds_in(inner, &path, kinds);
        }
    }
}

#[test]
fn the_examples_defaults_are_the_codes() {
    let minimal = read_text(EXAMPLE).1.expect("the example is sound");
    let defaults = read_text(&uncommented(false)).1.expect("its defaults are sound");
    assert_eq!(effective(&minimal), effective(&defaults));
}

#[test]
fn the_example_states_every_default() {
    let defaults: Table = uncommented(false).parse().expect("TOML");
    let effective: Table = effective(&read_text(EXAMPLE).1.expect("sound")).parse().expect("TOML");
    let (mut stated, mut taken) = (BTreeSet::new(), BTreeSet::new());
    kinds_in(&defaults, &KeyPath::default(), &mut stated);
    kinds_in(&effective, &KeyPath::default(), &mut taken);
    assert_eq!(stated, taken);
}

#[test]
fn the_example_has_every_key_and_no_other() {
    let text = uncommented(true);
    let table: Table = text.parse().expect("TOML");
    let mut written = BTreeSet::new();
    kinds_in(&table, &KeyPath::default(), &mut written);
    let reading = read_text(&text).0;
    let mut known: BTreeSet<String> = reading.known.iter().map(kind_of).collect();
    // Recognised only to be refused, and the sources of secrets, of which one excludes the others.
    known.retain(|kind| kind != "jobs");
    for source in ["api_key.file", "api_key.value", "headers.*.env", "headers.*.file"] {
        assert!(known.remove(&format!("upstreams.*.{source}")), "{source}");
    }
    assert_eq!(written, known);
}
