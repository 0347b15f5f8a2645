//! Every wrapping that is read, and all that must not be.

use proptest::prelude::*;
use serde_json::Value;

use super::{bracket::Bracket, *};
use AnswerForm::{Bare, ByteOrderMark, Encoded, Fenced, Surrounded, Thought};

const OBJECT: &str = r#"{"entities":[{"type":"person","text":"Ada {</think>} ```"}], "n": 1e400}"#;

/// An end of a thought counts wherever it stands, in a string too, once a thought has begun.
const PLAIN: &str = r#"{"entities":[]}"#;

fn json(words: &str) -> Result<String, Unread> {
    read(words.to_owned()).map(|read| read.json)
}

#[test]
fn wrappings_that_are_read() {
    for (wrapping, forms) in [
        ("@", &[Bare][..]),
        (" \n@\n ", &[Bare]),
        ("\u{feff}@", &[ByteOrderMark]),
        ("```json\n@\n```", &[Fenced]),
        ("```\n@\n```", &[Fenced]),
        ("```jsonc title=\"answer\"\n@\n```\n", &[Fenced]),
        ("~~~JSON\n@\n~~~", &[Fenced]),
        ("````json @ ````", &[Fenced]),
        ("Here you are:\n```json\n@\n```\nAnything else?", &[Fenced, Surrounded]),
        ("The answer is @.", &[Surrounded]),
        ("`@`", &[Surrounded]),
        ("<answer>@</answer>", &[Surrounded]),
        ("<|begin_of_box|>@<|end_of_box|>", &[Surrounded]),
        ("See [1] and [the list](http://example.test): @ as in [2]", &[Surrounded]),
        ("As [[1]](http://example.test), [2][3] and [Ada] say at [12:30]: @", &[Surrounded]),
        ("\"Ada\" is a name, 1 or 2, null is none: @ \"Ada\" it is", &[Surrounded]),
        ("<think>two names?\n</think>\n@", &[Thought]),
        ("<THINKING>{\"draft\": {\"a\": 1} {</THINKING>@", &[Thought]),
        ("[THINK]perhaps {x}[/THINK]@", &[Thought]),
        ("\u{25c1}think\u{25b7}hm\u{25c1}/think\u{25b7}@", &[Thought]),
        ("<seed:think>{}</seed:think>```json\n@\n```", &[Fenced, Thought]),
        ("I see {\"a\": 1}, no, {\"a\": 2} {\n</think>\n\n@", &[Thought]),
        ("<think>\n#", &[Thought]),
        ("<think>\n#\n</think>\n", &[Thought, Surrounded]),
        ("<thought>a</thought> <reasoning>{b}</reasoning> @", &[Thought]),
        ("@ <think>that was it</think>", &[Thought, Surrounded]),
        (
            "<|channel|>analysis<|message|>{1}<|end|><|start|>assistant<|channel|>final<|message|>@",
            &[Thought],
        ),
    ] {
        let object = if wrapping.contains('#') { PLAIN } else { OBJECT };
        let read = read(wrapping.replace(['@', '#'], object));
        let read = read.unwrap_or_else(|fault| panic!("{wrapping}: {fault:?}"));
        assert_eq!(read.json, object, "{wrapping}");
        let had: Vec<_> = read.forms.iter().collect();
        assert!(
            forms.iter().all(|form| had.contains(form)) && had.len() == forms.len(),
            "{wrapping}: {had:?}"
        );
    }
}

