//! What is wrong with a configuration, and what to do about it.

use std::fmt;

/// Stands where a secret was.
pub(super) const REDACTED: &str = "(redacted)";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: the key as a dotted path, for example `upstreams.primary.base_url`; the file, with line
    /// and column after it, if it is no TOML; or the environment variable.
    pub path: String,
    /// The value found there, as TOML and cut to a readable length; redacted where secrets stand.
    /// Absent: there is none, or it does not matter.
    pub value: Option<String>,
    /// The environment variable that has set the value, if it was one.
    pub set_by: Option<String>,
    /// What is wrong with it, as words that go on from path and value: "must be at least 1".
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    /// A problem with a place rather than with a value.
    pub(super) fn at(path: impl Into<String>, complaint: Complaint) -> Self {
        Self { path: path.into(), value: None, set_by: None, what: complaint.what, remedy: complaint.remedy }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        if let Some(variable) = &self.set_by {
            write!(f, " (from {variable})")?;
        }
        write!(f, " {}; {}", self.what, self.remedy)
    }
}

/// All that is wrong with a configuration: one problem at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblems(Vec<Problem>);

impl ConfigProblems {
    /// Nothing wrong: no problems.
    pub(super) fn of(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// The problems, in the order in which they were found.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for ConfigProblems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "1 problem in the configuration:")?,
            n => write!(f, "{n} problems in the configuration:")?,
        }
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigProblems {}

/// What is wrong with a value and what to do, said by one who does not know where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Complaint {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}
