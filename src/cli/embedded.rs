//! The embedded simulator, and the configuration of a gateway in front of it: what `serve` without a
//! configuration and `demo` share.

use std::net::SocketAddr;

use url::Url;

use super::{Exit, demo::bad_friday};
use crate::{
    config::{Config, ConfigProblems, Environment},
    simulator::Simulator,
};

/// Starts the simulator if the configuration is sound; else says what is wrong.
pub(super) async fn start(environment: &Environment, seed: Option<u64>) -> Result<(Config, Simulator), Exit> {
    // Checked before anything is started: where the simulator will listen can't make it wrong.
    configured("http://127.0.0.1/v1", environment)?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::start(listen, bad_friday(), seed).await.map_err(|error| {
        eprintln!("the embedded simulator can't listen: {error}");
        Exit::Failed
    })?;
    Ok((configured(&simulator.base_url(), environment)?, simulator))
}

fn configured(base_url: &str, environment: &Environment) -> Result<Config, Exit> {
    let base_url = Url::parse(base_url).map_err(|_| Exit::Failed)?;
    Config::embedded(&base_url, environment).map_err(misused)
}

/// Says what is wrong with a configuration.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn misused(problems: ConfigProblems) -> Exit {
    eprintln!("{problems}");
    Exit::Misused
}
