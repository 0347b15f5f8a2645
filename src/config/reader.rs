//! Takes checked values out of a table, and remembers every problem on the way.
//!
//! Serde would stop at the first problem. A [`Section`] goes on: what is wrong is noted and the default
//! taken, and what nobody has asked for in the end is unknown. On the way the effective configuration
//! comes into being: each value as it was understood, each default that was taken, each secret redacted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use toml::{Table, Value};

use super::{
    environment::Environment,
    form::{Form, kind, shortened},
    path::KeyPath,
    problem::{Complaint, Problem, REDACTED},
    suggest,
};
use crate::extraction::label::OTHER;

/// The most keys that a remedy lists: among more, nobody finds the one that was meant.
const KEYS_SHOWN_MAX: usize = 8;

/// What all sections share while a configuration is read.
#[derive(Default)]
pub(super) struct Reading {
    /// Where `{ env = ".." }` looks.
    pub(super) environment: Environment,
    /// What relative file names are relative to.
    pub(super) directory: PathBuf,
    /// The values that came from the environment.
    pub(super) origins: BTreeMap<KeyPath, Origin>,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
    /// What may be a mistake.
    pub(super) warnings: Vec<Problem>,
    /// What was read so far.
    pub(super) effective: Table,
    /// Every key that was asked for.
    pub(super) known: BTreeSet<KeyPath>,
}

/// The environment variable a value came from.
pub(super) struct Origin {
    pub(super) variable: String,
    /// Its text, before it was read as TOML.
    pub(super) raw: String,
}

impl Reading {
    fn note(&mut self, path: &KeyPath, index: Option<usize>, value: Option<String>, complaint: Complaint) {
        let problem = self.problem(path, index, value, complaint);
        self.problems.push(problem);
    }

    fn problem(
        &self,
        path: &KeyPath,
        index: Option<usize>,
        value: Option<String>,
        complaint: Complaint,
    ) -> Problem {
        let set_by = path.outward().find_map(|path| self.origins.get(&path)).map(|o| o.variable.clone());
        let path = index.map_or_else(|| path.to_string(), |i| format!("{path}[{i}]"));
        Problem { path, value, set_by, what: complaint.what, remedy: complaint.remedy }
    }

    fn record(&mut self, path: &KeyPath, value: Value) {
        let Some((key, tables)) = path.segments().split_last() else { return };
        let mut table = &mut self.effective;
        for name in tables {
            let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = inner else { return };
            table = inner;
        }
        table.insert(key.clone(), value);
    }

    fn recorded(&self, path: &KeyPath) -> Option<&Value> {
        let (key, tables) = path.segments().split_last()?;
        tables.iter().try_fold(&self.effective, |table, name| table.get(name)?.as_table())?.get(key)
    }
}

/// One table, key by key.
pub(super) struct Section<'r> {
    reading: &'r mut Reading,
    path: KeyPath,
    unread: Table,
    known: Vec<String>,
    /// Nothing more is to be said of it: it is no table at all.
    muted: bool,
}

impl<'r> Section<'r> {
    /// The whole configuration.
    pub(super) fn root(reading: &'r mut Reading, table: Table) -> Self {
        Self { reading, path: KeyPath::default(), unread: table, known: Vec::new(), muted: false }
    }

