//! HTTP/1.1 on the wire: what breaks, and which fault it is.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tidegate::upstream::{
    BodyForm, Fault, NoConnection, TimeoutPhase, Upstream, openai::OpenAi, settings::Clocks,
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use crate::support::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

async fn fault_of(reply: impl Into<Vec<u8>>, then: Then) -> Fault {
    let server = Server::start(reply, then).await;
    let exchange = attempt(settings(&server.base_url())).await;
    assert_eq!(server.requests().len(), 1, "one attempt is one request");
    fault(&exchange)
}

fn clocks(change: impl FnOnce(&mut Clocks)) -> Clocks {
    let mut clocks = settings("http://x").clocks;
    change(&mut clocks);
    clocks
}

async fn refusing_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn connections_that_do_not_come_about() {
    let refused = Fault::Connect(NoConnection::Refused);
    assert_eq!(fault(&attempt(settings(&refusing_port().await)).await), refused);
    // No resolver asks anybody about a label of more than 63 bytes.
    let nowhere = format!("http://{}.invalid", "a".repeat(64));
    assert_eq!(fault(&attempt(settings(&nowhere)).await), Fault::Connect(NoConnection::Dns));

    let silent = accept(until_closed).await;
    let mut settings = settings(&format!("https://{silent}"));
    settings.clocks = clocks(|c| c.connect = SHORT);
    assert_eq!(fault(&attempt(settings).await), Fault::ConnectTimeout);
}

#[tokio::test]
async fn connections_that_break_after_sending() {
    assert_eq!(fault_of("", Then::Close).await, Fault::Reset);
    assert_eq!(fault_of("", Then::Reset).await, Fault::Reset);
    assert_eq!(fault_of("HTTP/1.1 200 OK\r\ncontent-ty", Then::Close).await, Fault::Reset);
    let cut = format!("{HEAD}content-length: 400\r\n\r\n{{\"choices\"");
    assert_eq!(fault_of(cut, Then::Close).await, Fault::Reset);
    let cut = format!("{HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{{\"cho");
    assert_eq!(fault_of(cut, Then::Close).await, Fault::Reset);
}

