//! The live page's facts, held against what clients, the AI API and the metrics saw.

mod browser;

use serde_json::Value;
use tidegate::{
    proto::{Alignment, CacheMode, CacheOutcome},
    simulator::{
        Script,
        script::{Fault, Rule},
    },
};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    gate::Gate,
    raw::Raw,
    stage::{Setup, Stage, TEXT, always, cache_of, cached, info, is, message, request},
    support::{Metrics, PATIENCE, extraction},
};

/// The latest calls, with `query`.
async fn calls(stage: &Stage, query: &str) -> Vec<Value> {
    let facts = stage.gateway.admin_json(&format!("/api/calls?{query}")).await;
    facts["calls"].as_array().unwrap().clone()
}

fn first_fails() -> Script {
    Script::of([Rule::new(Fault::status(503)).first(1)])
}

#[tokio::test]
async fn a_retried_call_is_told_as_client_and_upstream_saw_it() {
    let stage = Stage::scripted(first_fails()).await;
    let reply = stage.extract(TEXT).await.unwrap();
    let [call] = &calls(&stage, "").await[..] else { panic!("one call was made") };
    assert_eq!(
        (&call["verdict"], &call["cache"], &call["joined"]),
        (&"ok".into(), &"miss".into(), &false.into())
    );
    assert_eq!(
        (&call["entry"], &call["profile"], &call["upstream"]),
        (&"unary".into(), &"entities".into(), &"primary".into())
    );
    assert_eq!(call["trace_id"], info(&reply).trace_id);
    let attempts = call["attempts"].as_array().unwrap();
    let told: Vec<_> = attempts.iter().map(|attempt| attempt["id"].as_str().unwrap().to_owned()).collect();
    let arrived: Vec<_> = stage.arrivals().into_iter().map(|arrival| arrival.attempt_id.unwrap()).collect();
    assert_eq!(told, arrived);
    let [first, second] = &attempts[..] else { panic!("two attempts were made") };
    assert_eq!((&first["kind"], &first["outcome"]), (&"initial".into(), &"failure".into()));
    assert_eq!((&first["error_type"], &first["http_status"]), (&"overloaded".into(), &503.into()));
    assert_eq!((&second["kind"], &second["outcome"]), (&"retry".into(), &"success".into()));
    assert_eq!((&second["wait_source"], &second["http_status"]), (&"exponential".into(), &200.into()));
    let at = |attempt: &Value, field: &str| attempt[field].as_f64().unwrap();
    let end = at(first, "start_seconds") + at(first, "latency_seconds");
    assert!(at(first, "start_seconds") >= 0.0 && at(second, "wait_seconds") > 0.0);
    // To the microsecond, as all times are told.
    assert!(at(second, "start_seconds") + 2e-6 >= end + at(second, "wait_seconds"), "{call:#}");
    let elapsed = at(call, "elapsed_seconds");
    assert!(at(second, "start_seconds") + at(second, "latency_seconds") <= elapsed + 2e-6);
    assert!(at(call, "deadline_seconds") > elapsed);
}

#[tokio::test]
async fn a_call_that_joined_shows_the_flight_it_joined() {
    let stage = Gate::setup([]).start().await;
    let gate = Gate::shut(&stage.simulator).await;
    let mut callers = JoinSet::new();
    stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    stage.arrivals_when(|arrivals| arrivals.len() == 1).await;
    stage.send_aside(&mut callers, request(message(TEXT), PATIENCE));
    stage.serving(2).await;
    gate.open();
    callers.join_all().await;
    let calls = calls(&stage, "").await;
    let joined: Vec<_> = calls.iter().filter(|call| call["joined"] == true).collect();
    let [joined] = joined[..] else { panic!("one call joined: {calls:#?}") };
    let led = calls.iter().find(|call| call["joined"] == false).unwrap();
    assert_eq!(joined["cache"], "joined");
    assert_eq!(joined["attempts"][0]["id"], led["attempts"][0]["id"]);
    assert!(joined["attempts"][0]["start_seconds"].as_f64() < Some(0.0), "it ran before the call came");
    assert!(led["attempts"][0]["start_seconds"].as_f64() >= Some(0.0));
}

