//! Configurations, sound and unsound.

use super::{file, run, run_with};
use crate::stage::Setup;

const BAD_CONFIG: &str = r#"
[server]
listen = "nowhere"
max_in_flght = 3
[upstreams.primary]
dialect = "klingon"
base_url = "not a url"
api_key = "s3cret-in-the-file"
[retry]
max_attempts = 0
"#;

/// Every problem of `BAD_CONFIG` is told, with what to do, and no secret.
fn tells_all_problems(err: &str) {
    for path in [
        "server.listen",
        "server.max_in_flght",
        "upstreams.primary.dialect",
        "upstreams.primary.base_url",
        "upstreams.primary.model",
        "upstreams.primary.api_key",
        "retry.max_attempts",
    ] {
        assert!(err.contains(path), "{path} is missing in:\n{err}");
    }
    assert!(err.contains("did you mean `max_in_flight`?"), "{err}");
    assert!(!err.contains("s3cret"), "{err}");
}

#[tokio::test]
async fn serve_with_a_bad_configuration_tells_every_problem_and_starts_nothing() {
    let (_directory, path) = file(BAD_CONFIG);
    let ran = run(&["serve", "--config", &path]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    tells_all_problems(&ran.err);
    assert!(!ran.err.contains("server started"), "{}", ran.err);
}

#[tokio::test]
async fn after_what_serve_tells_the_prompt_is_on_a_line_of_its_own() {
    let (_directory, path) = file(BAD_CONFIG);
    let ran = run(&["serve", "--config", &path]).await;
    assert!(ran.err.ends_with('\n'), "{:?}", ran.err);
}

#[tokio::test]
async fn serve_with_a_missing_or_broken_file_says_so() {
    assert_eq!(run(&["serve", "--config", "/no/such/file.toml"]).await.code, Some(2));
    let (_directory, path) = file("[server\nlisten = ");
    let ran = run(&["serve", "--config", &path]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains(&format!("{path}:1:")), "tell the line: {}", ran.err);
}

#[tokio::test]
async fn serve_on_a_taken_port_says_so() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let config = Setup::default().config("http://127.0.0.1:1/v1").replacen("127.0.0.1:0", &addr, 1);
    let (_directory, path) = file(&config);
    let ran = run(&["serve", "--config", &path]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains(&addr), "{}", ran.err);
}

#[tokio::test]
async fn check_config_prints_what_was_understood() {
    let config = format!(
        "{}\n[upstreams.second]\napi_key = {{ env = \"SECOND_KEY\" }}\ndialect = \"openai\"\n\
        base_url = \"http://127.0.0.1:2/v1\"\nmodel = \"m\"\n",
        Setup { profile: "route = [\"primary\"]", ..Setup::default() }.config("http://127.0.0.1:1/v1")
    );
    let (_directory, path) = file(&config);
    let ran = run_with(
        &["check-config", "--config", &path],
        "",
        &[("SECOND_KEY", "s3cret"), ("TIDEGATE__RETRY__MAX_ATTEMPTS", "3")],
    )
    .await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let effective: toml::Table = ran.out.parse().unwrap();
    assert_eq!(effective["retry"]["max_attempts"].as_integer(), Some(3), "the environment wins");
    assert_eq!(effective["upstreams"]["primary"]["base_url"].as_str(), Some("http://127.0.0.1:1/v1"));
    assert!(!ran.out.contains("s3cret") && !ran.err.contains("s3cret"));
}

#[tokio::test]
async fn check_config_tells_every_problem() {
    let (_directory, path) = file(BAD_CONFIG);
    let ran = run(&["check-config", "--config", &path]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    tells_all_problems(&ran.err);
}
