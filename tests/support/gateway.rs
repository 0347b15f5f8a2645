//! A real gateway process, a scripted AI API and real clients, for black-box tests.
//!
//! Included by each black-box suite with `#[path = "../support/gateway.rs"] mod support;`.

#![allow(dead_code, unreachable_pub, reason = "each suite uses its own part of this")]

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use prost::Message as _;
use serde_json::Value;
use tempfile::TempDir;
use tidegate::{
    proto::{self, extraction_service_client::ExtractionServiceClient},
    simulator::{Script, Simulator},
};
use tonic::{Request, Status, transport::Channel};
use tonic_types::{StatusExt as _, pb};

/// How long anything that must come may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway in a process of its own, killed when dropped.
pub struct Gateway {
    child: Child,
    pub grpc: SocketAddr,
    pub admin: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    _directory: TempDir,
}

impl Gateway {
    /// Starts the real binary with `config` (TOML; listens on free ports) and waits until it serves.
    pub async fn start(config: &str) -> Self {
        Self::start_with(config, &[]).await
    }

    /// The same with environment variables.
    pub async fn start_with(config: &str, variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path: PathBuf = directory.path().join("tidegate.toml");
        std::fs::write(&path, config).unwrap();
        Self::run(&["--config", path.to_str().unwrap()], variables, directory).await
    }

    /// The same without a file: the variables are all there is.
    pub async fn start_bare(variables: &[(&str, &str)]) -> Self {
        Self::run(&[], variables, tempfile::tempdir().unwrap()).await
    }

    async fn run(args: &[&str], variables: &[(&str, &str)], directory: TempDir) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .arg("serve")
            .args(args)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (started, is_started) = mpsc::channel();
        let lines = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(addresses) = addresses(&line) {
                    let _ = started.send(addresses);
                }
                lines.lock().unwrap().push(line);
            }
        });
        let waited = tokio::task::spawn_blocking(move || is_started.recv_timeout(PATIENCE)).await.unwrap();
        let Ok((grpc, admin)) = waited else {
            let _ = child.kill();
            panic!("the gateway did not start: {:#?}", log.lock().unwrap());
        };
        Self { child, grpc, admin, log, reader: Some(reader), _directory: directory }
    }

    /// A client on a connection of its own.
    pub async fn client(&self) -> ExtractionServiceClient<Channel> {
        ExtractionServiceClient::connect(format!("http://{}", self.grpc)).await.unwrap()
    }

    /// The lines logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The lines logged so far, as JSON.
    pub fn log_json(&self) -> Vec<Value> {
        self.log().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The page of metrics.
    pub async fn metrics(&self) -> Metrics {
        Metrics(self.admin_get("/metrics").await.1)
    }

    /// Status and body of a page of the admin server.
    pub async fn admin_get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.admin_ask("GET", path, &format!("host: {}", self.admin)).await;
        (status, body)
    }

    /// What the admin server says in JSON.
    pub async fn admin_json(&self, path: &str) -> Value {
        let (status, body) = self.admin_get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Status, head in lower case, and body of the admin server's answer to a request with these headers.
    pub async fn admin_ask(&self, method: &str, path: &str, headers: &str) -> (u16, String, String) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(self.admin).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\n{headers}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        let body = if head.contains("transfer-encoding: chunked") { dechunk(body) } else { body.to_owned() };
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head, body)
    }

    /// Reads the metrics again and again until `holds`, and returns them.
    pub async fn metrics_when(&self, mut holds: impl FnMut(&Metrics) -> bool) -> Metrics {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        loop {
            let metrics = self.metrics().await;
            if holds(&metrics) {
                return metrics;
            }
            assert!(tokio::time::Instant::now() < give_up, "never came to hold:\n{}", metrics.0);
            tokio::task::yield_now().await;
        }
    }

    /// The most memory that the process ever had in RAM, in bytes.
    pub fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for the process to end, and for the last line it logged.
    pub async fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let log = Arc::clone(&self.log);
        let status = tokio::task::spawn_blocking(move || {
            let status = self.child.wait().unwrap();
            self.reader.take().unwrap().join().unwrap();
            status
        });
        let status = tokio::time::timeout(PATIENCE, status).await.expect("the process must end").unwrap();
        let log = log.lock().unwrap().clone();
        (status, log)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page of metrics in Prometheus' text format.
pub struct Metrics(pub String);

impl Metrics {
    /// The sum of all series of `name` that carry all of `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.series(name, labels).map(|(_, value)| value).sum()
    }

    /// All series of `name` that carry all of `labels`, with their values.
    pub fn series<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (family, rest) = series.split_once('{').unwrap_or((series, ""));
            let carries = labels.iter().all(|(label, word)| {
                let pair = format!("{label}=\"{word}\"");
                rest.contains(&format!(",{pair}")) || rest.starts_with(&pair)
            });
            (family == name && carries).then(|| Some((series, value.parse().ok()?))).flatten()
        })
    }
}

/// A simulator that does as `script` says.
pub async fn simulator(script: Script) -> Simulator {
    Simulator::start(SocketAddr::from(([127, 0, 0, 1], 0)), script, 1).await.unwrap()
}

/// The configuration of a gateway whose only upstream is `base_url`; `more` is appended.
pub fn config(base_url: &str, more: &str) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[upstreams.primary]
dialect = "openai"
base_url = "{base_url}"
model = "simulated"
[telemetry]
log_format = "json"
{more}
"#
    )
}

/// A request for the default profile, to be answered within `timeout`.
pub fn request(text: &str, timeout: Duration) -> Request<proto::ExtractRequest> {
    let mut request = Request::new(proto::ExtractRequest { text: text.to_owned(), ..Default::default() });
    request.set_timeout(timeout);
    request
}

/// The extraction in a response.
pub fn extraction(response: &proto::ExtractResponse) -> &proto::Extraction {
    match &response.outcome {
        Some(proto::extract_response::Outcome::Extraction(extraction)) => extraction,
        other => panic!("no extraction but {other:?}"),
    }
}

/// How an error came about.
pub fn info_of(status: &Status) -> proto::ExtractionInfo {
    let details = pb::Status::decode(status.details()).unwrap().details;
    let info = details.into_iter().find(|any| any.type_url.ends_with("tidegate.v1.ExtractionInfo"));
    proto::ExtractionInfo::decode(&*info.expect("every error of a call tells its trail").value).unwrap()
}

/// The stable reason of an error.
pub fn reason_of(status: &Status) -> String {
    status.get_details_error_info().expect("every error has a reason").reason
}

/// What the error says about calling again: milliseconds, or -1.
pub fn pushback_of(status: &Status) -> i64 {
    status.metadata().get("grpc-retry-pushback-ms").unwrap().to_str().unwrap().parse().unwrap()
}

fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some((line.get("grpc")?.as_str()?.parse().ok()?, line.get("admin")?.as_str()?.parse().ok()?))
}

fn dechunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}
