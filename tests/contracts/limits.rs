//! Makes `docs/limits.md` from the constants in the code: every limit can be found in one place.

use std::{env, fs, path::Path};

use super::source::is_of_tests;

/// A constant whose name ends so is a limit.
const ENDINGS: [&str; 3] = ["_MAX", "_MIN", "_LIMIT"];

/// No constant's name begins so: the bound stands behind what it bounds.
const BEGINNINGS: [&str; 2] = ["MAX_", "MIN_"];

const HEAD: &str = "# Limits that are not configured

Every loop, queue, body and map has a bound. Those that an operator may have to move are keys of the
configuration file; these stand in the code. This page is made from it: `UPDATE_DOCS=1 cargo test`.

Connections to the gRPC server are bounded in number for all peers together. One peer may take all places, and a
connection may live for ever: where peers are not trusted, or replicas have to share the load evenly, put a proxy that
bounds both before the gateway.

| where | name | value | what it bounds |
|---|---|---|---|
";

#[test]
fn limits_md_lists_every_limit_in_the_code() {
    let page = page();
    let path = Path::new("docs/limits.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, &page).unwrap();
    }
    assert!(crate::read(path) == page, "docs/limits.md is out of date: run UPDATE_DOCS=1 cargo test");
}

fn page() -> String {
    let sources = crate::files("src", &[".rs"]).into_iter().filter(|path| !is_of_tests(path));
    let rows = sources.flat_map(|path| limits(&path, &crate::read(&path)));
    std::iter::once(HEAD.to_owned()).chain(rows).collect()
}

/// The rows of one file. Constants that share a doc comment stand below it one after the other.
fn limits(path: &Path, text: &str) -> Vec<String> {
    let (mut rows, mut doc, mut in_doc) = (Vec::new(), String::new(), false);
    let mut lines = without_tests(text).into_iter();
    while let Some(line) = lines.next() {
        let more = line.strip_prefix("///");
        if let Some(more) = more {
            doc = if in_doc { doc + more } else { more.to_owned() };
        } else if let Some((name, value)) = constant(line, &mut lines) {
            assert!(
                !BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)),
                "{}: {name} must be named like {:?}",
                path.display(),
                ENDINGS.map(|ending| format!("WHAT{ending}"))
            );
            if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                assert!(
                    !doc.is_empty(),
                    "{}: {name} needs a doc comment: what does it bound?",
                    path.display()
                );
                let place = path.strip_prefix("src").unwrap_or(path).display();
                rows.push(format!(
                    "| `{place}` | `{name}` | `{value}` | {} |\n",
                    doc.trim().replace('|', "\\|")
                ));
            }
        } else {
            doc.clear();
        }
        in_doc = more.is_some();
    }
    rows
}

/// The lines of a file without those of items under `#[cfg(test)]`, wherever they stand, and without
/// indentation.
fn without_tests(text: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.strip_suffix("#[cfg(test)]") else {
            kept.push(line.trim());
            continue;
        };
        let ends = |line: &str| {
            let own = line.strip_prefix(indent).filter(|own| !own.starts_with(' '));
            own.is_some_and(|own| own.ends_with(';') || own.starts_with('}'))
        };
        let _end = lines.find(|line| ends(line));
    }
    kept
}

/// Name and value of the constant that begins on `line`, if one does.
fn constant<'a>(line: &'a str, following: &mut impl Iterator<Item = &'a str>) -> Option<(&'a str, String)> {
    let (visibility, declared) = line.split_once("const ")?;
    let (name, rest) = declared.split_once(':')?;
    if !visibility.is_empty() && !visibility.starts_with("pub") {
        return None;
    }
    let mut whole = rest.to_owned();
    while !whole.ends_with(';') {
        whole = whole + " " + following.next()?;
    }
    let (_, value) = whole.split_once('=')?;
    Some((name, value.trim().trim_end_matches(';').to_owned()))
}

#[test]
fn limits_are_read_with_their_comments() {
    let text = "/// The most\n/// of it.\nconst A_MAX: usize = 1;\npub(super) const B_MIN: Duration =\n    f(2);\nconst C: u8 = 3;\n";
    let rows = limits(Path::new("src/x.rs"), text);
    assert_eq!(
        rows,
        [
            "| `x.rs` | `A_MAX` | `1` | The most of it. |\n",
            "| `x.rs` | `B_MIN` | `f(2)` | The most of it. |\n"
        ]
    );
}

#[test]
#[should_panic(expected = "MAX_D must be named like")]
fn a_limit_that_is_named_the_other_way_round_is_a_breach() {
    limits(Path::new("src/x.rs"), "/// The most.\npub const MAX_D: usize = 1;\n");
}

#[test]
fn limits_below_items_of_tests_are_found_and_those_within_are_not() {
    let text = "\
/// Above.
const A_MAX: usize = 1;
#[cfg(test)]
mod tests;
/// Below a module that stands elsewhere.
const B_MAX: usize = 2;
mod inner {
    #[cfg(test)]
    use super::{
        A_MAX,
    };
    /// Within a module.
    const C_MAX: usize = 3;
}
#[cfg(test)]
mod more {
    /// Of the tests.
    const D_MAX: usize = 4;
    fn f() {}
}
/// Below the tests.
pub const E_MAX: usize = 5;
";
    let names: Vec<String> = limits(Path::new("src/x.rs"), text)
        .iter()
        .filter_map(|row| row.split('`').nth(3).map(str::to_owned))
        .collect();
    assert_eq!(names, ["A_MAX", "B_MAX", "C_MAX", "E_MAX"]);
}
