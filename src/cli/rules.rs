//! `tidegate rules`: recording and alert rules for Prometheus.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::{Exit, runbook};
use crate::monitoring::rules::{self, Options, Thresholds, TimeScale};

/// What rules to make.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(
    after_help = "Example: tidegate rules --out tidegate.rules.yaml --slo 0.999 --runbook-base https://git.example.com/tidegate/docs/runbook.md"
)]
pub struct RulesArgs {
    /// The file to write; `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// The `job` under which Prometheus scrapes gateways
    #[arg(long, value_name = "NAME", default_value = "tidegate", value_parser = one_line)]
    pub job: String,
    /// Where the runbook can be read: each alert links to `#` and its name there. Without it, alerts link nowhere
    #[arg(long, value_name = "URL", value_parser = runbook::base)]
    pub runbook_base: Option<String>,
    /// Divide every window, wait and interval by this, to try alerts out in minutes
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = time_scale)]
    pub time_scale: TimeScale,
    /// From where on something is worth an alert
    #[command(flatten)]
    pub thresholds: Thresholds,
}

/// Writes the rules to their file, or to `out`.
pub fn run(args: &RulesArgs, out: &mut impl Write, err: &mut impl Write) -> io::Result<Exit> {
    let yaml = rules::render(&Options {
        job: args.job.clone(),
        runbook_base: args.runbook_base.clone(),
        time_scale: args.time_scale,
        thresholds: args.thresholds,
    });
    if args.out.as_os_str() == "-" {
        out.write_all(yaml.as_bytes())?;
    } else if let Err(error) = fs::write(&args.out, yaml) {
        let out = args.out.display();
        writeln!(
            err,
            "can't write {out}: {error}; choose a file that you may write, in a folder that is there"
        )?;
        return Ok(Exit::Misused);
    }
    Ok(Exit::Ok)
}

fn one_line(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.contains(char::is_control) {
        return Err("give one line of text".to_owned());
    }
    Ok(text.to_owned())
}

fn time_scale(text: &str) -> Result<TimeScale, String> {
    let range = TimeScale::RANGE;
    let scale = text.parse().ok().and_then(TimeScale::new);
    scale.ok_or_else(|| format!("give a whole number from {} to {}", range.start(), range.end()))
}