    /// The table at `key`; an empty one if there is none.
    pub(super) fn section(&mut self, key: &str) -> Section<'_> {
        let path = self.path.child(key);
        let (unread, is_table) = match self.take(key) {
            None => (Table::new(), true),
            Some(Value::Table(table)) => (table, true),
            Some(other) => {
                let what = format!("must be a table, not {}", kind(&other));
                self.note(key, None, None, Complaint::new(what, format!("write [{path}] above its keys")));
                (Table::new(), false)
            }
        };
        let muted = self.muted || !is_table;
        Section { reading: self.reading, path, unread, known: Vec::new(), muted }
    }

    /// The value at `key`, if there is a sound one.
    pub(super) fn optional<F: Form>(&mut self, key: &str, form: &F) -> Option<F::Out> {
        let value = self.take_for::<F>(key)?;
        match form.read(&value) {
            Ok(out) => {
                self.record(key, form.write(&out));
                Some(out)
            }
            Err(complaint) => {
                self.note(key, None, Some(form.show(&value)), complaint);
                None
            }
        }
    }

    /// The value at `key`, else `default`.
    pub(super) fn or<F: Form>(&mut self, key: &str, form: &F, default: F::Out) -> F::Out {
        self.optional(key, form).unwrap_or_else(|| {
            self.record(key, form.write(&default));
            default
        })
    }

    /// The value at `key`; its absence is a problem.
    pub(super) fn required<F: Form>(&mut self, key: &str, form: &F, remedy: &str) -> Option<F::Out> {
        if !self.has(key) {
            self.note(key, None, None, Complaint::new("is missing", remedy));
        }
        self.optional(key, form)
    }

    /// The values of the list at `key`, if there is one; of its elements the sound ones.
    pub(super) fn list<F: Form>(&mut self, key: &str, form: &F) -> Option<Vec<F::Out>> {
        let value = self.take(key)?;
        let Value::Array(elements) = value else {
            let what = format!("must be a list, not {}", kind(&value));
            self.note(key, None, Some(form.show(&value)), Complaint::new(what, "write it in [ ]"));
            return None;
        };
        let mut sound = Vec::with_capacity(elements.len());
        for (i, element) in elements.iter().enumerate() {
            match form.read(element) {
                Ok(out) => sound.push(out),
                Err(complaint) => self.note(key, Some(i), Some(form.show(element)), complaint),
            }
        }
        self.record_list(key, form, &sound);
        Some(sound)
    }

    /// Notes a list that was not given as what it is by default.
    pub(super) fn record_list<F: Form>(&mut self, key: &str, form: &F, elements: &[F::Out]) {
        self.record(key, Value::Array(elements.iter().map(|out| form.write(out)).collect()));
    }

    /// The names in this table. Ill-formed ones and too many are problems, and stay among them: what stands under
    /// them can be read, so that whoever mends a name learns of no further mistake.
    pub(super) fn names(&mut self, names_max: usize) -> Vec<String> {
        let names = self.keys();
        for name in names.iter().filter(|name| !is_name(name) || *name == OTHER) {
            let what = "is no acceptable name: it becomes the value of a metric's label";
            let remedy = "use 1 to 63 of a-z, 0-9, _ and -, and not `other`, which stands for unknown names";
            self.note(name, None, None, Complaint::new(what, remedy));
        }
        if names.len() > names_max {
            let what = format!("has {} entries, and at most {names_max} are allowed", names.len());
            self.complain_here(Complaint::new(what, "remove those that are not in use"));
        }
        names
    }

    /// The keys that nobody has asked for yet.
    pub(super) fn keys(&self) -> Vec<String> {
        self.unread.keys().cloned().collect()
    }

    /// Whether there is anything at `key`.
    pub(super) fn has(&mut self, key: &str) -> bool {
        self.know(key);
        self.unread.contains_key(key)
    }

    /// Whether there is a table at `key`.
    pub(super) fn has_table(&mut self, key: &str) -> bool {
        self.know(key);
        self.unread.get(key).is_some_and(Value::is_table)
    }

    /// Takes what is at `key`, if anything is, as a problem in itself, and does not show it.
    pub(super) fn refuse(&mut self, key: &str, what: &str, remedy: &str) {
        if let Some(value) = self.take(key) {
            let shown = (!value.is_table()).then(|| REDACTED.to_owned());
            self.note(key, None, shown, Complaint::new(what, remedy));
        }
    }

    /// Notes a problem with what was read at `key`.
    pub(super) fn complain(&mut self, key: &str, complaint: Complaint) {
        let shown = self.shown(key);
        self.note(key, None, shown, complaint);
    }

    /// Notes what may be a mistake in what was read at `key`.
    pub(super) fn warn(&mut self, key: &str, complaint: Complaint) {
        let warning = self.reading.problem(&self.path.child(key), None, self.shown(key), complaint);
        self.reading.warnings.push(warning);
    }

    /// Notes a problem with the section itself.
    pub(super) fn complain_here(&mut self, complaint: Complaint) {
        if !self.muted {
            self.reading.note(&self.path, None, None, complaint);
        }
    }

    /// Notes a problem with the first of `keys` if the law that binds them is broken. Keys that are
    /// unsound in themselves are bound by none: their values are not those that were written.
    pub(super) fn law(&mut self, keys: &[&str], holds: bool, what: &str, remedy: &str) {
        if let Some(first) = keys.first()
            && !holds
            && keys.iter().all(|key| self.is_sound(key))
        {
            self.complain(first, Complaint::new(what, remedy));
        }
    }

    /// What all sections share.
    pub(super) fn reading(&self) -> &Reading {
        self.reading
    }

    /// Ends the reading: what nobody has asked for is unknown. Its value is not shown, it could be a
    /// secret under a misspelt name.
    pub(super) fn finish(mut self) {
        for key in self.keys() {
            let remedy = match suggest::nearest(&key, self.known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if self.known.is_empty() => "remove it".to_owned(),
                None if self.known.len() > KEYS_SHOWN_MAX => {
                    "remove it; config/tidegate.example.toml shows all keys".to_owned()
                }
                None => format!("remove it, or use one of: {}", self.known.join(", ")),
            };
            self.note(&key, None, None, Complaint::new("is unknown", remedy));
        }
    }

    /// Whether nothing is wrong at `key`, which may be a path from here.
    fn is_sound(&self, key: &str) -> bool {
        let path = format!("{}.{key}", self.path);
        !self.reading.problems.iter().any(|problem| {
            problem
                .path
                .strip_prefix(&path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// What was read at `key`, fit to be shown.
    fn shown(&self, key: &str) -> Option<String> {
        let recorded = self.reading.recorded(&self.path.child(key));
        recorded.filter(|value| !value.is_table()).map(|value| shortened(&value.to_string()))
    }

    fn note(&mut self, key: &str, index: Option<usize>, value: Option<String>, complaint: Complaint) {
        if !self.muted {
            self.reading.note(&self.path.child(key), index, value, complaint);
        }
    }

    fn record(&mut self, key: &str, value: Value) {
        self.reading.record(&self.path.child(key), value);
    }

    fn know(&mut self, key: &str) {
        if !self.known.iter().any(|known| known == key) {
            self.known.push(key.to_owned());
            self.reading.known.insert(self.path.child(key));
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.know(key);
        self.unread.remove(key)
    }

    /// A model named `4` is a text, though the environment's `4` reads as an integer.
    fn take_for<F: Form>(&mut self, key: &str) -> Option<Value> {
        let value = self.take(key)?;
        match self.reading.origins.get(&self.path.child(key)) {
            Some(origin) if F::TEXT && !value.is_str() => Some(Value::String(origin.raw.clone())),
            _ => Some(value),
        }
    }
}

fn is_name(name: &str) -> bool {
    /// The longest name of an upstream, a profile or a tenant: they become labels of metrics.
    const NAME_BYTES_MAX: usize = 63;
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}