#[tokio::test]
async fn a_call_whose_time_ran_out_says_what_it_was_doing() {
    let stage = Stage::scripted(Script::of([Rule::new(Fault::Silent)])).await;
    // tonic's own client may give up by itself at that instant.
    Raw::connect(stage.gateway.grpc).await.extract_within(TEXT, 300).await.unwrap_err();
    let told = calls(&stage, "").await;
    let [call] = &told[..] else { panic!("one call was made: {told:#?}") };
    assert_eq!(call["verdict"], "deadline_exceeded");
    assert_eq!(call["phase"], "attempt");
    assert!(call["deadline_seconds"].as_f64() < Some(0.3), "a guard is kept back from the caller's time");
    assert_eq!(call["attempts"].as_array().unwrap().len(), 1);
    // The attempt is cut at the same instant, by another task.
    let ended = async { while calls(&stage, "").await[0]["attempts"][0]["outcome"].is_null() {} };
    timeout(PATIENCE, ended).await.expect("the kept call is told of its attempt's end");
    let attempt = &calls(&stage, "").await[0]["attempts"][0];
    assert_eq!(
        (&attempt["outcome"], &attempt["error_type"]),
        (&"failure".into(), &"deadline_exceeded".into())
    );
}

/// What is counted of calls and attempts by the page, and by which series it is counted on `/metrics`.
const COUNTED: &[(&str, &str, &str)] = &[
    ("/calls/since_start/by_verdict", "tidegate_calls_total", "verdict"),
    ("/calls/since_start/by_cache", "tidegate_cache_requests_total", "result"),
    ("/attempts/since_start/by_outcome", "tidegate_upstream_attempts_total", "outcome"),
    ("/attempts/since_start/by_kind", "tidegate_upstream_attempts_total", "kind"),
    ("/attempts/since_start/by_error_type", "tidegate_upstream_attempts_total", "error_type"),
    ("/answers/since_start/by_result", "tidegate_extract_validation_total", "result"),
    ("/answers/since_start/by_alignment", "tidegate_extract_entities_total", "alignment"),
    ("/attempts/since_start/withheld_by_reason", "tidegate_upstream_retries_withheld_total", "reason"),
];

fn counts(of: &Value) -> impl Iterator<Item = (&str, f64)> {
    of.as_object().unwrap().iter().map(|(word, count)| (word.as_str(), count.as_f64().unwrap()))
}

fn equal_the_metrics(overview: &Value, metrics: &Metrics) {
    for (place, name, label) in COUNTED {
        for (word, count) in counts(overview.pointer(place).unwrap()) {
            let counted = metrics.sum(name, &[(label, word)]);
            assert!(is(count, counted), "{place}: {word} is {count} there and {counted} in {name}");
        }
    }
    let sum = |place: &str| counts(overview.pointer(place).unwrap()).map(|(_, count)| count).sum::<f64>();
    for of in ["calls/since_start", "calls/window"] {
        assert_eq!(
            overview.pointer(&format!("/{of}/count")).unwrap().as_f64(),
            Some(sum(&format!("/{of}/by_verdict")))
        );
    }
    for of in ["attempts/since_start", "attempts/window", "upstreams/0/since_start", "upstreams/0/window"] {
        let count = overview.pointer(&format!("/{of}/count")).unwrap().as_f64();
        assert_eq!(count, Some(sum(&format!("/{of}/by_outcome"))));
        assert_eq!(count, Some(sum(&format!("/{of}/by_kind"))));
    }
}

