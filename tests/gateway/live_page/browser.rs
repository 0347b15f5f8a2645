//! What browsers are told, and whom the page is shown to.

use crate::stage::{Setup, Stage, TEXT};

const POLICY: &str = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const LOCAL: &str = "host: localhost";

#[tokio::test]
async fn every_answer_is_protected() {
    let stage = Stage::healthy().await;
    let html = format!("{LOCAL}\r\naccept: text/html");
    for (method, path, headers, expected) in [
        ("GET", "/", LOCAL, 200),
        ("GET", "/", &html, 200),
        ("GET", "/page/main.js", LOCAL, 200),
        ("GET", "/api/overview", LOCAL, 200),
        ("GET", "/api/calls", LOCAL, 200),
        ("GET", "/api/calls?x", LOCAL, 400),
        ("GET", "/metrics", "host: gateway.example", 200),
        ("GET", "/healthz", LOCAL, 200),
        ("GET", "/no-such", LOCAL, 404),
        ("GET", "/page/../main.js", LOCAL, 404),
        ("POST", "/api/calls", LOCAL, 405),
        ("DELETE", "/", LOCAL, 405),
        ("GET", "/", "host: rebound.example", 421),
    ] {
        let (status, head, _) = stage.gateway.admin_ask(method, path, headers).await;
        assert_eq!(status, expected, "{method} {path}: {head}");
        for line in [
            POLICY,
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-",
        ] {
            assert!(head.contains(line), "{method} {path} lacks {line}: {head}");
        }
    }
}

#[tokio::test]
async fn browsers_get_the_page_and_others_the_list() {
    let stage = Stage::healthy().await;
    let ask = async |accept: &str| {
        stage.gateway.admin_ask("GET", "/", &format!("{LOCAL}\r\naccept: {accept}")).await
    };
    let (_, head, page) = ask("text/html,application/xhtml+xml").await;
    assert!(head.contains("content-type: text/html") && page.starts_with("<!doctype html>"), "{head}");
    let (_, head, list) = ask("*/*").await;
    assert!(head.contains("content-type: text/plain") && list.contains("/api/calls"), "{head}");
    // All that the page names is there.
    for asset in page.split('"').filter(|word| word.starts_with("/page/")) {
        assert_eq!(stage.gateway.admin_get(asset).await.0, 200, "{asset}");
    }
}

#[tokio::test]
async fn on_loopback_only_local_names_are_answered() {
    let stage = Stage::healthy().await;
    for path in ["/", "/api/overview", "/api/calls", "/page/main.js"] {
        for (host, expected) in
            [("rebound.example:9464", 421), ("127.0.0.1:9464", 200), ("[::1]", 200), ("localhost", 200)]
        {
            let (status, _, body) = stage.gateway.admin_ask("GET", path, &format!("host: {host}")).await;
            assert_eq!(status, expected, "{path} for {host}: {body}");
        }
    }
}

#[tokio::test]
async fn other_names_are_answered_where_that_is_wanted() {
    let setup = Setup { admin: "local_names_only = false".to_owned(), ..Setup::default() };
    let stage = setup.start().await;
    let (status, ..) = stage.gateway.admin_ask("GET", "/api/overview", "host: gateway.example").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn who_knows_all_calls_is_told_so_and_nothing_more() {
    let stage = Stage::healthy().await;
    stage.extract(TEXT).await.unwrap();
    let ask = async |headers: &str| stage.gateway.admin_ask("GET", "/api/calls", headers).await;
    let (_, head, _) = ask(LOCAL).await;
    let edition = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let known = format!("{LOCAL}\r\nif-none-match: {edition}");
    let (status, _, body) = ask(&known).await;
    assert_eq!((status, body.as_str()), (304, ""));
    stage.extract(TEXT).await.unwrap();
    let (status, head, _) = ask(&known).await;
    assert_eq!(status, 200);
    assert!(!head.contains(&edition));
}
