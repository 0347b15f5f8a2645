//! `serve`: the gateway.

use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::{Exit, demo::bad_friday, interrupted};
use crate::{
    app::App,
    config::{Config, Environment},
    simulator::Simulator,
};

/// What to serve.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate serve --config tidegate.toml")]
pub struct ServeArgs {
    /// The configuration file; `TIDEGATE__SECTION__KEY` variables override what is in it. Without one the
    /// embedded simulator is the upstream
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Serves until interrupted, then drains. A second interrupt ends the process at once.
pub async fn run(args: &ServeArgs, environment: &Environment) -> Exit {
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
        () = interrupted() => None,
        failure = app.failed() => Some(failure),
    };
    if let Some(failure) = failure {
        eprintln!("tidegate stopped: {failure}");
        return Exit::Failed;
    }
    tokio::select! {
        () = app.shut_down() => {}
        () = interrupted() => {
            eprintln!("interrupted again: running calls are cut");
            return Exit::Failed;
        }
    }
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    Exit::Ok
}

/// The configuration, and the simulator if there is no file to say otherwise.
async fn settle(args: &ServeArgs, environment: &Environment) -> Result<(Config, Option<Simulator>), Exit> {
    if args.config.is_some() {
        let config = Config::load(args.config.as_deref(), environment).map_err(|problems| {
            eprintln!("{problems}");
            Exit::Misused
        })?;
        return Ok((config, None));
    }
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::start(listen, bad_friday(), None).await.map_err(|error| {
        eprintln!("the embedded simulator can't listen: {error}");
        Exit::Failed
    })?;
    eprintln!(
        "NO --config GIVEN: serving the embedded simulator, which finds entities by rules and fails on purpose."
    );
    eprintln!("Its answers are not those of an AI. See config/tidegate.example.toml for a real upstream.");
    let base_url = Url::parse(&simulator.base_url()).map_err(|_| Exit::Failed)?;
    let config = Config::embedded(&base_url, environment).map_err(|problems| {
        eprintln!("{problems}");
        Exit::Misused
    })?;
    Ok((config, Some(simulator)))
}
