//! The command line: one file per command, and what they share.

pub mod check_config;
mod client;
pub mod dashboards;
pub mod demo;
mod embedded;
pub mod extract;
pub mod healthcheck;
mod interrupts;
mod render;
pub mod rules;
mod runbook;
pub mod serve;
pub mod simulate;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::Environment;

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "tidegate", version, about, long_about = None, arg_required_else_help = true)]
#[command(
    after_help = "Example: tidegate demo\n\nExit codes: 0 ok, 1 the call failed, 2 wrong use or configuration"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Serve gRPC: what is configured, else the embedded simulator on loopback
    Serve(serve::ServeArgs),
    /// Make calls through a gateway to the embedded simulator, faults on, and show what happened
    Demo(demo::DemoArgs),
    /// Call a gateway once
    Extract(extract::ExtractArgs),
    /// Serve the flaky AI API alone
    Simulate(simulate::SimulateArgs),
    /// Check a configuration and print it as it is understood, secrets redacted
    CheckConfig(check_config::CheckConfigArgs),
    /// Write the dashboards for Grafana
    Dashboards(dashboards::DashboardsArgs),
    /// Print recording and alert rules for Prometheus
    Rules(rules::RulesArgs),
    /// Ask a running gateway whether it is ready
    Healthcheck(healthcheck::HealthcheckArgs),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well: 0.
    Ok,
    /// The call failed: 1.
    Failed,
    /// The command or the configuration is wrong: 2, as with wrong arguments.
    Misused,
}

impl Cli {
    /// Does what was asked for.
    pub async fn run(self) -> Exit {
        let environment = Environment::of_process();
        match self.command {
            Command::Serve(args) => serve::run(&args, &environment).await,
            Command::Demo(args) => demo::run(&args, &environment).await,
            Command::Extract(args) => extract::run(&args, &environment).await,
            Command::Simulate(args) => simulate::run(&args).await,
            Command::CheckConfig(args) => {
                let ran = check_config::run(&args, &environment, &mut io::stdout(), &mut io::stderr());
                ran.unwrap_or(Exit::Failed)
            }
            Command::Dashboards(args) => dashboards::run(&args),
            Command::Rules(args) => {
                rules::run(&args, &mut io::stdout(), &mut io::stderr()).unwrap_or(Exit::Failed)
            }
            Command::Healthcheck(args) => healthcheck::run(&args).await,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Misused => Self::from(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory as _;

    use super::*;
    use crate::proto::CacheMode;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
    }

    /// As a shell would split it: at blanks outside of quotes.
    fn words(line: &str) -> Vec<&str> {
        let pieces = line.split('"').enumerate();
        pieces.flat_map(|(i, p)| if i % 2 == 0 { p.split_whitespace().collect() } else { vec![p] }).collect()
    }

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example_that_parses() {
        for command in Cli::command().get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            let example = help.lines().find_map(|line| line.strip_prefix("Example: "));
            let example = example.unwrap_or_else(|| panic!("no example: {help}"));
            let parsed = Cli::try_parse_from(words(example));
            assert!(parsed.is_ok(), "{example}: {parsed:?}");
        }
    }

    #[test]
    fn extract_takes_all_its_options() {
        let line = "tidegate extract --addr gate:1 --profile p --timeout 250ms --cache no_store --json -";
        let Ok(Command::Extract(args)) = parse(line) else { panic!("{:?}", parse(line)) };
        assert_eq!(args.addr, "gate:1");
        assert_eq!(args.profile.as_deref(), Some("p"));
        assert_eq!(args.timeout, Some(Duration::from_millis(250)));
        assert_eq!(CacheMode::from(args.cache), CacheMode::NoStore);
        assert!(args.json);
        assert_eq!(args.text, "-");
    }

    #[test]
    fn the_seed_of_a_script_is_not_overruled_unasked() {
        for (line, seed) in [
            ("tidegate simulate --listen 127.0.0.1:0", None),
            ("tidegate simulate --listen 127.0.0.1:0 --seed 7", Some(7)),
        ] {
            let Ok(Command::Simulate(args)) = parse(line) else { panic!("{:?}", parse(line)) };
            assert_eq!(args.seed, seed, "{line}");
        }
    }

    #[test]
    fn wrong_use_exits_with_2() {
        for line in [
            "tidegate jobs",
            "tidegate check-config FILE",
            "tidegate extract",
            "tidegate extract --timeout soon text",
            "tidegate simulate",
            "tidegate simulate --listen nowhere",
            "tidegate demo --calls 0",
            "tidegate rules --slo 1",
            "tidegate rules --time-scale 0",
            "tidegate rules --time-scale 601",
            "tidegate rules --amplification 0.5",
            "tidegate rules --retry-ratio NaN",
            "tidegate rules --slo 0.9",
            "tidegate rules --overhead 1",
            "tidegate rules --slow-call 7",
            "tidegate rules --job ",
            "tidegate rules --runbook-base docs/runbook.md",
            "tidegate dashboards --out d --runbook-base javascript:alert(1)",
            "tidegate dashboards --out d --empty-share 2",
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