#[tokio::test]
async fn answers_that_are_not_http() {
    assert_eq!(fault_of("SSH-2.0-OpenSSH_9.6\r\n", Then::Silence).await, Fault::Malformed);
    assert_eq!(fault_of("HTTP/1.1 200 OK\r\nbad header\r\n\r\n", Then::Silence).await, Fault::Malformed);
    let chunk = format!("{HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!(fault_of(chunk, Then::Silence).await, Fault::Malformed);
}

#[tokio::test]
async fn each_clock_runs_out_under_its_own_name() {
    let half = format!("{HEAD}content-length: 40\r\n\r\n{{");
    for (reply, clocks, phase) in [
        ("", clocks(|c| c.first_byte = SHORT), TimeoutPhase::FirstByte),
        ("HTTP/1.1 200 OK\r\n", clocks(|c| c.first_byte = SHORT), TimeoutPhase::FirstByte),
        ("", clocks(|c| c.total = SHORT * 8), TimeoutPhase::Total),
        (&half, clocks(|c| c.idle = SHORT), TimeoutPhase::Idle),
        (&half, clocks(|c| c.total = SHORT * 8), TimeoutPhase::Total),
    ] {
        let server = Server::start(reply, Then::Silence).await;
        let mut settings = settings(&server.base_url());
        settings.clocks = clocks;
        let exchange = attempt(settings).await;
        assert_eq!(fault(&exchange), Fault::Timeout(phase), "{reply:?}");
        assert_eq!(exchange.http_status, reply.contains("\r\n\r\n").then_some(200));
    }
}

#[tokio::test]
async fn endless_heads_are_cut_off() {
    let addr = accept(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(HEAD.as_bytes()).await.unwrap();
        while stream.write_all(b"x-filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await.is_ok() {}
    })
    .await;
    assert_eq!(fault(&attempt(settings(&format!("http://{addr}"))).await), Fault::HeadTooLarge);
}

#[tokio::test]
async fn huge_bodies_are_cut_off() {
    const GIGABYTE: usize = 1 << 30;
    let announced = format!("{HEAD}content-length: {GIGABYTE}\r\n\r\n");
    assert_eq!(fault_of(announced, Then::Silence).await, Fault::BodyTooLarge);

    let (written, mut told) = mpsc::unbounded_channel();
    let addr = accept(move |mut stream| {
        let written = written.clone();
        async move {
            read_request(&mut stream).await;
            let head = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
            let mut total = 0;
            while total < GIGABYTE && stream.write_all(&chunk).await.is_ok() {
                total += 0x10000;
            }
            written.send(total).unwrap();
        }
    })
    .await;
    let exchange = attempt(settings(&format!("http://{addr}"))).await;
    assert_eq!((fault(&exchange), exchange.http_status), (Fault::BodyTooLarge, Some(200)));
    let total = told.recv().await.unwrap();
    assert!(total < 64 << 20, "{total} bytes went out, all but 1 MiB of it into socket buffers");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Server::start(json_reply(200, "", GOOD), Then::Next).await;
    let location = format!("location: {}/chat/completions\r\n", target.base_url());
    for status in [301, 303, 307, 308] {
        let server = Server::start(json_reply(status, &location, "{}"), Then::Next).await;
        let exchange = attempt(settings(&server.base_url())).await;
        assert_eq!(fault(&exchange), Fault::Status { status, word: None, form: BodyForm::Other });
        assert_eq!(server.requests().len(), 1);
    }
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn a_status_stands_though_its_body_hangs_breaks_or_is_huge() {
    for (reply, then) in [
        ("content-length: 90\r\n\r\n{", Then::Silence),
        ("content-length: 90\r\n\r\n{", Then::Close),
        ("content-length: 1073741824\r\n\r\n", Then::Silence),
    ] {
        let reply = format!("HTTP/1.1 503 Busy\r\nretry-after: 7\r\n{reply}");
        let server = Server::start(reply, then).await;
        let mut settings = settings(&server.base_url());
        settings.clocks = clocks(|c| c.idle = SHORT);
        let exchange = attempt(settings).await;
        assert_eq!(fault(&exchange), Fault::Status { status: 503, word: None, form: BodyForm::Other });
        assert_eq!(exchange.headers["retry-after"], "7");
    }
}

#[tokio::test]
async fn giving_up_closes_the_connection() {
    let (arrived, arrival) = oneshot::channel();
    let (closed, closing) = oneshot::channel();
    let signals = std::sync::Mutex::new(Some((arrived, closed)));
    let addr = accept(move |mut stream| {
        let (arrived, closed) = signals.lock().unwrap().take().unwrap();
        async move {
            read_request(&mut stream).await;
            arrived.send(()).unwrap();
            until_closed(stream).await;
            closed.send(()).unwrap();
        }
    })
    .await;
    tokio::select! {
        exchange = attempt(settings(&format!("http://{addr}"))) => panic!("{exchange:?}"),
        arrived = arrival => arrived.unwrap(),
    }
    tokio::time::timeout(PATIENCE, closing).await.unwrap().unwrap();
}

#[tokio::test]
async fn connections_are_kept_and_shared() {
    let (accepted, mut connections) = mpsc::unbounded_channel();
    let addr = accept(move |mut stream| {
        accepted.send(()).unwrap();
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(json_reply(200, "", GOOD).as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let upstream = OpenAi::new(settings(&format!("http://{addr}"))).unwrap();
    for _ in 0..3 {
        upstream.attempt(&question(), labels()).await.result.unwrap();
    }
    connections.recv().await.unwrap();
    assert!(connections.try_recv().is_err(), "one connection served all");
}

#[tokio::test]
async fn a_configured_proxy_is_asked() {
    let proxy = Server::start(json_reply(200, "", GOOD), Then::Next).await;
    let mut settings = settings("http://upstream.example/v1");
    settings.proxy = Some(format!("http://{}", proxy.addr).parse().unwrap());
    attempt(settings).await.result.unwrap();
    assert!(proxy.requests()[0].starts_with("POST http://upstream.example/v1/chat/completions HTTP/1.1\r\n"));
}

/// Runs the ignored test below in a process whose environment names a proxy.
#[tokio::test]
async fn the_environments_proxy_is_not_asked() {
    let nobody = refusing_port().await;
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wire::within_a_proxied_environment", "--ignored"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, &nobody)))
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}

#[tokio::test]
#[ignore = "run by the_environments_proxy_is_not_asked"]
async fn within_a_proxied_environment() {
    let server = Server::start(json_reply(200, "", GOOD), Then::Next).await;
    attempt(settings(&server.base_url())).await.result.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_a_header_is_not_sent() {
    let server = Server::start(json_reply(200, "", GOOD), Then::Next).await;
    let upstream = OpenAi::new(settings(&server.base_url())).unwrap();
    let mut labels = labels();
    labels.attempt_id = "line\nbreak".into();
    assert_eq!(fault(&upstream.attempt(&question(), labels).await), Fault::Unsendable);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_large_text_arrives_whole() {
    let server = Server::start(json_reply(200, "", GOOD), Then::Next).await;
    let mut question = question();
    question.text = tidegate::extraction::Text::new("ä\"\n".repeat(1 << 20));
    let upstream = OpenAi::new(settings(&server.base_url())).unwrap();
    tokio::time::timeout(Duration::from_secs(20), upstream.attempt(&question, labels()))
        .await
        .unwrap()
        .result
        .unwrap();
    let request = server.requests().remove(0);
    let body: serde_json::Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let expected = format!("<text>\n{}\n</text>", question.text.as_str());
    assert!(body["messages"][1]["content"] == expected.as_str());
}

#[tokio::test]
async fn after_a_misdirected_request_the_next_takes_a_connection_of_its_own() {
    let connections = Arc::<AtomicU32>::default();
    let count = Arc::clone(&connections);
    let addr = accept(move |mut stream| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            let status = if first { 421 } else { 200 };
            while read_request(&mut stream).await.is_some() {
                stream.write_all(json_reply(status, "", GOOD).as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let upstream = OpenAi::new(settings(&format!("http://{addr}/v1"))).unwrap();
    let misdirected = upstream.attempt(&question(), labels()).await;
    assert_eq!(misdirected.http_status, Some(421));
    for _ in 0..2 {
        upstream.attempt(&question(), labels()).await.result.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "one that leads elsewhere, and one that is kept");
}
