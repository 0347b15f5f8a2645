//! Compressed requests: what is read, and what is refused before it takes memory.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use flate2::{
    Compression,
    read::GzDecoder,
    write::{GzEncoder, ZlibEncoder},
};
use prost::Message as _;
use tidegate::proto;
use tonic::{Code, Status, codec::CompressionEncoding};

use crate::{
    raw::{EXTRACT, Raw, answer, framed_as},
    stage::{Setup, Stage, TEXT, code_and_reason, is, message, words},
    support::PATIENCE,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The first half of what so many bytes of nothing become: to inflate it to its end would fail in another way.
fn broken_bomb(bytes: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    std::io::copy(&mut std::io::repeat(0).take(bytes), &mut encoder).unwrap();
    let mut bomb = encoder.finish().unwrap();
    bomb.truncate(bomb.len() / 2);
    bomb
}

/// What inflates to so many megabytes of nothing, and breaks off there. Each part stands for itself, so that the
/// test need not compress all of it.
fn bomb(megabytes: usize) -> Vec<u8> {
    const HEADER_BYTES: usize = 10;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 1 << 20]).unwrap();
    encoder.flush().unwrap();
    let (header, part) = encoder.get_ref().split_at(HEADER_BYTES);
    [header, &part.repeat(megabytes)].concat()
}

/// The answer to a message sent as it is, under this compressed flag and these headers.
async fn sent(
    stage: &Stage,
    flag: u8,
    message: &[u8],
    headers: &[(&'static str, &str)],
) -> (Status, Vec<u8>) {
    let raw = Raw::connect(stage.gateway.grpc).await;
    let (response, body) = raw.begin(EXTRACT, headers).await;
    let exchange = answer(response, body, framed_as(flag, message));
    tokio::time::timeout(PATIENCE, exchange).await.expect("no answer at all")
}

const GZIP: &[(&str, &str)] = &[("grpc-encoding", "gzip")];

#[tokio::test]
async fn a_compressed_request_is_served_and_its_answer_is_not_compressed() {
    let stage = Stage::healthy().await;
    let mut client = stage.client.clone().send_compressed(CompressionEncoding::Gzip);
    let response = client.extract(message(TEXT)).await.unwrap();
    assert!(words(response.get_ref()).contains(&"Ada Lovelace"));

    let headers = [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip,identity")];
    let (status, body) = sent(&stage, 1, &gzip(&message(TEXT).encode_to_vec()), &headers).await;
    assert_eq!((status.code(), body[0]), (Code::Ok, 0));
    proto::ExtractResponse::decode(&body[5..]).unwrap();
}

#[tokio::test]
async fn a_message_may_be_plain_although_gzip_is_announced() {
    let stage = Stage::healthy().await;
    let (status, _) = sent(&stage, 0, &message(TEXT).encode_to_vec(), GZIP).await;
    assert_eq!(status.code(), Code::Ok);
}

#[tokio::test]
async fn limits_hold_for_what_comes_out() {
    let stage = Setup { server: "text_bytes_max = 1024", ..Setup::default() }.start().await;
    let long = message(&"x".repeat(1025)).encode_to_vec();
    let (status, _) = sent(&stage, 1, &gzip(&long), GZIP).await;
    assert_eq!(code_and_reason(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
    assert!(status.message().contains("1025"), "{}", status.message());
    assert_eq!(stage.sent(), 0);
}

#[tokio::test]
async fn what_inflates_without_end_is_refused_before_it_does() {
    let stage = Setup { server: "text_bytes_max = 1024", ..Setup::default() }.start().await;
    let bomb = broken_bomb(256 << 20);
    assert!(bomb.len() < 256 << 10, "{} bytes", bomb.len());
    let (status, _) = sent(&stage, 1, &bomb, GZIP).await;
    assert_eq!(code_and_reason(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
    assert!(status.message().contains("too large"), "{}", status.message());
    stage.metrics_at("tidegate_calls_total", &[("verdict", "invalid")], 1.0).await;
    assert_eq!(stage.sent(), 0);
}

/// How many times the longest message the process may grow by while it refuses a message that inflates without end:
/// what came, what comes out of it, and what that outgrows when it is moved.
const MESSAGES_HELD_MAX: u64 = 4;

/// A gigabyte, in a message that as it comes is a tenth of what is taken.
#[tokio::test]
async fn a_gigabyte_in_gzip_is_refused_and_takes_no_more_memory_than_a_long_message() {
    let text_bytes: u64 = 5 << 20;
    let message_bytes = 2 * text_bytes;
    let stage = Setup { server: "text_bytes_max = 5_242_880", ..Setup::default() }.start().await;
    // What serving takes at all is not counted.
    let (status, _) = sent(&stage, 1, &gzip(&message(TEXT).encode_to_vec()), GZIP).await;
    assert_eq!(status.code(), Code::Ok);

    let bomb = bomb(1024);
    let mut whole = GzDecoder::new(&*bomb).take(3 << 20);
    assert_eq!(std::io::copy(&mut whole, &mut std::io::sink()).unwrap(), 3 << 20);
    assert!((bomb.len() as u64) < message_bytes / 8, "{} bytes", bomb.len());
    let before = stage.gateway.memory_peak();
    for _ in 0..3 {
        let (status, _) = sent(&stage, 1, &bomb, GZIP).await;
        assert_eq!(code_and_reason(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
        assert!(status.message().contains("too large"), "{}", status.message());
    }
    let grown = stage.gateway.memory_peak() - before;
    assert!(grown < MESSAGES_HELD_MAX * message_bytes, "by {grown} bytes");
    stage.metrics_at("tidegate_calls_total", &[("verdict", "invalid")], 3.0).await;
    assert_eq!(stage.sent(), 1);
}

#[tokio::test]
async fn what_is_no_gzip_is_a_bad_request() {
    let stage = Stage::healthy().await;
    let mut cut = gzip(&message(TEXT).encode_to_vec());
    cut.truncate(cut.len() / 2);
    for bytes in [&b"no gzip"[..], &cut, &[]] {
        let (status, _) = sent(&stage, 1, bytes, GZIP).await;
        assert_eq!(code_and_reason(&status), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
        assert!(status.message().contains("gzip"), "{}", status.message());
    }
    let (unannounced, _) = sent(&stage, 1, &gzip(&message(TEXT).encode_to_vec()), &[]).await;
    assert_eq!(code_and_reason(&unannounced), (Code::InvalidArgument, "INVALID_REQUEST".to_owned()));
    assert_eq!(stage.sent(), 0);
}

#[tokio::test]
async fn other_encodings_are_refused_and_told_what_is_understood() {
    let stage = Stage::healthy().await;
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&message(TEXT).encode_to_vec()).unwrap();
    let deflated = Bytes::from(zlib.finish().unwrap());
    let encodings = ["deflate", "zstd", "br", "GZIP"];
    for encoding in encodings {
        let (status, _) = sent(&stage, 1, &deflated, &[("grpc-encoding", encoding)]).await;
        assert_eq!(
            code_and_reason(&status),
            (Code::Unimplemented, "NOT_AVAILABLE_YET".to_owned()),
            "{encoding}"
        );
        let understood = status.metadata().get("grpc-accept-encoding").unwrap();
        assert_eq!(understood, "gzip,identity", "{encoding}");
    }
    let metrics = stage.gateway.metrics().await;
    let calls = metrics.sum("tidegate_calls_total", &[("verdict", "unimplemented")]);
    assert!(is(calls, f64::from(u32::try_from(encodings.len()).unwrap())), "{calls}");
    assert_eq!(stage.sent(), 0);
}
