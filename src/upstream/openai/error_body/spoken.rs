//! Where the servers of this dialect put what they say of an error. Nothing is understood here.

use std::borrow::Cow;

use serde_json::Value;

/// What an error says, in the order in which it counts. Borrows from the body, so none of it outlives that.
#[derive(Debug, Default)]
pub(in super::super) struct Spoken<'a> {
    /// Codes: words and numbers.
    pub(in super::super) codes: Vec<Cow<'a, str>>,
    /// Types.
    pub(in super::super) kinds: Vec<Cow<'a, str>>,
    /// Paths of parts of the request.
    pub(in super::super) params: Vec<&'a str>,
    /// Sentences for people.
    pub(in super::super) messages: Vec<&'a str>,
}

/// Where a code can stand in an error or in what is around it.
const CODES: [&str; 6] =
    ["/code", "/innererror/code", "/details/error_code", "/error_code", "/errorCode", "/err_code"];

/// Where a type can stand.
const KINDS: [&str; 5] = ["/type", "/error_type", "/status", "/__type", "/innererror/type"];

/// Where a sentence can stand.
const MESSAGES: [&str; 6] = ["/message", "/msg", "/detail", "/error", "/error_msg", "/base_resp/status_msg"];

/// The most entries of a list in an error that are looked at.
const ENTRIES_MAX: usize = 16;

impl<'a> Spoken<'a> {
    /// What `error` says, and what stands around it.
    pub(in super::super) fn of(error: &'a Value, around: &'a Value) -> Self {
        let mut spoken = Self::default();
        spoken.add(error);
        if !std::ptr::eq(error, around) {
            spoken.add(around);
        }
        spoken
    }

    /// Whether anything was said at all.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.kinds.is_empty() && self.messages.is_empty()
    }

    /// All that another error says, after this one.
    pub(in super::super) fn append(&mut self, mut other: Self) {
        self.codes.append(&mut other.codes);
        self.kinds.append(&mut other.kinds);
        self.params.append(&mut other.params);
        self.messages.append(&mut other.messages);
    }

    fn add(&mut self, error: &'a Value) {
        if let Some(text) = error.as_str().filter(|text| !text.trim().is_empty()) {
            self.messages.push(text);
        }
        let at =
            |paths: &[&str]| paths.iter().filter_map(|path| word(error.pointer(path)?)).collect::<Vec<_>>();
        self.codes.extend(at(&CODES));
        self.kinds.extend(at(&KINDS).into_iter().map(without_namespace));
        self.codes.extend(base_resp(error));
        self.params.extend(error.get("param").and_then(Value::as_str));
        let texts = MESSAGES.iter().filter_map(|path| text(error.pointer(path)?));
        self.messages.extend(texts.filter(|text| !text.trim().is_empty()));
        for inner in ["message", "detail"].iter().filter_map(|name| error.get(name)) {
            if inner.is_object() {
                self.add(inner);
            }
        }
        for detail in list(error, "details") {
            self.codes.extend(detail.get("reason").and_then(word));
        }
        // FastAPI, which several servers are built on, lists what it does not accept.
        for detail in list(error, "detail") {
            self.kinds.extend(detail.get("type").and_then(word));
            self.messages.extend(detail.get("msg").and_then(Value::as_str));
            let place = detail.get("loc").and_then(Value::as_array).into_iter().flatten();
            self.params.extend(place.filter_map(Value::as_str).find(|part| *part != "body"));
        }
    }
}

fn list<'a>(error: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    error.get(name).and_then(Value::as_array).into_iter().flatten().take(ENTRIES_MAX)
}

/// A sentence, or the first of several.
fn text(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get(0)?.as_str())
}

/// A word, or a whole number: some servers number their errors.
fn word(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(word) if !word.is_empty() => Some(Cow::Borrowed(word)),
        Value::Number(number) if number.is_u64() => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// `MiniMax` numbers its errors beside an answer that may be there. Zero is none, and other servers use the same
/// numbers for other errors.
fn base_resp(error: &Value) -> Option<Cow<'_, str>> {
    let code = error.pointer("/base_resp/status_code")?.as_u64().filter(|code| *code != 0)?;
    Some(Cow::Owned(format!("base_resp.{code}")))
}

/// `com.amazonaws.bedrock#ThrottlingException` is a `ThrottlingException`.
fn without_namespace(kind: Cow<'_, str>) -> Cow<'_, str> {
    match kind.rfind('#') {
        Some(at) => Cow::Owned(kind.get(at + 1..).unwrap_or_default().to_owned()),
        None => kind,
    }
}
