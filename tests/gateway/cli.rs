//! The command line: what it prints, and how it ends.

mod configuration;
mod serving;

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tidegate::simulator::script::Fault;

use crate::{
    stage::{Setup, Stage, TEXT, always, sha256},
    support,
};

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs a command to its end, with this on its standard input.
async fn run_with(args: &[&str], input: &str, variables: &[(&str, &str)]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(args)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let output = tokio::time::timeout(support::PATIENCE * 2, output).await.expect("it must end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) async fn run(args: &[&str]) -> Ran {
    run_with(args, "", &[]).await
}

/// A file that is there as long as its directory is.
fn file(content: &str) -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("file.toml");
    std::fs::write(&path, content).unwrap();
    (directory, path.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn extract_prints_what_was_found() {
    let stage = Stage::healthy().await;
    let addr = stage.gateway.grpc.to_string();
    let ran = run(&["extract", "--addr", &addr, TEXT]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for word in ["Ada Lovelace", "Charles Babbage", "London", "person", "initial", "miss"] {
        assert!(ran.out.contains(word), "{word} is missing in:\n{}", ran.out);
    }
}

#[tokio::test]
async fn extract_prints_json_for_programs() {
    let stage = Stage::healthy().await;
    let addr = stage.gateway.grpc.to_string();
    let ran =
        run_with(&["extract", "--addr", &addr, "--json", "--profile", "entities", "-"], TEXT, &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let answer = ran.json();
    assert_eq!(answer["entities"][0]["text"], "Ada Lovelace");
    assert_eq!(answer["result"]["entities"][0]["type"], "person");
    assert_eq!((&answer["info"]["verdict"], &answer["info"]["cache"]), (&"ok".into(), &"miss".into()));
    let again = run(&["extract", "--addr", &addr, "--json", "--cache", "only_if_cached", TEXT]).await.json();
    assert_eq!(again["info"]["cache"], "hit");
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn extract_tells_why_a_call_failed() {
    let stage = Stage::scripted(always(Fault::status(500))).await;
    let addr = stage.gateway.grpc.to_string();
    let ran = run(&["extract", "--addr", &addr, TEXT]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    for word in ["UPSTREAM_ERROR", "server_error", "max_attempts", "#4"] {
        assert!(ran.err.contains(word), "{word} is missing in:\n{}", ran.err);
    }
    let ran = run(&["extract", "--addr", &addr, "--json", TEXT]).await;
    assert_eq!(ran.code, Some(1));
    let failure = ran.json();
    assert_eq!(failure["error"]["reason"], "UPSTREAM_ERROR");
    assert_eq!(failure["info"]["attempts"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn extract_takes_no_files_name_for_a_text() {
    let stage = Stage::healthy().await;
    let addr = stage.gateway.grpc.to_string();
    let (directory, path) = file(TEXT);
    let link = directory.path().join("a link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for named in [&path, link.to_str().unwrap(), "Cargo.toml", "./Cargo.toml", "/dev/stdin"] {
        let ran = run(&["extract", "--addr", &addr, named]).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{named}");
        assert!(ran.err.contains("extract [OPTIONS] - < FILE"), "{named}: {}", ran.err);
    }
    assert_eq!(stage.sent(), 0, "nobody was asked about a name");
    let long = format!("{TEXT} {}", "/".repeat(5000));
    for text in [TEXT, "src", "no-such-file.txt", directory.path().to_str().unwrap(), &long] {
        let ran = run(&["extract", "--addr", &addr, text]).await;
        assert_eq!(ran.code, Some(0), "{text}: {}", ran.err);
    }
    assert_eq!(run_with(&["extract", "--addr", &addr, "-"], "Cargo.toml", &[]).await.code, Some(0));
}

#[tokio::test]
async fn extract_says_that_nobody_is_there() {
    let nowhere =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let ran = run(&["extract", "--addr", &nowhere, TEXT]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains(&nowhere), "{}", ran.err);
}

#[tokio::test]
async fn extract_brings_the_callers_key() {
    let more = format!("[auth.tenants.red]\nkey_sha256 = [\"{}\"]\n", sha256("red-key"));
    let stage = Setup { more, ..Setup::default() }.start().await;
    let addr = stage.gateway.grpc.to_string();
    let args = ["extract", "--addr", &addr, TEXT];
    let ran = run(&args).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("UNAUTHENTICATED"), "{}", ran.err);
    assert_eq!(run_with(&args, "", &[("TIDEGATE_API_KEY", "red-key")]).await.code, Some(0));
}

#[tokio::test]
async fn healthcheck_asks_whether_calls_are_taken() {
    let stage = Stage::healthy().await;
    let admin = stage.gateway.admin.to_string();
    assert_eq!(run(&["healthcheck", "--addr", &admin]).await.code, Some(0));
    drop(stage);
    let ran = run(&["healthcheck", "--addr", &admin]).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains(&admin), "{}", ran.err);
}

#[tokio::test]
async fn wrong_use_ends_with_2() {
    for args in
        [&["no-such"][..], &["extract"], &["check-config"], &["extract", "--timeout", "soon", TEXT], &[]]
    {
        let ran = run(args).await;
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(!ran.err.is_empty());
    }
    assert_eq!(run(&["--help"]).await.code, Some(0));
}

#[tokio::test]
async fn simulate_with_a_bad_script_names_the_key() {
    let (_directory, script) = file("[[fault]]\nfault = \"flaky\"\n");
    let ran = run(&["simulate", "--listen", "127.0.0.1:0", "--script", &script]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("fault 1 (flaky): `fault` must be one of"), "{}", ran.err);
}

#[tokio::test]
async fn the_demo_makes_its_calls_and_tells_how_they_went() {
    let ran = run(&["demo", "--calls", "20"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for word in [
        "20 calls",
        "verdict",
        "attempts",
        "/metrics",
        "tokens saved",
        "requests reached the AI API",
        "--stay",
    ] {
        assert!(ran.out.contains(word), "{word} is missing in:\n{}", ran.out);
    }
}

#[tokio::test]
async fn the_demo_prints_json_for_programs() {
    let ran = run(&["demo", "--calls", "20", "--seed", "3", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let figures = ran.json();
    assert_eq!(figures["calls"], 20);
    let verdicts: u64 = figures["verdicts"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(verdicts, 20);
    assert!(figures["tokens_taken"].as_u64() > Some(0) && figures["tokens_saved"].is_u64(), "{figures}");
}
