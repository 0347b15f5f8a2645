//! The flaky AI API used by the demo and the tests.
//!
//! A [`Simulator`] speaks the `OpenAI` chat-completions dialect over HTTP/1.1 and HTTP/2 (prior knowledge) on
//! one port. It finds entities by rules, so that a healthy answer is always true to the text, and it
//! misbehaves as its [`Script`] says: reproducibly, for one seed and one order of arrival.
//!
//! What reached it is in its own log, written before any fault acts: the truth that the gateway's traces and
//! metrics are held against.
//!
//! | endpoint | does |
//! |---|---|
//! | `POST …/chat/completions` | answers, or misbehaves |
//! | `GET …/models` | lists the one simulated model |
//! | `GET /_log`, `DELETE /_log` | the arrivals as a JSON array (see [`Arrival`]); forgets them |
//! | `PUT /_script` | replaces the script by the TOML in the body |
//!
//! A request is read, written to the log, cast (which rule is it for?), delayed and then answered:
//! `server` accepts, `connection` serves one socket, `service` routes, `exchange` leads one arrival through,
//! `casting` decides, `reply` drafts and `body` sends.

mod body;
mod casting;
mod connection;
mod echo;
mod entities;
mod epoch;
mod exchange;
mod formats;
mod instance;
mod line;
mod log;
mod openai;
mod reply;
pub mod script;
mod server;
mod service;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{casting::Casting, epoch::Epoch, log::Log};
pub use self::{log::Arrival, script::Script};

/// A running simulator. Dropping it ends it at once; [`stop`](Self::stop) also waits until it has ended.
#[derive(Debug)]
pub struct Simulator {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Listens on `listen` (port 0 takes a free one) and serves `script` until stopped.
    ///
    /// A `seed` given here wins over the script's own, and over that of every script set later; without
    /// either it is 0.
    pub async fn start(
        listen: SocketAddr,
        script: Script,
        seed: impl Into<Option<u64>>,
    ) -> io::Result<Simulator> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::new(script, seed.into()));
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, Arc::clone(&shared), stop.clone()));
        Ok(Simulator { addr, shared, stop, tasks })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL for an upstream of the `openai` dialect: `http://ADDR/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// The arrivals so far, oldest first.
    pub fn log(&self) -> Vec<Arrival> {
        self.shared.log.arrivals()
    }

    /// How many arrivals the bounded log has dropped, oldest first, to make room.
    pub fn log_dropped(&self) -> u64 {
        self.shared.log.dropped()
    }

    /// Waits until the log satisfies `condition`, and returns it.
    ///
    /// It is looked at again whenever it changes, and is locked meanwhile. This never ends by itself: tests
    /// wrap it in a timeout.
    pub async fn log_when(&self, condition: impl FnMut(&[Arrival]) -> bool) -> Vec<Arrival> {
        self.shared.log.when(condition).await
    }

    /// Forgets all arrivals. Numbers go on where they were.
    pub fn clear_log(&self) {
        self.shared.log.clear();
    }

    /// Replaces the script. Its counts and time windows start anew; replies under way keep their faults.
    pub fn set_script(&self, script: Script) {
        self.shared.set_script(script);
    }

    /// Stops accepting, drops all connections and waits until that is done.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    seed: Option<u64>,
    epoch: Epoch,
    log: Arc<Log>,
    casting: Mutex<Casting>,
}

impl Shared {
    fn new(script: Script, seed: Option<u64>) -> Shared {
        let epoch = Epoch::now();
        let casting = Mutex::new(Casting::new(script, seed));
        Shared { seed, epoch, log: Arc::new(Log::new(epoch)), casting }
    }

    fn set_script(&self, script: Script) {
        let casting = Casting::new(script, self.seed);
        *self.casting.lock().unwrap_or_else(PoisonError::into_inner) = casting;
    }

    fn cast(&self, text: &str) -> casting::Cast {
        self.casting.lock().unwrap_or_else(PoisonError::into_inner).cast(text)
    }
}
