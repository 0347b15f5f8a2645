//! The files of `src/`, without what is compiled for tests only.

use std::path::{Path, PathBuf};

use super::words::{Word, words};

/// One file of `src/`.
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Its words without what is compiled for tests only.
    pub(super) words: Vec<Word>,
}

impl Source {
    /// All files of `src/` but those of unit tests.
    pub(super) fn all() -> Vec<Self> {
        crate::files("src", &[".rs"]).into_iter().filter(|path| !is_of_tests(path)).map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = crate::read(&path);
        Self::new(path, &text)
    }

    pub(super) fn new(path: PathBuf, text: &str) -> Self {
        Self { words: without_tests(&words(text)), path }
    }

    /// Where it stands in the tree of modules: `src/upstream/http/body.rs` is `upstream/http/body`.
    pub(super) fn place(&self) -> String {
        let path = self.path.strip_prefix("src").unwrap_or(&self.path).with_extension("");
        path.to_string_lossy().into_owned()
    }
}

/// Whether a file is the module `tests` of another, or lies below one.
pub(super) fn is_of_tests(path: &Path) -> bool {
    path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
}

/// Whether `place` is `module` or lies below it.
pub(super) fn within(place: &str, module: &str) -> bool {
    place.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Drops every item under `#[cfg(test)]`.
fn without_tests(words: &[Word]) -> Vec<Word> {
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|word| word.text == text);
        if ["#", "[", "cfg", "(", "test", ")", "]"].iter().enumerate().all(|(i, text)| is(i, text)) {
            at = end_of_item(words, at + 7);
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    kept
}

fn end_of_item(words: &[Word], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(start) {
        match word.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    words.len()
}
