//! Slowness is a fault too: latencies that leave their own norm.

use std::time::Duration;

use super::{Alert, Group, Options, Severity, recording::Latency};
use crate::monitoring::query::Query;

pub(super) fn group(options: &Options) -> Group {
    Group::of_alerts("tidegate.latency", [upstream_slow(options), profile_slow(options)])
}

fn upstream_slow(options: &Options) -> Alert {
    Alert {
        name: "TidegateUpstreamSlow",
        summary: "{{ $labels.upstream }} takes {{ $value | humanizeDuration }} for a typical answer"
            .to_owned(),
        description: format!(
            "Half of the attempts at {{{{ $labels.upstream }}}} that bring an answer take longer than that: more than \
             {} times its own norm.",
            options.thresholds.slow_factor
        ),
        dashboard: "tidegate-upstreams",
        ..slow(options, Latency::Upstream)
    }
}

fn profile_slow(options: &Options) -> Alert {
    Alert {
        name: "TidegateProfileSlow",
        summary: "A typical call for {{ $labels.profile }} takes {{ $value | humanizeDuration }}".to_owned(),
        description: format!(
            "Half of the calls for profile {{{{ $labels.profile }}}} that are not answered from the cache take longer \
             than that: more than {} times its own norm.",
            options.thresholds.slow_factor
        ),
        dashboard: "tidegate-answers",
        ..slow(options, Latency::Profile)
    }
}

/// What both have in common. Without any history nothing is slow: what is normal for a model is known to nobody else.
fn slow(options: &Options, latency: Latency) -> Alert {
    let thresholds = &options.thresholds;
    let (now, norm, whole) = (latency.name(), latency.norm(), latency.whole());
    Alert {
        name: "",
        expr: Query::from(format!(
            "{now} > {}\nand {now} > {} * {norm}\nand {whole} > {}",
            thresholds.slow_typical, thresholds.slow_factor, thresholds.traffic
        )),
        after: Duration::from_mins(5),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: String::new(),
        description: String::new(),
        dashboard: "",
    }
}
