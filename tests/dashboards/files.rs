//! What is committed is what the generator makes.

use std::{env, fs, path::Path};

use tidegate::monitoring::dashboards::{self, Options};

use crate::exclusions;

const FOLDER: &str = "grafana/dashboards";

#[test]
fn the_committed_boards_are_those_of_the_generator() {
    let boards = dashboards::all(&Options::default());
    let files = boards.iter().map(|board| (board.file_name(), board.to_json().unwrap()));
    let files: Vec<_> = files.chain([(".lint".to_owned(), exclusions::lint_file())]).collect();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(FOLDER).unwrap();
        for (name, text) in &files {
            fs::write(Path::new(FOLDER).join(name), text).unwrap();
        }
    }
    for (name, text) in &files {
        let found = fs::read_to_string(Path::new(FOLDER).join(name)).unwrap_or_default();
        assert!(found == *text, "{FOLDER}/{name} is not what the code makes: UPDATE_DOCS=1 renews it");
    }
    let mut found: Vec<_> =
        fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let mut expected: Vec<_> = files.into_iter().map(|(name, _)| name).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "a board that the code does not make any more");
}

#[test]
fn every_board_is_named_in_the_readme_and_the_other_way_round() {
    let readme = fs::read_to_string("grafana/README.md").unwrap();
    for board in dashboards::all(&Options::default()) {
        let row = format!("| `{}` | {} |", board.uid, board.description);
        assert!(readme.contains(&row), "grafana/README.md lacks the line {row}");
    }
    let named = readme.lines().filter(|line| line.starts_with("| `tidegate-")).count();
    assert_eq!(named, dashboards::all(&Options::default()).len());
}
