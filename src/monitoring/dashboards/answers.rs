//! Answer quality: the failures that no error tells of.

use super::{
    Brief,
    board::{board, what_to_do},
    figures,
    grid::{Row, row},
    limits::Limits,
    model::{Dashboard, Panel},
    palette::{self, Colours, GREEN, RED, YELLOW},
    panels::{lines, stat, table, unit},
    scope::{legend, rate_by, series},
};
use crate::{
    extraction::Alignment,
    monitoring::{query::Query, rules::recording::Latency},
    telemetry::{
        catalogue::{labels, list},
        event::ValidationResult,
    },
};

pub(super) fn answers(brief: &Brief) -> Dashboard {
    let question = "Are answers worth having, or does the model fail without an error?";
    let limits = &brief.limits;
    let rows =
        vec![glance(limits), validation(), causes(), grounding(limits), profiles(limits), what_to_do(brief)];
    board("tidegate-answers", "Tidegate / Answer quality", question, rows)
}

fn glance(limits: &Limits) -> Row {
    let tile = |title, description, query: &Query, word: &'static str| -> Panel {
        stat(title, unit::RATIO, description).ask(query, word).or_else("no answers").sized(6, 4)
    };
    row(
        "At a glance",
        vec![
            tile(
                "Valid but empty",
                "The share of answers that are valid and found nothing in the text. It has a norm for your \
                 texts; far above it, the model is failing silently: users see empty results. Next: Answers \
                 by result.",
                &figures::came_to(&[], &[ValidationResult::ValidEmpty]),
                "empty",
            )
            .thresholds(GREEN, &limits.empty()),
            tile(
                "Not usable",
                "The share of answers that are cut, refused, without content, no JSON or against the schema. Each \
                 costs tokens and a retry or repair. Worry when it is yellow. Next: Answers by result.",
                &figures::came_to(&[], ValidationResult::UNUSABLE),
                "not usable",
            )
            .thresholds(GREEN, &limits.unusable()),
            tile(
                "Repaired",
                "The share of answers that became valid, with something in them, only when the model was shown \
                 its mistake. Each costs a second attempt. Worry when it is yellow. Next: the profile's schema \
                 and instructions.",
                &figures::came_to(&[], &[ValidationResult::Repaired]),
                "repaired",
            )
            .thresholds(GREEN, &limits.unusable()),
            tile(
                "Not in the text",
                "The share of entities that do not stand in the text: invented, or changed beyond \
                 recognition. Worry when it is yellow. Next: Entities by how they stand in the text.",
                &figures::ungrounded(&[]),
                "not found",
            )
            .thresholds(GREEN, &limits.ungrounded())
            .or_else("no entities"),
        ],
    )
}

fn validation() -> Row {
    row(
        "Answers",
        vec![
            lines(
                "Answers by result",
                unit::PER_SECOND,
                "What came of holding each answer against its schema. Truncated wants a higher token limit, \
                 schema_invalid another schema or model, refused other texts. Next: the profiles below.",
            )
            .ask(
                &rate_by(&[&labels::VALIDATION], &series(&list::VALIDATION_TOTAL)),
                legend(&labels::VALIDATION),
            )
            .coloured(&palette::validations())
            .stacked(),
            lines(
                "Share of answers by result",
                unit::RATIO,
                "The same as shares, so that a change shows at any load. A band that widens without a \
                 deploy of yours is a model that changed. Next: the marks of starts, and the provider's \
                 notes.",
            )
            .ask(
                &rate_by(&[&labels::VALIDATION], &series(&list::VALIDATION_TOTAL)),
                legend(&labels::VALIDATION),
            )
            .coloured(&palette::validations())
            .stacked_to_the_full(),
            lines(
                "Repairs withheld",
                unit::PER_SECOND,
                "Answers that a further attempt may have mended, and that were not mended: deadline is too \
                 little time, budget a tenant whose answers needed more repairs than it has credit for. Worry \
                 when it lasts. Next: the profile's schema and instructions.",
            )
            .ask(
                &rate_by(&[&labels::PROFILE, &labels::REPAIR_WITHHELD], &series(&list::REPAIRS_WITHHELD_TOTAL)),
                format!("{} {}", legend(&labels::PROFILE), legend(&labels::REPAIR_WITHHELD)),
            )
            .or_else("none")
            .stacked()
            .exemplars(),
        ],
    )
}

fn causes() -> Row {
    row(
        "Why answers are not as they should be",
        vec![
            lines(
                "How answers are written",
                unit::PER_SECOND,
                "Answers by the forms in which their JSON was found. All but bare cost nothing here, and are \
                 signs of a server or model that does not do as it is told. Worry when a form appears after a \
                 change. Next: structured_output of that upstream.",
            )
            .ask(
                &rate_by(&[&labels::UPSTREAM, &labels::READ], &series(&list::ANSWERS_READ)),
                format!("{} {}", legend(&labels::UPSTREAM), legend(&labels::READ)),
            )
            .stacked(),
            lines(
                "Why models stopped",
                unit::PER_SECOND,
                "Answers by the reason that came with them. error is a generation that broke off, other a word \
                 that is not known. Worry when either lasts. Next: the log lines of failed attempts.",
            )
            .ask(
                &rate_by(&[&labels::UPSTREAM, &labels::FINISH], &series(&list::FINISHES)),
                format!("{} {}", legend(&labels::UPSTREAM), legend(&labels::FINISH)),
            )
            .stacked(),
            lines(
                "Broken parts of schemas",
                unit::PER_SECOND,
                "Answers against their schema, by the first part of it that they broke and the keyword. One part \
                 alone points at what the instructions leave open there. Next: the advice for its keyword in an \
                 error's message; a single call on the live page.",
            )
            .ask(
                &rate_by(
                    &[&labels::PROFILE, &labels::POINTER, &labels::KEYWORD],
                    &series(&list::SCHEMA_VIOLATIONS),
                ),
                format!(
                    "{} {} {}",
                    legend(&labels::PROFILE),
                    legend(&labels::POINTER),
                    legend(&labels::KEYWORD)
                ),
            )
            .or_else("none")
            .stacked(),
        ],
    )
}

