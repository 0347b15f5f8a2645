//! Which field limits the answer's tokens is found out from what the AI API refuses.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Barrier, task::JoinSet};
use tonic::Code;

use crate::{
    stage::{Client, Reply, Setup, code_and_reason, info, is, message, request},
    support::{Gateway, PATIENCE, info_of},
};

const OLD: &str = "max_tokens";
const NEW: &str = "max_completion_tokens";

/// What an AI API does with one request.
#[derive(Clone, Copy)]
enum Answer {
    /// Answers with this content.
    Content(&'static str),
    /// Refuses a field, in `OpenAI`'s words.
    Refusal(&'static str),
    /// Refuses it in the same words, within a 200.
    RefusalInside(&'static str),
    /// Fails.
    Failure,
}

const GOOD: Answer = Answer::Content(r#"{"entities":[]}"#);

/// An AI API that refuses one field or both, after it has done what its script says.
struct Api {
    script: Mutex<VecDeque<Answer>>,
    refused: Mutex<Vec<&'static str>>,
    /// How many requests with a refused field are awaited before the first of them is answered.
    together: Barrier,
    bodies: Mutex<Vec<Value>>,
}

impl Api {
    fn answer(&self, body: &Value) -> Answer {
        self.bodies.lock().unwrap().push(body.clone());
        let refused = self.refused.lock().unwrap().iter().find(|field| body.get(**field).is_some()).copied();
        let scripted = self.script.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| refused.map_or(GOOD, Answer::Refusal))
    }

    /// The fields of the requests so far.
    fn fields(&self) -> Vec<&'static str> {
        let named = |body: &Value| match (body.get(OLD), body.get(NEW)) {
            (Some(_), None) => OLD,
            (None, Some(_)) => NEW,
            fields => panic!("{fields:?}"),
        };
        self.bodies.lock().unwrap().iter().map(named).collect()
    }
}

async fn serve(
    State(api): State<Arc<Api>>,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let answer = api.answer(&serde_json::from_slice(&body).unwrap());
    let (status, body) = match answer {
        Answer::Content(content) => {
            let message = json!({"role": "assistant", "content": content});
            (200, json!({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}))
        }
        Answer::Refusal(OLD) => {
            api.together.wait().await;
            let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                           'max_completion_tokens' instead.";
            (
                400,
                json!({"error": {"message": message, "type": "invalid_request_error", "param": OLD,
                "code": "unsupported_parameter"}}),
            )
        }
        Answer::Refusal(field) => {
            let detail = json!({"type": "extra_forbidden", "loc": ["body", field],
                "msg": "Extra inputs are not permitted", "input": 4096});
            (422, json!({"detail": [detail]}))
        }
        Answer::RefusalInside(field) => {
            let message = format!("Unsupported parameter: '{field}' is not supported with this model.");
            let error = json!({"message": message, "param": field, "code": "unsupported_parameter"});
            (200, json!({"id": "c-1", "error": error, "choices": [{"finish_reason": "error"}]}))
        }
        Answer::Failure => (500, json!({"error": {"message": "oops", "type": "server_error"}})),
    };
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body.to_string())
}

/// A gateway before such an API.
struct World {
    api: Arc<Api>,
    gateway: Gateway,
    client: Client,
    /// Ends with the world.
    _serving: JoinSet<std::io::Result<()>>,
}

impl World {
    async fn new(upstream: &'static str, refused: &[&'static str]) -> Self {
        Self::with(Setup { upstream, ..Setup::default() }, refused, 1).await
    }

