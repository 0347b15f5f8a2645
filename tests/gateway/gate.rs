//! Holds the AI API's answers back until a test lets them go.

use serde_json::json;
use tidegate::simulator::{
    Script, Simulator,
    script::{Fault, Over, Rule},
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{stage::Setup, support::PATIENCE};

const GATEKEEPER: &str = "the gatekeeper";

/// While it is shut, arrivals are logged and wait for their answers.
pub(crate) struct Gate(TcpStream);

impl Gate {
    /// A setup whose AI API can be shut.
    pub(crate) fn setup(rules: impl IntoIterator<Item = Rule>) -> Setup {
        let gatekeeper = Rule::new(Fault::Silent).matching(GATEKEEPER);
        let script = Script::of([gatekeeper].into_iter().chain(rules)).capacity(1, Over::Queue);
        Setup { script, ..Setup::default() }
    }

    /// Takes the whole capacity of the simulator, with a request that is never answered.
    pub(crate) async fn shut(simulator: &Simulator) -> Self {
        let body =
            json!({ "model": "m", "messages": [{ "role": "user", "content": GATEKEEPER }] }).to_string();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(simulator.addr()).await.unwrap();
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let inside = simulator.log_when(|log| log.iter().any(|arrival| arrival.fault == Some("silent")));
        tokio::time::timeout(PATIENCE, inside).await.expect("the gatekeeper must get in");
        simulator.clear_log();
        Self(stream)
    }

    /// Lets the answers go, one after the other.
    pub(crate) fn open(self) {
        drop(self.0);
    }
}
