//! `tidegate check-config`: is the configuration sound, and how is it understood?

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::Exit;
use crate::{
    config::{self, Config, Environment},
    upstream::schema_sent,
};

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
            write_schemas(&config, out)?;
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

/// How each profile's schema goes out to the upstreams on its route, as comments: what is printed can be
/// loaded again. The schema of `inline` comes with each call.
fn write_schemas(config: &Config, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n# How schemas go out; whatever comes back is held against them here.")?;
    for profile in config.profiles.iter().filter(|profile| !profile.is_inline()) {
        for name in profile.route.iter() {
            let settings = config.upstreams.iter().find(|settings| settings.name == *name);
            let Some(settings) = settings else { continue };
            // A key of the schema must not end the comment.
            let sent = schema_sent(settings, &profile.schema).to_string();
            writeln!(out, "# {} to {name}: {}", profile.name, sent.replace(char::is_control, " "))?;
        }
    }
    Ok(())
}