    async fn with(setup: Setup, refused: &[&'static str], together: usize) -> Self {
        let api = Arc::new(Api {
            script: Mutex::default(),
            refused: Mutex::new(refused.to_vec()),
            together: Barrier::new(together),
            bodies: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&api));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await });
        let gateway = Gateway::start(&setup.config(&format!("http://{addr}/v1"))).await;
        let client = gateway.client().await;
        Self { api, gateway, client, _serving: serving }
    }

    async fn extract(&self, text: &str) -> Reply {
        self.client.clone().extract(request(message(text), PATIENCE)).await.map(tonic::Response::into_inner)
    }

    fn learned(&self) -> Vec<Value> {
        let told = |line: &Value| line["event"] == "tidegate.upstream.tokens_field_learned";
        self.gateway.log_json().into_iter().filter(told).collect()
    }
}

/// Why each attempt was made, and what went wrong with it.
fn attempts(reply: &Reply) -> Vec<(String, String)> {
    let attempts = match reply {
        Ok(response) => info(response).attempts.clone(),
        Err(status) => info_of(status).attempts,
    };
    attempts.into_iter().map(|attempt| (attempt.kind, attempt.error_type)).collect()
}

fn trail(attempts: &[(&str, &str)]) -> Vec<(String, String)> {
    attempts.iter().map(|(kind, error)| ((*kind).to_owned(), (*error).to_owned())).collect()
}

const LEARNED: [(&str, &str); 2] = [("initial", "parameter_rejected"), ("transparent", "")];

#[tokio::test]
async fn a_refusal_within_a_200_is_one() {
    let world = World::new("", &[]).await;
    world.api.script.lock().unwrap().push_back(Answer::RefusalInside(OLD));
    assert_eq!(attempts(&world.extract("first").await), trail(&LEARNED));
    assert_eq!(attempts(&world.extract("second").await), trail(&[("initial", "")]));
    assert_eq!(world.api.fields(), [OLD, NEW, NEW]);
    assert_eq!(world.learned().len(), 1);
    let metrics = world.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_upstream_finish_total", &[("finish", "error")]), 1.0), "it is counted");
    assert!(is(metrics.sum("tidegate_upstream_finish_total", &[("finish", "stop")]), 2.0));
}

#[tokio::test]
async fn the_field_that_a_model_wants_is_found_out_once() {
    for upstream in ["", "max_tokens_field = \"auto\"", "retry_safety = \"once\"", "retry_safety = \"keyed\""]
    {
        let world = World::new(upstream, &[OLD]).await;
        assert_eq!(attempts(&world.extract("first").await), trail(&LEARNED), "{upstream}");
        assert_eq!(world.api.fields(), [OLD, NEW]);
        assert_eq!(attempts(&world.extract("second").await), trail(&[("initial", "")]), "{upstream}");
        assert_eq!(world.api.fields(), [OLD, NEW, NEW]);
        assert_eq!(world.api.bodies.lock().unwrap()[1][NEW], 4096);

        let metrics = world.gateway.metrics().await;
        let attempts = |labels: &[(&str, &str)]| metrics.sum("tidegate_upstream_attempts_total", labels);
        let refused = [("outcome", "failure"), ("error_type", "parameter_rejected"), ("kind", "initial")];
        assert_eq!(
            (attempts(&[]), attempts(&refused), attempts(&[("kind", "transparent")])),
            (3.0, 1.0, 1.0)
        );
        assert!(is(metrics.sum("tidegate_retry_budget_ratio", &[]), 1.0), "it was free");

        let told = world.learned();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["level"], "INFO", "{told:?}");
        assert_eq!(told[0]["tidegate.upstream.max_tokens_field"], NEW);
        let failed = world.gateway.log_json();
        let failed = failed.iter().find(|line| line["event"] == "tidegate.attempt.failed").unwrap();
        assert_eq!(failed["tidegate.error.detail"], "max_tokens_field", "{failed}");
    }
}

