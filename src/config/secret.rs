//! Secrets come from the environment or a file, so that a configuration file can be shown to everybody.

use toml::Value;

use super::{
    form::{Form, Hidden, wrong_kind},
    problem::{Complaint, REDACTED},
    reader::Section,
};
use crate::upstream::settings::Secret;

/// The most bytes of a secret.
const SECRET_BYTES_MAX: usize = 16 << 10;

/// Whether a text may stand in the configuration itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// As `{ value = ".." }`.
    Allowed,
    /// Not at all.
    Refused,
}

/// The secret that `key` points to, if there is one: `{ env = "NAME" }`, `{ file = "PATH" }`. It is fit
/// to be sent in a header.
pub(super) fn secret(parent: &mut Section<'_>, key: &str, plain: Plain) -> Option<Secret> {
    let (what, remedy) = match plain {
        Plain::Allowed => (
            "must be a table",
            r#"write { env = "VARIABLE" }, { file = "PATH" }, or { value = ".." } if it is no secret"#,
        ),
        Plain::Refused => (
            "must not stand in the configuration",
            r#"write { env = "VARIABLE" } or { file = "PATH" }, and put the secret there"#,
        ),
    };
    if !parent.has_table(key) {
        parent.refuse(key, what, remedy);
        return None;
    }
    let mut source = parent.section(key);
    let given = ["env", "file", "value"].into_iter().filter(|key| source.has(key)).count();
    let found =
        [from_environment(&mut source), from_file(&mut source), from_value(&mut source, plain, remedy)];
    if given != 1 {
        source.complain_here(Complaint::new(format!("has {given} sources where one is needed"), remedy));
    }
    source.finish();
    found.into_iter().flatten().next()
}

fn from_environment(source: &mut Section<'_>) -> Option<Secret> {
    let variable = source.optional("env", &VariableName)?;
    let value = source.reading().environment.get(&variable).map(str::to_owned);
    let value = value.ok_or_else(|| Complaint::new("is not set", "set that variable, or correct its name"));
    keep(source, "env", value)
}

fn from_file(source: &mut Section<'_>) -> Option<Secret> {
    let value = source.text_file("file", SECRET_BYTES_MAX as u64)?;
    keep(source, "file", Ok(value))
}

fn from_value(source: &mut Section<'_>, plain: Plain, remedy: &str) -> Option<Secret> {
    if plain == Plain::Refused {
        source.refuse("value", "must not stand in the configuration", remedy);
        return None;
    }
    let value = source.optional("value", &Hidden { bytes_max: SECRET_BYTES_MAX })?;
    keep(source, "value", Ok(value))
}

fn keep(source: &mut Section<'_>, key: &str, value: Result<String, Complaint>) -> Option<Secret> {
    match value.and_then(|value| sendable(&value)) {
        Ok(secret) => Some(secret),
        Err(complaint) => {
            source.complain(key, complaint);
            None
        }
    }
}

/// Files end with a line break, and so do variables that were filled from files: it is none of the
/// secret.
fn sendable(value: &str) -> Result<Secret, Complaint> {
    let value = value.trim_end_matches(['\r', '\n']);
    if value.trim().is_empty() {
        return Err(Complaint::new("leads to an empty secret", "put the secret there, or remove the key"));
    }
    if !value.chars().all(|c| (' '..='~').contains(&c)) {
        let what = "leads to a secret that no header can carry";
        return Err(Complaint::new(what, "use one line of visible ASCII characters"));
    }
    Ok(Secret::new(value))
}

/// The name of an environment variable. What is none may be the secret itself, put in the wrong place.
struct VariableName;

impl Form for VariableName {
    type Out = String;

    fn read(&self, value: &Value) -> Result<String, Complaint> {
        const REMEDY: &str = "write a name of letters, digits and _";
        let name = value.as_str().ok_or_else(|| wrong_kind("a string", value, REMEDY))?;
        let well_formed = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if well_formed { Ok(name.to_owned()) } else { Err(Complaint::new("is no variable's name", REMEDY)) }
    }

    fn write(&self, out: &String) -> Value {
        Value::from(out.as_str())
    }

    fn show(&self, _: &Value) -> String {
        REDACTED.to_owned()
    }
}
