//! Addresses, URLs and file names.

use std::{net::SocketAddr, path::PathBuf};

use toml::Value;
use url::Url;

use super::{Form, Text, shortened, wrong_kind};
use crate::config::problem::{Complaint, REDACTED};

/// Nowhere.
const NONE: &str = "none";

/// An address to listen on.
pub(in crate::config) struct Listen;

impl Form for Listen {
    type Out = SocketAddr;

    fn read(&self, value: &Value) -> Result<SocketAddr, Complaint> {
        const REMEDY: &str = r#"write it like "127.0.0.1:50051" or "[::1]:50051""#;
        let text = value.as_str().ok_or_else(|| wrong_kind("a string", value, REMEDY))?;
        text.parse().map_err(|_| Complaint::new("is no IP address with a port", REMEDY))
    }

    fn write(&self, out: &SocketAddr) -> Value {
        Value::from(out.to_string())
    }
}

/// A URL of http or https, or the word for nowhere.
pub(in crate::config) struct WebUrlOrNone;

impl Form for WebUrlOrNone {
    type Out = Option<Url>;

    fn read(&self, value: &Value) -> Result<Option<Url>, Complaint> {
        if value.as_str() == Some(NONE) { Ok(None) } else { WebUrl.read(value).map(Some) }
    }

    fn write(&self, out: &Option<Url>) -> Value {
        out.as_ref().map_or_else(|| Value::from(NONE), |url| WebUrl.write(url))
    }

    fn show(&self, value: &Value) -> String {
        WebUrl.show(value)
    }
}

/// A URL of http or https.
pub(in crate::config) struct WebUrl;

impl Form for WebUrl {
    type Out = Url;

    fn read(&self, value: &Value) -> Result<Url, Complaint> {
        const REMEDY: &str = r#"write it like "https://host.example.com:8443""#;
        let text = value.as_str().ok_or_else(|| wrong_kind("a string", value, REMEDY))?;
        let url = Url::parse(text).map_err(|e| Complaint::new(format!("is no URL: {e}"), REMEDY))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Complaint::new("must begin with http:// or https://", REMEDY));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Complaint::new(
                "must not hold a user or password",
                "remove them; credentials come from the environment or a file",
            ));
        }
        if url.fragment().is_some() {
            return Err(Complaint::new("must not have a fragment", "remove what begins with #"));
        }
        Ok(url)
    }

    /// What stands in a query may be a credential, all but a version.
    fn write(&self, out: &Url) -> Value {
        let mut shown = out.clone();
        if out.query().is_some() {
            let pairs = out.query_pairs().map(|(key, value)| {
                let value = if key == "api-version" { value } else { REDACTED.into() };
                (key, value)
            });
            shown.query_pairs_mut().clear().extend_pairs(pairs);
        }
        Value::from(shown.as_str())
    }

    /// What stands before an @ or after a ? may be a credential, in a text that is no URL too.
    fn show(&self, value: &Value) -> String {
        let text = value.to_string();
        if text.contains(['@', '?']) { REDACTED.to_owned() } else { shortened(&text) }
    }
}

/// The name of a file, relative to `directory`.
pub(in crate::config) struct FilePath {
    pub(in crate::config) directory: PathBuf,
}

impl Form for FilePath {
    type Out = PathBuf;
    const TEXT: bool = true;

    fn read(&self, value: &Value) -> Result<PathBuf, Complaint> {
        /// The longest file name, in bytes.
        const PATH_BYTES_MAX: usize = 4096;
        Text { bytes_max: PATH_BYTES_MAX }.read(value).map(|name| self.directory.join(name))
    }

    fn write(&self, out: &PathBuf) -> Value {
        Value::from(out.to_string_lossy().as_ref())
    }
}
