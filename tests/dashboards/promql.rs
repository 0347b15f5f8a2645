//! Reads expressions as Prometheus would, variables filled in.

use std::time::Duration;

use promql_parser::{
    label::{MatchOp, Matcher},
    parser::{self, AggregateExpr, BinaryExpr, Expr, LabelModifier, VectorSelector},
};

/// The expression as Prometheus gets it. Choices stay as they are: they stand in quotes.
pub(crate) fn parse(expr: &str) -> Result<Expr, String> {
    parser::parse(&expr.replace("$__rate_interval", "4m").replace("$__range", "1h"))
}

/// The series and the label of `label_values(series, label)`.
pub(crate) fn label_values(query: &str) -> Option<(&str, &str)> {
    query.strip_prefix("label_values(")?.strip_suffix(')')?.rsplit_once(", ")
}

/// Every selector that looks back, with how far.
pub(crate) fn windows(expr: &Expr) -> Vec<(&VectorSelector, Duration)> {
    match expr {
        Expr::MatrixSelector(selector) => vec![(&selector.vs, selector.range)],
        _ => parts(expr).into_iter().flat_map(windows).collect(),
    }
}

/// What is around a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// A function over a range, such as `rate`.
    Function(&'static str),
    /// Anything else.
    Nothing,
}

/// Every selector of an expression, with what is around it.
pub(crate) fn selectors(expr: &Expr) -> Vec<(&VectorSelector, Around)> {
    let mut found = Vec::new();
    collect(expr, Around::Nothing, &mut found);
    found
}

fn collect<'a>(expr: &'a Expr, around: Around, found: &mut Vec<(&'a VectorSelector, Around)>) {
    match expr {
        Expr::VectorSelector(selector) => found.push((selector, Around::Nothing)),
        Expr::MatrixSelector(selector) => found.push((&selector.vs, around)),
        Expr::Call(call) => {
            for argument in &call.args.args {
                collect(argument, Around::Function(call.func.name), found);
            }
        }
        _ => parts(expr).into_iter().for_each(|part| collect(part, Around::Nothing, found)),
    }
}

/// The expressions that one is made of.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(AggregateExpr { expr, param, .. }) => {
            std::iter::once(&**expr).chain(param.as_deref()).collect()
        }
        Expr::Unary(unary) => vec![&unary.expr],
        Expr::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        Expr::Paren(paren) => vec![&paren.expr],
        Expr::Subquery(subquery) => vec![&subquery.expr],
        Expr::Call(call) => call.args.args.iter().map(|argument| &**argument).collect(),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

/// Every label by which something is grouped or joined.
pub(crate) fn grouped(expr: &Expr) -> Vec<String> {
    let own = match expr {
        Expr::Aggregate(AggregateExpr { modifier: Some(modifier), .. }) => labels(modifier),
        Expr::Binary(BinaryExpr { modifier: Some(modifier), .. }) => {
            let matched = modifier.matching.as_ref().map(labels).unwrap_or_default();
            let taken = modifier.card.labels().map(|labels| labels.labels.clone()).unwrap_or_default();
            [matched, taken].concat()
        }
        _ => Vec::new(),
    };
    own.into_iter().chain(parts(expr).into_iter().flat_map(grouped)).collect()
}

fn labels(modifier: &LabelModifier) -> Vec<String> {
    modifier.labels().labels.clone()
}

/// What a matcher asks for, if it is known: one value, or several for a pattern. Choices are not.
pub(crate) fn values(matcher: &Matcher) -> Vec<&str> {
    let pattern = matches!(matcher.op, MatchOp::Re(_) | MatchOp::NotRe(_));
    if matcher.value.is_empty() || matcher.value.starts_with('$') || matcher.value == ".+" {
        Vec::new()
    } else if pattern {
        matcher.value.split('|').collect()
    } else {
        vec![&matcher.value]
    }
}
