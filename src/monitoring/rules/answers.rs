//! Answers that drift: every call succeeds, and what comes back is worth less and less.

use std::time::Duration;

use super::{
    Alert, Group, Options, Severity,
    norm::{NEWS, Unusual},
    options::percent,
    recording::Share,
};
use crate::{
    extraction::Alignment,
    monitoring::query::name,
    telemetry::{
        catalogue::{
            Label,
            labels::{ALIGNMENT, VALIDATION},
        },
        event::ValidationResult,
    },
};

const DASHBOARD: &str = "tidegate-answers";

/// One way of drifting.
struct Drift {
    alert: &'static str,
    result: ValidationResult,
    above: f64,
    /// What the answers of a profile do.
    what: &'static str,
    /// What that does to callers.
    hurts: &'static str,
}

pub(super) fn group(options: &Options) -> Group {
    let drifts = drifts(options).map(|drift| drifting(options, &drift));
    Group::of_alerts("tidegate.answers", drifts.into_iter().chain([ungrounded(options)]))
}

fn drifts(options: &Options) -> [Drift; 6] {
    let thresholds = &options.thresholds;
    [
        Drift {
            alert: "TidegateAnswersEmpty",
            result: ValidationResult::ValidEmpty,
            above: thresholds.empty_share,
            what: "find nothing in the text",
            hurts: "callers get successful, empty results",
        },
        Drift {
            alert: "TidegateAnswersWithoutContent",
            result: ValidationResult::Empty,
            above: thresholds.no_content_share,
            what: "come without any content",
            hurts: "each costs another attempt, or the call",
        },
        Drift {
            alert: "TidegateAnswersTruncated",
            result: ValidationResult::Truncated,
            above: thresholds.truncated_share,
            what: "end at the token limit",
            hurts: "they can't be used, and their tokens count",
        },
        Drift {
            alert: "TidegateAnswersNotJson",
            result: ValidationResult::NotJson,
            above: thresholds.not_json_share,
            what: "are not JSON",
            hurts: "they can't be used, and their tokens count",
        },
        Drift {
            alert: "TidegateAnswersSchemaInvalid",
            result: ValidationResult::SchemaInvalid,
            above: thresholds.schema_invalid_share,
            what: "violate their schema",
            hurts: "they can't be used, and their tokens count",
        },
        Drift {
            alert: "TidegateAnswersRefused",
            result: ValidationResult::Refused,
            above: thresholds.refused_share,
            what: "are refusals of the model",
            hurts: "callers get an error that counts as their own and burns no error budget",
        },
    ]
}

fn drifting(options: &Options, drift: &Drift) -> Alert {
    Alert {
        name: drift.alert,
        summary: format!(
            "{{{{ $value | humanizePercentage }}}} of answers for {{{{ $labels.profile }}}} {}",
            drift.what
        ),
        description: format!(
            "More than {} of the answers for profile {{{{ $labels.profile }}}} {}, {NEWS}: {}.",
            percent(drift.above),
            drift.what,
            drift.hurts
        ),
        ..drifted(options, Share::Answers, (&VALIDATION, drift.result.as_str()), drift.above)
    }
}

fn ungrounded(options: &Options) -> Alert {
    let above = options.thresholds.ungrounded_share;
    Alert {
        name: "TidegateEntitiesUngrounded",
        summary:
            "{{ $value | humanizePercentage }} of entities for {{ $labels.profile }} do not stand in the text"
                .to_owned(),
        description: format!(
            "More than {} of the entities for profile {{{{ $labels.profile }}}} are not found in the text, \
             {NEWS}: the model makes them up, or rewrites them.",
            percent(above)
        ),
        ..drifted(options, Share::Entities, (&ALIGNMENT, Alignment::NotFound.as_str()), above)
    }
}

/// What all drifts have in common.
fn drifted(options: &Options, share: Share, (label, value): (&Label, &str), above: f64) -> Alert {
    let matchers = format!("{{{}=\"{value}\"}}", name(label));
    let traffic_above = options.thresholds.answer_traffic;
    let unusual = Unusual { share, matchers: &matchers, above, traffic_above };
    Alert {
        name: "",
        expr: unusual.query(options),
        after: Duration::from_mins(10),
        lingers: Duration::from_mins(5),
        severity: Severity::Warning,
        labels: vec![],
        summary: String::new(),
        description: String::new(),
        dashboard: DASHBOARD,
    }
}
