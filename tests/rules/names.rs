//! Which series and labels exist.

use std::{collections::BTreeSet, sync::LazyLock};

use tidegate::telemetry::catalogue::{self, Kind, Label, Values};

use crate::rules;

/// Labels that Prometheus gives to every target.
const TARGET: &[&str] = &["job", "instance"];

/// Every recorded series.
static RECORDED: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| rules().into_iter().filter(|rule| !rule.is_alert).map(|rule| rule.name).collect());

/// The labels of a series, or nothing if there is no such series.
pub(crate) fn labels_of(series: &str) -> Option<BTreeSet<String>> {
    let target = TARGET.iter().map(|label| (*label).to_owned());
    if series == "up" {
        return Some(target.collect());
    }
    if RECORDED.contains(series) {
        let level = series.split(':').next()?;
        return Some(level.split('_').map(str::to_owned).collect());
    }
    let metric = catalogue::ALL.iter().find(|metric| {
        let name = metric.prometheus_name();
        match metric.kind {
            Kind::Histogram(_) => {
                ["_bucket", "_count", "_sum"].iter().any(|part| format!("{name}{part}") == series)
            }
            Kind::Counter | Kind::Gauge => name == series,
        }
    })?;
    let own = metric.labels.iter().map(Label::prometheus_name);
    let le = series.ends_with("_bucket").then(|| "le".to_owned());
    Some(own.chain(le).chain(target).collect())
}

/// Whether `label` of `series` can have a value. For recorded series any label of that name will do.
pub(crate) fn can_say(series: &str, label: &str, value: &str) -> bool {
    let metrics = catalogue::ALL
        .iter()
        .filter(|metric| series.contains(':') || series.starts_with(&metric.prometheus_name()));
    let mut labels = metrics.flat_map(|metric| metric.labels).filter(|l| l.prometheus_name() == label);
    let open = TARGET.contains(&label) || label == "le";
    open || labels.any(|label| !matches!(label.values, Values::Closed(_)) || label.allows(value))
}

/// Whether a word in a text can only be meant as a series.
pub(crate) fn is_series_like(word: &str) -> bool {
    let families = ["tidegate_", "rpc_server_", "http_client_", "gen_ai_client_", "process_"];
    word.contains(':') || families.iter().any(|family| word.starts_with(family))
}

#[test]
fn strangers_are_told_from_what_exists() {
    assert!(labels_of("tidegate_calls_total").is_some_and(|labels| labels.contains("verdict")));
    assert!(labels_of("tidegate_call_duration_seconds_bucket").is_some_and(|labels| labels.contains("le")));
    assert!(labels_of("tidegate_call_duration_seconds").is_none());
    assert!(labels_of("tidegate_calls").is_none());
    assert!(can_say("tidegate_calls_total", "verdict", "ok"));
    assert!(!can_say("tidegate_calls_total", "verdict", "fine"));
    assert!(!can_say("job_profile_result:tidegate_answers_share:rate15m", "result", "none"));
}
