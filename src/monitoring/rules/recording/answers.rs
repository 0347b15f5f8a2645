//! Answers and their entities, by profile.

use std::time::Duration;

use super::{ANSWER_SHARE, ANSWERS, ANSWERS_BY_RESULT, ENTITIES, ENTITIES_BY_ALIGNMENT, ENTITY_SHARE};
use crate::{
    monitoring::{
        query::{Query, name, series, sum_by},
        rules::{Group, INTERVAL, Options, Rule},
    },
    telemetry::catalogue::{
        Label, Metric,
        labels::{ALIGNMENT, PROFILE, VALIDATION},
        list,
    },
};

/// Longer than elsewhere: one profile has fewer answers than an upstream has attempts.
const WINDOW: Duration = Duration::from_mins(15);

pub(super) fn group(options: &Options) -> Group {
    let answers = [ANSWERS, ANSWERS_BY_RESULT, ANSWER_SHARE];
    let entities = [ENTITIES, ENTITIES_BY_ALIGNMENT, ENTITY_SHARE];
    let mut rules = shares(options, &list::VALIDATION_TOTAL, &VALIDATION, answers);
    rules.extend(shares(options, &list::ENTITIES_TOTAL, &ALIGNMENT, entities));
    Group { name: "tidegate.recording.answers", interval: INTERVAL, rules }
}

/// All of `metric` per second, each value of `label` by itself, and its share.
fn shares(options: &Options, metric: &Metric, label: &Label, names: [&str; 3]) -> Vec<Rule> {
    let [all, parts, _] = names;
    let rate = series(metric).rate(&options.time(WINDOW));
    let (profile, label) = (name(&PROFILE), name(label));
    let share = Query::from(format!("{parts}\n/ on (job, {profile}) group_left () ({all} > 0)"));
    let exprs = [sum_by(&["job", &profile], &rate), sum_by(&["job", &profile, &label], &rate), share];
    names.into_iter().zip(exprs).map(|(name, expr)| Rule::Record { name: name.to_owned(), expr }).collect()
}
