//! The simulator from outside, over real sockets.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{future::Future, net::SocketAddr, time::Duration};

use http::{HeaderName, HeaderValue};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tidegate::simulator::{
    Arrival, Script, Simulator,
    script::{ErrorReply, Fault, Latency, Over, Place, RetryAfter, Rule},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const TEXT: &str = "Ada Lovelace met Charles Babbage in London on Friday.";
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const AN_HOUR: Duration = Duration::from_hours(1);

/// A test that hangs has failed.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.expect("it hangs")
}

async fn start(script: Script) -> Simulator {
    Simulator::start(ANY_PORT, script, 7).await.expect("a free port")
}

async fn always(fault: Fault) -> Simulator {
    start(Script::of([Rule::new(fault)])).await
}

fn client_with(configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().retry(reqwest::retry::never()).no_proxy();
    configure(builder).build().expect("a client")
}

fn client() -> Client {
    client_with(|builder| builder)
}

fn question(text: &str) -> String {
    let content = format!("Extract the entities.\n<text>\n{text}\n</text>");
    json!({ "model": "small", "messages": [{ "role": "user", "content": content }] }).to_string()
}

async fn ask(client: &Client, simulator: &Simulator, text: &str) -> reqwest::Result<Response> {
    let url = format!("{}/chat/completions", simulator.base_url());
    let request =
        client.post(url).header("authorization", "Bearer s3cret").header("x-tidegate-attempt", "a-1");
    request.body(question(text)).send().await
}

/// The body of an answer with this status.
async fn body(simulator: &Simulator, status: u16) -> Value {
    let response = ask(&client(), simulator, TEXT).await.expect("a response");
    assert_eq!(response.status(), status);
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}

fn content(completion: &Value) -> Value {
    serde_json::from_str(completion["choices"][0]["message"]["content"].as_str().expect("content"))
        .expect("JSON")
}

fn truth() -> Value {
    let entity = |kind, text| json!({ "type": kind, "text": text });
    let people = [entity("person", "Ada Lovelace"), entity("person", "Charles Babbage")];
    json!({ "entities": [people[0], people[1], entity("place", "London"), entity("date", "Friday")] })
}

/// A connection on which the question was asked, so that what comes back can be seen as it is.
async fn asked(simulator: &Simulator) -> TcpStream {
    let mut stream = TcpStream::connect(simulator.addr()).await.expect("a connection");
    let question = question(TEXT);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        question.len()
    );
    stream.write_all(format!("{head}{question}").as_bytes()).await.expect("a request");
    stream
}

/// Reads until `enough` of what has come; returns that.
async fn read_until(stream: &mut TcpStream, enough: impl Fn(&str) -> bool) -> String {
    let mut read = Vec::new();
    loop {
        let come = String::from_utf8_lossy(&read).into_owned();
        if enough(&come) {
            return come;
        }
        assert_ne!(stream.read_buf(&mut read).await.expect("more"), 0, "no more after {come}");
    }
}

fn declared_length(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    length.parse().expect("a number")
}

fn ended(log: &[Arrival]) -> bool {
    log.iter().all(|arrival| arrival.client_gone || arrival.replied.is_some())
}