#[test]
fn what_is_not_exactly_one_object_is_not_read() {
    for words in [
        "I found Ada Lovelace.",
        r#"{"a":1}{"b":2}"#,
        "{\"a\":1}\n{\"b\":2}\n",
        r#"{"a":1},{"b":2}"#,
        r#"First {"a":1}, then {"b":2}."#,
        "```json\n{\"a\":1}\n```\n```json\n{\"b\":2}\n```",
        r#"{"a":1}}"#,
        r#"}{"a":1}"#,
        r#"{"a":1} {b}"#,
        r#"{a: {"b":1}}"#,
        r#"{'a': {"b":1}}"#,
        r#"{"a": {"b":1},}"#,
        r#"[{"a":1}, ..."#,
        r#"[{"a":1},]"#,
        r#"The list: [{"a":1}]"#,
        r#"["Ada"] {"entities":[]}"#,
        "[]\n{\"entities\":[]}",
        r#"{"entities":[]} ["Ada"]"#,
        r#"{"entities":[]},[["Ada"]]"#,
        r#"First ["Ada"], then {"entities":[]}."#,
        "```json\n[1, 2]\n```\n```json\n{\"a\":1}\n```",
        r#"["Ada", "Grace"#,
        r#"["Ada",] {"a":1}"#,
        r#"{"a":1} [7]"#,
        r#"[7] {"a":1}"#,
        r#""Ada" {"a":1}"#,
        "{\"a\":1}\n\"Ada\"\n",
        r#"null, {"a":1}"#,
        r#"{"a":1} -7.50"#,
        r#"["Ada"] hm </think>{"a":1}"#,
        r#"<think>hm</think>"Ada" {"a":1}"#,
        r#"{"a": {"b": 1}, "c"#,
        "{",
        "```json\n{\"a\":",
        "<think>{\"a\":1} or {\"a\":2}",
        "<think>{\"a\":1}</think> I don't know.",
        "{\"a\":1} it is </think> nothing",
        "{\"a\":\"b\nc\"}",
        r#"{"a":1}</think>{"b":2}"#,
        r#"{"</think>": {"a":1}, "b"#,
        "```",
        "<think>hm</think>",
    ] {
        assert_eq!(json(words), Err(Unread::NotJson), "{words}");
    }
    assert_eq!(json(r#"Is it ["Ada"]? </think>{"a":1}"#).as_deref(), Ok(r#"{"a":1}"#), "a thought");
    for empty in ["", " \n\t", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(json(empty), Err(Unread::Empty), "{empty:?}");
    }
}

#[test]
fn another_value_is_left_to_the_schema() {
    for value in ["[1, 2]", r#"[{"a":1},{"b":2}]"#, "null", "7.50", r#""Ada""#, "\"\"", r#""{\"a\":1}{}""#] {
        assert_eq!(json(value).as_deref(), Ok(value));
        assert_eq!(json(&format!("\u{feff} {value}\n")).as_deref(), Ok(value));
    }
    let read = read(Value::String(format!("```\n{OBJECT}\n```")).to_string()).unwrap();
    assert_eq!(read.json, OBJECT);
    assert_eq!(read.forms.iter().collect::<Vec<_>>(), [Fenced, Encoded]);
}

#[test]
fn what_nobody_can_read_is_not_json() {
    let nested = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    for object in [
        r#"{"a":"\ud800"}"#.to_owned(),
        r#"{"a":["x\udc00y"]}"#.to_owned(),
        r#"{"\ud83d":1}"#.to_owned(),
        r#"{"a":"\ud83d\ud83d"}"#.to_owned(),
        nested(200),
        format!(r#"{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200)),
    ] {
        for wrapping in ["@", "So: @.", "[@]", "```json\n@\n```", "<think>hm</think>@"] {
            assert_eq!(json(&wrapping.replace('@', &object)), Err(Unread::NotJson), "{wrapping} {object}");
        }
        assert_eq!(json(&Value::String(object.clone()).to_string()).map(|_| ()), Ok(()), "a string is one");
    }
    for object in [r#"{"a":"\ud83d\ude00 \u00e4"}"#.to_owned(), nested(120)] {
        assert_eq!(json(&object), Ok(object), "whole characters, and a depth that is read");
    }
}

#[test]
fn what_stands_last_is_known() {
    for (words, is_last) in [
        (r#"So: {"a":1}"#, true),
        ("So:\n```json\n{\"a\":1}\n```\n", true),
        (r#"So: {"a":1} No, wait."#, false),
        (r#"{"a":1}"#, true),
    ] {
        assert_eq!(read(words.to_owned()).unwrap().is_last, is_last, "{words}");
    }
}

/// Texts that would take hours if they were read again and again.
#[test]
fn long_texts_take_no_longer_than_they_must() {
    const TIMES: usize = 100_000;
    for (piece, end) in [
        ("{\"a\":[", ""),
        ("{\"</think>\":[", "x"),
        ("<think>", "</think>"),
        ("<think>", ""),
        ("</think>", ""),
        ("</think>{", ""),
        ("[", ""),
        ("[1,", ""),
        ("x [\"", ""),
        ("[   ", "{"),
        ("```", ""),
        ("<", "{"),
        ("{}", ""),
        ("\u{25c1}", ""),
    ] {
        assert_eq!(json(&(piece.repeat(TIMES) + end)), Err(Unread::NotJson), "{piece}");
    }
    let deep = "{\"a\":".repeat(TIMES) + "1" + &"}".repeat(TIMES);
    assert_eq!(json(&deep), Err(Unread::NotJson));
}

/// JSON objects with all that could lead astray in their strings.
fn objects() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z{}<>`~\\[\\]\"\\\\\n ]{0,12}",
        Just("</think>".to_owned()),
        Just("<think>".to_owned()),
        Just("```".to_owned()),
        Just("{\"a\":1}".to_owned()),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?[1-9][0-9]{0,30}(\\.[0-9]{1,20})?",
        word.clone().prop_map(|word| Value::String(word).to_string()),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", ")))]
    });
    prop::collection::vec((word, value), 0..4).prop_map(|members| {
        let members: Vec<_> =
            members.into_iter().map(|(name, value)| format!("{}: {value}", Value::String(name))).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Values that count wherever they stand: objects, and lists that are no footnote.
fn values() -> impl Strategy<Value = String> {
    let no_footnote = |list: &String| Bracket::of(list) == Bracket::List;
    let lists = prop::collection::vec(prop_oneof![scalars(), objects()], 0..4)
        .prop_map(|items| format!("[{}]", items.join(", ")))
        .prop_filter("a footnote", no_footnote);
    prop_oneof![objects(), lists]
}

fn scalars() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,30}(\\.[0-9]{1,20})?",
        "[a-z ]{0,12}".prop_map(|word| Value::String(word).to_string()),
    ]
}

