use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn asked(values: &[&str]) -> Form {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::ACCEPT, HeaderValue::from_str(value).unwrap());
    }
    form(&headers)
}

#[test]
fn readers_get_what_they_ask_for() {
    for (accept, expected) in [
        // Prometheus 2.42, plain and with native histograms.
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Form::OpenMetrics1,
        ),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
             application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Form::OpenMetrics1,
        ),
        // Prometheus 3.
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            Form::OpenMetrics1,
        ),
        // Older ones.
        (
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Form::OpenMetrics0,
        ),
        // Protobuf and nothing else that is here.
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", Form::Text),
        ("application/vnd.google.protobuf, text/plain;version=0.0.4;q=0.3", Form::Text),
        // curl, a browser, tools.
        ("*/*", Form::Text),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form::Text),
        ("text/plain", Form::Text),
        ("text/*", Form::Text),
        ("", Form::Text),
        // Weights decide, not the order.
        ("application/openmetrics-text;q=0.1, text/plain;q=0.9", Form::Text),
        ("text/plain;q=0.1, application/openmetrics-text;q=0.9", Form::OpenMetrics1),
        (
            "application/openmetrics-text;version=1.0.0;q=0.2,application/openmetrics-text;version=0.0.1;q=0.3",
            Form::OpenMetrics0,
        ),
        ("application/openmetrics-text, */*", Form::OpenMetrics1),
        ("application/*", Form::OpenMetrics1),
        ("text/plain, application/openmetrics-text", Form::OpenMetrics1),
        // The closest range counts, whatever the others say.
        ("application/openmetrics-text;q=0, */*", Form::Text),
        ("application/*;q=0.9, application/openmetrics-text;q=0.1, text/plain;q=0.5", Form::Text),
        ("application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text", Form::OpenMetrics0),
        // Versions that are not here.
        ("application/openmetrics-text;version=2.0.0, text/plain;q=0.5", Form::Text),
        // However it is spelt.
        ("Application/OpenMetrics-Text; Version=\"1.0.0\" ; Q=0.5 , text/plain;q=0.25", Form::OpenMetrics1),
        ("application/openmetrics-text;note=\"a,b;q=0\"", Form::OpenMetrics1),
        // Nonsense is passed by.
        ("application/openmetrics-text;q=2, text/plain;q=0.1", Form::Text),
        ("application/openmetrics-text;q=0.1234, text/plain;q=0.1", Form::Text),
        ("nonsense,,;;, application/openmetrics-text", Form::OpenMetrics1),
    ] {
        assert_eq!(asked(&[accept]), expected, "{accept}");
    }
}

#[test]
fn the_header_may_be_absent_or_come_in_pieces() {
    assert_eq!(asked(&[]), Form::Text);
    assert_eq!(
        asked(&["text/plain;q=0.5", "application/openmetrics-text;version=1.0.0"]),
        Form::OpenMetrics1
    );
}

proptest! {
    #[test]
    fn nothing_that_is_asked_is_too_much(accept in "[ -~]{0,80}") {
        asked(&[&accept]);
    }

    #[test]
    fn weights_are_compared_as_numbers(open_metrics in 0u16..=1000, text in 0u16..=1000) {
        let weight = |n: u16| format!("{}.{:03}", n / 1000, n % 1000);
        let accept = format!(
            "application/openmetrics-text;q={},text/plain;q={}", weight(open_metrics), weight(text)
        );
        let expected = if open_metrics >= text && open_metrics > 0 { Form::OpenMetrics1 } else { Form::Text };
        prop_assert_eq!(asked(&[&accept]), expected, "{}", accept);
    }
}
