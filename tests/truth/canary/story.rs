//! Calls of every kind, full of words that must not get out.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use tidegate::{
    proto,
    simulator::{
        Script,
        script::{ErrorReply, Fault, Place, RetryAfter, Rule},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};
use tonic::{Code, Request};

use super::bad::bad_requests;
use crate::{
    stage::{Curtain, LONG, Outcome, Stage},
    support::{request, simulator},
};

/// A word of the text that looks like a name, so that answers hold it.
pub const TEXT_WORD: &str = "Qvtextword";
const ODD_TEXT: &str = "jabberwock \"slithy%/toves ü";
const INSTRUCTIONS: &str = "qvinstructions";
const ODD_INSTRUCTIONS: &str = "mimsy \"borogove%/raths ü";
pub const SCHEMA: &str = "qvschema";
const PROPERTY: &str = "qvproperty";
const CALLER_KEY: &str = "qvcallerkey-7f3a51";
pub const WRONG_KEY: &str = "qvwrongkey-99c0aa";
const UPSTREAM_KEY: &str = "qvupstreamkey-55ee12";
const SECRET_METADATA: &str = "qvmetadata";
const BINARY_METADATA: &str = "qvbinarymetadata";
const BAGGAGE: &str = "qvbaggage";
const TRACE_STATE: &str = "qvtracestate";
const ANSWER: &str = "qvanswerword";
const ERROR: &str = "qverrorword";
pub const IDEMPOTENCY_KEY: &str = "qvidempotency";
pub const PROFILE: &str = "qvprofile";
pub const TIMEOUT: &str = "qvtimeout";

/// All of them, by what they are.
pub const WORDS: &[(&str, &str)] = &[
    ("text", TEXT_WORD),
    ("odd text", ODD_TEXT),
    ("instructions", INSTRUCTIONS),
    ("odd instructions", ODD_INSTRUCTIONS),
    ("schema", SCHEMA),
    ("property", PROPERTY),
    ("caller key", CALLER_KEY),
    ("wrong key", WRONG_KEY),
    ("upstream key", UPSTREAM_KEY),
    ("metadata", SECRET_METADATA),
    ("binary metadata", BINARY_METADATA),
    ("baggage", BAGGAGE),
    ("trace state", TRACE_STATE),
    ("idempotency key", IDEMPOTENCY_KEY),
    ("profile", PROFILE),
    ("timeout", TIMEOUT),
    ("answer", ANSWER),
    ("error", ERROR),
];

