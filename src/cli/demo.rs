//! `demo`: the gateway, a flaky AI API and real calls between them, in one process.

mod faults;
mod progress;
mod tally;
mod texts;

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use tokio::{task::JoinSet, time::Instant};

pub(super) use faults::bad_friday;

use self::{progress::Progress, tally::Tally};
use super::{
    Exit,
    client::{self, Client, Trust},
    embedded,
    interrupts::Interrupts,
    render,
};
use crate::{app::App, config::Environment, proto, simulator::Simulator, telemetry::LogLevel};

/// What to show.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate demo --calls 100 --stay")]
pub struct DemoArgs {
    /// Go on serving when the calls are done, until interrupted
    #[arg(long)]
    pub stay: bool,
    /// How many calls to make
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
    /// The seed of the simulator's faults: the same seed, the same faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// How many calls run at the same time.
const CONCURRENCY: usize = 16;

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the demo.
pub async fn run(args: &DemoArgs, environment: &Environment) -> Exit {
    match demonstrate(args, environment).await {
        Ok(exit) => exit,
        Err(problem) => {
            eprintln!("the demo can't run: {problem}");
            Exit::Failed
        }
    }
}

async fn demonstrate(args: &DemoArgs, environment: &Environment) -> Result<Exit, Box<dyn std::error::Error>> {
    let mut interrupts = Interrupts::listen()?;
    let (mut config, simulator) = match embedded::start(environment, Some(args.seed)).await {
        Ok(started) => started,
        Err(exit) => return Ok(exit),
    };
    config.server.listen = any_port();
    config.admin_listen = any_port();
    config.telemetry.log_level = LogLevel::Off;
    let app = App::start(config).await?;
    if !args.json {
        introduce(&app, &simulator);
    }
    let client = client::connect(&app.grpc_addr().to_string(), Trust::System).await?;
    let mut tally = call_many(&client, usize::try_from(args.calls)?, args.json).await;
    tally.tokens(app.tokens());
    if args.json {
        println!("{}", tally.json());
    } else {
        summarise(&tally, &simulator);
    }
    if args.stay {
        let (grpc, admin) = (app.grpc_addr(), app.admin_addr());
        eprintln!("\nStill serving grpc://{grpc}, live page http://{admin}/; press Ctrl-C to end.");
        interrupts.next().await;
    } else if !args.json {
        println!("\nThe addresses above are gone now; with --stay they go on being served.");
    }
    app.shut_down().await;
    simulator.stop().await;
    Ok(if tally.answered() > 0 { Exit::Ok } else { Exit::Failed })
}

async fn call_many(client: &Client, calls: usize, quiet: bool) -> Tally {
    let progress = (!quiet).then(|| Progress::of(calls));
    let mut running = JoinSet::new();
    let mut tally = Tally::default();
    let mut next = 0;
    while next < calls || !running.is_empty() {
        while next < calls && running.len() < CONCURRENCY {
            running.spawn(call(client.clone(), texts::text(next)));
            next += 1;
        }
        if let Some(Ok((reply, latency))) = running.join_next().await {
            tally.count(reply, latency);
        }
        if let Some(progress) = &progress {
            progress.show(calls.min(tally.calls()));
        }
    }
    if let Some(progress) = &progress {
        progress.clear();
    }
    tally
}

async fn call(mut client: Client, text: String) -> (Result<proto::ExtractResponse, tonic::Status>, Duration) {
    let message = proto::ExtractRequest { text, ..Default::default() };
    let mut request = tonic::Request::new(message);
    request.set_timeout(CALL_TIMEOUT);
    let sent = Instant::now();
    let reply = client.extract(request).await.map(tonic::Response::into_inner);
    (reply, sent.elapsed())
}

fn introduce(app: &App, simulator: &Simulator) {
    println!("Tidegate between a caller and a flaky AI API, all in this process:");
    println!("  gateway    grpc://{}", app.grpc_addr());
    println!("  live page  http://{}/", app.admin_addr());
    println!("  metrics    http://{}/metrics", app.admin_addr());
    println!("  AI API     {} (simulated; about one attempt in seven fails)\n", simulator.base_url());
}

fn summarise(tally: &Tally, simulator: &Simulator) {
    if let Some(response) = tally.showpiece() {
        println!("One call that needed more than one attempt:");
        println!("{}", render::answer(response));
    }
    let arrivals = simulator.log().len();
    println!("{} calls, as the caller saw them:", tally.calls());
    print!("{tally}");
    println!("  {:<19}{arrivals} requests reached the AI API", "upstream's log");
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
