//! Requests that are refused, each for a word that must not get out.

use tidegate::proto;
use tonic::{Code, Request};

use super::story::{IDEMPOTENCY_KEY, PROFILE, SCHEMA, TIMEOUT, WRONG_KEY, plain, text, with_rules};

/// By what is wrong with them, and the codes that they get.
pub fn bad_requests() -> Vec<(&'static str, Request<proto::ExtractRequest>, Code)> {
    let changed = |change: &dyn Fn(&mut Request<proto::ExtractRequest>)| {
        let mut request = plain("answered");
        change(&mut request);
        request
    };
    let keyed = |key: &str| {
        let header = format!("Bearer {key}");
        changed(&|request| drop(request.metadata_mut().insert("authorization", header.parse().unwrap())))
    };
    let schema = |schema: &str| with_rules("answered", schema);
    let bad = Code::InvalidArgument;
    vec![
        (
            "no key",
            changed(&|request| drop(request.metadata_mut().remove("authorization"))),
            Code::Unauthenticated,
        ),
        ("another key", keyed(WRONG_KEY), Code::Unauthenticated),
        ("unknown profile", changed(&|request| PROFILE.clone_into(&mut request.get_mut().profile)), bad),
        ("too long", changed(&|request| request.get_mut().text = text("answered").repeat(100)), bad),
        (
            "odd idempotency key",
            changed(&|request| request.get_mut().idempotency_key = format!("{IDEMPOTENCY_KEY} ü")),
            bad,
        ),
        (
            "odd timeout",
            changed(&|request| drop(request.metadata_mut().insert("grpc-timeout", TIMEOUT.parse().unwrap()))),
            bad,
        ),
        ("schema that is no JSON", schema(&format!("{SCHEMA} {{")), bad),
        ("schema of a JSON text", schema(&format!("\"{SCHEMA}\"")), bad),
        (
            "schema of no known type",
            schema(&format!(r#"{{"type":"object","properties":{{"x":{{"type":"{SCHEMA}"}}}}}}"#)),
            bad,
        ),
        ("schema of no type", schema(&format!(r#"{{"type":"{SCHEMA}"}}"#)), bad),
        (
            "schema with a bad pattern",
            schema(&format!(
                r#"{{"type":"object","properties":{{"x":{{"type":"string","pattern":"({SCHEMA}"}}}}}}"#
            )),
            bad,
        ),
        (
            "schema that refers elsewhere",
            schema(&format!(
                r#"{{"type":"object","properties":{{"x":{{"$ref":"https://{SCHEMA}.example/"}}}}}}"#
            )),
            bad,
        ),
        (
            "schema that refers to nothing",
            schema(&format!(r##"{{"type":"object","properties":{{"x":{{"$ref":"#/$defs/{SCHEMA}"}}}}}}"##)),
            bad,
        ),
        (
            "schema of another draft",
            schema(&format!(r#"{{"type":"object","$schema":"https://{SCHEMA}.example/"}}"#)),
            bad,
        ),
    ]
}
