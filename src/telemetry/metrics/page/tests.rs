use opentelemetry::trace::{SpanId, TraceId};
use proptest::prelude::*;

use super::*;
use crate::telemetry::{
    catalogue::list,
    metrics::{
        instruments::{Instruments, word},
        series::SeriesCount,
    },
    spans::SpanIds,
};

const SPAN: SpanIds = SpanIds { trace_id: TraceId::from_bytes([1; 16]), span_id: SpanId::from_bytes([2; 8]) };

fn lines(page: &str, start: &str) -> Vec<String> {
    page.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

/// The labels of a line, with their values as they were before they were written.
fn labels(line: &str) -> Vec<(String, String)> {
    let mut rest = line.split_once('{').unwrap().1;
    let mut labels = Vec::new();
    while let Some((name, more)) = rest.split_once("=\"") {
        let (mut value, mut characters) = (String::new(), more.chars());
        loop {
            match characters.next().unwrap() {
                '"' => break,
                '\\' => value.push(match characters.next().unwrap() {
                    'n' => '\n',
                    same @ ('\\' | '"') => same,
                    other => panic!("\\{other} is no escape: {line}"),
                }),
                plain => value.push(plain),
            }
        }
        labels.push((name.to_owned(), value));
        rest = characters.as_str();
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    labels
}

#[test]
fn a_family_is_headed_by_its_own_name_unit_and_help() {
    let instruments = Instruments::new(None, SeriesCount::new()).unwrap();
    let _cpu = instruments.counter(&list::PROCESS_CPU, []);
    let page = instruments.page().open_metrics();
    let help = format!("# HELP process_cpu_seconds {}", list::PROCESS_CPU.help);
    let expected = [
        "# TYPE process_cpu_seconds counter",
        "# UNIT process_cpu_seconds seconds",
        &help,
        "process_cpu_seconds_total 0",
        "# EOF",
    ];
    assert_eq!(page.lines().collect::<Vec<_>>(), expected);
    let text = instruments.page().text();
    assert!(
        text.contains("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 0\n"),
        "{text}"
    );
    assert!(!text.contains("# UNIT") && !text.contains("# EOF"), "{text}");
}

#[test]
fn a_bucket_shows_the_trace_of_a_value_in_it() {
    let instruments = Instruments::new(None, SeriesCount::new()).unwrap();
    let retries = instruments.traced_histogram(&list::FLIGHT_RETRIES, [word("primary"), word("success")]);
    retries.record(2.0, Some(SPAN));
    retries.record(99.0, None);
    let page = instruments.page().open_metrics();
    let buckets = lines(&page, "tidegate_upstream_call_retries_bucket");
    let bounds: Vec<_> = buckets.iter().map(|line| labels(line).pop().unwrap().1).collect();
    assert_eq!(bounds, ["1.0", "2.0", "3.0", "4.0", "5.0", "+Inf"]);
    let with: Vec<_> = buckets.iter().filter(|line| line.contains(" # ")).collect();
    let [line] = with[..] else { panic!("one exemplar: {page}") };
    assert!(line.contains(r#"le="2.0"} 1 # {trace_id="01010101"#), "{line}");
    assert!(!instruments.page().text().contains(" # {"), "text can't hold exemplars");
}

#[test]
fn a_label_whose_name_ends_like_that_of_a_bound_is_none() {
    let instruments = Instruments::new(None, SeriesCount::new()).unwrap();
    let duration = instruments.traced_histogram(&list::CALL_DURATION, [word("entities"), word("hit")]);
    duration.record(0.5, Some(SPAN));
    let page = instruments.page().open_metrics();
    let labels = r#"{profile="entities",cache="hit"}"#;
    for end in ["_sum{} 0.5", "_count{} 1"] {
        let line = format!("tidegate_call_duration_seconds{}", end.replace("{}", labels));
        assert!(page.contains(&format!("\n{line}\n")), "{line} is not in {page}");
    }
}

#[test]
fn both_forms_spell_bounds_as_prometheus_stores_them() {
    for (bound, expected) in [
        (0.000_05, "5e-05"),
        (0.000_1, "0.0001"),
        (0.005, "0.005"),
        (0.25, "0.25"),
        (1.0, "1.0"),
        (10.24, "10.24"),
        (120.0, "120.0"),
        (262_144.0, "262144.0"),
        (1_048_576.0, "1.048576e+06"),
        (67_108_864.0, "6.7108864e+07"),
        (f64::INFINITY, "+Inf"),
    ] {
        assert_eq!(canonical(bound), expected);
    }
    let instruments = Instruments::new(None, SeriesCount::new()).unwrap();
    let _retries = instruments.histogram(&list::FLIGHT_RETRIES, [word("primary"), word("success")]);
    let bucket = "tidegate_upstream_call_retries_bucket";
    let (text, open_metrics) = (instruments.page().text(), instruments.page().open_metrics());
    assert_eq!(lines(&text, bucket), lines(&open_metrics, bucket));
}

fn label(line: &str, name: &str) -> String {
    labels(line).into_iter().find(|(label, _)| label == name).unwrap().1
}

fn samples<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.split('\n').filter(|line| line.starts_with(name)).collect()
}

proptest! {
    #[test]
    fn whatever_a_label_says_is_told_exactly_and_finds_its_exemplar(
        model in r#"[a"\\\n,={} #\r\u{e9}\u{2028}]{1,12}"#,
    ) {
        let instruments = Instruments::new(None, SeriesCount::new()).unwrap();
        let labels_given = [word("chat"), word("openai"), Some(model.clone().into()), None];
        let duration = instruments.traced_histogram(&list::GEN_AI_DURATION, labels_given);
        duration.record(0.3, Some(SPAN));
        let page = instruments.page().open_metrics();
        let buckets = samples(&page, "gen_ai_client_operation_duration_seconds_bucket");
        prop_assert_eq!(buckets.len(), 15);
        for line in &buckets {
            prop_assert_eq!(label(line, "gen_ai_request_model"), model.as_str());
        }
        let traced: Vec<_> = buckets.iter().filter(|line| line.contains(" # {trace_id=\"0101")).collect();
        prop_assert_eq!(traced.len(), 1);
        prop_assert_eq!(label(traced[0], "le"), "0.32");
    }

    #[test]
    fn counters_find_their_exemplar_too(upstream in r#"[a"\\\n,={} #]{1,12}"#) {
        let instruments = Instruments::new(None, SeriesCount::new()).unwrap();
        let labels_given = [Some(upstream.into()), word("timeout"), word("exponential")];
        instruments.traced_counter(&list::RETRIES_SCHEDULED, labels_given).increment(Some(SPAN));
        let page = instruments.page().open_metrics();
        let found = samples(&page, "tidegate_upstream_retries_total");
        prop_assert_eq!(found.len(), 1);
        prop_assert!(found[0].contains(" 1 # {trace_id=\"0101"), "{}", found[0]);
    }

    #[test]
    fn a_bound_means_the_same_however_it_is_spelt(bound in proptest::num::f64::POSITIVE) {
        prop_assert_eq!(canonical(bound).parse::<f64>().unwrap().to_bits(), bound.to_bits());
    }
}
