//! `extract`: one call to a running gateway.

use std::{error::Error as _, fs, io::Read as _, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use super::{
    Exit,
    client::{self, ConnectError, Trust},
    render,
};
use crate::{config::Environment, proto};

/// What to ask, and whom.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(
    after_help = "Example: tidegate extract --addr 127.0.0.1:50051 --timeout 10s \"Ada Lovelace met Charles Babbage\"\n\n\
        The variable TIDEGATE_API_KEY holds the key of a gateway that wants one ([auth] in its configuration)."
)]
pub struct ExtractArgs {
    /// Where the gateway serves gRPC: HOST:PORT, with https:// before it where it speaks TLS
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50051")]
    pub addr: String,
    /// Speak TLS, and trust the certificates in this file (PEM) in the place of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
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
    /// The text to extract from, not the name of a file; - reads it from standard input
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

/// In the place of a text: it comes from standard input.
const STANDARD_INPUT: &str = "-";

/// Where the caller's API key is read from.
const API_KEY_VARIABLE: &str = "TIDEGATE_API_KEY";

/// Makes the call and prints what came of it.
pub async fn run(args: &ExtractArgs, environment: &Environment) -> Exit {
    let trust = match trust(args) {
        Ok(trust) => trust,
        Err(problem) => {
            eprintln!("{problem}");
            return Exit::Misused;
        }
    };
    let text = match text(args) {
        Ok(text) => text,
        Err(problem) => {
            eprintln!("{problem}");
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
    let mut client = match client::connect(&args.addr, trust).await {
        Ok(client) => client,
        Err(error @ ConnectError::Address(_)) => {
            eprintln!("{error}");
            return Exit::Misused;
        }
        Err(ConnectError::Failed(error)) => {
            let chain = crate::app::error_chain(&error);
            eprintln!("can't connect to {}: {chain}; {}", args.addr, remedy(args, &chain));
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
                // The transport's own error: the connection stood, and nobody understood what was said on it.
                if !args.speaks_tls() && status.source().is_some() {
                    eprintln!("where the gateway speaks TLS, write https://HOST:PORT");
                }
            }
            return Exit::Failed;
        }
    }
    Exit::Ok
}

impl ExtractArgs {
    fn speaks_tls(&self) -> bool {
        self.ca_file.is_some() || self.addr.starts_with("https://")
    }
}

/// What to do about a connection that did not come about.
fn remedy(args: &ExtractArgs, chain: &str) -> &'static str {
    if chain.contains("certificate") {
        "name who vouches for the gateway with --ca-file, and the gateway as its certificate does"
    } else if args.speaks_tls() {
        "is the gateway running there, and does it speak TLS?"
    } else {
        "is the gateway running there? Where it speaks TLS, write https://HOST:PORT"
    }
}

/// Whom to trust, or why what was asked for can't be done.
fn trust(args: &ExtractArgs) -> Result<Trust, String> {
    let Some(file) = &args.ca_file else { return Ok(Trust::System) };
    if args.addr.starts_with("http://") {
        return Err(format!("--ca-file is about TLS, and {} says no TLS: write https://", args.addr));
    }
    let file_name = file.display();
    let pem = fs::read(file).map_err(|error| format!("can't read {file_name}: {error}"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(Trust::Only(pem)),
        _ => Err(format!("{file_name} holds no certificate: name a file with PEM text")),
    }
}

/// The text to send, or why there is none.
fn text(args: &ExtractArgs) -> Result<String, String> {
    if args.text != STANDARD_INPUT {
        return words(&args.text);
    }
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("can't read the text from standard input: {error}")),
    }
}

/// The text that stands on the command line. Whoever names a file there means what is in it, and the answer about its
/// name would look like one. A directory's name may well be a text: `extract Paris`.
fn words(text: &str) -> Result<String, String> {
    if !fs::metadata(text).is_ok_and(|found| !found.is_dir()) {
        return Ok(text.to_owned());
    }
    let command = "tidegate extract [OPTIONS] -";
    Err(format!(
        "{text:?} is the path of a file, and TEXT is the text itself; for what the file holds: \
         {command} < FILE; for these very words: echo WORDS | {command}"
    ))
}