#[tokio::test]
async fn totals_equal_the_metrics() {
    let rules = [
        Rule::new(Fault::status(503)).matching("<flaky>").first(2),
        Rule::new(Fault::status(500)).matching("<down>"),
        Rule::new(Fault::status(401)).matching("<locked>"),
        Rule::new(Fault::WrongSchema).matching("<odd>"),
        Rule::new(Fault::Reset).matching("<reset>").first(1),
        Rule::new(Fault::Silent).matching("<silent>"),
    ];
    let stage = Stage::scripted(Script::of(rules)).await;
    for what in ["<flaky>", "<down>", "<locked>", "<odd>", "<reset>", "<fine>", "<fine>", ""] {
        let text = if what.is_empty() { String::new() } else { format!("{TEXT} {what}") };
        let _ = stage.extract(&text).await;
    }
    let _ = stage.call(cached(TEXT, CacheMode::OnlyIfCached)).await;
    let _ = stage.call(cached(TEXT, CacheMode::NoCache)).await;
    let _ = Raw::connect(stage.gateway.grpc).await.extract_within(&format!("{TEXT} <silent>"), 300).await;
    // The caller is answered a little before its flight has come down.
    stage.metrics_at("tidegate_upstream_inflight", &[], 0.0).await;
    let metrics = stage.metrics_at_rest().await;
    for window in [60, 300, 900] {
        let overview = stage.gateway.admin_json(&format!("/api/overview?window={window}")).await;
        equal_the_metrics(&overview, &metrics);
        assert_eq!(overview["ready"], true);
        assert_eq!(overview["window_seconds"], window);
        assert_eq!(overview["calls"]["running"], 0);
        assert_eq!(overview["flights_running"], 0);
        // All of it happened within the least of the windows.
        assert_eq!(overview["calls"]["window"]["by_verdict"], overview["calls"]["since_start"]["by_verdict"]);
        let [upstream] = &overview["upstreams"].as_array().unwrap()[..] else { panic!("one is configured") };
        assert_eq!((&upstream["name"], &upstream["in_flight"]), (&"primary".into(), &0.into()));
        let budget = metrics.sum("tidegate_retry_budget_ratio", &[]);
        assert!(is(upstream["budget_ratio"].as_f64().unwrap(), budget));
        assert_eq!(upstream["state"], "failing", "most attempts were made to fail");
        let [profile] = &overview["profiles"].as_array().unwrap()[..] else { panic!("one was used") };
        assert_eq!((&profile["name"], &profile["state"]), (&"entities".into(), &"idle".into()));
        assert_eq!(profile["since_start"], overview["answers"]["since_start"]);
        // The empty text and the question to an empty cache are their callers' own doing.
        assert_eq!(
            (&overview["calls"]["window"]["rated"], &overview["calls"]["window"]["failed"]),
            (&9.into(), &4.into())
        );
        assert_eq!(overview["calls"]["window"]["state"], "hurt");
    }
    let told = calls(&stage, "").await;
    assert_eq!(told.len(), 11);
    let attempts: usize = told.iter().map(|call| call["attempts"].as_array().unwrap().len()).sum();
    assert_eq!(attempts, stage.sent());
}

#[tokio::test]
async fn answers_that_are_valid_and_empty_are_suspected() {
    let empty = Script::of([Rule::new(Fault::ZeroEntities).matching("<void>")]);
    let stage = Stage::scripted(empty).await;
    for number in 0..12 {
        let what = if number < 8 { "<void>" } else { "<fine>" };
        stage.extract(&format!("{TEXT} {what} {number}")).await.unwrap();
    }
    let overview = stage.gateway.admin_json("/api/overview").await;
    assert_eq!(overview["calls"]["window"]["state"], "fine", "no error tells of it");
    assert_eq!(overview["upstreams"][0]["state"], "healthy");
    let profile = &overview["profiles"][0];
    assert_eq!(
        (&profile["state"], &profile["suspicions"]),
        (&"suspect".into(), &serde_json::json!(["empty"]))
    );
    assert_eq!(profile["window"]["by_result"]["valid_empty"], 8);
    assert!(is(profile["window"]["empty_share"].as_f64().unwrap(), 0.666_667));
    assert_eq!(profile["window"]["unusable_share"].as_f64(), Some(0.0));
    assert_eq!(overview["answers"]["window"]["by_result"], profile["window"]["by_result"]);
}

