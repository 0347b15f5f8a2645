//! A case as it stands in the files.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::notes;

/// The text that is extracted from if a case has none of its own.
pub(crate) const TEXT: &str = "Ada Lovelace met Charles Babbage in London.";

const FILES: [&str; 11] = [
    include_str!("answers.json"),
    include_str!("neighbours/nothing.json"),
    include_str!("neighbours/places.json"),
    include_str!("neighbours/numbers.json"),
    include_str!("neighbours/broke_off.json"),
    include_str!("neighbours/reader.json"),
    include_str!("neighbours/blame.json"),
    include_str!("neighbours/words.json"),
    include_str!("neighbours/waits.json"),
    include_str!("neighbours/left_out.json"),
    include_str!("neighbours/text.json"),
];

/// All cases of all files.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for file in FILES {
        let more: Vec<Case> = serde_json::from_str(file).unwrap();
        cases.extend(more);
    }
    for case in &mut cases {
        notes::add(&case.id, &mut case.want);
    }
    cases
}

/// What an upstream answers, and what is right to make of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// Whose server answers so.
    pub(crate) vendor: Option<String>,
    /// Where somebody told of it.
    #[serde(rename = "source")]
    _source: Option<String>,
    text: Option<String>,
    text_repeat: Option<Repeat<String>>,
    pub(crate) mode: Option<String>,
    pub(crate) retry_safety: Option<String>,
    pub(crate) schema: Option<Value>,
    #[serde(default)]
    pub(crate) inline: bool,
    pub(crate) upstream: Vec<Reply>,
    pub(crate) want: Want,
}

/// One answer of the upstream.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) label: Option<String>,
    pub(crate) content: Option<Value>,
    pub(crate) finish: Option<String>,
    pub(crate) message: Option<Value>,
    pub(crate) body: Option<Value>,
    pub(crate) raw: Option<String>,
    pub(crate) repeat: Option<Repeat<Value>>,
}

/// Something many times over; `{n}` in it counts from 1.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat<T> {
    pub(crate) item: T,
    pub(crate) times: usize,
}

/// What is right. What is absent is not checked.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Want {
    pub(crate) code: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) requests: Option<usize>,
    pub(crate) entities: Option<Vec<(String, Option<u32>)>>,
    pub(crate) result: Option<String>,
    pub(crate) not_before: Option<f64>,
    /// For people.
    #[serde(rename = "note")]
    _note: Option<String>,
    /// Every attempt: its kind, and in brackets its error type if it failed.
    pub(crate) attempts: Option<Vec<String>>,
    /// The field that `google.rpc.BadRequest` names.
    pub(crate) violation: Option<String>,
    /// Whether `google.rpc.RetryInfo` is there.
    pub(crate) retry_info: Option<bool>,
    /// A word that the error's message must not have.
    pub(crate) unsaid: Option<String>,
    /// Some of `google.rpc.ErrorInfo`'s metadata.
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
    /// Series, each of which must be on the page of metrics once the call has ended: `name{label="value"}`.
    #[serde(default)]
    pub(crate) series: Vec<String>,
    /// Whether the reply has as many entities as the result has items, or says how many are left out.
    #[serde(default)]
    pub(crate) every_entity: bool,
}

impl Case {
    /// The text to extract from.
    pub(crate) fn text(&self) -> String {
        let repeated = |Repeat { item, times }: &Repeat<String>| {
            (1..=*times).map(|n| item.replace("{n}", &n.to_string())).collect()
        };
        let text = self.text.clone().or_else(|| self.text_repeat.as_ref().map(repeated));
        text.unwrap_or_else(|| TEXT.to_owned())
    }
}
