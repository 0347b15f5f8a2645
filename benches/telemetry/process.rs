//! A measured process, seen from the bench.

use std::{
    fs, io,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tidegate::proto::extraction_service_client::ExtractionServiceClient;
use tonic::transport::{Channel, Endpoint};

use crate::{Outcome, lane::Lane, surroundings::Surroundings};

/// A running lane; ends when dropped.
pub struct Process {
    child: Child,
    /// A connection to it. Cheap to clone.
    pub client: ExtractionServiceClient<Channel>,
}

impl Process {
    /// Starts a lane and connects to it. Its log is read as fast as it comes, and thrown away.
    pub async fn start(lane: Lane, surroundings: &Surroundings) -> Outcome<Self> {
        let name = clap::ValueEnum::to_possible_value(&lane).ok_or("a lane has a name")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", name.get_name(), "--upstream", &surroundings.upstream.to_string()]);
        if let Some(collector) = lane.collector() {
            command.args(["--collector", &surroundings.collector(collector).to_string()]);
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        std::thread::spawn(move || stderr.map(|mut log| io::copy(&mut log, &mut io::sink())));
        let mut addr = String::new();
        BufReader::new(stdout.ok_or("no stdout")?).read_line(&mut addr)?;
        let addr: SocketAddr = addr.trim().parse().map_err(|_| format!("{lane:?} did not start"))?;
        let channel = Endpoint::from_shared(format!("http://{addr}"))?.connect().await?;
        Ok(Self { child, client: ExtractionServiceClient::new(channel) })
    }

    /// The processor time of all its threads so far. Threads that have ended are missing; none of a
    /// gateway's do while it serves.
    pub fn cpu(&self) -> Outcome<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the listing and the reading.
            let Ok(figures) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanos += figures.split(' ').next().ok_or("an empty schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The memory that it has in RAM, in bytes.
    pub fn resident_bytes(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the process ended")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