#[tokio::test]
async fn an_upstream_that_is_waited_for_or_was_given_up_is_not_idle() {
    let stage = Setup { script: always(Fault::Silent), ..Setup::default() }.start().await;
    let seen = async || {
        let overview = stage.gateway.admin_json("/api/overview").await;
        let upstream = &overview["upstreams"][0];
        (upstream["state"].clone(), upstream["in_flight"].clone())
    };
    assert_eq!(seen().await, ("idle".into(), 0.into()));
    let mut caller = JoinSet::new();
    stage.send_aside(&mut caller, request(cached(TEXT, CacheMode::NoStore), PATIENCE));
    stage.arrivals_when(|log| log.len() == 1).await;
    assert_eq!(seen().await, ("waiting".into(), 1.into()));
    caller.shutdown().await;
    stage.metrics_at_rest().await;
    assert_eq!(seen().await, ("waiting".into(), 0.into()));
}

#[tokio::test]
async fn a_fault_that_is_over_is_told_with_its_time_while_the_window_still_has_its_word() {
    let stage = Stage::scripted(always(Fault::status(401))).await;
    for n in 0..3 {
        stage.extract(&format!("{TEXT} <bad> {n}")).await.unwrap_err();
    }
    let overview = async || stage.gateway.admin_json("/api/overview?window=60").await;
    let upstream = &overview().await["upstreams"][0];
    assert_eq!((&upstream["state"], &upstream["recovered_seconds_ago"]), (&"failing".into(), &Value::Null));
    assert_eq!(upstream["faults"][0]["worst"], "failing");
    assert_eq!(upstream["faults"][0]["end_uptime_seconds"], Value::Null, "nothing says that it is over");
    stage.simulator.set_script(Script::of([]));
    // What comes next must not stand in the same second.
    let second = |of: &Value, field: &str| of[field].as_f64().unwrap().trunc();
    let bad = second(&overview().await, "uptime_seconds");
    let next = async { while second(&overview().await, "uptime_seconds") <= bad {} };
    timeout(PATIENCE, next).await.expect("time goes on");
    for n in 0..100 {
        stage.extract(&format!("{TEXT} {n}")).await.unwrap();
    }
    let told = overview().await;
    let upstream = &told["upstreams"][0];
    let fault = &upstream["faults"][0];
    let end = second(fault, "end_uptime_seconds");
    assert!(end > second(fault, "start_uptime_seconds") && end <= bad + 1.0, "{fault}");
    let now = second(&told, "uptime_seconds");
    assert!(is(second(upstream, "recovered_seconds_ago"), now - end));
    assert_eq!((&upstream["state"], &upstream["faults_left_out"]), (&"healthy".into(), &0.into()));
    // Callers are judged more strictly: three of 103 are too many, in this window and in each part of it.
    let callers = &told["calls"]["window"];
    assert_eq!((&callers["state"], &callers["faults"][0]["worst"]), (&"some_hurt".into(), &"hurt".into()));
    assert_eq!(callers["recovered_seconds_ago"], Value::Null);
    assert!(second(callers, "state_since_seconds") <= now);
}

#[tokio::test]
async fn texts_that_are_refused_do_not_make_an_upstream_ill() {
    let stage = Stage::scripted(always(Fault::Refused)).await;
    for n in 0..5 {
        stage.extract(&format!("{TEXT} {n}")).await.unwrap_err();
    }
    let facts = stage.gateway.admin_json("/api/overview").await;
    let upstream = &facts["upstreams"][0];
    assert_eq!((&upstream["state"], &upstream["window"]["success_share"]), (&"idle".into(), &Value::Null));
    assert_eq!(upstream["window"]["by_error_type"]["refused"], 5);
    let metrics = stage.gateway.metrics().await;
    assert!(metrics.sum("tidegate_upstream_consecutive_failures", &[]).abs() < 0.5);
}

