//! What comes of connections, with real sockets: what is told, and who is handed on.

mod tls;

use std::{
    net::{Shutdown, SocketAddr},
    os::fd::AsFd as _,
    pin::pin,
};

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use super::{greeting::PREFACE, *};

/// How long anything that must come may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A greeting clock that no test outlives.
const FOREVER: Duration = Duration::from_hours(1);

const NO_CLOCK: Limits = Limits { connections: 10, greeting: FOREVER, body_time: FOREVER };
const SHORT_CLOCK: Limits = Limits { greeting: Duration::from_millis(200), ..NO_CLOCK };

/// Notes what it is told.
struct Notes(watch::Sender<Vec<String>>);

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) {
        let note = match event {
            Event::ConnectionOpened => "opened".to_owned(),
            Event::ConnectionClosed => "closed".to_owned(),
            Event::ConnectionRefused { peer: Some(_), reason } => format!("refused: {reason}"),
            Event::ConnectionRefused { peer: None, reason } => format!("nobody: {reason}"),
            Event::ConnectionsFull { limit } => format!("full: {limit}"),
            other => panic!("{other:?}"),
        };
        self.0.send_modify(|notes| notes.push(note));
    }
}

/// A door with somebody behind it who takes connections and keeps them.
struct Stage {
    addr: SocketAddr,
    notes: watch::Receiver<Vec<String>>,
    arrivals: mpsc::Receiver<Connection>,
    serving: JoinSet<()>,
}

impl Stage {
    async fn new(limits: Limits, tls: Option<TlsAcceptor>) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), limits, tls)
    }

    fn at(listener: TcpListener, limits: Limits, tls: Option<TlsAcceptor>) -> Self {
        let addr = listener.local_addr().unwrap();
        let (notes, told) = watch::channel(Vec::new());
        let (hand_on, arrivals) = mpsc::channel(100);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let incoming = incoming(listener, tls, limits, Arc::new(Notes(notes)), Tasks::default());
            let mut incoming = pin!(incoming);
            while let Some(connection) = incoming.next().await {
                hand_on.send(connection.unwrap()).await.unwrap();
            }
        });
        Self { addr, notes: told, arrivals, serving }
    }

    /// Somebody who has said `words`.
    async fn visitor(&self, words: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(words).await.unwrap();
        stream
    }

    async fn arrival(&mut self) -> Connection {
        timeout(PATIENCE, self.arrivals.recv()).await.unwrap().unwrap()
    }

    /// Waits until exactly this has been told.
    async fn tells(&mut self, expected: &[&str]) {
        let waited = timeout(PATIENCE, self.notes.wait_for(|notes| notes.len() >= expected.len())).await;
        drop(waited.map(Result::unwrap));
        assert_eq!(*self.notes.borrow(), expected);
    }
}

/// Waits until exactly this has come in.
async fn hears(connection: &mut Connection, words: &[u8]) {
    let mut said = vec![0; words.len()];
    timeout(PATIENCE, connection.read_exact(&mut said)).await.expect("words").unwrap();
    assert_eq!(said, words);
}

/// Waits until the other side has closed, however it did.
async fn is_closed(mut stream: TcpStream) {
    drop(timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.expect("closed"));
}

#[tokio::test]
async fn who_greets_is_handed_on_with_all_that_was_said() {
    let mut stage = Stage::new(NO_CLOCK, None).await;
    let visitor = stage.visitor(&[PREFACE, b"and more"].concat()).await;
    let mut connection = stage.arrival().await;
    hears(&mut connection, &[PREFACE, b"and more"].concat()).await;
    connection.write_all(b"welcome").await.unwrap();
    stage.tells(&["opened"]).await;
    drop(connection);
    stage.tells(&["opened", "closed"]).await;
    is_closed(visitor).await;
}

#[tokio::test]
async fn a_greeting_may_come_in_pieces() {
    let mut stage = Stage::new(NO_CLOCK, None).await;
    let mut visitor = stage.visitor(b"").await;
    visitor.set_nodelay(true).unwrap();
    for byte in PREFACE {
        visitor.write_all(&[*byte]).await.unwrap();
    }
    stage.arrival().await;
}

#[tokio::test]
async fn who_says_nothing_or_not_enough_is_cut() {
    for words in [&b""[..], b"P", &PREFACE[..23]] {
        let mut stage = Stage::new(SHORT_CLOCK, None).await;
        let visitor = stage.visitor(words).await;
        stage.tells(&["opened", "refused: silent", "closed"]).await;
        is_closed(visitor).await;
    }
}

#[tokio::test]
async fn who_speaks_something_else_is_cut_at_once() {
    for words in ["G", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\t"] {
        let mut stage = Stage::new(NO_CLOCK, None).await;
        let visitor = stage.visitor(words.as_bytes()).await;
        stage.tells(&["opened", "refused: not_http2", "closed"]).await;
        is_closed(visitor).await;
    }
}

#[tokio::test]
async fn who_leaves_unasked_is_not_refused() {
    let mut stage = Stage::new(NO_CLOCK, None).await;
    drop(stage.visitor(b"").await);
    stage.tells(&["opened", "closed"]).await;
    drop(stage.visitor(b"PRI").await);
    stage.tells(&["opened", "closed", "opened", "closed"]).await;
}

#[tokio::test]
async fn a_full_house_is_told_once_until_there_is_a_place_again() {
    let mut stage = Stage::new(Limits { connections: 2, ..NO_CLOCK }, None).await;
    let (_a, _b) = (stage.visitor(PREFACE).await, stage.visitor(PREFACE).await);
    let (first, second) = (stage.arrival().await, stage.arrival().await);
    stage.tells(&["opened", "opened", "full: 2"]).await;
    let _c = stage.visitor(PREFACE).await;
    drop(first);
    let third = stage.arrival().await;
    // Only the place of the one that left: the house was full all the time.
    stage.tells(&["opened", "opened", "full: 2", "closed", "opened"]).await;
    drop((second, third));
    stage.tells(&["opened", "opened", "full: 2", "closed", "opened", "closed", "closed"]).await;
    let (_d, _e) = (stage.visitor(PREFACE).await, stage.visitor(PREFACE).await);
    let _house = (stage.arrival().await, stage.arrival().await);
    let told = ["opened", "opened", "full: 2", "closed", "opened", "closed", "closed"];
    stage.tells(&[&told[..], &["opened", "opened", "full: 2"]].concat()).await;
}

#[tokio::test]
async fn what_the_system_does_not_let_in_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // Whoever accepts at a socket that has been shut down is told that it is not valid.
    let socket = std::net::TcpStream::from(listener.as_fd().try_clone_to_owned().unwrap());
    socket.shutdown(Shutdown::Both).unwrap();
    let mut stage = Stage::at(listener, NO_CLOCK, None);
    stage.tells(&["nobody: accept_failed"]).await;
}

#[test]
fn a_lack_of_file_descriptors_has_a_word_of_its_own() {
    for (code, reason) in [(24, Refusal::OutOfFiles), (23, Refusal::OutOfFiles), (22, Refusal::AcceptFailed)]
    {
        assert_eq!(refusal(&io::Error::from_raw_os_error(code)), reason);
    }
}

#[tokio::test]
async fn nobody_who_still_greets_holds_up_the_end() {
    let mut stage = Stage::new(NO_CLOCK, None).await;
    let (silent, slow) = (stage.visitor(b"").await, stage.visitor(b"PRI").await);
    stage.tells(&["opened", "opened"]).await;
    stage.serving.abort_all();
    stage.tells(&["opened", "opened", "closed", "closed"]).await;
    is_closed(silent).await;
    is_closed(slow).await;
}
