//! Finds every path in a file, wherever it stands, and where it leads.

use std::collections::HashMap;

use super::{
    source::Source,
    words::{Word, is_name},
};

/// A path as far as one file tells: it starts with `crate` for our own modules, else with another crate
/// or a name that this file does not import.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

/// Every path of two and more segments, and every import.
pub(super) fn paths(source: &Source) -> Vec<Found> {
    let words = &source.words;
    let mut reader = Reader { words, written: Vec::new(), aliases: HashMap::new() };
    let mut at = 0;
    while at < words.len() {
        at = reader.read(at);
    }
    let modules = declared_modules(words);
    let here: Vec<String> = ["crate".to_owned()].into_iter().chain(module(source)).collect();
    let Reader { written, aliases, .. } = reader;
    let resolve = |written: Written| Found {
        line: written.line,
        segments: resolve(written, &here, &modules, &aliases),
    };
    written.into_iter().map(resolve).collect()
}

/// The module of a file, from the root.
fn module(source: &Source) -> Vec<String> {
    let place = source.place();
    if matches!(place.as_str(), "lib" | "main") {
        return Vec::new();
    }
    place.split('/').map(str::to_owned).collect()
}

struct Written {
    segments: Vec<String>,
    line: usize,
    /// Starts with `::`: another crate for sure.
    foreign: bool,
}

struct Reader<'a> {
    words: &'a [Word],
    written: Vec<Written>,
    aliases: HashMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    /// Reads what stands at `at`; tells where to go on.
    fn read(&mut self, at: usize) -> usize {
        if self.text(at) == "use" {
            return self.tree(at + 1, &[], true);
        }
        let before = at.checked_sub(1).map_or("", |before| self.text(before));
        let foreign = self.text(at) == "::" && !is_name(before) && before != ">";
        let starts = foreign || (is_name(self.text(at)) && before != "." && before != "::");
        if starts { self.tree(at, &[], false) } else { at + 1 }
    }

    /// Reads one path with all its branches.
    fn tree(&mut self, start: usize, stem: &[String], imports: bool) -> usize {
        let foreign = stem.is_empty() && self.text(start) == "::";
        let mut at = start + usize::from(foreign);
        let mut segments = stem.to_vec();
        loop {
            match self.text(at) {
                "{" if imports => {
                    at += 1;
                    while !matches!(self.text(at), "}" | "") {
                        at = if self.text(at) == "," { at + 1 } else { self.tree(at, &segments, true) };
                    }
                    return at + 1;
                }
                "*" if imports => segments.push("*".to_owned()),
                name if is_name(name) => segments.push(name.to_owned()),
                // A turbofish, or a token that only a macro understands.
                _ => break,
            }
            at += 1;
            if self.text(at) != "::" {
                break;
            }
            at += 1;
        }
        if imports {
            if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
                segments.pop();
            }
            let renamed = self.text(at) == "as";
            let alias = if renamed {
                self.text(at + 1).to_owned()
            } else {
                segments.last().cloned().unwrap_or_default()
            };
            at += if renamed { 2 } else { 0 };
            self.aliases.insert(alias, segments.clone());
        }
        let line = self.words.get(at.saturating_sub(1)).map_or(0, |word| word.line);
        if segments.len() > usize::from(!imports) {
            self.written.push(Written { segments, line, foreign });
        }
        at.max(start + 1)
    }
}

fn declared_modules(words: &[Word]) -> Vec<String> {
    let declared = words
        .windows(3)
        .filter(|three| three[0].text == "mod" && matches!(three[2].text.as_str(), ";" | "{"));
    declared.map(|three| three[1].text.clone()).collect()
}

fn resolve(
    written: Written,
    here: &[String],
    modules: &[String],
    aliases: &HashMap<String, Vec<String>>,
) -> Vec<String> {
    let mut segments = written.segments;
    if written.foreign {
        return segments;
    }
    // An alias of an alias is as far as anybody goes.
    for _ in 0..3 {
        match segments.first().and_then(|first| aliases.get(first)) {
            Some(full) if full[..] != segments[..full.len().min(segments.len())] => {
                segments.splice(..1, full.iter().cloned());
            }
            _ => break,
        }
    }
    let supers = segments.iter().take_while(|segment| *segment == "super").count();
    let first = segments.first().map(String::as_str);
    if first == Some("tidegate") {
        // The program names the library as any other crate would.
        "crate".clone_into(&mut segments[0]);
    } else if supers > 0 {
        segments.splice(..supers, here[..here.len().saturating_sub(supers).max(1)].iter().cloned());
    } else if first == Some("self") {
        segments.splice(..1, here.iter().cloned());
    } else if first.is_some_and(|first| modules.iter().any(|module| module == first)) {
        segments.splice(..0, here.iter().cloned());
    }
    segments
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = "use crate::{a::{self, B}, c as d};\nuse ::http::X;\nfn f() {\n  m!(d::e(super::g::h));\n  <B as i::J>::k::<crate::l::M>();\n}";
    let source = Source::new("src/x/y.rs".into(), text);
    let found: Vec<_> =
        paths(&source).into_iter().map(|found| (found.segments.join("::"), found.line)).collect();
    let expected = [
        ("crate::a", 1),
        ("crate::a::B", 1),
        ("crate::c", 1),
        ("http::X", 2),
        ("crate::c::e", 4),
        ("crate::x::g::h", 4),
        ("i::J", 5),
        ("crate::l::M", 5),
    ];
    assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
}
