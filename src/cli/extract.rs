//! `extract`: one call to a running gateway.

use std::{io::Read as _, time::Duration};

use clap::{Args, ValueEnum};

use super::{Exit, client, render};
use crate::{config::Environment, proto};

/// What to ask, and whom.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(
    after_help = "Example: tidegate extract --addr 127.0.0.1:50051 --timeout 10s \"Ada Lovelace met Charles Babbage\""
)]
pub struct ExtractArgs {
    /// Where the gateway serves gRPC
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50051")]
    pub addr: String,
    /// The profile to use; the gateway's default without it
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The longest wait, for example 10s or 500ms; the profile's without it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
    /// How to use the cache
    #[arg(long, value_name = "MODE", value_enum, default_value_t = CacheArg::Default)]
    pub cache: CacheArg,
    /// Print the whole answer as JSON
    #[arg(long)]
    pub json: bool,
    /// The text to extract from; - reads it from standard input
    #[arg(value_name = "TEXT|-")]
    pub text: String,
}

/// How a call uses the cache, as words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum CacheArg {
    /// Read, and store a fresh answer
    Default,
    /// Don't read; store the fresh answer
    NoCache,
    /// Read, but don't store the fresh answer
    NoStore,
    /// Answer from the cache or not at all
    OnlyIfCached,
}

impl From<CacheArg> for proto::CacheMode {
    fn from(arg: CacheArg) -> Self {
        match arg {
            CacheArg::Default => Self::Default,
            CacheArg::NoCache => Self::NoCache,
            CacheArg::NoStore => Self::NoStore,
            CacheArg::OnlyIfCached => Self::OnlyIfCached,
        }
    }
}

/// Where the caller's API key is read from.
const API_KEY_VARIABLE: &str = "TIDEGATE_API_KEY";

/// Makes the call and prints what came of it.
pub async fn run(args: &ExtractArgs, environment: &Environment) -> Exit {
    let text = match text(args) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("can't read the text from standard input: {error}");
            return Exit::Misused;
        }
    };
    let message = proto::ExtractRequest {
        text,
        profile: args.profile.clone().unwrap_or_default(),
        cache: Some(proto::CacheControl { mode: proto::CacheMode::from(args.cache).into(), max_age: None }),
        ..Default::default()
    };
    let Ok(request) = client::request(message, args.timeout, environment.get(API_KEY_VARIABLE)) else {
        eprintln!("{API_KEY_VARIABLE} is not a valid API key: it may hold visible ASCII only");
        return Exit::Misused;
    };
    let mut client = match client::connect(&args.addr).await {
        Ok(client) => client,
        Err(error) => {
            let chain = crate::app::error_chain(&error);
            eprintln!("can't connect to {}: {chain}; is the gateway running there?", args.addr);
            return Exit::Failed;
        }
    };
    match client.extract(request).await {
        Ok(response) if args.json => println!("{}", render::answer_json(response.get_ref())),
        Ok(response) => print!("{}", render::answer(response.get_ref())),
        Err(status) => {
            if args.json {
                println!("{}", render::error_json(&status));
            } else {
                eprint!("{}", render::error(&status));
            }
            return Exit::Failed;
        }
    }
    Exit::Ok
}

fn text(args: &ExtractArgs) -> std::io::Result<String> {
    if args.text != "-" {
        return Ok(args.text.clone());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
