//! Every rule against every board, and every rule against a breach.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    board::{boards, word},
    choices, exclusions, panels, targets, variables, vocabulary, windows,
};

/// Something that must hold for every board.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    /// What is wrong: the panel or variable, and how.
    pub(crate) check: fn(&Value) -> Vec<Breach>,
    /// Breaks a sound board so that the rule must say so.
    pub(crate) breach: fn(&mut Value),
}

/// Where a board breaks a rule, and how.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) panel: String,
    pub(crate) how: String,
}

impl Breach {
    pub(crate) fn at(panel: &str, how: impl Into<String>) -> Self {
        Self { panel: panel.to_owned(), how: how.into() }
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    let of_queries =
        targets::RULES.iter().chain(vocabulary::RULES).chain(windows::RULES).chain(choices::RULES);
    variables::RULES.iter().chain(panels::RULES).chain(of_queries)
}

fn breaches(rule: &Rule, board: &Value) -> Vec<Breach> {
    let all = (rule.check)(board).into_iter();
    all.filter(|breach| !exclusions::excludes(rule.name, word(board, "title"), &breach.panel)).collect()
}

#[test]
fn every_board_holds_every_rule() {
    let mut found = Vec::new();
    for board in &boards() {
        for rule in rules() {
            let title = word(board, "title");
            found.extend(
                breaches(rule, board)
                    .iter()
                    .map(|b| format!("{title}: {}: {}: {}", rule.name, b.panel, b.how)),
            );
        }
    }
    assert!(found.is_empty(), "{} breach(es):\n  {}", found.len(), found.join("\n  "));
}

#[test]
fn every_rule_bites() {
    for rule in rules() {
        let mut board = boards().remove(0);
        (rule.breach)(&mut board);
        assert!(!breaches(rule, &board).is_empty(), "{} sees no breach", rule.name);
    }
}

#[test]
fn nothing_is_excluded_that_would_hold() {
    let boards = boards();
    for exclusion in exclusions::EXCLUSIONS {
        let rule = rules().find(|rule| rule.name == exclusion.rule);
        let rule = rule.unwrap_or_else(|| panic!("{} is no rule", exclusion.rule));
        let board = boards.iter().find(|board| word(board, "title") == exclusion.board);
        let board = board.unwrap_or_else(|| panic!("{} is no board", exclusion.board));
        let broken = (rule.check)(board).iter().any(|breach| breach.panel == exclusion.panel);
        assert!(broken, "{} holds for {}: delete the exclusion", exclusion.rule, exclusion.panel);
    }
}

#[test]
fn no_two_boards_have_the_same_uid_or_title() {
    let boards = boards();
    for name in ["uid", "title"] {
        let words: BTreeSet<_> = boards.iter().map(|board| word(board, name)).collect();
        assert_eq!(words.len(), boards.len(), "a {name} is there twice");
    }
}
