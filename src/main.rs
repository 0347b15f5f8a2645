//! Parses the command line, runs the command, and ends with its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use tidegate::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // At least two workers: telemetry's last export blocks one while it needs the other.
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(cli.run()).into(),
        Err(error) => {
            eprintln!("tidegate can't start its runtime: {error}");
            ExitCode::FAILURE
        }
    }
}
