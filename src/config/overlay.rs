//! Lays the environment over the file: `TIDEGATE__SECTION__KEY=value`.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    environment::Environment,
    form::kind,
    path::KeyPath,
    problem::{Complaint, Problem},
    reader::Origin,
};

/// What the variables that are meant for us begin with, in any case.
const PREFIX: &str = "TIDEGATE__";

/// The upstream that is there if no other is configured.
pub(super) const EMBEDDED: &str = "simulator";

/// Sets in `table` what the environment says, tables before the keys in them.
///
/// A value is read as TOML if it is any, else it is a text. Names are found in any case, and are lower
/// case if they are new.
pub(super) fn lay(
    table: &mut Table,
    environment: &Environment,
    origins: &mut BTreeMap<KeyPath, Origin>,
) -> Vec<Problem> {
    let mut variables: Vec<(Vec<&str>, &str, &str)> = environment
        .iter()
        .filter(|(name, _)| name.get(..PREFIX.len()).is_some_and(|head| head.eq_ignore_ascii_case(PREFIX)))
        .map(|(name, raw)| (name.split("__").skip(1).collect(), name, raw))
        .collect();
    variables.sort_by_key(|(segments, ..)| segments.len());

    let mut problems = Vec::new();
    for (segments, variable, raw) in variables {
        let outcome = set(table, &segments, raw.parse().unwrap_or_else(|_| Value::from(raw)))
            .and_then(|path| remember(origins, path, Origin { variable: variable.into(), raw: raw.into() }));
        problems.extend(outcome.err().map(|complaint| Problem::at(variable, complaint)));
    }
    problems
}

impl Environment {
    /// Whether an upstream other than the embedded simulator is configured here: then the environment is a
    /// configuration of its own, without any file.
    pub fn names_upstream(&self) -> bool {
        self.iter().any(|(name, _)| {
            let segments: Vec<&str> = name.split("__").collect();
            matches!(segments[..], [tidegate, upstreams, name, ..]
                if tidegate.eq_ignore_ascii_case("tidegate")
                    && upstreams.eq_ignore_ascii_case("upstreams")
                    && !name.eq_ignore_ascii_case(EMBEDDED))
        })
    }
}

fn set(table: &mut Table, segments: &[&str], value: Value) -> Result<KeyPath, Complaint> {
    let Some((last, tables)) = segments.split_last().filter(|_| !segments.contains(&"")) else {
        return Err(Complaint::new("names no key", format!("write {PREFIX}SECTION__KEY")));
    };
    let mut path = Vec::with_capacity(segments.len());
    let mut table = table;
    for name in tables {
        let name = known_as(table, name);
        path.push(name.clone());
        let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
        let found = kind(inner);
        let Value::Table(inner) = inner else {
            let what = format!("looks for a table in {}, which is {found}", path.join("."));
            return Err(Complaint::new(what, "set that key itself"));
        };
        table = inner;
    }
    let last = known_as(table, last);
    path.push(last.clone());
    table.insert(last, value);
    Ok(path.into_iter().collect())
}

/// The name as the table has it already, else in lower case.
fn known_as(table: &Table, name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if table.contains_key(&lower) {
        return lower;
    }
    table.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned().unwrap_or(lower)
}

fn remember(origins: &mut BTreeMap<KeyPath, Origin>, path: KeyPath, origin: Origin) -> Result<(), Complaint> {
    let what = format!("sets {path}");
    match origins.insert(path, origin) {
        None => Ok(()),
        Some(before) => {
            Err(Complaint::new(format!("{what}, and {} does too", before.variable), "remove one of them"))
        }
    }
}
