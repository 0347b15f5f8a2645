//! The gateway takes its settings, the simulator its script, and calls as `deploy/load.sh` makes them show what the
//! boards are there to show.

use std::{
    env,
    net::SocketAddr,
    path::Path,
    process::{Command, Output, Stdio},
};

use tidegate::simulator::{Script, Simulator};

use crate::{
    read,
    support::{Gateway, PATIENCE},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate");
const CALLS: u32 = 36;

fn check(path: &Path) -> Output {
    Command::new(PROGRAM).args(["check-config", "--config"]).arg(path).output().unwrap()
}

#[test]
fn the_settings_are_sound() {
    let checked = check(Path::new("deploy/tidegate.toml"));
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// Beyond loopback and without knowing its callers, a gateway must be told so.
#[test]
fn the_settings_say_what_the_gateway_demands_of_an_open_port() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tidegate.toml");
    let text = read("deploy/tidegate.toml");
    std::fs::write(&path, text.replace("allow_unauthenticated = true\n", "")).unwrap();
    let checked = check(&path);
    assert_eq!(checked.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&checked.stderr).contains("allow_unauthenticated"));
}

#[test]
fn the_simulator_takes_the_script_of_faults() {
    let script = Script::from_toml(&read("deploy/faults.toml")).unwrap();
    assert!(script.rules.iter().any(|rule| rule.after.is_zero()), "nothing fails at the start");
    assert!(Script::from_toml(&read("deploy/faults.toml").replace("share", "chance")).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_load_makes_hits_retries_and_costs() {
    let script = Script::from_toml(&read("deploy/faults.toml")).unwrap();
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let ai = Simulator::start(loopback, script, None).await.unwrap();
    let variables = [
        ("TIDEGATE__SERVER__LISTEN", "127.0.0.1:0"),
        ("TIDEGATE__ADMIN__LISTEN", "127.0.0.1:0"),
        ("TIDEGATE__UPSTREAMS__AI__BASE_URL", &ai.base_url()),
        ("TIDEGATE__TELEMETRY__OTLP_TRACES_ENDPOINT", "none"),
    ];
    let gateway = Gateway::start_with(&read("deploy/tidegate.toml"), &variables).await;

    let said = load(gateway.grpc).await;

    assert_eq!(said.lines().last(), Some(format!("{CALLS} calls, 0 failed").as_str()), "{said}");
    let metrics = gateway.metrics().await;
    for (name, labels) in [
        ("tidegate_upstream_attempts_total", [("kind", "retry"), ("upstream", "ai")].as_slice()),
        ("tidegate_cost_total", &[("upstream", "ai")]),
        ("tidegate_cache_requests_total", &[("result", "hit")]),
    ] {
        assert!(metrics.sum(name, labels) > 0.0, "{name}:\n{}", metrics.0);
    }
}

/// What the script says at its end.
async fn load(addr: SocketAddr) -> String {
    let programs = Path::new(PROGRAM).parent().unwrap().to_path_buf();
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&others))).unwrap();
    let mut command = Command::new("sh");
    command.args(["deploy/load.sh", &addr.to_string(), &CALLS.to_string(), "0"]).env("PATH", path);
    command.stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = tokio::time::timeout(PATIENCE, ended).await.expect("the load must end").unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    format!("{stderr}{}", String::from_utf8_lossy(&output.stdout))
}
