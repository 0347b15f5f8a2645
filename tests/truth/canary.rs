//! No word of a caller, of an upstream or of a secret gets into telemetry or into errors, even if the AI API
//! throws it all back.

mod bad;
mod detector;
mod story;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tonic::metadata::{KeyAndValueRef, MetadataMap};

use self::{
    detector::Detector,
    story::{Play, TEXT_WORD, WORDS},
};
use crate::stage::Outcome;

/// Something that went out, and its name for reports.
type Letter = (String, Vec<u8>);

#[tokio::test(flavor = "multi_thread")]
async fn no_word_gets_where_it_does_not_belong() {
    let leaks = leaks(Play::perform().await);
    let leaks: Vec<_> = leaks.iter().filter(|leak| !is_told_to_its_author(leak)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_a_callers_schema_are_in_the_details_of_its_own_failure_and_nowhere_else() {
    let leaks = leaks(Play::perform().await);
    let told: Vec<_> = leaks.iter().filter(|leak| is_told_to_its_author(leak)).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    let names_it =
        |(_, found): &&(String, Vec<String>)| found.iter().any(|what| what.starts_with("property"));
    assert_eq!(leaks.iter().filter(names_it).count(), 1, "{leaks:#?}");
}

/// Whoever brings a schema is told by its own names where an answer broke it.
fn is_told_to_its_author((name, found): &(String, Vec<String>)) -> bool {
    name.starts_with("the details of unmended-schema, inline:")
        && found.iter().all(|what| what.starts_with("property"))
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_errors_get_into_the_lines_of_their_attempts_and_nowhere_else_where_they_are_asked_for() {
    let leaks = leaks(Play::perform_under("log_error_bodies = true").await);
    let is_of_attempt =
        |name: &str| name.starts_with("the log line") && name.contains("tidegate.attempt.failed");
    let elsewhere: Vec<_> =
        leaks.iter().filter(|leak| !is_of_attempt(&leak.0) && !is_told_to_its_author(leak)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    assert!(
        leaks.iter().any(|(_, found)| found.iter().any(|what| what.starts_with("text"))),
        "nothing was logged"
    );
    let with = |word: &str| -> Vec<_> {
        leaks.iter().filter(|(_, found)| found.iter().any(|what| what.contains(word))).collect()
    };
    assert!(with("error").len() >= 6, "errors beside answers were not logged: {leaks:#?}");
    assert!(with("key").is_empty(), "{:#?}", with("key"));
    assert!(with("answer").is_empty(), "what a model said was logged: {:#?}", with("answer"));
}

/// What got out, and with what.
fn leaks(play: Play) -> Vec<(String, Vec<String>)> {
    let mut letters: Vec<Letter> = Vec::new();
    for (case, outcome) in &play.outcomes {
        letters.extend(letters_of(case, outcome));
    }
    for (path, page) in play.pages {
        letters.push((format!("the page {path}"), page.into_bytes()));
    }
    for line in &play.curtain.log {
        letters.push((format!("the log line {line}"), line.clone().into_bytes()));
    }
    for request in &play.curtain.taken.traces {
        letters.extend(spans(request));
    }
    for request in &play.curtain.taken.metrics {
        letters.push(("exported metrics".to_owned(), request.encode_to_vec()));
    }
    assert!(
        play.curtain.spans.len() > 40
            && play.curtain.log.len() > 40
            && !play.curtain.taken.metrics.is_empty()
    );

    let detector = Detector::of(WORDS);
    letters
        .into_iter()
        .map(|(name, letter)| {
            (name, detector.find(&letter).into_iter().map(str::to_owned).collect::<Vec<_>>())
        })
        .filter(|(_, found)| !found.is_empty())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_were_there_to_leak() {
    let play = Play::perform().await;
    let detector = Detector::of(WORDS);
    // The AI API has thrown back text and key …
    for word in ["text", "odd text", "upstream key"] {
        let found = detector.find(play.bait.as_bytes());
        assert!(found.iter().any(|what| what.starts_with(word)), "{word} is not in {}", play.bait);
    }
    // … answers hold the text's words …
    let (_, answered) = play.outcomes.iter().find(|(case, _)| case == "answered").unwrap();
    let answer = answered.as_ref().unwrap().get_ref().encode_to_vec();
    let found = detector.find(&answer);
    assert!(!found.is_empty() && found.iter().all(|what| what.starts_with("text ")), "{found:?}");
    assert!(String::from_utf8_lossy(&answer).contains(TEXT_WORD));
    // … and everything happened that was to happen.
    for (case, outcome) in &play.outcomes {
        let code = outcome.as_ref().map_or_else(tonic::Status::code, |_| tonic::Code::Ok);
        assert_eq!(Some(&code), play.expected.get(case), "{case}: {outcome:?}");
    }
}

/// What a caller gets beside its result.
fn letters_of(case: &str, outcome: &Outcome) -> Vec<Letter> {
    match outcome {
        Ok(response) => {
            let info = response.get_ref().info.clone().unwrap();
            vec![
                (format!("how the answer to {case} came about"), info.encode_to_vec()),
                (format!("metadata with the answer to {case}"), metadata(response.metadata())),
            ]
        }
        Err(status) => vec![
            (format!("the message of {case}: {}", status.message()), status.message().as_bytes().to_vec()),
            (format!("the details of {case}: {status:?}"), status.details().to_vec()),
            (format!("the trailers of {case}: {:?}", status.metadata()), metadata(status.metadata())),
        ],
    }
}

fn metadata(map: &MetadataMap) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in map.iter() {
        match entry {
            KeyAndValueRef::Ascii(key, value) => {
                all.extend_from_slice(key.as_str().as_bytes());
                all.extend_from_slice(value.as_encoded_bytes());
            }
            KeyAndValueRef::Binary(key, value) => {
                all.extend_from_slice(key.as_str().as_bytes());
                all.extend(value.to_bytes().unwrap());
            }
        }
        all.push(b'\n');
    }
    all
}

/// Spans, whole; but for the trace state, which is the caller's own word about its trace, and has its place
/// in `trace_state` only.
fn spans(request: &ExportTraceServiceRequest) -> Vec<Letter> {
    let mut request = request.clone();
    let scopes = request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans);
    for span in scopes.flat_map(|scope| &mut scope.spans) {
        span.trace_state.clear();
        for link in &mut span.links {
            link.trace_state.clear();
        }
    }
    let mut letters = vec![("exported spans".to_owned(), request.encode_to_vec())];
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    for span in scopes.flat_map(|scope| &scope.spans) {
        letters.push((format!("the span {span:?}"), span.encode_to_vec()));
    }
    letters
}
