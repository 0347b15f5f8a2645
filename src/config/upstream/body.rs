//! `[upstreams.NAME.body]`: further fields of a request's body, in the API's own words.

use serde_json::{Map, Number, Value as Json};
use toml::Value;

use crate::{
    config::{
        form::{Form, shortened},
        problem::{Complaint, REDACTED},
        reader::Section,
    },
    upstream::settings::{SENT_FIELDS, UNUSABLE_FIELDS},
};

/// The most fields that can be added to a body.
const BODY_FIELDS_MAX: usize = 32;
/// The most bytes of the fields that can be added to a body, as JSON: each request carries them.
const BODY_BYTES_MAX: usize = 16 << 10;
/// How deep tables and lists can be nested in a field that is added to a body.
const BODY_DEPTH_MAX: usize = 8;

/// Names that credentials have, without what stands between their letters.
const CREDENTIALS: &[&str] = &[
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authorization",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "credential",
    "credentials",
    "password",
    "secret",
    "secretkey",
    "token",
];

/// The fields to add to each body; empty if nothing is configured.
pub(super) fn body(upstream: &mut Section<'_>) -> Map<String, Json> {
    let mut section = upstream.section("body");
    let names = section.keys();
    if names.len() > BODY_FIELDS_MAX {
        let what = format!("has {} entries, and at most {BODY_FIELDS_MAX} are allowed", names.len());
        section.complain_here(Complaint::new(what, "remove those that are not needed"));
    }
    let mut fields = Map::new();
    for name in names {
        match refused(&name) {
            Some(Complaint { what, remedy }) => section.refuse(&name, &what, &remedy),
            None => fields.extend(section.optional(&name, &Field).map(|read| (name, read.json))),
        }
    }
    let bytes = serde_json::to_vec(&fields).map_or(usize::MAX, |json| json.len());
    if bytes > BODY_BYTES_MAX {
        let what = format!("is {bytes} bytes long as JSON");
        section.complain_here(Complaint::new(what, format!("use at most {BODY_BYTES_MAX}")));
    }
    section.finish();
    fields
}

/// Why a field can't be added. Some servers ignore the case of names, and would take the last of two.
fn refused(name: &str) -> Option<Complaint> {
    let remedy_in = |fields: &[(&str, &'static str)]| {
        fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, remedy)| *remedy)
    };
    if name.is_empty() {
        return Some(Complaint::new("is no field's name", "give it one"));
    }
    if is_credential(name) {
        let remedy = "remove it: keys go into api_key, or into headers as { env = \"VARIABLE\" }";
        return Some(Complaint::new("seems to be a credential, and is shown to everybody here", remedy));
    }
    if let Some(remedy) = remedy_in(SENT_FIELDS) {
        return Some(Complaint::new("is a field that Tidegate sends itself", remedy));
    }
    remedy_in(UNUSABLE_FIELDS)
        .map(|remedy| Complaint::new("asks for answers that Tidegate can't use", remedy))
}

fn is_credential(name: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    CREDENTIALS.contains(&letters.to_ascii_lowercase().as_str())
}

/// Anything that JSON can say, but `null`, which TOML can't.
struct Field;

/// A value as it was written, and as it is sent.
struct Read {
    toml: Value,
    json: Json,
}

impl Form for Field {
    type Out = Read;

    fn read(&self, value: &Value) -> Result<Read, Complaint> {
        let json = json(value, 1)?;
        Ok(Read { toml: value.clone(), json })
    }

    fn write(&self, out: &Read) -> Value {
        out.toml.clone()
    }

    fn show(&self, value: &Value) -> String {
        if holds_credential(value) { REDACTED.to_owned() } else { shortened(&value.to_string()) }
    }
}

fn json(value: &Value, depth: usize) -> Result<Json, Complaint> {
    if depth > BODY_DEPTH_MAX {
        let what = format!("is nested deeper than {BODY_DEPTH_MAX} levels");
        return Err(Complaint::new(what, "flatten it"));
    }
    match value {
        Value::String(text) => Ok(Json::from(text.as_str())),
        Value::Integer(digits) => Ok(Json::from(*digits)),
        Value::Boolean(truth) => Ok(Json::from(*truth)),
        Value::Float(number) => Number::from_f64(*number)
            .map(Json::Number)
            .ok_or_else(|| Complaint::new("is no number that JSON can say", "use a finite one")),
        Value::Datetime(_) => Err(Complaint::new("is a date, which JSON can't say", "write it in quotes")),
        Value::Array(elements) => elements.iter().map(|element| json(element, depth + 1)).collect(),
        Value::Table(_) if holds_credential(value) => {
            let remedy = "remove it: keys go into api_key, or into headers as { env = \"VARIABLE\" }";
            Err(Complaint::new("seems to hold a credential, and is shown to everybody here", remedy))
        }
        Value::Table(entries) => {
            entries.iter().map(|(key, value)| Ok((key.clone(), json(value, depth + 1)?))).collect()
        }
    }
}

/// Whether a name in it, however deep, is one that credentials have.
fn holds_credential(value: &Value) -> bool {
    match value {
        Value::Table(entries) => {
            entries.iter().any(|(key, value)| is_credential(key) || holds_credential(value))
        }
        Value::Array(elements) => elements.iter().any(holds_credential),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            false
        }
    }
}
