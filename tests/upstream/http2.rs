//! HTTP/2 on the wire, frame by frame.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tidegate::upstream::{Exchange, Fault, Upstream, openai::OpenAi, settings::HttpVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::support::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200`, from the static table.
const STATUS_200: u8 = 0x88;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn goaway(last_stream: u32, reason: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), reason.to_be_bytes()].concat())
}

fn rst_stream(reason: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &reason.to_be_bytes())
}

pub(crate) fn good_answer() -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, 1, &[STATUS_200]), frame(DATA, END_STREAM, 1, GOOD.as_bytes())].concat()
}

/// Reads up to the end of the first request, answers with `reply`; counts requests until the peer leaves,
/// or leaves first.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: Vec<u8>,
    then: Then,
    requests: Arc<AtomicUsize>,
) {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).await.is_err() {
        return;
    }
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        if head[3] == HEADERS {
            requests.fetch_add(1, Ordering::SeqCst);
        }
        if head[3] == DATA && head[4] & END_STREAM != 0 {
            // The peer may leave before it has all of it.
            let _ = stream.write_all(&reply).await;
            if then == Then::Close {
                return;
            }
        }
    }
}

async fn exchange(reply: Vec<u8>, then: Then) -> (Exchange, usize) {
    let requests = Arc::<AtomicUsize>::default();
    let counted = requests.clone();
    let addr = accept(move |stream| serve(stream, reply.clone(), then, counted.clone())).await;
    let mut settings = settings(&format!("http://{addr}"));
    settings.http_version = HttpVersion::Http2;
    (attempt(settings).await, requests.load(Ordering::SeqCst))
}

#[tokio::test]
async fn answers_by_prior_knowledge() {
    let (exchange, requests) = exchange(good_answer(), Then::Next).await;
    assert_eq!((exchange.result.unwrap().content.as_str(), requests), (r#"{"entities":[]}"#, 1));
}

#[tokio::test]
async fn the_peers_refusals_are_not_processed_and_not_resent() {
    for refusal in [rst_stream(0x7), goaway(0, 0x0), goaway(0, 0xb)] {
        let (exchange, requests) = exchange(refusal, Then::Next).await;
        assert_eq!((fault(&exchange), requests), (Fault::NotProcessed, 1));
    }
}

#[tokio::test]
async fn other_ends_are_resets() {
    for (end, then) in [
        (rst_stream(0x2), Then::Next),
        (rst_stream(0x8), Then::Next),
        (goaway(1, 0x0), Then::Close),
        (Vec::new(), Then::Close),
        ([frame(HEADERS, END_HEADERS, 1, &[STATUS_200]), rst_stream(0x7)].concat(), Then::Next),
    ] {
        let (exchange, requests) = exchange(end.clone(), then).await;
        assert_eq!((fault(&exchange), requests), (Fault::Reset, 1), "{end:?}");
    }
}

#[tokio::test]
async fn waiting_for_a_stream_is_not_sending() {
    const MAX_CONCURRENT_STREAMS_NONE: [u8; 6] = [0, 3, 0, 0, 0, 0];
    let reply = [frame(SETTINGS, 0, 0, &MAX_CONCURRENT_STREAMS_NONE), good_answer()].concat();
    let requests = Arc::<AtomicUsize>::default();
    let counted = requests.clone();
    let addr = accept(move |stream| serve(stream, reply.clone(), Then::Next, counted.clone())).await;
    let mut settings = settings(&format!("http://{addr}"));
    settings.http_version = HttpVersion::Http2;
    settings.clocks.connect = SHORT * 4;
    settings.clocks.first_byte = SHORT * 4;
    let upstream = OpenAi::new(settings).unwrap();
    upstream.attempt(&question(), labels()).await.result.unwrap();
    let waited = upstream.attempt(&question(), labels()).await;
    assert_eq!((fault(&waited), requests.load(Ordering::SeqCst)), (Fault::ConnectTimeout, 1));
}

#[tokio::test]
async fn endless_heads_are_cut_off() {
    // A literal header with a value of 127 + 0x7d * 128 + 0 bytes.
    let header = [&[0, 1, b'x', 0x7f, 0x80, 0x7d], [b'a'; 127 + 0x7d * 128].as_slice()].concat();
    let mut flood = frame(HEADERS, 0, 1, &[STATUS_200]);
    for _ in 0..1024 {
        flood.extend(frame(CONTINUATION, 0, 1, &header));
    }
    let (exchange, requests) = exchange(flood, Then::Next).await;
    assert_eq!((fault(&exchange), requests), (Fault::HeadTooLarge, 1));
}

#[tokio::test]
async fn broken_frames_are_malformed() {
    for broken in [
        frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        frame(DATA, END_STREAM, 1, b"{}"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    ] {
        let (exchange, requests) = exchange(broken, Then::Next).await;
        assert_eq!((fault(&exchange), requests), (Fault::Malformed, 1));
    }
}
