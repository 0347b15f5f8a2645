//! What telemetry costs a call, and whether memory stays flat when nobody scrapes. What is measured, how,
//! and the last figures: docs/performance.md.
//!
//! Not on criterion: it measures one thing after the other, and on a shared machine the machine changes in
//! between. Here everything is measured in turn, round by round, and what counts is the ratio within a
//! round. Each thing that is measured is a process of its own, so that its processor time is its own:
//! exporters and log writers included, callers and AI API not.

#![expect(unreachable_pub, reason = "everything here is for the other modules of this bench")]

mod floor;
mod gateway;
mod lane;
mod load;
mod process;
mod ratios;
mod report;
mod setting;
mod soak;
mod statistics;
mod surroundings;

use std::{net::SocketAddr, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use self::lane::Lane;

/// Whatever may go wrong here ends the bench.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What telemetry costs, as ratios.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    ratios: ratios::Ratios,
    /// What `cargo bench` adds to every command line.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Whether memory stays flat under load while nobody scrapes
    Soak(soak::Soak),
    /// One of the things that are measured
    #[command(hide = true)]
    Serve(Serve),
}

/// What a measured process is told.
#[derive(Args)]
pub struct Serve {
    /// Which one it is.
    lane: Lane,
    /// The AI API.
    #[arg(long)]
    upstream: SocketAddr,
    /// The collector, if it has one.
    #[arg(long)]
    collector: Option<SocketAddr>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // As many workers as the gateway itself has.
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            match cli.command {
                None => cli.ratios.run().await,
                Some(Command::Soak(soak)) => soak.run().await,
                Some(Command::Serve(serve)) => serve.run().await,
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Serve {
    async fn run(self) -> Outcome<()> {
        match self.lane {
            Lane::FloorHit | Lane::FloorMiss => floor::serve(&self).await,
            Lane::Off => gateway::serve_untold(&self).await,
            Lane::Metrics | Lane::Logs | Lane::Some | Lane::All | Lane::Refused | Lane::Silent => {
                gateway::serve(&self).await
            }
        }
    }
}
