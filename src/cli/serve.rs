//! `serve`: the gateway.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, embedded, interrupts::Interrupts};
use crate::{
    app::App,
    config::{Config, Environment},
    simulator::Simulator,
};

/// What to serve.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate serve --config tidegate.toml")]
pub struct ServeArgs {
    /// The configuration file; `TIDEGATE__SECTION__KEY` variables override what is in it. Without one, and
    /// without a `TIDEGATE__UPSTREAMS__NAME__KEY`, the embedded simulator is the upstream
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Serves until interrupted, then drains. A second interrupt ends the process at once.
pub async fn run(args: &ServeArgs, environment: &Environment) -> Exit {
    let mut interrupts = match Interrupts::listen() {
        Ok(interrupts) => interrupts,
        Err(error) => {
            eprintln!("tidegate can't listen for signals: {error}");
            return Exit::Failed;
        }
    };
    let (config, simulator) = match settle(args, environment).await {
        Ok(settled) => settled,
        Err(exit) => return exit,
    };
    let mut app = match App::start(config).await {
        Ok(app) => app,
        Err(error) => {
            eprintln!("tidegate can't start: {error}");
            return Exit::Failed;
        }
    };
    if simulator.is_some() {
        eprintln!("Live page: http://{}/", app.admin_addr());
    }
    let failure = tokio::select! {
        () = interrupts.next() => None,
        failure = app.failed() => Some(failure),
    };
    if let Some(failure) = failure {
        eprintln!("tidegate stopped: {failure}");
        return Exit::Failed;
    }
    tokio::select! {
        () = app.shut_down() => {}
        () = interrupts.next() => {
            eprintln!("interrupted again: running calls are cut");
            return Exit::Failed;
        }
    }
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    Exit::Ok
}

/// The configuration, and the simulator if nothing else is configured.
async fn settle(args: &ServeArgs, environment: &Environment) -> Result<(Config, Option<Simulator>), Exit> {
    if args.config.is_some() || environment.names_upstream() {
        let config = Config::load(args.config.as_deref(), environment).map_err(embedded::misused)?;
        return Ok((config, None));
    }
    let (config, simulator) = embedded::start(environment, None).await?;
    eprintln!(
        "NO --config GIVEN: serving the embedded simulator, which finds entities by rules and fails on purpose."
    );
    eprintln!("Its answers are not those of an AI. See config/tidegate.example.toml for a real upstream.");
    Ok((config, Some(simulator)))
}
