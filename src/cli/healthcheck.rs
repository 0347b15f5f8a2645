//! `healthcheck`: whether a running gateway takes calls, for containers without a shell.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::Exit;
use clap::Args;

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate healthcheck --addr 127.0.0.1:9464")]
pub struct HealthcheckArgs {
    /// Where the gateway serves its admin pages
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9464")]
    pub addr: String,
}

/// How long the gateway may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How much of the answer is looked at: the status line.
const ANSWER_BYTES_MAX: u64 = 256;

/// Asks the gateway's admin server whether calls are welcome.
pub async fn run(args: &HealthcheckArgs) -> Exit {
    match timeout(TIMEOUT, ask(&args.addr)).await {
        Ok(Ok(status)) if status == "200" => {
            println!("{} takes calls", args.addr);
            return Exit::Ok;
        }
        Ok(Ok(status)) if status == "503" => {
            eprintln!("{} is up but takes no calls: it is shutting down", args.addr);
        }
        Ok(Ok(_)) => eprintln!("{} is no admin address of Tidegate; see [admin] listen", args.addr),
        Ok(Err(error)) => eprintln!("{} does not answer: {error}; is the gateway running?", args.addr),
        Err(_) => eprintln!("{} does not answer within {} s", args.addr, TIMEOUT.as_secs()),
    }
    Exit::Failed
}

/// The HTTP status of `/readyz`.
async fn ask(addr: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr).await?;
    stream
        .write_all(format!("GET /readyz HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut head = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut head).await?;
    let head = String::from_utf8_lossy(&head);
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}
