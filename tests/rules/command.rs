//! `tidegate rules`, and the file that it made.

use clap::Parser as _;
use tidegate::{
    cli::{Cli, Command, Exit, rules},
    monitoring::rules::{Options, render},
};

use crate::read;

const COMMITTED: &str = "grafana/prometheus/rules.yaml";

fn run(line: &str) -> (Exit, String, String) {
    let Command::Rules(args) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
        panic!("{line}");
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = rules::run(&args, &mut out, &mut err).unwrap();
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn the_committed_rules_are_those_of_the_code() {
    let rules = render(&Options::default());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(COMMITTED, &rules).unwrap();
    }
    assert!(
        read(COMMITTED) == rules,
        "{COMMITTED} is out of date: run UPDATE_DOCS=1 cargo test --test rules"
    );
}

#[test]
fn without_options_the_command_prints_them() {
    assert_eq!(run("tidegate rules"), (Exit::Ok, render(&Options::default()), String::new()));
}

#[test]
fn options_arrive_in_the_rules() {
    let line = "tidegate rules --job gate --slo 0.99 --retry-ratio 0.4 --slow-call 2.5 --runbook-base https://wiki/r --time-scale 60";
    let (_, rules, _) = run(line);
    for expected in [
        r#"absent(up{job="gate"})"#,
        "> 14.4 * 0.01\n",
        "retry_ratio:rate5m > 0.4\n",
        r#"{le=~"2\\.5"}[5s]"#,
        r#"runbook_url: "https://wiki/r#tidegatedown""#,
        "interval: 500ms\n",
    ] {
        assert!(rules.contains(expected), "{expected}: {rules}");
    }
}

#[test]
fn a_file_is_written_or_the_reason_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    let (exit, out, _) = run(&format!("tidegate rules --out {}", path.display()));
    assert_eq!((exit, out.as_str()), (Exit::Ok, ""));
    assert_eq!(read(path.to_str().unwrap()), render(&Options::default()));

    let (exit, _, err) = run(&format!("tidegate rules --out {}/not/there.yaml", folder.path().display()));
    assert_eq!(exit, Exit::Misused);
    assert!(err.contains("can't write") && err.contains("not/there.yaml"), "{err}");
    assert!(err.contains("choose a file that you may write"), "{err}");
}
