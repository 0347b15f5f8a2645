//! `tidegate check-config`: is the configuration sound, and how is it understood?

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::Exit;
use crate::config::{self, Config, Environment};

/// What to check.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate check-config --config tidegate.toml")]
pub struct CheckConfigArgs {
    /// The configuration file; `TIDEGATE__SECTION__KEY` variables override what is in it. Without one they
    /// are all there is
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Prints the effective configuration to `out` and what may be a mistake in it to `err`, or all its problems
/// there.
pub fn run(
    args: &CheckConfigArgs,
    environment: &Environment,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    match Config::load(args.config.as_deref(), environment) {
        Ok(config) => {
            write!(out, "{}", config::effective(&config))?;
            for warning in &config.warnings {
                writeln!(err, "warning: {warning}")?;
            }
            Ok(Exit::Ok)
        }
        Err(problems) => {
            writeln!(err, "{problems}")?;
            Ok(Exit::Misused)
        }
    }
}
