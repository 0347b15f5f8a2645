//! A TOML table whose keys are taken one by one, so that every error names its key.

use std::time::Duration;

use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::{Table, Value};

/// Where a key stands that is in no table.
const TOP: &str = "the script";

/// What is wrong with a script.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// It is not TOML.
    #[error("the script is not TOML: {0}")]
    Toml(#[from] toml::de::Error),
    /// One key is missing, unknown or has the wrong value.
    #[error("{place}: `{key}` {problem}")]
    Key {
        /// The table: `the script`, `latency`, `capacity` or `fault 2 (status)`, counted from 1.
        place: String,
        /// The key.
        key: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
}

/// The keys of one table that were not taken yet.
pub(super) struct Keys {
    table: Table,
    place: String,
}

impl Keys {
    /// The keys of a whole script.
    pub(super) fn top(table: Table) -> Keys {
        Keys::new(table, TOP)
    }

    pub(super) fn new(table: Table, place: impl Into<String>) -> Keys {
        Keys { table, place: place.into() }
    }

    /// The keys of the table under `key`.
    pub(super) fn within(&self, key: &str, table: Table) -> Keys {
        Keys::new(table, if self.place == TOP { key.to_owned() } else { format!("{}, {key}", self.place) })
    }

    /// Names the table more exactly, now that more is known.
    pub(super) fn rename(&mut self, place: String) {
        self.place = place;
    }

    pub(super) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, ScriptError> {
        let Some(value) = self.table.remove(key) else { return Ok(None) };
        let taken = value.try_into().map_err(|error: toml::de::Error| self.wrong(key, error.message()))?;
        Ok(Some(taken))
    }

    pub(super) fn require<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, ScriptError> {
        self.take(key)?.ok_or_else(|| self.wrong(key, "is missing"))
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<bool, ScriptError> {
        Ok(self.take(key)?.unwrap_or_default())
    }

    pub(super) fn duration(&mut self, key: &str) -> Result<Option<Duration>, ScriptError> {
        self.value(key).map(|value| self.as_duration(key, value)).transpose()
    }

    pub(super) fn as_duration(&self, key: &str, value: Value) -> Result<Duration, ScriptError> {
        let text: String =
            value.try_into().map_err(|error: toml::de::Error| self.wrong(key, error.message()))?;
        let wrong = |error| self.wrong(key, format!("must be like \"40ms\" or \"2s\": {error}"));
        humantime::parse_duration(&text).map_err(wrong)
    }

    pub(super) fn require_duration(&mut self, key: &str) -> Result<Duration, ScriptError> {
        self.duration(key)?.ok_or_else(|| self.wrong(key, "is missing"))
    }

    /// The value as it stands.
    pub(super) fn value(&mut self, key: &str) -> Option<Value> {
        self.table.remove(key)
    }

    /// Refuses the keys that nobody has taken.
    pub(super) fn finish(self) -> Result<(), ScriptError> {
        match self.table.keys().next() {
            Some(key) => Err(self.wrong(key, "does not belong here")),
            None => Ok(()),
        }
    }

    pub(super) fn wrong(&self, key: &str, problem: impl Into<String>) -> ScriptError {
        ScriptError::Key { place: self.place.clone(), key: key.to_owned(), problem: problem.into() }
    }
}
