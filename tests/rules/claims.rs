//! What alerts must not claim: series tell what happened and how often, and not whose doing it is.

use crate::rules;

/// Words of a cause that no series tells, or of a remedy that is certain.
const CLAIMS: &[&str] =
    &["neither the", "not the gateway", "makes them up.", "paid for", "must be put right", "has been agreed"];

fn claimed(text: &str) -> Option<&'static str> {
    CLAIMS.iter().copied().find(|claim| text.to_lowercase().contains(claim))
}

#[test]
fn alerts_say_what_is_counted_and_leave_open_what_is_not() {
    for rule in rules().iter().filter(|rule| rule.is_alert) {
        for annotation in ["summary", "description"] {
            let text = rule.all["annotations"][annotation].as_str().unwrap();
            assert_eq!(claimed(text), None, "{}: {text}", rule.name);
        }
    }
}

#[test]
fn alerts_that_need_no_norm_do_not_claim_one() {
    let stands_without = |expr: &str| expr.contains("norm1w") && expr.contains(" or 0 * ");
    let (without, with): (Vec<_>, Vec<_>) =
        rules().into_iter().filter(|rule| rule.is_alert).partition(|rule| stands_without(&rule.expr));
    let says =
        |rule: &crate::Rule, words| rule.all["annotations"]["description"].as_str().unwrap().contains(words);
    assert!(without.len() > 5, "alerts whose floor decides alone before there is a norm");
    for rule in &without {
        assert!(says(rule, "norm of a week if there is one yet"), "{}", rule.name);
    }
    for rule in without.iter().chain(&with) {
        assert!(!says(rule, "is normal"), "{}", rule.name);
    }
}

#[test]
fn a_claim_is_found() {
    assert_eq!(claimed("It is slow, and neither the texts nor the gateway."), Some("neither the"));
    assert_eq!(claimed("Half of the attempts fail."), None);
}
