//! An upstream that answers to the letter.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tidegate::clock::{SystemClock, WallClock as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::case::{Repeat, Reply};

/// An HTTP/1.1 server that gives its replies in order, the last one again and again.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Upstream {
    /// Listens on a free port for as long as the test runs.
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let arrivals = Arc::<Mutex<Vec<Instant>>>::default();
        let (log, replies) = (Arc::clone(&arrivals), Arc::new(replies));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&replies), Arc::clone(&log)));
            }
        });
        Self { addr, arrivals }
    }

    /// When each request had come whole.
    pub(crate) fn arrivals(&self) -> Vec<Instant> {
        self.arrivals.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, replies: Arc<Vec<Reply>>, arrivals: Arc<Mutex<Vec<Instant>>>) {
    while receive(&mut stream).await.is_some() {
        let nth = {
            let mut arrivals = arrivals.lock().unwrap();
            arrivals.push(Instant::now());
            arrivals.len() - 1
        };
        let reply = &replies[nth.min(replies.len() - 1)];
        if stream.write_all(&written(reply)).await.is_err() {
            return;
        }
    }
}

/// Reads one whole request; nothing at the end of the connection.
async fn receive(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head_end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            while bytes.len() < head_end + 4 + length {
                if stream.read_buf(&mut bytes).await.ok()? == 0 {
                    return None;
                }
            }
            return Some(());
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// The bytes of a reply, for now.
fn written(reply: &Reply) -> Vec<u8> {
    let body = body(reply);
    let label = reply.label.as_deref().unwrap_or("application/json");
    let mut head = format!(
        "HTTP/1.1 {} Whatever\r\ncontent-type: {label}\r\ncontent-length: {}\r\n",
        reply.status,
        body.len()
    );
    for (name, value) in &reply.headers {
        write!(head, "{name}: {}\r\n", filled(value)).unwrap();
    }
    format!("{head}\r\n{body}").into_bytes()
}

fn body(reply: &Reply) -> String {
    if let Some(raw) = &reply.raw {
        return raw.clone();
    }
    if let Some(body) = &reply.body {
        return body.to_string();
    }
    let content = match (&reply.content, &reply.repeat) {
        (Some(content), None) => content.clone(),
        (None, Some(repeat)) => Value::String(json!({"entities": items(repeat)}).to_string()),
        other => panic!("content, body, raw or repeat, not {:?}", (other.0.is_some(), other.1.is_some())),
    };
    let mut message = json!({"role": "assistant", "content": content});
    for (name, value) in reply.message.iter().filter_map(Value::as_object).flatten() {
        message[name] = value.clone();
    }
    let finish = reply.finish.as_deref().unwrap_or("stop");
    json!({"choices": [{"index": 0, "finish_reason": finish, "message": message}]}).to_string()
}

fn items(Repeat { item, times }: &Repeat<Value>) -> Vec<Value> {
    let item = item.to_string();
    let nth = |n: usize| serde_json::from_str(&item.replace("{n}", &n.to_string())).unwrap();
    (1..=*times).map(nth).collect()
}

/// A header's value with its placeholder filled in, if it has one.
fn filled(value: &str) -> String {
    let Some((name, ahead)) =
        value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')?.split_once('+'))
    else {
        return value.to_owned();
    };
    let ahead: u64 = ahead.parse().unwrap();
    let now = SystemClock.now();
    let then = now + Duration::from_secs(ahead);
    match name {
        "now_ms" => {
            let then = now + Duration::from_millis(ahead);
            then.duration_since(UNIX_EPOCH).unwrap().as_millis().to_string()
        }
        "http_date_utc" => httpdate::fmt_http_date(then).replace("GMT", "UTC"),
        "iso8601" => humantime::format_rfc3339_seconds(then).to_string(),
        unknown => panic!("no placeholder is called {unknown}"),
    }
}
