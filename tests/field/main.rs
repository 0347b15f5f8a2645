//! What gateways meet in the field: answers of many vendors' servers, and what is right to make of each.
//!
//! The cases stand in files of one form. `answers.json` holds cases from the field: inputs made after public reports of
//! people who run such gateways, with invented names and values. The files in `neighbours/` hold more of the same kinds,
//! of other vendors and in other forms, a kind or two each. All are samples: what is to be right is the kind.
//!
//! A case has:
//!
//! - `kind` and `id`, and for neighbours `vendor`, whose server answers so, and `source`, where somebody told of it;
//! - `text`, or `text_repeat`: an `item` written so many `times`, `{n}` counting from 1. By default
//!   [`case::TEXT`];
//! - `mode` (the upstream's `structured_output`) and `retry_safety`;
//! - `schema`, for a profile of its own with this schema, else the built-in `entities` is called; `inline`, if the
//!   rules come with the call;
//! - `upstream`: what it answers, in order; the last repeats. Each with `status`, `headers`, `label` (the content
//!   type, by default JSON), and one of `content` (of a chat completion's message; `finish` is its `finish_reason`,
//!   `message` has further members of the message), `body` (the whole answer as JSON), `raw` (the whole answer as it
//!   is), `repeat` (an entities answer of so many items). In headers stand `{now_ms+2000}` for an epoch in
//!   milliseconds, `{http_date_utc+2}` for an HTTP date two seconds from now that ends in UTC, and `{iso8601+2}`;
//! - `want`: `code`, `reason`, `requests` (how often the upstream was asked), `entities` as words and start (no start:
//!   not found), `result` (to the letter), `not_before` (the least seconds between the first request and the second),
//!   and for neighbours what [`case::Want`] has beside these. A `note` says the rest; what of it can be checked is
//!   added by [`notes`].
//!
//! The one change to what came from the field: `many-entities` has a schema of its own, since the built-in profile has
//! no type `code`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "what a test spawns ends with its runtime")]

#[path = "../support/gateway.rs"]
mod support;

mod case;
mod check;
mod notes;
mod upstream;

use futures_util::{StreamExt as _, stream};

use case::Case;

/// How many cases of a kind run at a time.
const AT_ONCE: usize = 4;

/// Declares a test per kind, and holds the kinds of the cases to the tests there are.
macro_rules! kinds {
    ($($test:ident: $kind:literal,)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                all_hold($kind).await;
            }
        )+

        const KINDS: &[&str] = &[$($kind,)+];
    };
}

kinds! {
    nothing_in_other_words: "nothing in other words",
    a_place_is_taken_once: "a place is taken once",
    numbers_leave_as_they_came: "numbers leave as they came",
    a_generation_that_broke_off_is_the_upstreams_failure: "a generation that broke off is the upstream's failure",
    one_careful_reader_of_answers: "one careful reader of answers",
    only_the_apis_own_word_makes_it_the_callers_fault: "only the AI API's own word makes it the caller's fault",
    vendors_words_are_data: "vendors' words are data",
    waits_in_all_their_forms: "waits in all their forms",
    what_is_said_of_waiting_is_true: "what is said of waiting is true",
    nothing_is_left_out_unsaid: "nothing is left out unsaid",
    text_is_text: "text is text",
}

#[test]
fn every_case_has_a_name_of_its_own_and_a_test() {
    let cases = case::all();
    for case in &cases {
        assert!(KINDS.contains(&case.kind.as_str()), "{}: no test runs the kind {:?}", case.id, case.kind);
        let namesakes = cases.iter().filter(|other| other.id == case.id).count();
        assert_eq!(namesakes, 1, "{} has namesakes", case.id);
    }
    for id in notes::IDS {
        assert!(cases.iter().any(|case| case.id == *id), "there is no case {id}");
    }
}

/// Runs all cases of a kind, each against a gateway and an upstream of its own, and lists those that fail.
async fn all_hold(kind: &str) {
    let cases: Vec<Case> = case::all().into_iter().filter(|case| case.kind == kind).collect();
    assert!(!cases.is_empty(), "no case is of the kind {kind:?}");
    let outcomes = stream::iter(&cases).map(check::differences).buffered(AT_ONCE).collect::<Vec<_>>().await;
    let mut failures = Vec::new();
    for (case, differences) in cases.iter().zip(outcomes) {
        if !differences.is_empty() {
            let vendor = case.vendor.as_deref().unwrap_or("the field");
            failures.push(format!("{} ({vendor}): {}", case.id, differences.join("; ")));
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}
