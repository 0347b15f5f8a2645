//! Holds the code to what ARCHITECTURE.md says of it, and the documents to the code.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod architecture;
mod imports;
mod limits;
mod paths;
mod protos;
mod rules;
mod source;
mod tidy;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold nothing of ours.
const FOREIGN: &[&str] = &["target", ".git", "node_modules", "__pycache__"];

/// Every file below `root` whose name ends in one of `endings`, in a fixed order.
fn files(root: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !FOREIGN.contains(&name.as_str()) {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between the markers `<!-- NAME -->` and `<!-- /NAME -->` of a document.
fn between_markers<'a>(text: &'a str, name: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("<!-- {name} -->\n")).expect("the opening marker is missing");
    rest.split_once(&format!("<!-- /{name} -->")).expect("the closing marker is missing").0
}

/// Fails with all breaches at once.
fn report(breaches: &[String]) {
    assert!(breaches.is_empty(), "{} breach(es):\n  {}", breaches.len(), breaches.join("\n  "));
}