fn grounding(limits: &Limits) -> Row {
    let colours: Colours = Alignment::ALL
        .iter()
        .map(|alignment| {
            let colour = match alignment {
                Alignment::Exact => GREEN,
                Alignment::Normalised => YELLOW,
                Alignment::NotFound => RED,
            };
            (alignment.as_str(), colour)
        })
        .collect();
    let per_answer = rate_by(&[&labels::PROFILE], &series(&list::ENTITIES_TOTAL))
        .over(&rate_by(&[&labels::PROFILE], &series(&list::VALIDATION_TOTAL)));
    row(
        "Entities",
        vec![
            lines(
                "Entities by how they stand in the text",
                unit::PER_SECOND,
                "Exact stands there as given, normalised but for case and typography, not_found not at all. \
                 Worry when red widens. Next: Not in the text, by profile.",
            )
            .ask(&rate_by(&[&labels::ALIGNMENT], &series(&list::ENTITIES_TOTAL)), legend(&labels::ALIGNMENT))
            .coloured(&colours)
            .stacked()
            .sized(8, 8),
            lines(
                "Not in the text, by profile",
                unit::RATIO,
                "The share of invented entities. A step without a change of the profile is a model that \
                 changed. Next: the profile's instructions; a stricter grounding.",
            )
            .ask(&figures::ungrounded(&[&labels::PROFILE]), legend(&labels::PROFILE))
            .thresholds(GREEN, &limits.ungrounded())
            .sized(8, 8),
            lines(
                "Entities per answer, by profile",
                unit::COUNT,
                "How much an answer holds. A fall towards zero at the same texts is the silent failure: \
                 valid answers with nothing in them. Next: Valid but empty, by profile.",
            )
            .ask(&per_answer, legend(&labels::PROFILE))
            .sized(8, 8),
            lines(
                "Left out of the list, by profile",
                unit::PER_SECOND,
                "Entities that callers do not find among the located ones because a bound was met: they must read \
                 them from the result. Worry at any. Next: smaller texts for that profile; docs/limits.md.",
            )
            .ask(
                &rate_by(&[&labels::PROFILE], &series(&list::ENTITIES_LEFT_OUT)),
                legend(&labels::PROFILE),
            )
            .sized(24, 6),
        ],
    )
}

fn profiles(limits: &Limits) -> Row {
    let profile = [&labels::PROFILE];
    let columns = [
        ("Answers", unit::PER_SECOND),
        ("Valid but empty", unit::RATIO),
        ("Not usable", unit::RATIO),
        ("Not in the text", unit::RATIO),
    ];
    row(
        "Profiles",
        vec![
            lines(
                "Valid but empty, by profile",
                unit::RATIO,
                "The share of answers that found nothing. Each profile has its own norm; what leaves it is \
                 worth a look. Next: call the gateway with a text that you know.",
            )
            .ask(&figures::came_to(&profile, &[ValidationResult::ValidEmpty]), legend(&labels::PROFILE))
            .thresholds(GREEN, &limits.empty()),
            lines(
                "Not usable, by profile",
                unit::RATIO,
                "The share of answers that are cut, refused, without content, no JSON or against the schema. One \
                 profile alone points at its schema or limits, all at the model. Next: Answers by result.",
            )
            .ask(&figures::came_to(&profile, ValidationResult::UNUSABLE), legend(&labels::PROFILE))
            .thresholds(GREEN, &limits.unusable()),
            lines(
                "Typical latency against its norm, by profile",
                unit::COUNT,
                &format!(
                    "How many times its own norm the median of calls is that were not answered from the cache. The \
                     norm is that of a week. Red is where the alert begins, if it is above {} s as well. Next: Typical \
                     latency against its norm, on the board of upstreams.",
                    limits.0.slow_typical
                ),
            )
            .ask(&figures::against_norm(Latency::Profile, &labels::PROFILE), legend(&labels::PROFILE))
            .thresholds(GREEN, &limits.against_norm()),
            table(
                "Profiles",
                unit::COUNT,
                "Each profile now. Sort by a column; a red cell is where to look. Next: choose the profile \
                 above the board, and all panels speak of it alone.",
            )
            .ask(&rate_by(&profile, &series(&list::VALIDATION_TOTAL)), "")
            .ask(&figures::came_to(&profile, &[ValidationResult::ValidEmpty]), "")
            .ask(&figures::came_to(&profile, ValidationResult::UNUSABLE), "")
            .ask(&figures::ungrounded(&profile), "")
            .columns("profile", &columns)
            .judged("Valid but empty", GREEN, &limits.empty())
            .judged("Not usable", GREEN, &limits.unusable())
            .judged("Not in the text", GREEN, &limits.ungrounded()),
        ],
    )
}
