//! The second line: are answers worth having? What no status and no error tells of.

use crate::{
    monitoring::{
        dashboards::{
            figures,
            grid::{Row, row},
            limits::{Limits, Steps},
            palette::{self, GREEN},
            panels::{lines, stat, unit},
            scope::{legend, rate_by, series},
        },
        query::Query,
    },
    telemetry::{
        catalogue::{Metric, labels, list},
        event::ValidationResult,
    },
};

pub(super) fn answers(limits: &Limits) -> Row {
    let profile = [&labels::PROFILE];
    let floor = limits.0.answer_traffic;
    let tile = |title, description: &str, (share, whole): (Query, &Metric), steps: &Steps| {
        let description = format!(
            "The profiles with the highest share of {description} Profiles with less than {floor} per second \
             are left out. Next: Answer quality."
        );
        stat(title, unit::RATIO, &description)
            .ask(&figures::worst(&labels::PROFILE, &share, &series(whole), floor), legend(&labels::PROFILE))
            .named()
            .thresholds(GREEN, steps)
            .or_else("few or no answers")
            .leads_to("tidegate-answers", "Answer quality")
            .sized(4, 5)
    };
    let (empty, unusable, ungrounded) = (limits.empty(), limits.unusable(), limits.ungrounded());
    row(
        "Are answers worth having?",
        vec![
            tile(
                "Valid but empty",
                &format!(
                    "answers that are valid and found nothing: callers see success and an empty result. Each \
                     profile has its norm; red is {}, where the alert looks whether it is new.",
                    Limits::last(&empty)
                ),
                (figures::came_to(&profile, &[ValidationResult::ValidEmpty]), &list::VALIDATION_TOTAL),
                &empty,
            ),
            tile(
                "Not usable",
                &format!(
                    "answers that are cut, refused, without content, no JSON or against the schema. Each costs tokens \
                     and a retry or repair. Worry above {}.",
                    Limits::first(&unusable)
                ),
                (figures::came_to(&profile, ValidationResult::UNUSABLE), &list::VALIDATION_TOTAL),
                &unusable,
            ),
            tile(
                "Not in the text",
                &format!(
                    "entities that do not stand in their text: the model makes them up, or rewrites them. Worry above {}.",
                    Limits::first(&ungrounded)
                ),
                (figures::ungrounded(&profile), &list::ENTITIES_TOTAL),
                &ungrounded,
            )
            .or_else("few or no entities"),
            lines(
                "What answers are worth",
                unit::RATIO,
                "What came of holding each answer against its schema. A band that widens without a deploy \
                 of yours is a model that changed: valid_empty is how it fails without an error. Next: \
                 Answer quality.",
            )
            .ask(
                &rate_by(&[&labels::VALIDATION], &series(&list::VALIDATION_TOTAL)),
                legend(&labels::VALIDATION),
            )
            .coloured(&palette::validations())
            .stacked_to_the_full()
            .legend_beside()
            .sized(12, 5),
        ],
    )
}