/// Everything that came out.
pub struct Play {
    /// What callers got, by case.
    pub outcomes: Vec<(String, Outcome)>,
    /// The codes that they should have got.
    pub expected: BTreeMap<String, Code>,
    pub pages: Vec<(&'static str, String)>,
    pub curtain: Curtain,
    /// What the AI API throws back.
    pub bait: String,
}

/// What the AI API does to texts that hold the name of the case, and what callers get then.
fn cases() -> Vec<(&'static str, Option<Rule>, Code)> {
    let broken = ErrorReply { body: Some("{ \"error\": ".to_owned()), ..ErrorReply::new(500) };
    let raw = RetryAfter::Raw(TEXT_WORD.to_owned());
    let advice = (HeaderName::from_static("x-should-retry"), HeaderValue::from_static(TEXT_WORD));
    let echo = |fault: Fault| Some(Rule::new(fault).echo());
    let said = |body: String| {
        Some(Rule::new(Fault::ErrorBody(ErrorReply { body: Some(body), ..ErrorReply::new(500) })))
    };
    let key = UPSTREAM_KEY.replace('-', "\\u002d");
    let encoded = BASE64_STANDARD.encode(format!(":{UPSTREAM_KEY}"));
    let error = format!(r#""error":{{"message":"{ERROR} {key} Basic {encoded}","code":500}}"#);
    let choice = format!(r#""choices":[{{"message":{{"content":"{ANSWER}"}}}}]"#);
    let beside = format!("{{{choice},{error}}}");
    let stream = format!("data: {{{}}}\n\ndata: {{{error}}}\n\n", choice.replace("message", "delta"));
    let generation = format!(r#"{{"error":{{"message":"{ERROR}","failed_generation":"{ANSWER}"}}}}"#);
    let generation = ErrorReply { body: Some(generation), ..ErrorReply::new(500) };
    let once = |fault: Fault| Some(Rule::new(fault).first(1).per_text().echo());
    vec![
        ("answered", None, Code::Ok),
        ("retried", Some(Rule::new(Fault::status(500)).first(2).per_text().echo()), Code::Ok),
        ("slowed-down", Some(Rule::new(Fault::status(429)).first(1).per_text().echo()), Code::Ok),
        ("failed", echo(Fault::status(500)), Code::Internal),
        ("gateway-failed", echo(Fault::status(502)), Code::Unavailable),
        ("rejected", echo(Fault::status(400)), Code::InvalidArgument),
        ("unauthorised", echo(Fault::status(401)), Code::Internal),
        ("not-found", echo(Fault::status(404)), Code::NotFound),
        ("odd-status", echo(Fault::status(418)), Code::Internal),
        (
            "advised",
            Some(Rule::new(Fault::retry_after(503, raw)).header(advice.0, advice.1).echo()),
            Code::Unavailable,
        ),
        ("broken-error", echo(Fault::Status(broken)), Code::Internal),
        ("error-body", echo(Fault::ErrorBody(ErrorReply::new(500))), Code::Internal),
        ("malformed-body", echo(Fault::Malformed { place: Place::Body }), Code::Internal),
        ("malformed-content", once(Fault::Malformed { place: Place::Content }), Code::Ok),
        ("page", echo(Fault::Html), Code::Internal),
        ("refused", echo(Fault::Refused), Code::InvalidArgument),
        ("talkative", echo(Fault::Prose), Code::Internal),
        ("wrong-schema", once(Fault::WrongSchema), Code::Ok),
        ("unmended-schema", Some(Rule::new(Fault::WrongSchema)), Code::Internal),
        ("unmended-content", echo(Fault::Malformed { place: Place::Content }), Code::Internal),
        ("truncated", Some(Rule::new(Fault::Truncated)), Code::Internal),
        ("failed-beside-an-answer", said(beside), Code::Internal),
        ("failed-within-a-stream", said(stream), Code::Internal),
        ("failed-with-what-was-said", Some(Rule::new(Fault::Status(generation))), Code::Internal),
        ("cut", Some(Rule::new(Fault::Cut)), Code::Unavailable),
        ("silent", Some(Rule::new(Fault::Silent)), Code::DeadlineExceeded),
    ]
}

impl Play {
    pub async fn perform() -> Self {
        Self::perform_under("").await
    }

    /// The same, with further settings of the upstream.
    pub async fn perform_under(settings: &str) -> Self {
        let rules =
            cases().into_iter().filter_map(|(case, rule, _)| Some(rule?.matching(format!("<{case}>"))));
        let simulator = simulator(Script::of(rules)).await;
        let base_url = simulator.base_url();
        let key_sha256 =
            Sha256::digest(CALLER_KEY).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let tenant = format!("key_sha256 = [\"{key_sha256}\"]");
        let sections = [
            ("auth.tenants.search", tenant.as_str()),
            ("upstreams.primary", &format!("api_key = {{ env = \"UPSTREAM_KEY\" }}\n{settings}")),
            ("telemetry", "log_level = \"trace\"\notlp_metrics_interval = \"50ms\""),
            ("profiles.entities", "timeout = \"300ms\""),
            ("server", "text_bytes_max = \"4KiB\""),
        ];
        let stage = Stage::set_with(simulator, &base_url, &sections, &[("UPSTREAM_KEY", UPSTREAM_KEY)]).await;

        let mut outcomes = Vec::new();
        let mut expected = BTreeMap::new();
        for (case, _, code) in cases() {
            for (case, request) in [(case.to_owned(), plain(case)), (format!("{case}, inline"), inline(case))]
            {
                expected.insert(case.clone(), code);
                outcomes.push((case, stage.call_with(request).await));
            }
        }
        for (case, request, code) in bad_requests() {
            expected.insert(case.to_owned(), code);
            outcomes.push((case.to_owned(), stage.call_with(request).await));
        }
        leave(&stage).await;
        let bait = exchange(&stage, &text("failed")).await;
        let mut pages = Vec::new();
        for path in [
            "/",
            "/metrics",
            "/healthz",
            "/readyz",
            "/api/overview",
            "/api/calls?limit=10000",
            "/favicon.ico",
            "/made/up",
        ] {
            pages.push((path, stage.gateway.admin_get(path).await.1));
        }
        Self { outcomes, expected, pages, curtain: stage.close().await, bait }
    }
}

pub fn text(case: &str) -> String {
    format!("Ada {TEXT_WORD} met Charles Babbage in London <{case}>, {ODD_TEXT}.")
}

/// A case whose text none else has.
fn whose(case: &str, whose: &str) -> String {
    format!("{} {whose}", text(case))
}

/// A call with words in all its metadata.
pub fn plain(case: &str) -> Request<proto::ExtractRequest> {
    let mut request = request(&text(case), LONG);
    if case == "silent" {
        // As long as the profile says: no time at all.
        request.metadata_mut().remove("grpc-timeout");
    }
    if case.starts_with("unmended") {
        request.get_mut().max_attempts = 1;
    }
    IDEMPOTENCY_KEY.clone_into(&mut request.get_mut().idempotency_key);
    let metadata = request.metadata_mut();
    let mut put = |key: &'static str, value: &str| metadata.insert(key, value.parse().unwrap());
    put("authorization", &format!("Bearer {CALLER_KEY}"));
    put("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    put("tracestate", &format!("vendor={TRACE_STATE}"));
    put("baggage", &format!("user={BAGGAGE}"));
    put("x-secret", SECRET_METADATA);
    metadata
        .insert_bin("x-secret-bin", tonic::metadata::MetadataValue::from_bytes(BINARY_METADATA.as_bytes()));
    request
}

/// The same with rules of the caller's own.
fn inline(case: &str) -> Request<proto::ExtractRequest> {
    let entity = serde_json::json!({
        "type": "object",
        "properties": { "type": { "type": "string" }, "text": { "type": "string" } },
        "required": ["type", "text"],
    });
    let schema = serde_json::json!({
        "type": "object",
        "description": SCHEMA,
        "properties": {
            "entities": { "type": "array", "items": { "$ref": format!("#/$defs/{PROPERTY}") } },
            PROPERTY: { "enum": [SCHEMA], "description": SCHEMA },
        },
        "required": ["entities"],
        "additionalProperties": false,
        "$defs": { PROPERTY: entity },
    });
    with_rules(case, &schema.to_string())
}

pub fn with_rules(case: &str, schema: &str) -> Request<proto::ExtractRequest> {
    let mut request = plain(case);
    request.get_mut().text = whose(case, "Inline");
    request.get_mut().inline = Some(proto::InlineProfile {
        schema: schema.to_owned(),
        instructions: format!("Find {INSTRUCTIONS} and {ODD_INSTRUCTIONS}."),
    });
    request
}

/// A caller that leaves while its attempt runs.
async fn leave(stage: &Stage) {
    let before = stage.simulator.log().len();
    let mut leaver = plain("silent");
    leaver.set_timeout(LONG);
    leaver.get_mut().text = whose("silent", "Leaver");
    leaver.get_mut().cache =
        Some(proto::CacheControl { mode: proto::CacheMode::NoStore.into(), max_age: None });
    let mut client = stage.gateway.client().await;
    let mut caller = JoinSet::new();
    caller.spawn(async move { client.extract(leaver).await });
    stage.arrivals_when(|arrivals| arrivals.len() > before).await;
    caller.shutdown().await;
    stage.arrivals_when(|arrivals| arrivals.iter().skip(before).all(|arrival| arrival.client_gone)).await;
}

/// Asks the AI API without a gateway between, and returns its whole answer.
async fn exchange(stage: &Stage, text: &str) -> String {
    let mut stream = TcpStream::connect(stage.simulator.addr()).await.unwrap();
    let message = serde_json::json!({ "role": "user", "content": text });
    let body = serde_json::json!({ "model": "simulated", "messages": [message] }).to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: api\r\nconnection: close\r\nauthorization: Bearer \
         {UPSTREAM_KEY}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