/// Something before and something behind, from the grammar of the module.
fn wrappings() -> impl Strategy<Value = (String, String)> {
    let thought =
        prop_oneof![Just(String::new()), "<think>[a-z {}\"]{0,20}</think>", "[a-z ]{0,9}</reasoning>",];
    let around = prop_oneof![
        Just((String::new(), String::new())),
        ("```[a-z]{0,6}\n", "\n```").prop_map(|(before, behind)| (before, behind)),
        ("[A-Za-z .,:\n]{0,20}", "[A-Za-z .,:\n]{0,20}"),
        ("~~~json\n", "\n~~~\n[a-z ]{0,9}"),
    ];
    let mark = prop_oneof![Just(""), Just("\u{feff}")];
    (mark, thought, around)
        .prop_map(|(mark, thought, (before, behind))| (format!("{mark}{thought}{before}"), behind))
}

proptest! {
    #[test]
    fn any_object_in_any_wrapping_is_read_unchanged(object in objects(), (before, behind) in wrappings()) {
        prop_assert_eq!(json(&format!("{before}{object}{behind}")), Ok(object));
    }

    #[test]
    fn two_values_are_never_read_as_one(
        (first, second) in (values(), values()),
        (before, behind) in wrappings(),
        between in "[a-z ,\n]{0,9}",
    ) {
        prop_assert_eq!(json(&format!("{before}{first}{between}{second}{behind}")), Err(Unread::NotJson));
    }

    #[test]
    fn values_with_nothing_but_marks_between_are_never_read_as_one(
        values in prop::collection::vec(prop_oneof![values(), scalars(), "\\[[0-9]\\]"], 2..4),
        between in "( |,|, |\n)",
    ) {
        let words = values.join(&between);
        prop_assert_eq!(json(&words), Err(Unread::NotJson));
    }

    #[test]
    fn half_an_object_is_never_read_as_a_whole(object in objects(), (before, _) in wrappings(), cut in 0..100_usize) {
        let end = object.floor_char_boundary(object.len() * cut / 100);
        let half = &object[..end];
        // With nothing behind it, a thought is all there is.
        prop_assume!(!half.is_empty());
        prop_assert!(json(&format!("{before}{half}")).is_err(), "{}", half);
    }

    #[test]
    fn what_is_read_is_one_value_and_stands_in_the_words(words in "[{}\\[\\]\"a:,1<>/think`\n ]{0,60}") {
        if let Ok(read) = read(words.clone()) {
            prop_assert!(serde_json::from_str::<Value>(&read.json).is_ok());
            prop_assert!(words.contains(&read.json) || read.forms.iter().any(|form| form == Encoded));
        }
    }
}
