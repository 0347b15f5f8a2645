use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use proptest::prelude::*;

use super::*;

fn logged(error: &str, secrets: &[&str]) -> String {
    ErrorBodyText::of(error, &Redaction::of(secrets.iter().copied())).as_str().to_owned()
}

#[test]
fn keys_are_left_out_and_the_rest_is_kept() {
    for (error, expected) in [
        (r#"{"message":"bad"}"#, r#"{"message":"bad"}"#),
        (
            "Incorrect API key provided: sk-proj-ab*****xyz. Find",
            "Incorrect API key provided: [redacted] Find",
        ),
        ("key hunter2 is wrong, hunter2", "key [redacted] is wrong, [redacted]"),
        ("authorization: Bearer abc.def=, x", "authorization: [redacted], x"),
        ("AIzaSyA-1 and gsk_42 and desk-top task_1", "[redacted] and [redacted] and desk-top task_1"),
        ("", ""),
    ] {
        assert_eq!(logged(error, &["hunter2", ""]), expected);
    }
}

/// Whoever's they are.
#[test]
fn what_looks_like_a_key_is_left_out_wherever_it_stands() {
    for (error, expected) in [
        ("GET /v1?key=AIzaSyA-1&alt=json", "GET /v1?key=[redacted]&alt=json"),
        (r#"{"x-api-key":"8f2e11aa90"}"#, r#"{"x-api-key":"[redacted]"}"#),
        ("{'api_key': '8f2e11aa90', 'n': 1}", "{'api_key': '[redacted]', 'n': 1}"),
        (r#""{\"Authorization\": \"8f2e11aa90\"}""#, r#""{\"Authorization\": \"[redacted]\"}""#),
        ("Ocp-Apim-Subscription-Key: 8f2e11aa90", "Ocp-Apim-Subscription-Key: [redacted]"),
        ("?key=8f2e11aa90&x=1", "?key=[redacted]&x=1"),
        ("basic dXNlcjpwYXNz/A==;", "[redacted];"),
        (r"sk\u002dabc123 and sk%2Dabc123", "[redacted] and [redacted]"),
        ("hello eyJhbGciOiJIUzI1NiJ9.e30.abc!", "hello [redacted]!"),
        ("nvapi-1 glpat-2 xai-3 (r8_4)", "[redacted] [redacted] [redacted] ([redacted])"),
        // Words about keys are what an operator wants to read.
        (
            r#"{"code":"invalid_api_key","param":"api_key"}"#,
            r#"{"code":"invalid_api_key","param":"api_key"}"#,
        ),
        ("the bearer token is missing", "the bearer token is missing"),
        ("api_key: field required", "api_key: field required"),
        ("basic auth is off; risk-free monkey", "basic auth is off; risk-free monkey"),
    ] {
        assert_eq!(logged(error, &[]), expected);
    }
}

#[test]
fn a_part_of_a_configured_value_is_left_out_like_the_whole() {
    let basic = format!("Basic {}", BASE64_STANDARD.encode("ann:pw7"));
    for (secret, error, expected) in [
        ("Bearer tok", "no such key: tok, token", "no such key: [redacted], token"),
        ("Bearer tok", "authorization was Bearer tok", "authorization was [redacted]"),
        ("Token abc12345", r#"{"got":"abc12345"}"#, r#"{"got":"[redacted]"}"#),
        (&basic, "user ann with pw7 is unknown", "user ann with [redacted] is unknown"),
        (&basic, "ann:pw7 is unknown", "[redacted] is unknown"),
        ("id=1; session=zyx987654", "the session zyx987654 has ended", "the session [redacted] has ended"),
        ("Key a-b:secret99", "secret99?", "[redacted]?"),
        ("0123456789abcdefghijklmnop", "key 0123456789abcd*** of x", "key [redacted] of x"),
    ] {
        assert_eq!(logged(error, &[secret]), expected, "{secret}");
    }
}

#[test]
fn any_long_part_of_a_configured_value_is_left_out() {
    const GROQ: &str = "gsk_9xQ2mZp7LrT4vWkB8nYc3HdF6sJaE1uG";
    const UUID: &str = "8d7f6e5a-1b2c-4d3e-9f80-a1b2c3d4e5f6";
    const HEADER: &str = "hdrsecret-42-ABCDEF";
    for (secret, error, expected) in [
        (GROQ, "bad key 9xQ2mZp7LrT4vWkB8nYc3HdF6sJaE1uG.", "bad key [redacted]."),
        (GROQ, "ends in kB8nYc3HdF6sJaE1uG", "ends in [redacted]"),
        (GROQ, "it holds LrT4vWkB8nYc, said <x>", "it holds [redacted], said <x>"),
        (GROQ, "9XQ2MZP7LRT4VWKB\n  8nYc3HdF6sJaE1uG!", "[redacted]!"),
        (GROQ, r#"{"a":"9xQ2mZp7LrT4vWkB\n8nYc3HdF6sJaE1uG"}"#, r#"{"a":"[redacted]"}"#),
        (GROQ, "9xQ2 mZp7 LrT4 vWkB / 8nYc-3HdF-6sJa-E1uG", "[redacted]"),
        (GROQ, "x2mZp7LrT4 9xQ2 8nYc", "x[redacted] 9xQ2 8nYc"),
        (UUID, "6e5a-1b2c-4d3e-9f80-a1b2c3d4e5f6?", "[redacted]?"),
        (UUID, "8d7f6e5a1b2c4d3e9f80a1b2c3d4e5f6?", "[redacted]?"),
        (UUID, "f6e5a%2D1b2c%2D4d3e", "[redacted]"),
        (HEADER, "drsecret-42-ABCDEF, x", "[redacted], x"),
        (HEADER, "hdrsecret-42-ABCDE is unknown", "[redacted] is unknown"),
        ("Bearer tokenlike-77aa88bb", "okenlike-77aa", "[redacted]"),
        // The scheme and the words of a value are none of its secrets.
        ("Bearer tokenlike-77aa88bb", "a bearer token is expected", "a bearer token is expected"),
        (
            "acme-production-77aa88bb",
            "no production of application/json",
            "no production of application/json",
        ),
    ] {
        assert_eq!(logged(error, &[secret]), expected, "{secret}");
    }
    // What it is Base64 of is cut as well.
    let encoded = BASE64_STANDARD.encode(format!("user:{GROQ}"));
    let text = logged(&encoded[20..], &[GROQ]);
    assert!(text.replace(REDACTED, "").len() <= 4, "{text}");
}

#[test]
fn a_configured_value_is_left_out_in_any_writing() {
    const KEY: &str = "qV/x-9+z.7~k_3=";
    let long = format!("Bearer {KEY}");
    for written in [
        KEY.to_owned(),
        KEY.to_ascii_uppercase(),
        KEY.replace('/', r"\/"),
        KEY.replace('-', r"\u002d").replace('/', r"\u002F"),
        KEY.replace('/', r"\\/").replace('-', r"\\u002D"),
        "%71V%2Fx-9%2Bz.7~k_3%3D".to_owned(),
        "qV%252Fx-9%252Bz.7~k_3%253D".to_owned(),
        KEY.replace('/', "&#x2F;").replace('+', "&#43;"),
        "71562F782D392B7A2E377E6B5F333D".to_owned(),
        BASE64_STANDARD.encode(KEY),
        BASE64_STANDARD.encode(format!(":{KEY}")),
        BASE64_URL_SAFE_NO_PAD.encode(format!("ab:{KEY}")),
        BASE64_STANDARD.encode(format!("user:{KEY}")).replace('=', "%3D").replace('/', r"\/"),
    ] {
        let text = logged(&format!("<{written}> is wrong"), &[&long]);
        assert!(text.starts_with('<') && text.ends_with("> is wrong"), "{written}: {text}");
        // Base64 may leave the digits of what stood before the key.
        let left = text.replace(REDACTED, "").len() - "<> is wrong".len();
        assert!(text.contains(REDACTED) && left <= 12, "{written}: {text}");
    }
}

#[test]
fn what_is_long_is_cut_between_characters_and_after_keys_are_out() {
    let long = "ä".repeat(ERROR_TEXT_BYTES_MAX);
    assert_eq!(logged(&long, &[]).len(), ERROR_TEXT_BYTES_MAX);
    let key_at_the_cut = format!("{} hunter2", "x".repeat(ERROR_TEXT_BYTES_MAX - 4));
    assert!(!logged(&key_at_the_cut, &["hunter2"]).contains("hun"));
}

/// The text is read a few times, whatever stands in it: hostile ones take no longer than others by more than that.
#[test]
fn hostile_texts_are_followed_once() {
    let key = "a".repeat(64);
    for hostile in ["sk-", "a", "%25", r"\\", "api_key=", "Bearer ", "&amp;amp;"] {
        let text = hostile.repeat(READ_BYTES_MAX / hostile.len());
        let places = Redaction::of([key.as_str()]).places(&text).unwrap();
        assert!(places.iter().zip(places.iter().skip(1)).all(|(one, next)| one.end < next.start));
    }
}

proptest! {
    /// Wherever it is torn out of the key, and whatever white space stands in it.
    #[test]
    fn no_part_of_a_key_stays(
        key in "[A-Za-z0-9_-]{20,60}",
        from in 0..12_usize,
        length in 8..20_usize,
        gap in 1..8_usize,
        white in "[ \\n\\t]{0,4}",
    ) {
        let part = &key[from..(from + length).min(key.len())];
        prop_assume!(part.bytes().any(|byte| byte.is_ascii_digit()));
        let written = format!("{}{white}{}", &part[..gap], &part[gap..]);
        let text = logged(&format!("<{written}>"), &[&key]);
        prop_assert_eq!(text, "<[redacted]>");
    }

    /// Each byte may be escaped in its own way; the signs of escapes are not those of keys.
    #[test]
    fn no_mixture_of_escapes_hides_a_key(
        key in "[!-$'-\\[\\]-~]{8,40}",
        ways in proptest::collection::vec(0..6_usize, 40),
        around in "[a-z ]{0,9}",
    ) {
        let written: String = key.chars().zip(ways).map(|(c, way)| match (way, u32::from(c)) {
            (1, code) => format!("\\u{code:04x}"),
            (2, code) => format!("%{code:02X}"),
            (3, code) => format!("&#{code};"),
            (4, code) => format!("\\\\u{code:04X}"),
            (5, code) => format!("%25{code:02x}"),
            _ if c == '"' => format!("\\{c}"),
            _ => c.to_string(),
        }).collect();
        let text = logged(&format!("{around} {written} {around}"), &[&key]);
        prop_assert!(text.contains(REDACTED), "{written}: {text}");
        prop_assert!(!text.contains(&*key), "{written}: {text}");
    }
}
