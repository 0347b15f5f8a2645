//! What a square bracket in a model's words begins: a list of JSON, whole or broken, or a remark such as `[the names]`.

use super::json::Json;

/// What a square bracket begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    /// A list of JSON, or something that begins like one.
    List,
    /// One whole number alone: a list, or a footnote if words lead to it.
    Number,
    /// Words.
    Words,
}

/// The most brackets that may stand before the first element: nobody needs the depth of a list to see that it is one.
const BRACKETS_MAX: usize = 4;

impl Bracket {
    /// What the bracket begins that `text` begins with. Looks no further than at the first element.
    pub(super) fn of(text: &str) -> Self {
        let mut inner = text;
        for _ in 0..BRACKETS_MAX {
            inner = inner.strip_prefix('[').map_or(inner, str::trim_start);
        }
        if inner.starts_with(['"', '{', ']']) {
            return Self::List;
        }
        let is_of_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let behind = inner.trim_start_matches(is_of_literal);
        let literal = inner.get(..inner.len() - behind.len()).unwrap_or_default();
        let ends = behind.trim_start();
        if !literal.is_empty() && literal.bytes().all(|byte| byte.is_ascii_digit()) && ends.starts_with(']') {
            return Self::Number;
        }
        let is_element = ends.starts_with([',', ']']) && serde_json::from_str::<Json>(literal).is_ok();
        if is_element { Self::List } else { Self::Words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_from_remarks() {
        for (text, expected) in [
            ("[]", Bracket::List),
            ("[ ]", Bracket::List),
            (r#"["Ada"]"#, Bracket::List),
            (r#"[ "Ada", "#, Bracket::List),
            (r#"[{"a":1}]"#, Bracket::List),
            (r#"[[["Ada"]]]"#, Bracket::List),
            ("[1, 2]", Bracket::List),
            ("[[1, 2], [3]]", Bracket::List),
            ("[-1.5e3\n]", Bracket::List),
            ("[true, 1]", Bracket::List),
            ("[null]", Bracket::List),
            ("[1,", Bracket::List),
            ("[1]", Bracket::Number),
            ("[[12]](http://example.test)", Bracket::Number),
            ("[007 ]", Bracket::Number),
            ("[Ada]", Bracket::Words),
            ("[the list](http://example.test)", Bracket::Words),
            ("[[Ada]]", Bracket::Words),
            ("[x] done", Bracket::Words),
            ("[12:30:05] done", Bracket::Words),
            ("[2024-05-01]", Bracket::Words),
            ("[3-5]", Bracket::Words),
            ("[-h]", Bracket::Words),
            ("[true story]", Bracket::Words),
            ("[", Bracket::Words),
            ("[1", Bracket::Words),
        ] {
            assert_eq!(Bracket::of(text), expected, "{text}");
        }
    }
}
