//! The standard `OTEL_*` variables: they fill what the file and `TIDEGATE__*` leave open.

mod checks;
mod exports;
mod traces;

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    environment::Environment,
    form::shortened,
    path::KeyPath,
    problem::{Complaint, Problem},
    reader::Origin,
};

const SECTION: &str = "telemetry";

/// Makes a value of what a variable says.
type Read = fn(&str) -> Result<Value, Complaint>;

/// What is to be said of the variables.
#[derive(Default)]
pub(super) struct Said {
    /// Variables that are wrong.
    pub(super) problems: Vec<Problem>,
    /// Variables that do nothing, or not what they say.
    pub(super) warnings: Vec<Problem>,
}

/// Fills the open keys of `[telemetry]`.
pub(super) fn fill(
    table: &mut Table,
    environment: &Environment,
    origins: &mut BTreeMap<KeyPath, Origin>,
) -> Said {
    let section = table.entry(SECTION).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section) = section else { return Said::default() };
    let mut filling = Filling { section, environment, origins, problems: Vec::new(), warnings: Vec::new() };
    filling.exports();
    filling.milliseconds("otlp_metrics_interval", "OTEL_METRIC_EXPORT_INTERVAL");
    filling.traces();
    filling.service_name();
    filling.resource();
    filling.span_limits();
    filling.booleans();
    filling.without_effect();
    Said { problems: filling.problems, warnings: filling.warnings }
}

struct Filling<'a> {
    section: &'a mut Table,
    environment: &'a Environment,
    origins: &'a mut BTreeMap<KeyPath, Origin>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Filling<'_> {
    /// Fills `key` with what `variable` says, if that is open.
    fn fill(&mut self, key: &str, variable: &str, read: Read) {
        if self.section.contains_key(key) {
            return;
        }
        if let Some(raw) = self.environment.get_filled(variable) {
            self.set_read(key, variable, read(raw));
        }
    }

    /// Milliseconds, without a unit.
    fn milliseconds(&mut self, key: &str, variable: &str) {
        self.fill(key, variable, milliseconds);
    }

    fn set_read(&mut self, key: &str, variable: &str, read: Result<Value, Complaint>) {
        match read {
            Ok(value) => self.set(key, value, variable),
            Err(complaint) => self.complain(variable, complaint),
        }
    }

    fn service_name(&mut self) {
        const NAME: &str = "OTEL_SERVICE_NAME";
        if let Some(name) = self.environment.get_filled(NAME)
            && !self.section.contains_key("service_name")
        {
            self.set("service_name", Value::from(name), NAME);
        }
    }

    fn resource(&mut self) {
        const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let Some(attributes) = self.environment.get_filled(ATTRIBUTES) else { return };
        for pair in attributes.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let decoded =
                pair.split_once('=').map(|(key, value)| (decoded(key.trim()), decoded(value.trim())));
            let Some((Some(key), Some(value))) = decoded else {
                let remedy = "write it like key=value,key=value";
                return self.complain(ATTRIBUTES, Complaint::new("is no list of attributes", remedy));
            };
            if value.is_empty() {
                continue;
            }
            if key == "service.name" {
                if !self.section.contains_key("service_name") {
                    self.set("service_name", Value::from(value), ATTRIBUTES);
                }
                continue;
            }
            let resource = self.section.entry("resource").or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(resource) = resource
                && !resource.contains_key(&key)
            {
                let path = [SECTION, "resource", &key].map(str::to_owned).into_iter().collect();
                self.origins.insert(path, Origin { variable: ATTRIBUTES.into(), raw: value.clone() });
                resource.insert(key, Value::from(value));
            }
        }
    }

    fn set(&mut self, key: &str, value: Value, variable: &str) {
        let raw = self.environment.get(variable).unwrap_or_default().to_owned();
        let path = [SECTION, key].map(str::to_owned).into_iter().collect();
        self.origins.insert(path, Origin { variable: variable.into(), raw });
        self.section.insert(key.into(), value);
    }

    /// Says what is wrong with a variable that holds no secret.
    fn complain(&mut self, variable: &str, complaint: Complaint) {
        let value = self.shown(variable);
        self.complain_of(variable, value, complaint);
    }

    /// Says what a variable does not do, though it stands in nobody's way.
    fn warn(&mut self, variable: &str, complaint: Complaint) {
        let value = self.shown(variable);
        self.warnings.push(Problem { value, ..Problem::at(variable, complaint) });
    }

    /// What a variable holds, fit to be shown.
    fn shown(&self, variable: &str) -> Option<String> {
        self.environment.get(variable).map(|raw| shortened(&Value::from(raw).to_string()))
    }

    /// Says so once, however many signals it is about.
    fn complain_of(&mut self, variable: &str, value: Option<String>, complaint: Complaint) {
        if self.problems.iter().all(|problem| problem.path != variable) {
            self.problems.push(Problem { value, ..Problem::at(variable, complaint) });
        }
    }
}

fn milliseconds(raw: &str) -> Result<Value, Complaint> {
    let number: Option<u64> = raw.parse().ok();
    number.map(|number| Value::from(format!("{number}ms"))).ok_or_else(|| {
        Complaint::new("must be a whole number of milliseconds", "write it without a unit, like 10000")
    })
}

/// The text with its `%20`s resolved; `None` if they are ill-formed.
fn decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        let digits = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(digits.then(|| u8::from_str_radix(hex, 16).ok()).flatten()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
