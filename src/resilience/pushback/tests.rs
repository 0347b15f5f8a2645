use http::HeaderValue;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::upstream::pushback::PUSHBACK_MAX;

/// Fri, 29 Sep 2023 16:26:37 GMT, the vectors' now.
const NOW_SECONDS: u64 = 1_696_004_797;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_SECONDS)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn of(pairs: &[(&str, &str)]) -> Option<Duration> {
    pushback(&headers(pairs), None, now())
}

fn body(wait: f64) -> Pushback {
    Pushback::For(seconds(wait))
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn the_first_valid_way_of_saying_it_counts() {
    let all = [
        ("retry-after-ms", "1500"),
        ("retry-after", "20"),
        ("ratelimit", r#""burst";r=0;t=30"#),
        ("anthropic-ratelimit-tokens-remaining", "0"),
        ("anthropic-ratelimit-tokens-reset", "2023-09-29T16:27:17Z"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "50s"),
    ];
    assert_eq!(of(&all), Some(seconds(1.5)));
    assert_eq!(of(&all[1..]), Some(seconds(20.0)));
    assert_eq!(pushback(&headers(&all[2..]), Some(body(25.0)), now()), Some(seconds(25.0)));
    assert_eq!(of(&all[2..]), Some(seconds(30.0)));
    assert_eq!(of(&all[3..]), Some(seconds(50.0)), "the longest of all limits");
    assert_eq!(of(&all[5..]), Some(seconds(50.0)));
    assert_eq!(of(&[]), None);
}

#[test]
fn an_invalid_one_counts_as_not_said() {
    for value in ["", "nan", "inf", "-inf", "0", "-10", "soon", "1e-30", "Zun, 29 Sep 2023 16:26:27 GMT"] {
        assert_eq!(of(&[("retry-after", value)]), None, "{value:?}");
        assert_eq!(of(&[("retry-after-ms", value)]), None, "{value:?}");
        assert_eq!(of(&[("retry-after-ms", value), ("retry-after", "20")]), Some(seconds(20.0)), "{value:?}");
        assert_eq!(of(&[("retry-after", value), ("retry-after", "20")]), Some(seconds(20.0)), "{value:?}");
    }
    assert_eq!(pushback(&HeaderMap::new(), Some(body(0.0)), now()), None);
}

#[test]
fn what_nobody_can_mean_is_not_believed() {
    let absurd = ["2678401", "1e34", "99999999999999999999999999999999999", "Sat, 29 Sep 2040 16:26:37 GMT"];
    for value in absurd {
        assert_eq!(of(&[("retry-after", value)]), None, "{value:?}");
        assert_eq!(of(&[("retry-after", value), ("retry-after", "20")]), Some(seconds(20.0)), "{value:?}");
    }
    assert_eq!(pushback(&HeaderMap::new(), Some(Pushback::For(Duration::MAX)), now()), None);
}

#[test]
fn hours_and_days_are_told_as_they_are() {
    let rows = [
        ("18000", 5.0 * 3600.0),
        ("5h", 5.0 * 3600.0),
        ("2678400", 31.0 * 86_400.0),
        ("Sun, 01 Oct 2023 00:00:00 GMT", 113_603.0),
    ];
    for (value, wait) in rows {
        assert_eq!(of(&[("retry-after", value)]), Some(seconds(wait)), "{value:?}");
    }
}

#[test]
fn dates_are_held_against_the_upstreams_own_clock() {
    let in_an_hour_of_ours = "Fri, 29 Sep 2023 17:26:47 GMT";
    assert_eq!(
        of(&[("retry-after", in_an_hour_of_ours), ("date", "Fri, 29 Sep 2023 17:26:37 GMT")]),
        Some(seconds(10.0))
    );
    assert_eq!(
        of(&[("retry-after", "Fri, 29 Sep 2023 16:26:57 GMT"), ("date", "yesterday")]),
        Some(seconds(20.0)),
        "an unreadable date is no date"
    );
}

#[test]
fn limits_count_only_when_used_up() {
    for (pairs, expected) in [
        (vec![("ratelimit", r#""a";r=0;t=30, "b";r=0;t=40, "c";r=1;t=50"#)], Some(seconds(40.0))),
        (vec![("ratelimit", r#""a,b;r=0;t=9";r=5;t=30"#)], None),
        (vec![("ratelimit", r#""a";r=0"#)], None),
        (vec![("ratelimit", "limit=10, remaining=0, reset=7")], Some(seconds(7.0))),
        (vec![("ratelimit", "limit=10, remaining=2, reset=7")], None),
        (vec![("ratelimit", "limit=10;remaining=0;reset=7")], Some(seconds(7.0))),
        (vec![("x-ratelimit-remaining-tokens", "7"), ("x-ratelimit-reset-tokens", "6m0s")], None),
        (vec![("x-ratelimit-remaining-tokens", "-1"), ("x-ratelimit-reset-tokens", "6m0s")], None),
        (vec![("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-requests", "6m0s")], None),
        (
            vec![("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s")],
            Some(seconds(360.0)),
        ),
        (vec![("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "-1")], None),
        (
            vec![
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "17ms"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1s"),
            ],
            Some(seconds(1.0)),
        ),
        (
            vec![
                ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ("anthropic-ratelimit-input-tokens-reset", "2023-09-29T16:26:00Z"),
            ],
            None,
        ),
        (
            vec![
                ("anthropic-ratelimit-requests-remaining", "3"),
                ("anthropic-ratelimit-requests-reset", "2023-09-29T16:27:17Z"),
            ],
            None,
        ),
    ] {
        assert_eq!(of(&pairs), expected, "{pairs:?}");
    }
}

#[test]
fn the_upstreams_own_word_on_retrying() {
    for (value, expected) in
        [("true", Some(true)), ("false", Some(false)), ("True", None), ("", None), ("1", None)]
    {
        assert_eq!(should_retry(&headers(&[("x-should-retry", value)])), expected, "{value:?}");
    }
    assert_eq!(should_retry(&HeaderMap::new()), None);
}

/// The server, its headers, and the wait.
type Row = (&'static str, &'static [(&'static str, &'static str)], Option<f64>);

/// One row per way of saying it.
#[rustfmt::skip]
const SAID: &[Row] = &[
    ("any", &[("retry-after", "2")], Some(2.0)),
    ("any", &[("retry-after", "2.5")], Some(2.5)),
    ("any", &[("retry-after", "\"2\"")], Some(2.0)),
    ("envoy", &[("retry-after", "1s")], Some(1.0)),
    ("any", &[("retry-after", "1500ms")], Some(1.5)),
    ("any", &[("retry-after", "2 seconds")], Some(2.0)),
    ("any", &[("retry-after", "PT30S")], Some(30.0)),
    ("proxied", &[("retry-after", "2, 2")], Some(2.0)),
    ("proxied", &[("retry-after", "2,7")], Some(7.0)),
    ("proxied", &[("retry-after", "7, 2, soon")], Some(7.0)),
    ("proxied", &[("retry-after", "2"), ("retry-after", "9")], Some(9.0)),
    ("proxied", &[("retry-after", "Fri, 29 Sep 2023 16:26:57 GMT, Fri, 29 Sep 2023 16:27:07 GMT")], Some(30.0)),
    ("proxied", &[("retry-after", "2, Fri, 29 Sep 2023 16:26:57 GMT")], Some(20.0)),
    ("rfc 850", &[("retry-after", "Friday, 29-Sep-23 16:26:57 GMT")], Some(20.0)),
    ("asctime", &[("retry-after", "Fri Sep 29 16:26:57 2023")], Some(20.0)),
    ("any", &[("retry-after", "Fri, 29 Sep 2023 16:26:57 UTC")], Some(20.0)),
    ("any", &[("retry-after", "Fri, 29 Sep 2023 18:26:57 +0200")], Some(20.0)),
    ("any", &[("retry-after", "2023-09-29T16:26:57Z")], Some(20.0)),
    ("any", &[("retry-after", "2023-09-29T12:26:57.500-04:00")], Some(20.5)),
    ("any", &[("retry-after", "1696004817")], Some(20.0)),
    ("any", &[("retry-after", "1696004817500")], Some(20.5)),
    ("azure", &[("retry-after-ms", "1500"), ("retry-after", "2")], Some(1.5)),
    ("azure", &[("x-ms-retry-after-ms", "1500"), ("retry-after", "2")], Some(1.5)),
    ("azure", &[("retry-after-ms", "1.5s")], Some(1.5)),
    ("azure", &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "23")], Some(23.0)),
    ("openai", &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")], Some(360.0)),
    ("openai", &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "12ms")], Some(0.012)),
    ("openai", &[("x-ratelimit-remaining-requests", "10"), ("x-ratelimit-reset-requests", "6m0s")], None),
    ("openai", &[("x-ratelimit-remaining-project-tokens", "0"), ("x-ratelimit-reset-project-tokens", "3s")], Some(3.0)),
    ("groq", &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "7.66s"), ("x-ratelimit-remaining-requests", "14370"), ("x-ratelimit-reset-requests", "2m59.56s")], Some(7.66)),
    ("cerebras", &[("x-ratelimit-remaining-tokens-minute", "0"), ("x-ratelimit-reset-tokens-minute", "23.382")], Some(23.382)),
    ("cerebras", &[("x-ratelimit-remaining-requests-day", "0"), ("x-ratelimit-reset-requests-day", "33011.38")], Some(33_011.38)),
    ("mistral", &[("ratelimitbysize-remaining", "0"), ("ratelimitbysize-reset", "46")], Some(46.0)),
    ("together", &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")], Some(1.0)),
    ("together", &[("x-ratelimit-remaining", "0.0"), ("x-ratelimit-reset", "0.8")], Some(0.8)),
    ("openrouter", &[("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1696004817000")], Some(20.0)),
    ("github", &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1696004817"), ("x-ratelimit-used", "60")], Some(20.0)),
    ("github", &[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1696004817")], None),
    ("github", &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1696004000")], None),
    ("anthropic", &[("anthropic-ratelimit-tokens-remaining", "0"), ("anthropic-ratelimit-tokens-reset", "2023-09-29T16:26:57Z")], Some(20.0)),
    ("anthropic", &[("anthropic-ratelimit-requests-remaining", "0"), ("anthropic-ratelimit-requests-reset", "2023-09-29T18:26:57+02:00")], Some(20.0)),
    ("litellm", &[("llm_provider-x-ratelimit-remaining-requests", "0"), ("llm_provider-x-ratelimit-reset-requests", "1s")], Some(1.0)),
    ("dashed", &[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1696004817")], Some(20.0)),
    ("draft 3", &[("ratelimit-limit", "10"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "30")], Some(30.0)),
    ("draft 3", &[("ratelimit-limit", "10"), ("ratelimit-remaining", "4"), ("ratelimit-reset", "30")], None),
    ("draft 3, proxied", &[("ratelimit-remaining", "4, 0"), ("ratelimit-reset", "30, 60")], Some(60.0)),
    ("draft 7", &[("ratelimit", "limit=100, remaining=0, reset=30")], Some(30.0)),
    ("draft 7", &[("ratelimit", "limit=100, remaining=1, reset=30")], None),
    ("draft 9", &[("ratelimit", "\"burst\";r=0;t=30")], Some(30.0)),
    ("draft 9", &[("ratelimit", "\"burst\"; R=0; T=30")], Some(30.0)),
    ("nothing said of what remains", &[("x-ratelimit-reset", "2")], Some(2.0)),
    ("nothing said of what remains", &[("ratelimit-reset", "soon")], None),
    ("far away", &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "5000000")], None),
];

#[test]
fn every_way_of_saying_it() {
    for (server, pairs, wait) in SAID {
        assert_eq!(of(pairs), wait.map(seconds), "{server}: {pairs:?}");
    }
}

#[test]
fn a_time_in_a_body_is_held_against_the_upstreams_own_clock() {
    let then = Some(Pushback::Until(Duration::from_secs(NOW_SECONDS + 3600)));
    assert_eq!(pushback(&HeaderMap::new(), then, now()), Some(seconds(3600.0)));
    let ahead = headers(&[("date", "Fri, 29 Sep 2023 17:26:27 GMT")]);
    assert_eq!(pushback(&ahead, then, now()), Some(seconds(10.0)));
}

/// The vendor SDKs' own test vectors. Where the SDK waits for the hint, so do we. Where it waits its own
/// 0.5 s, it found the hint invalid (we: `None`, so the backoff decides as well) or longer than its cap:
/// then it asks EARLY, against the hint; we keep the hint, and whether it fits is the policy's business.
#[test]
fn agrees_with_the_vendor_sdks_but_never_asks_early() {
    const OWN_BACKOFF: f64 = 0.5;
    let early = [
        ("61", 61.0),
        ("Fri, 29 Sep 2023 16:27:38 GMT", 61.0),
        ("121", 121.0),
        ("Fri, 29 Sep 2023 16:28:38 GMT", 121.0),
    ];
    let file = include_str!("../../../tests/vectors/stainless_retry_after.json");
    let vectors: Value = serde_json::from_str(file).unwrap();
    let mut rows = 0;
    for (suite, sdk_cap) in [("anthropic_cap_60", 60.0), ("openai_cap_120", 120.0)] {
        for row in vectors[suite].as_array().unwrap() {
            let (value, sdk) = (row[0].as_str().unwrap(), row[1].as_f64().unwrap());
            let ours = of(&[("retry-after", value)]).map(|wait| wait.as_secs_f64());
            let expected = match early.iter().find(|(hint, _)| *hint == value) {
                Some((_, hint)) if *hint > sdk_cap => Some(*hint),
                _ => (sdk > OWN_BACKOFF).then_some(sdk),
            };
            assert_eq!(ours, expected, "{suite}: {value:?}");
            rows += 1;
        }
    }
    assert_eq!(rows, 22);
}

/// Above its cap the vendor SDK does not ask again at all. We read the wait; `pushback_max` refuses it.
#[test]
fn reads_the_waits_that_the_openai_sdk_gives_up_on() {
    let file = include_str!("../../../tests/vectors/stainless_retry_after.json");
    let vectors: Value = serde_json::from_str(file).unwrap();
    for row in vectors["openai_should_retry"].as_array().unwrap() {
        let pairs: Vec<(&str, &str)> =
            row[0].as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
        let within_sdk_cap = of(&pairs).is_some_and(|wait| wait <= Duration::from_mins(2));
        assert_eq!(within_sdk_cap, row[1].as_bool().unwrap(), "{pairs:?}");
    }
}

const NAMES: [&str; 14] = [
    "retry-after-ms",
    "retry-after",
    "date",
    "ratelimit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-should-retry",
    "x-other",
];

proptest! {
    #[test]
    fn any_header_bytes_give_a_sane_wait_or_none(
        pairs in prop::collection::vec((0..NAMES.len(), prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "[-+]?[0-9.]{1,12}(e[0-9]{1,3})?(s|ms|h)?".prop_map(String::into_bytes),
            r#"("[a-z,;]{0,4}";)?[rt]=[0-9-]{1,21}(;[rt]=[0-9]{1,21})?"#.prop_map(String::into_bytes),
            "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z".prop_map(String::into_bytes),
        ]), 0..8),
        body in proptest::option::of(any::<(bool, u64)>().prop_map(|(until, nanos)| {
            let time = Duration::from_nanos(nanos);
            if until { Pushback::Until(time) } else { Pushback::For(time) }
        })),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(NAMES[name], value);
            }
        }
        should_retry(&headers);
        if let Some(wait) = pushback(&headers, body, now()) {
            prop_assert!(wait > Duration::ZERO && wait <= PUSHBACK_MAX);
        }
    }
}