#[tokio::test]
async fn a_healthy_answer_is_true_to_the_text() {
    within(async {
        let simulator = start(Script::default()).await;
        let response = ask(&client(), &simulator, TEXT).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["x-request-id"], "req_00000001");
        let completion: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(content(&completion), truth());
        assert_eq!(completion["model"], "small");
        assert_eq!(completion["object"], "chat.completion");
        assert_eq!(completion["choices"][0]["finish_reason"], "stop");
        assert_eq!(completion["choices"][0]["message"]["refusal"], Value::Null);
        let tokens = |name| completion["usage"][name].as_u64().unwrap();
        assert!(tokens("prompt_tokens") > 0 && tokens("completion_tokens") > 0);
        assert_eq!(tokens("prompt_tokens") + tokens("completion_tokens"), tokens("total_tokens"));
        simulator.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_schema_of_ones_own_is_satisfied() {
    within(async {
        let simulator = start(Script::default()).await;
        let schema = json!({
            "type": "object", "required": ["person", "urgent"],
            "properties": { "person": { "type": "string" }, "urgent": { "type": "boolean" } }
        });
        let request = json!({
            "model": "small", "messages": [{ "role": "user", "content": TEXT }],
            "response_format": { "type": "json_schema", "json_schema": { "name": "x", "schema": schema } }
        });
        let url = format!("http://{}/some/where/chat/completions?api-version=2", simulator.addr());
        let response = client().post(url).body(request.to_string()).send().await.unwrap();
        let completion: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(content(&completion), json!({ "person": "Ada Lovelace", "urgent": false }));
        assert_eq!(simulator.log()[0].query.as_deref(), Some("api-version=2"));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_completion_request_gets_an_error_of_the_dialect() {
    within(async {
        let simulator = start(Script::default()).await;
        let (client, base) = (client(), simulator.base_url());
        let completions = format!("{base}/chat/completions");
        let table = [
            (client.post(&completions).body("{"), 400, Value::Null),
            (client.post(&completions).body(r#"{"messages":[]}"#), 400, json!("model")),
            (client.get(&completions), 405, Value::Null),
            (client.get(format!("{base}/nothing")), 404, Value::Null),
        ];
        for (request, status, param) in table {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status);
            let error: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
            assert_eq!(error["error"]["type"], "invalid_request_error");
            assert_eq!(error["error"]["param"], param);
        }
        let models = client.get(format!("{base}/models")).send().await.unwrap().bytes().await.unwrap();
        let models: Value = serde_json::from_slice(&models).unwrap();
        assert_eq!(models["data"][0]["object"], "model");
        assert_eq!(
            simulator.log().iter().map(|arrival| arrival.status).collect::<Vec<_>>(),
            [Some(400), Some(400), Some(405)]
        );
    })
    .await;
}

#[tokio::test]
async fn a_status_comes_with_its_error_and_says_when_to_come_back() {
    within(async {
        let wait = Duration::from_millis(1_500);
        let table = [
            (RetryAfter::Seconds(wait), "retry-after", Some("2"), Some(2_000.0)),
            (RetryAfter::Millis(wait), "retry-after-ms", Some("1500"), Some(1_500.0)),
            (RetryAfter::Raw("-5".into()), "retry-after", Some("-5"), None),
            (RetryAfter::Raw("soon".into()), "retry-after", Some("soon"), None),
            (RetryAfter::Date(wait), "retry-after", None, None),
        ];
        for (retry_after, name, value, logged) in table {
            let simulator = always(Fault::retry_after(429, retry_after)).await;
            let response = ask(&client(), &simulator, TEXT).await.unwrap();
            assert_eq!(response.status(), 429);
            let sent = response.headers()[name].to_str().unwrap().to_owned();
            let told = simulator.log()[0].retry_after_ms;
            if let Some(value) = value {
                assert_eq!((sent.as_str(), told), (value, logged));
            } else {
                httpdate::parse_http_date(&sent).expect("an HTTP date");
                assert!((1_500.0..=2_500.0).contains(&told.unwrap()), "{told:?}");
            }
            let error: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
            assert_eq!(error["error"]["code"], "rate_limit_exceeded");
        }
        let quota = ErrorReply { code: Some("insufficient_quota".into()), ..ErrorReply::new(429) };
        let rule = Rule::new(Fault::Status(quota))
            .header(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        let simulator = start(Script::of([rule])).await;
        let response = ask(&client(), &simulator, TEXT).await.unwrap();
        assert_eq!(response.headers()["x-should-retry"], "false");
        let error: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(error["error"]["code"], "insufficient_quota");

        let own = ErrorReply { body: Some("<oops>".into()), ..ErrorReply::new(502) };
        let simulator = always(Fault::Status(own)).await;
        let response = ask(&client(), &simulator, TEXT).await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (502, "<oops>"));
    })
    .await;
}

#[tokio::test]
async fn a_spoilt_answer_is_spoilt_in_its_one_way() {
    within(async {
        let of = async |fault| body(&always(fault).await, 200).await;
        let message = |completion: &Value| completion["choices"][0]["message"].clone();

        let error = of(Fault::ErrorBody(ErrorReply::new(503))).await;
        assert!(error["error"]["message"].is_string());
        assert_eq!(content(&of(Fault::ZeroEntities).await), json!({ "entities": [] }));
        let prose = message(&of(Fault::Prose).await)["content"].as_str().unwrap().to_owned();
        assert!(prose.contains("Ada Lovelace") && !prose.contains(['{', '[']), "{prose}");
        assert_eq!(content(&of(Fault::WrongSchema).await)["entities"][0]["text"], 42);
        let invented = content(&of(Fault::Invented).await);
        assert_eq!(invented["entities"].as_array().unwrap().len(), 5);
        assert!(!TEXT.contains(invented["entities"][0]["text"].as_str().unwrap()));
        let truncated = of(Fault::Truncated).await;
        assert_eq!(truncated["choices"][0]["finish_reason"], "length");
        assert!(truth().to_string().starts_with(message(&truncated)["content"].as_str().unwrap()));
        let refused = message(&of(Fault::Refused).await);
        assert!(refused["refusal"].is_string() && refused["content"].is_null());
        assert_eq!(message(&of(Fault::Empty { null: false }).await)["content"], "");
        assert_eq!(message(&of(Fault::Empty { null: true }).await)["content"], Value::Null);
        let nested = message(&of(Fault::DeepJson { depth: 3, place: Place::Content }).await);
        assert_eq!(nested["content"], "[[[]]]");
        let broken = message(&of(Fault::Malformed { place: Place::Content }).await);
        assert!(serde_json::from_str::<Value>(broken["content"].as_str().unwrap()).is_err());
    })
    .await;
}

#[tokio::test]
async fn a_spoilt_body_is_no_completion() {
    within(async {
        let of = async |fault| {
            let response = ask(&client(), &always(fault).await, TEXT).await.unwrap();
            assert_eq!(response.status(), 200);
            let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
            (kind, response.bytes().await.unwrap().to_vec())
        };
        let (kind, bytes) = of(Fault::Malformed { place: Place::Body }).await;
        assert_eq!(kind, "application/json");
        assert!(serde_json::from_slice::<Value>(&bytes).is_err());
        let (_, bytes) = of(Fault::DeepJson { depth: 10_000, place: Place::Body }).await;
        assert_eq!(bytes, format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes());
        let (_, bytes) = of(Fault::InvalidUtf8).await;
        assert!(std::str::from_utf8(&bytes).is_err());
        let (kind, bytes) = of(Fault::Html).await;
        assert!(kind.starts_with("text/html") && bytes.starts_with(b"<!doctype html>"));
        let (kind, bytes) = of(Fault::WrongContentType).await;
        assert!(kind.starts_with("text/plain"));
        assert_eq!(content(&serde_json::from_slice(&bytes).unwrap()), truth());
        let (_, bytes) = of(Fault::Huge { bytes: 1_000_000 }).await;
        assert_eq!(bytes.len(), 1_000_000);
        serde_json::from_slice::<Value>(&bytes).expect("JSON that only its size spoils");
    })
    .await;
}

#[tokio::test]
async fn connections_end_as_the_script_says() {
    within(async {
        let mut read = Vec::new();
        let simulator = always(Fault::Reset).await;
        let error = asked(&simulator).await.read_to_end(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

        let simulator = always(Fault::Close).await;
        assert_eq!(asked(&simulator).await.read_to_end(&mut read).await.unwrap(), 0);

        let simulator = always(Fault::EndlessHeaders { bytes: 200_000 }).await;
        let headers = asked(&simulator).await.read_to_end(&mut read).await.unwrap();
        assert!(headers >= 200_000);
        assert!(!read.windows(4).any(|end| end == b"\r\n\r\n"));
        assert!(ask(&client(), &simulator, TEXT).await.is_err());

        let simulator = always(Fault::Cut).await;
        let mut cut = String::new();
        asked(&simulator).await.read_to_string(&mut cut).await.unwrap();
        let (head, half) = cut.split_once("\r\n\r\n").unwrap();
        assert_eq!(half.len(), declared_length(head) / 2);
        assert!(ended(&simulator.log()));
    })
    .await;
}

#[tokio::test]
async fn a_fault_is_in_the_log_before_it_acts_and_a_client_that_leaves_is_seen() {
    within(async {
        let drip = Fault::Drip { bytes: 5, every: AN_HOUR };
        for (fault, enough) in [(Fault::Silent, None), (Fault::Stall, Some(0)), (drip, Some(5))] {
            let kind = fault.kind();
            let simulator = always(fault).await;
            let mut stream = asked(&simulator).await;
            let log = simulator.log_when(|log| log.iter().any(|arrival| arrival.fault.is_some())).await;
            assert_eq!(log[0].fault, Some(kind));
            if let Some(bytes) = enough {
                let come = read_until(&mut stream, |come| {
                    come.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= bytes)
                });
                let come = come.await;
                assert!(declared_length(&come) > bytes);
                assert_eq!(come.split_once("\r\n\r\n").unwrap().1.len(), bytes);
            }
            let now = simulator.log().remove(0);
            assert_eq!((now.replied, now.client_gone), (None, false), "{kind}");
            drop(stream);
            let log = simulator.log_when(ended).await;
            assert_eq!((log[0].replied, log[0].client_gone), (None, true), "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_or_dripping_answer_is_whole_in_the_end() {
    within(async {
        let drip = always(Fault::Drip { bytes: 64, every: Duration::from_millis(1) }).await;
        assert_eq!(content(&body(&drip, 200).await), truth());
        let wait = Duration::from_millis(30);
        let slow = start(Script::of([Rule::new(Fault::Slow).delay(Latency::Fixed(wait))])).await;
        assert_eq!(content(&body(&slow, 200).await), truth());
        let arrival = slow.log().remove(0);
        assert!(arrival.replied.unwrap() - arrival.received >= wait);
        assert!(arrival.replied_ms.unwrap() - arrival.received_ms >= 30.0);
    })
    .await;
}

#[tokio::test]
async fn the_log_tells_what_arrived() {
    within(async {
        let simulator = start(Script::of([Rule::new(Fault::status(503)).first(1)])).await;
        let client = client_with(|builder| builder.user_agent("a test"));
        for _ in 0..2 {
            let _ = ask(&client, &simulator, TEXT).await.unwrap().bytes().await.unwrap();
        }
        let url = format!("http://{}/_log", simulator.addr());
        let response = client.get(&url).send().await.unwrap();
        assert_eq!(response.headers()["x-log-dropped"], "0");
        let log: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let first = &log[0];
        for (key, want) in [
            ("number", json!(1)),
            ("attempt_id", json!("a-1")),
            ("method", json!("POST")),
            ("path", json!("/v1/chat/completions")),
            ("http_version", json!("HTTP/1.1")),
            ("text_chars", json!(TEXT.chars().count())),
            ("text_sha256", json!("4d7b3b6fabf339d4")),
            ("model", json!("small")),
            ("fault", json!("status")),
            ("status", json!(503)),
            ("client_gone", json!(false)),
            ("retry_after_ms", Value::Null),
            ("user_agent", json!("a test")),
            ("headers", json!({ "x-tidegate-attempt": "a-1" })),
        ] {
            assert_eq!(first[key], want, "{key}");
        }
        assert!(first["replied_ms"].as_f64().unwrap() >= first["received_ms"].as_f64().unwrap());
        assert_eq!((&log[1]["fault"], &log[1]["status"]), (&Value::Null, &json!(200)));

        assert_eq!(client.delete(&url).send().await.unwrap().status(), 204);
        assert!(simulator.log().is_empty());
        let _ = ask(&client, &simulator, TEXT).await.unwrap();
        assert_eq!(simulator.log()[0].number, 3);
    })
    .await;
}

#[tokio::test]
async fn a_script_can_be_replaced_at_run_time() {
    within(async {
        let simulator = start(Script::default()).await;
        let url = format!("http://{}/_script", simulator.addr());
        let put = async |script: &'static str| client().put(&url).body(script).send().await.unwrap();
        assert_eq!(put("[[fault]]\nfault = \"status\"\nstatus = 529\n").await.status(), 204);
        body(&simulator, 529).await;
        let refused = put("[[fault]]\nfault = \"stat\"\n").await;
        assert_eq!(refused.status(), 400);
        assert!(refused.text().await.unwrap().contains("fault 1 (stat): `fault` must be one of"));
        body(&simulator, 529).await;
        simulator.set_script(Script::default());
        body(&simulator, 200).await;
    })
    .await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    within(async {
        let faults = async |seed: u64| {
            let rules = [Rule::new(Fault::status(500)).share(0.3), Rule::new(Fault::Reset).share(0.3)];
            let simulator = Simulator::start(ANY_PORT, Script::of(rules), seed).await.unwrap();
            let client = client();
            for _ in 0..60 {
                let _ = ask(&client, &simulator, TEXT).await;
            }
            simulator.log().iter().map(|arrival| arrival.fault).collect::<Vec<_>>()
        };
        let once = faults(7).await;
        assert_eq!(once, faults(7).await);
        assert_ne!(once, faults(8).await);
    })
    .await;
}

#[tokio::test]
async fn http_2_is_served_on_the_same_port() {
    within(async {
        let client = client_with(reqwest::ClientBuilder::http2_prior_knowledge);
        let rules = [
            Rule::new(Fault::Reset).matching("reset"),
            Rule::new(Fault::Cut).matching("cut"),
            Rule::new(Fault::Stall).matching("stall"),
        ];
        let simulator = start(Script::of(rules)).await;
        let both = tokio::join!(ask(&client, &simulator, "one"), ask(&client, &simulator, "two"));
        assert!(both.0.unwrap().status().is_success() && both.1.unwrap().status().is_success());
        let stalled = ask(&client, &simulator, "stall").await.unwrap();
        assert_eq!(stalled.status(), 200);
        drop(stalled);
        simulator.log_when(|log| log.last().is_some_and(|arrival| arrival.client_gone)).await;
        let cut = ask(&client, &simulator, "cut").await;
        assert!(match cut {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        });
        assert!(ask(&client, &simulator, "reset").await.is_err());
        assert!(simulator.log().iter().all(|arrival| arrival.http_version == "HTTP/2.0"));
        assert_eq!(body(&simulator, 200).await["model"], "small");
    })
    .await;
}

#[tokio::test]
async fn a_connection_is_kept_alive() {
    within(async {
        let simulator = start(Script::default()).await;
        let mut stream = asked(&simulator).await;
        for _ in 0..2 {
            let whole = |come: &str| {
                come.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() == declared_length(head))
            };
            read_until(&mut stream, whole).await;
            let question = question("again");
            let head =
                format!("POST /chat/completions HTTP/1.1\r\ncontent-length: {}\r\n\r\n", question.len());
            stream.write_all(format!("{head}{question}").as_bytes()).await.unwrap();
        }
        simulator.log_when(|log| log.len() == 3 && ended(log)).await;
    })
    .await;
}

#[tokio::test]
async fn an_echo_throws_text_and_credential_back_everywhere() {
    within(async {
        let faults = [
            Fault::status(500),
            Fault::ErrorBody(ErrorReply::new(200)),
            Fault::Malformed { place: Place::Body },
            Fault::Malformed { place: Place::Content },
            Fault::Refused,
            Fault::Html,
        ];
        let bait = format!("Bearer s3cret {TEXT}");
        for fault in faults {
            let kind = fault.kind();
            let simulator = start(Script::of([Rule::new(fault).echo()])).await;
            let response = ask(&client(), &simulator, TEXT).await.unwrap();
            for name in ["x-echo", "x-request-id"] {
                assert_eq!(response.headers()[name], bait.as_str(), "{kind}");
            }
            assert!(response.headers().contains_key("x-echo-base64"));
            assert!(response.text().await.unwrap().contains(&bait), "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn capacity_is_finite() {
    within(async {
        let stall = || Script::of([Rule::new(Fault::Stall).first(1)]);
        let simulator = start(stall().capacity(1, Over::Refuse)).await;
        let first = ask(&client(), &simulator, TEXT).await.unwrap();
        assert_eq!(body(&simulator, 503).await["error"]["code"], "overloaded");
        assert_eq!(simulator.log()[1].fault, Some("capacity"));
        drop(first);
        simulator.log_when(ended).await;
        body(&simulator, 200).await;

        let simulator = start(stall().capacity(1, Over::Queue)).await;
        let first = ask(&client(), &simulator, TEXT).await.unwrap();
        let leave = async {
            simulator.log_when(|log| log.len() == 2).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(body(&simulator, 200), leave);
        assert_eq!(content(&second), truth());
    })
    .await;
}

#[tokio::test]
async fn a_stopped_simulator_has_left_its_port() {
    within(async {
        let simulator = always(Fault::Silent).await;
        let addr = simulator.addr();
        let mut stream = asked(&simulator).await;
        simulator.log_when(|log| log.len() == 1).await;
        simulator.stop().await;
        assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        assert!(TcpStream::connect(addr).await.is_err());
    })
    .await;
}

#[test]
fn the_example_script_is_one() {
    let script = Script::from_toml(include_str!("../config/faults.example.toml")).unwrap();
    assert_eq!((script.seed, script.rules.len()), (Some(7), 5));
}