#[tokio::test]
async fn flights_that_learn_it_together_all_recover() {
    const FLIGHTS: usize = 8;
    let world = World::with(Setup::default(), &[OLD], FLIGHTS).await;
    let mut callers = JoinSet::new();
    for caller in 0..FLIGHTS {
        let mut client = world.client.clone();
        let request = request(message(&format!("text {caller}")), PATIENCE);
        callers.spawn(async move { client.extract(request).await.map(tonic::Response::into_inner) });
    }
    for reply in callers.join_all().await {
        assert_eq!(attempts(&reply), trail(&LEARNED));
    }
    let fields = world.api.fields();
    assert_eq!(fields, [[OLD; FLIGHTS], [NEW; FLIGHTS]].concat());
    assert_eq!(world.learned().len(), 1);
}

#[tokio::test]
async fn retries_and_repairs_learn_it_too() {
    let world = World::new("", &[OLD]).await;
    world.api.script.lock().unwrap().extend([Answer::Failure, Answer::Refusal(OLD), Answer::Failure]);
    let expected = [
        ("initial", "server_error"),
        ("retry", "parameter_rejected"),
        ("transparent", "server_error"),
        ("retry", ""),
    ];
    assert_eq!(attempts(&world.extract("a text").await), trail(&expected));
    assert_eq!(world.api.fields(), [OLD, OLD, NEW, NEW]);

    let world = World::new("", &[OLD]).await;
    world.api.script.lock().unwrap().push_back(Answer::Content(r#"{"entities":7}"#));
    let expected = [("initial", "schema_invalid"), ("repair", "parameter_rejected"), ("transparent", "")];
    assert_eq!(attempts(&world.extract("a text").await), trail(&expected));
    let messages = |nth: usize| world.api.bodies.lock().unwrap()[nth]["messages"].as_array().unwrap().len();
    assert_eq!([messages(0), messages(1), messages(2)], [2, 3, 3], "it is still a repair");
}

#[tokio::test]
async fn a_model_that_is_exchanged_for_one_of_the_other_kind_is_learned_again() {
    let world = World::new("", &[OLD]).await;
    world.extract("first").await.unwrap();
    *world.api.refused.lock().unwrap() = vec![NEW];
    assert_eq!(attempts(&world.extract("second").await), trail(&LEARNED));
    world.extract("third").await.unwrap();
    assert_eq!(world.api.fields(), [OLD, NEW, NEW, OLD, OLD]);
    assert_eq!(world.learned().len(), 1, "told once");
}

#[tokio::test]
async fn an_api_that_takes_neither_is_asked_twice_and_its_operator_told() {
    let world = World::new("", &[OLD, NEW]).await;
    let reply = world.extract("a text").await;
    assert_eq!(
        attempts(&reply),
        trail(&[("initial", "parameter_rejected"), ("transparent", "parameter_rejected")])
    );
    let expected = (Code::Internal, "UPSTREAM_PARAMETER_REJECTED".to_owned());
    assert_eq!(code_and_reason(&reply.unwrap_err()), expected);
}

#[tokio::test]
async fn a_field_that_is_configured_stays() {
    for (upstream, field) in
        [("max_tokens_field = \"max_tokens\"", OLD), ("max_tokens_field = \"max_completion_tokens\"", NEW)]
    {
        let world = World::new(upstream, &[field]).await;
        for _ in 0..2 {
            let reply = world.extract("a text").await;
            assert_eq!(attempts(&reply), trail(&[("initial", "parameter_rejected")]));
            assert_eq!(code_and_reason(&reply.unwrap_err()).1, "UPSTREAM_PARAMETER_REJECTED");
        }
        assert_eq!(world.api.fields(), [field, field]);
        assert!(world.learned().is_empty());
    }
}

#[tokio::test]
async fn who_may_send_once_only_learns_for_the_next() {
    let setup = Setup { retry: "max_attempts = 1", ..Setup::default() };
    let world = World::with(setup, &[OLD], 1).await;
    let status = world.extract("first").await.unwrap_err();
    assert_eq!(info_of(&status).retry_withheld, "max_attempts");
    world.extract("second").await.unwrap();
    assert_eq!(world.api.fields(), [OLD, NEW]);
}