#[tokio::test]
async fn an_expired_answer_is_no_recovery() {
    let profile = r#"cache = { ttl = "1ms", stale_if_error = "1h" }"#;
    let stage = Setup { profile, script: first_fails(), ..Setup::default() }.start().await;
    stage.extract(TEXT).await.unwrap();
    let counted = async || {
        let overview = stage.gateway.admin_json("/api/overview").await;
        let ever = &overview["calls"]["since_start"];
        (ever["retried"].clone(), ever["recovered"].clone())
    };
    assert_eq!(counted().await, (1.into(), 1.into()));
    stage.simulator.set_script(always(Fault::status(503)));
    // A quick gateway answers from the cache before the millisecond is over.
    while cache_of(&stage.extract(TEXT).await) != CacheOutcome::Stale {}
    assert_eq!(counted().await, (2.into(), 1.into()));
}

#[tokio::test]
async fn no_more_calls_are_kept_than_configured() {
    for (kept, expected) in [(3, vec![5, 4, 3]), (0, vec![])] {
        let stage = Setup { admin: format!("recorder_calls = {kept}"), ..Setup::default() }.start().await;
        for _ in 0..5 {
            stage.extract(TEXT).await.unwrap();
        }
        let facts = stage.gateway.admin_json("/api/calls").await;
        assert!(facts["process"].is_string());
        assert_eq!((&facts["seen"], &facts["capacity"]), (&5.into(), &kept.into()));
        let numbers: Vec<_> =
            facts["calls"].as_array().unwrap().iter().map(|call| call["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, expected);
        let overview = stage.gateway.admin_json("/api/overview").await;
        assert_eq!(overview["calls"]["since_start"]["count"], 5);
    }
}

#[tokio::test]
async fn a_list_that_is_cut_says_by_how_much_wherever_it_is_told() {
    // One more than are located: the simulator names no more than there are, and invents one.
    const ENTITIES_MAX: usize = 10_000;
    let stage = Stage::scripted(always(Fault::Invented)).await;
    let reply = stage.extract(&"a@b.co ".repeat(ENTITIES_MAX)).await.unwrap();
    let got = extraction(&reply);
    assert_eq!((got.entities.len(), got.entities_left_out), (ENTITIES_MAX, 1));
    let told = &calls(&stage, "").await[0]["brought"];
    assert_eq!(
        (&told["items"], &told["entities"], &told["left_out"]),
        (&10_001.into(), &10_000.into(), &1.into())
    );
    let mut lines = stage.gateway.log_json().into_iter();
    let line = lines.find(|line| line["event"] == "tidegate.call.finished").unwrap();
    assert_eq!(
        (&line["tidegate.answer.entities"], &line["tidegate.answer.left_out"]),
        (&10_000.into(), &1.into())
    );
    let metrics = stage.gateway.metrics().await;
    assert!(is(metrics.sum("tidegate_extract_entities_left_out_total", &[("profile", "entities")]), 1.0));
    assert!(is(metrics.sum("tidegate_extract_entities_total", &[]), 10_000.0));
}

#[tokio::test]
async fn a_single_call_that_brought_nothing_is_found() {
    let stage = Stage::scripted(Script::of([Rule::new(Fault::ZeroEntities).matching("<void>")])).await;
    for what in ["<fine> 1", "<void>", "<fine> 2"] {
        stage.extract(&format!("{TEXT} {what}")).await.unwrap();
    }
    // From the cache, the answer is no better.
    let hit = stage.extract(&format!("{TEXT} <void>")).await;
    assert_eq!(cache_of(&hit), CacheOutcome::Hit);
    let empty = calls(&stage, "empty=true").await;
    let numbers: Vec<_> = empty.iter().map(|call| call["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [4, 2]);
    for call in &empty {
        let expected = serde_json::json!({
            "empty": true, "items": 0, "entities": 0, "exact": 0, "normalised": 0, "not_found": 0,
            "left_out": 0, "parts": 1, "empty_parts": 1,
        });
        assert_eq!(call["brought"], expected);
    }
    let trace = empty[1]["trace_id"].as_str().unwrap();
    let lines = stage.gateway.log_json().into_iter();
    let line =
        lines.filter(|line| line["event"] == "tidegate.call.finished").find(|line| line["trace_id"] == trace);
    assert_eq!(line.unwrap()["tidegate.answer.items"], 0);
}

#[tokio::test]
async fn what_a_call_brought_is_told_as_the_caller_got_it() {
    let rules = [
        Rule::new(Fault::Invented).matching("<drifting>"),
        Rule::new(Fault::status(401)).matching("<locked>"),
    ];
    let stage = Stage::scripted(Script::of(rules)).await;
    for what in ["<fine>", "<drifting>"] {
        let reply = stage.extract(&format!("{TEXT} {what}")).await.unwrap();
        let entities = &extraction(&reply).entities;
        let aligned =
            |alignment: Alignment| entities.iter().filter(|entity| entity.alignment() == alignment).count();
        let brought = &calls(&stage, "limit=1").await[0]["brought"];
        assert_eq!((&brought["entities"], &brought["empty"]), (&entities.len().into(), &false.into()));
        assert_eq!(brought["exact"], aligned(Alignment::Exact));
        assert_eq!(brought["normalised"], aligned(Alignment::Normalised));
        assert_eq!(brought["not_found"], aligned(Alignment::NotFound));
    }
    stage.extract(&format!("{TEXT} <locked>")).await.unwrap_err();
    assert!(calls(&stage, "limit=1").await[0]["brought"].is_null(), "there was no answer");
}

#[tokio::test]
async fn calls_are_filtered_as_asked() {
    let rules = [
        Rule::new(Fault::status(503)).matching("<flaky>").first(1),
        Rule::new(Fault::status(401)).matching("<locked>"),
    ];
    let stage = Stage::scripted(Script::of(rules)).await;
    for what in ["<flaky>", "<locked>", "<fine>", "<fine>"] {
        let _ = stage.extract(&format!("{TEXT} {what}")).await;
    }
    let numbers = async |query: &str| -> Vec<u64> {
        calls(&stage, query).await.iter().map(|call| call["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers("").await, [4, 3, 2, 1]);
    assert_eq!(numbers("verdict=ok").await, [4, 3, 1]);
    assert_eq!(numbers("verdict=upstream_rejected,internal").await, [2]);
    assert_eq!(numbers("retried=true").await, [1]);
    assert_eq!(numbers("retried=false&limit=2").await, [4, 3]);
    assert_eq!(numbers("empty=true").await, Vec::<u64>::new());
    assert_eq!(numbers("empty=false").await, [4, 3, 1], "without an answer, it is neither");
    assert_eq!(numbers("upstream=primary").await, [3, 2, 1], "what came from the cache asked nobody");
    for (query, word) in [
        ("calls?verdict=fine", "upstream_failed"),
        ("calls?upstream=second", "primary"),
        ("calls?retried=yes", "true or false"),
        ("calls?empty=1", "true or false"),
        ("calls?limit=0", "from 1 to"),
        ("calls?verdicts=ok", "there is no such parameter"),
        ("overview?window=61", "60, 300 or 900"),
        ("overview?limit=1", "use window"),
        ("calls?limit=1&limit=2", "each parameter may stand once"),
        ("calls?verdict=ok&verdict=internal", "several verdicts with commas"),
        ("overview?window=60&window=300", "each parameter may stand once"),
    ] {
        let (status, body) = stage.gateway.admin_get(&format!("/api/{query}")).await;
        assert_eq!(status, 400, "{query}: {body}");
        assert!(body.ends_with("}\n"), "the prompt is on a line of its own: {body:?}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert!(problem["error"].as_str().unwrap().contains(word), "{query}: {body}");
    }
}
