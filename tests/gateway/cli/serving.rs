//! Commands that serve until they are told to end.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use super::{file, run_with};
use tidegate::simulator::Script;

use crate::{
    stage::{Setup, TEXT},
    support::{self, Gateway},
};

/// A command that serves until it is told to end.
struct Serving {
    child: Child,
    first_line: String,
}

impl Serving {
    async fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
            line
        });
        let first_line =
            tokio::time::timeout(support::PATIENCE, line).await.expect("it must say something").unwrap();
        Self { child, first_line }
    }

    async fn end(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        tokio::task::spawn_blocking(move || self.child.wait().unwrap().code()).await.unwrap()
    }
}

#[tokio::test]
async fn simulate_serves_what_its_script_says() {
    let (_directory, script) = file("[[fault]]\nfault = \"status\"\nstatus = 401\n");
    let serving =
        Serving::start(&["simulate", "--listen", "127.0.0.1:0", "--script", &script, "--seed", "7"]).await;
    let base_url = serving.first_line.split_whitespace().find(|word| word.starts_with("http://"));
    let base_url = base_url.unwrap_or_else(|| panic!("no URL in {:?}", serving.first_line));
    let addr: SocketAddr = base_url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap();
    let gateway = Gateway::start(&Setup::default().config(&format!("http://{addr}/v1"))).await;
    let mut client = gateway.client().await;
    let status = client.extract(support::request(TEXT, support::PATIENCE)).await.unwrap_err();
    assert_eq!(support::reason_of(&status), "UPSTREAM_CREDENTIALS_REJECTED");
    assert_eq!(serving.end().await, Some(0));
}

#[tokio::test]
async fn whoever_is_told_to_end_while_it_starts_ends_in_order() {
    let simulator = support::simulator(Script::default()).await;
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("tidegate.toml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(["serve", "--config"])
        .arg(&pipe)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let config = Setup::default().config(&simulator.base_url());
    let ended = tokio::task::spawn_blocking(move || {
        // Opens when the other side does: then the gateway is reading its configuration, and can't go on.
        let mut config_pipe = std::fs::File::create(&pipe).unwrap();
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(told.success());
        // A process that was ended by the signal reads no more.
        let _ = config_pipe.write_all(config.as_bytes());
        drop(config_pipe);
        child.wait_with_output().unwrap()
    });
    let ended = tokio::time::timeout(support::PATIENCE, ended).await.expect("it must end").unwrap();
    let log = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}: {log}", ended.status);
    assert!(log.contains("tidegate.server.stopped"), "{log}");
}

#[tokio::test]
async fn serve_without_a_file_serves_what_the_environment_says() {
    let simulator = support::simulator(Script::default()).await;
    let gateway = Gateway::start_bare(&[
        ("TIDEGATE__SERVER__LISTEN", "127.0.0.1:0"),
        ("TIDEGATE__ADMIN__LISTEN", "127.0.0.1:0"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__DIALECT", "openai"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__BASE_URL", &simulator.base_url()),
        ("TIDEGATE__UPSTREAMS__PRIMARY__MODEL", "simulated"),
        ("OTEL_EXPORTER_OTLP_ENDPONT", "http://127.0.0.1:1"),
    ])
    .await;
    let reply = gateway.client().await.extract(support::request(TEXT, support::PATIENCE)).await.unwrap();
    assert_eq!(reply.into_inner().info.unwrap().upstream, "primary");
    assert_eq!(simulator.log().len(), 1);
    gateway.terminate();
    let (status, log) = gateway.ended().await;
    assert!(status.success(), "{status}");
    assert!(!log.iter().any(|line| line.contains("NO --config")), "{log:#?}");
    let doubted: Vec<_> = log.iter().filter(|line| line.contains("tidegate.config.doubted")).collect();
    assert_eq!(doubted.len(), 1, "{log:#?}");
    assert!(doubted[0].contains("OTEL_EXPORTER_OTLP_ENDPONT"), "{doubted:?}");
}

#[tokio::test]
async fn serve_without_a_file_starts_nothing_if_the_environment_is_wrong() {
    for command in ["serve", "demo"] {
        let ran = run_with(&[command], "", &[("TIDEGATE__RETRY__MAX_ATTEMPTS", "0")]).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
        assert!(ran.err.starts_with("1 problem in the configuration:"), "{}", ran.err);
    }
}
