//! Every expression parses, and every name in it exists.

use promql_parser::{
    label::{MatchOp, Matcher},
    parser::{Expr, LabelModifier, VectorSelector, parse},
    util::{ExprVisitor, walk_expr},
};

use crate::{names, rules};

/// What is wrong with the names in an expression.
pub(crate) fn problems(expr: &str) -> Vec<String> {
    let parsed = parse(expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
    let mut reader = Reader::default();
    walk_expr(&mut reader, &parsed).unwrap();
    reader.problems
}

#[derive(Default)]
struct Reader {
    problems: Vec<String>,
    selectors: Vec<VectorSelector>,
}

impl ExprVisitor for Reader {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Self::Error> {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(aggregate) => self.labels(aggregate.modifier.as_ref(), &aggregate.expr),
            Expr::Binary(binary) => {
                let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
                self.labels(matching, &binary.lhs);
                self.labels(matching, &binary.rhs);
            }
            _ => {}
        }
        Ok(true)
    }
}

impl Reader {
    fn selector(&mut self, selector: &VectorSelector) {
        self.selectors.push(selector.clone());
        let name = selector.name.clone().unwrap_or_default();
        let Some(labels) = names::labels_of(&name) else {
            return self.problems.push(format!("no series {name}"));
        };
        for matcher in &selector.matchers.matchers {
            if !labels.contains(&matcher.name) {
                self.problems.push(format!("{name} has no label {}", matcher.name));
                continue;
            }
            for value in values(matcher) {
                if !names::can_say(&name, &matcher.name, value) {
                    self.problems.push(format!("{name}: {} is never {value}", matcher.name));
                }
            }
        }
    }

    /// What is grouped or matched by must be a label of every series below.
    fn labels(&mut self, modifier: Option<&LabelModifier>, of: &Expr) {
        let Some(LabelModifier::Include(wanted)) = modifier else { return };
        let mut below = Self::default();
        let Ok(_) = walk_expr(&mut below, of);
        for selector in below.selectors {
            let name = selector.name.unwrap_or_default();
            let labels = names::labels_of(&name).unwrap_or_default();
            let missing = wanted.labels.iter().filter(|label| !labels.contains(*label));
            self.problems.extend(missing.map(|label| format!("{name} has no label {label}")));
        }
    }
}

/// The values that a matcher names.
fn values(matcher: &Matcher) -> Vec<&str> {
    match matcher.op {
        // An absent label has no value.
        MatchOp::Equal | MatchOp::NotEqual if matcher.value.is_empty() => vec![],
        MatchOp::Equal | MatchOp::NotEqual => vec![&matcher.value],
        MatchOp::Re(_) | MatchOp::NotRe(_) if matcher.value == ".+" => vec![],
        MatchOp::Re(_) | MatchOp::NotRe(_) => matcher.value.split('|').collect(),
    }
}

#[test]
fn every_name_in_every_rule_exists() {
    for rule in rules() {
        assert_eq!(problems(&rule.expr), [""; 0], "{} in {}: {}", rule.name, rule.group, rule.expr);
    }
}

#[test]
fn wrong_names_are_found() {
    for (expr, problem) in [
        ("rate(tidegate_calls[5m])", "no series tidegate_calls"),
        (r#"tidegate_calls_total{verdit="ok"}"#, "tidegate_calls_total has no label verdit"),
        (r#"tidegate_calls_total{verdict=~"ok|fine"}"#, "tidegate_calls_total: verdict is never fine"),
        ("sum by (upstream) (tidegate_calls_total)", "tidegate_calls_total has no label upstream"),
        ("up and on (profile) tidegate_calls_total", "up has no label profile"),
        ("job:tidegate_nothing:rate5m", "no series job:tidegate_nothing:rate5m"),
    ] {
        assert_eq!(problems(expr), [problem], "{expr}");
    }
}
