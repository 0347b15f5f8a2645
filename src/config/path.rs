//! Where a key stands.

use std::fmt;

/// The names of the tables around a key, and its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyPath(Vec<String>);

impl KeyPath {
    pub(super) fn child(&self, key: &str) -> Self {
        self.0.iter().cloned().chain([key.to_owned()]).collect()
    }

    pub(super) fn segments(&self) -> &[String] {
        &self.0
    }

    /// This path and those of the tables around it, innermost first.
    pub(super) fn outward(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).rev().map(|length| self.0.iter().take(length).cloned().collect())
    }
}

impl FromIterator<String> for KeyPath {
    fn from_iter<I: IntoIterator<Item = String>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            let bare = !segment.is_empty()
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
            if bare { f.write_str(segment)? } else { write!(f, "{}", toml::Value::from(segment.as_str()))? }
        }
        Ok(())
    }
}
