//! Holds every path in `src/` to the tables in `imports` and `rules`.

use super::{
    between_markers,
    imports::IMPORTS,
    paths::{Found, paths},
    report,
    rules::{Mark, RULES, Rule},
    source::{Source, is_of_tests, within},
    words::Word,
};

#[test]
fn modules_import_only_what_the_table_allows() {
    let breaches: Vec<_> = Source::all().iter().flat_map(forbidden_imports).collect();
    report(&breaches);
}

#[test]
fn the_table_allows_nothing_that_nobody_needs() {
    let sources = Source::all();
    let used = |module: &str, allowed: &str| {
        sources.iter().filter(|source| within(&source.place(), module)).any(|source| {
            paths(source)
                .iter()
                .any(|found| found.segments[0] == "crate" && starts_with(&found.segments[1..], allowed))
        })
    };
    let rows =
        IMPORTS.iter().flat_map(|(module, allowed)| allowed.iter().map(move |allowed| (module, allowed)));
    let unused = rows.filter(|(module, allowed)| !used(module, allowed));
    report(
        &unused
            .map(|(module, allowed)| format!("{module} does not import {allowed} any more"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_invariant_holds() {
    let sources = Source::all();
    let breaches: Vec<_> =
        RULES.iter().flat_map(|rule| sources.iter().flat_map(|source| broken(rule, source))).collect();
    report(&breaches);
}

#[test]
fn architecture_md_prints_the_table_of_imports() {
    let printed = crate::read("ARCHITECTURE.md".as_ref());
    let table = table();
    assert_eq!(between_markers(&printed, "imports"), table, "copy this into ARCHITECTURE.md:\n{table}");
}

#[test]
fn architecture_md_names_every_invariant() {
    let printed = crate::read("ARCHITECTURE.md".as_ref());
    let missing = RULES.iter().filter(|rule| !printed.contains(&format!("`{}`", rule.name)));
    report(
        &missing
            .map(|rule| format!("ARCHITECTURE.md says nothing of the rule `{}`", rule.name))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_rule_bites() {
    for rule in RULES {
        let place = rule.inside.first().map_or("extraction".to_owned(), |module| format!("{module}/x"));
        let found = broken(rule, &Source::new(format!("src/{place}.rs").into(), rule.breach));
        assert!(!found.is_empty(), "{}: {:?} is not found in {place}", rule.name, rule.breach);
        for exempt in rule.but {
            let found = broken(rule, &Source::new(format!("src/{exempt}.rs").into(), rule.breach));
            assert!(found.is_empty(), "{}: {found:?}", rule.name);
        }
        let in_tests = format!("#[cfg(test)]\nmod tests {{ {} }}", rule.breach);
        assert!(
            broken(rule, &Source::new(format!("src/{place}.rs").into(), &in_tests)).is_empty(),
            "{}",
            rule.name
        );
    }
}

#[test]
fn only_what_is_for_tests_is_left_out() {
    for (path, of_tests) in [
        ("src/grpc/connections/tests.rs", true),
        ("src/grpc/connections/tests/tls.rs", true),
        ("src/grpc/connections.rs", false),
        ("src/grpc/contests/latest.rs", false),
    ] {
        assert_eq!(is_of_tests(path.as_ref()), of_tests, "{path}");
    }
}

#[test]
fn the_table_of_imports_bites() {
    for (file, text) in [
        ("extraction/request", "use crate::upstream::Fault;"),
        ("upstream/openai", "fn f() { m!(crate::telemetry::Event::X) }"),
        ("upstream/openai/answer", "use super::super::super::telemetry;"),
        ("cache/flight", "type T = crate::resilience::driver::Flight;"),
        ("telemetry/spans", "use crate::{extraction::Text, upstream::{Endpoint, Fault}};"),
        ("cache", "use super::*;"),
        ("unheard_of", "fn f() {}"),
    ] {
        let found = forbidden_imports(&Source::new(format!("src/{file}.rs").into(), text));
        assert_eq!(found.len(), 1, "{file}: {text}: {found:?}");
    }
}

/// What one file imports against the table.
fn forbidden_imports(source: &Source) -> Vec<String> {
    let place = source.place();
    let module = place.split('/').next().unwrap_or_default();
    let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == module) else {
        return vec![format!(
            "{}: the module {module} is not in the table; add it to tests/contracts/imports.rs",
            source.path.display()
        )];
    };
    let ours = |name: &str| IMPORTS.iter().any(|(module, _)| *module == name);
    let foreign = paths(source).into_iter().filter(|found| {
        let [root, other, ..] = &found.segments[..] else { return false };
        root == "crate" && other != module && (other == "*" || ours(other))
    });
    let forbidden =
        foreign.filter(|found| !allowed.iter().any(|allowed| starts_with(&found.segments[1..], allowed)));
    forbidden.map(|found| format!(
        "{}:{}: {module} may not import {}; move what is shared to a module both may import, or argue for a change of tests/contracts/imports.rs",
        source.path.display(), found.line, found.segments[1..].join("::"),
    )).collect()
}

fn starts_with(segments: &[String], path: &str) -> bool {
    let path: Vec<_> = path.split("::").collect();
    segments.len() >= path.len() && segments.iter().zip(path).all(|(segment, wanted)| segment == wanted)
}

/// Where one file breaks one rule.
fn broken(rule: &Rule, source: &Source) -> Vec<String> {
    let place = source.place();
    let holds = rule.inside.is_empty() || rule.inside.iter().any(|module| within(&place, module));
    if !holds || rule.but.iter().any(|module| within(&place, module)) {
        return Vec::new();
    }
    let paths = paths(source);
    let lines = rule
        .forbids
        .iter()
        .flat_map(|mark| found(*mark, &source.words, &paths).map(move |line| (line, mark)));
    let say = |(line, mark)| {
        format!("{}:{line}: rule `{}`: {mark:?}; {}", source.path.display(), rule.name, rule.instead)
    };
    lines.map(say).collect()
}

/// The lines on which `mark` stands.
fn found<'a>(mark: Mark, words: &'a [Word], paths: &'a [Found]) -> impl Iterator<Item = usize> + 'a {
    let in_paths = paths.iter().filter(move |found| match mark {
        Mark::Crate(name) => found.segments[0] == name,
        Mark::Family(name) => {
            found.segments[0].strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        }
        Mark::Path(path) => (0..found.segments.len()).any(|at| starts_with(&found.segments[at..], path)),
        Mark::Method(_) | Mark::Macro(_) | Mark::Word(_) => false,
    });
    let text = move |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.text.as_str());
    let in_words = words.iter().enumerate().filter(move |(at, word)| match mark {
        Mark::Method(name) => word.text == name && text(at.checked_sub(1)) == ".",
        Mark::Macro(name) => word.text == name && text(Some(at + 1)) == "!" && text(Some(at + 2)) != "=",
        Mark::Word(name) => word.text == name,
        Mark::Crate(_) | Mark::Family(_) | Mark::Path(_) => false,
    });
    in_paths.map(|found| found.line).chain(in_words.map(|(_, word)| word.line))
}

/// The table as ARCHITECTURE.md prints it.
fn table() -> String {
    let row = |(module, allowed): &(&str, &[&str])| {
        let allowed: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
        let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
        format!("| `{module}` | {allowed} |\n")
    };
    let rows: String = IMPORTS.iter().map(row).collect();
    format!("| module | may import |\n|---|---|\n{rows}")
}
