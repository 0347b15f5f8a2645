//! `[upstreams.NAME.body]`: what may be added to a request's body.

use tidegate::config;

use super::{MINIMAL, load_with, minimal_and, only_problem, profile};

#[test]
fn what_cant_be_added_to_a_body_is_one_problem() {
    let table = [
        ("1", ""),
        ("[\"canary\"]", ""),
        ("{ \"\" = \"canary\" }", "\"\""),
        ("{ stream = true }", "stream"),
        ("{ Stream = false }", "Stream"),
        ("{ n = 2 }", "n"),
        ("{ tools = [] }", "tools"),
        ("{ tool_choice = \"none\" }", "tool_choice"),
        ("{ functions = [{}] }", "functions"),
        ("{ messages = [\"canary\"] }", "messages"),
        ("{ model = \"canary\" }", "model"),
        ("{ MODEL = \"canary\" }", "MODEL"),
        ("{ response_format = { type = \"text\" } }", "response_format"),
        ("{ max_tokens = 1 }", "max_tokens"),
        ("{ max_completion_tokens = 1 }", "max_completion_tokens"),
        ("{ temperature = 0 }", "temperature"),
        ("{ api_key = \"canary\" }", "api_key"),
        ("{ Api-Key = [\"canary\"] }", "Api-Key"),
        ("{ provider = { data = [{ accessToken = \"canary\" }] } }", "provider"),
        ("{ since = 2026-01-01 }", "since"),
        ("{ a = [{ b = 2026-01-01T00:00:00Z }] }", "a"),
        ("{ top_p = nan }", "top_p"),
        ("{ top_p = -inf }", "top_p"),
        ("{ a = [[[[[[[[1]]]]]]]] }", "a"),
    ];
    for (body, path) in table {
        let problem = only_problem(minimal_and(&format!("body = {body}")));
        let within = if path.is_empty() { String::new() } else { format!(".{path}") };
        assert_eq!(problem.path, format!("upstreams.primary.body{within}"), "{body}");
        let said = format!("{problem} {problem:?}");
        assert!(!said.contains("canary"), "{said}");
        assert!(!problem.remedy.is_empty(), "{said}");
    }
}

#[test]
fn what_a_body_has_besides_is_json_as_it_was_written() {
    let text = format!(
        "{MINIMAL}[upstreams.primary.body]\nseed = 9007199254740993\ntop_p = 0.9\nuser = \"\"\n\
         stop = [\"a\", \"\\u0000\"]\nlogit_bias = {{ \"50256\" = -100 }}\n\
         [upstreams.primary.body.chat_template_kwargs]\nenable_thinking = false\nroles = [{{ x = [1.0, 1e22, -0.0] }}]"
    );
    let config = load_with(&text, &[]).unwrap();
    let sent = serde_json::to_string(&config.upstreams[0].body).unwrap();
    let parts: &[&str] = &[
        r#""seed":9007199254740993"#,
        r#""top_p":0.9"#,
        r#""user":"""#,
        r#""stop":["a","\u0000"]"#,
        r#""logit_bias":{"50256":-100}"#,
        r#"{"enable_thinking":false,"roles":[{"x":[1.0,1e+22,-0.0]}]}"#,
    ];
    assert!(parts.iter().all(|part| sent.contains(part)), "{sent}");
    let again = load_with(&config::effective(&config), &[]).unwrap();
    assert_eq!(again.upstreams[0].body, config.upstreams[0].body);
    assert_eq!(profile(&again, "inline").fingerprint, profile(&config, "inline").fingerprint);
    let eight = minimal_and("body = { a = [[[[[[[1]]]]]]] }").unwrap();
    assert_eq!(eight.upstreams[0].body["a"].to_string(), "[[[[[[[1]]]]]]]");
    assert!(minimal_and("body = {}").unwrap().upstreams[0].body.is_empty());
}

#[test]
fn the_environment_fills_bodies() {
    let variables = [
        ("TIDEGATE__UPSTREAMS__PRIMARY__BODY__SEED", "7"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__BODY__USER", "\"7\""),
        ("TIDEGATE__UPSTREAMS__PRIMARY__BODY__SERVICE_TIER", "flex"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__BODY__PROVIDER__ORDER", "[\"a\", \"b\"]"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__BODY__TOPK", "4"),
    ];
    let config = load_with(&format!("{MINIMAL}body = {{ seed = 1, topK = 3 }}"), &variables).unwrap();
    let expected = serde_json::json!({
        "seed": 7, "topK": 4, "user": "7", "service_tier": "flex", "provider": { "order": ["a", "b"] }
    });
    assert_eq!(serde_json::Value::from(config.upstreams[0].body.clone()), expected);
    let refused = only_problem(load_with(MINIMAL, &[("TIDEGATE__UPSTREAMS__PRIMARY__BODY__STREAM", "true")]));
    assert_eq!(refused.path, "upstreams.primary.body.stream");
    assert_eq!(refused.set_by.as_deref(), Some("TIDEGATE__UPSTREAMS__PRIMARY__BODY__STREAM"));
}

#[test]
fn a_body_has_limits() {
    let many = |count: usize| (0..count).map(|i| format!("f{i} = 1")).collect::<Vec<_>>().join(", ");
    assert_eq!(minimal_and(&format!("body = {{ {} }}", many(32))).unwrap().upstreams[0].body.len(), 32);
    let problem = only_problem(minimal_and(&format!("body = {{ {} }}", many(33))));
    assert_eq!(problem.path, "upstreams.primary.body");
    let long = |bytes: usize| minimal_and(&format!("body = {{ a = \"{}\" }}", "x".repeat(bytes)));
    assert!(long((16 << 10) - 8).is_ok());
    assert_eq!(only_problem(long((16 << 10) - 7)).path, "upstreams.primary.body");
}
