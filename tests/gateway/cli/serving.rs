//! Commands that serve until they are told to end.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use super::file;
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
