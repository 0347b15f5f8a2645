//! `simulate`: the flaky AI API alone.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use super::{Exit, interrupts::Interrupts};
use crate::simulator::{Script, Simulator};

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate simulate --listen 127.0.0.1:8080 --seed 7")]
pub struct SimulateArgs {
    /// Where to listen
    #[arg(long, value_name = "IP:PORT")]
    pub listen: SocketAddr,
    /// The fault script (TOML, see config/faults.example.toml); healthy answers without it
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// The seed of the faults: the same seed, the same faults; the script's own without it
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Serves until interrupted.
pub async fn run(args: &SimulateArgs) -> Exit {
    let script = match &args.script {
        None => Script::default(),
        Some(path) => match std::fs::read_to_string(path) {
            Err(error) => return misused(&format!("can't read {}: {error}", path.display())),
            Ok(text) => match Script::from_toml(&text) {
                Err(error) => return misused(&format!("{}: {error}", path.display())),
                Ok(script) => script,
            },
        },
    };
    let mut interrupts = match Interrupts::listen() {
        Ok(interrupts) => interrupts,
        Err(error) => {
            eprintln!("can't listen for signals: {error}");
            return Exit::Failed;
        }
    };
    let simulator = match Simulator::start(args.listen, script, args.seed).await {
        Ok(simulator) => simulator,
        Err(error) => {
            eprintln!("can't listen on {}: {error}; is another process using it?", args.listen);
            return Exit::Failed;
        }
    };
    println!("simulating an AI API at {}", simulator.base_url());
    println!("its log of arrivals is at http://{}/_log", simulator.addr());
    interrupts.next().await;
    simulator.stop().await;
    Exit::Ok
}

fn misused(problem: &str) -> Exit {
    eprintln!("{problem}");
    Exit::Misused
}
