//! The files that a configuration is made of or names, each with a limit to its size.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use toml::Table;

use super::{
    form::FilePath,
    problem::{Complaint, ConfigProblems, Problem},
    reader::Section,
};

/// The most bytes of a configuration file.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// The most bytes of a file with certificates or a key.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// The table that a configuration file holds.
pub(super) fn table(path: &Path) -> Result<Table, ConfigProblems> {
    let text = bytes(path, CONFIG_BYTES_MAX)
        .and_then(utf8)
        .map_err(|complaint| ConfigProblems::from(Problem::at(path.display().to_string(), complaint)))?;
    let (_, mut errors) = toml::de::DeTable::parse_recoverable(&text);
    match text.parse() {
        Ok(table) if errors.is_empty() => return Ok(table),
        Err(error) if errors.is_empty() => errors.push(error),
        Ok(_) | Err(_) => {}
    }
    ConfigProblems::of(no_toml(path, &text, &errors)).map(|()| Table::new())
}

/// The errors in their order, one a line: what follows on the same line follows from the first. The
/// lines themselves are not shown, they may hold secrets.
fn no_toml(path: &Path, text: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let place = |error: &toml::de::Error| position(text, error.span().map_or(0, |span| span.start));
    let mut places: Vec<_> = errors.iter().map(|error| (place(error), error.message())).collect();
    places.sort_unstable();
    places.dedup_by_key(|((line, _), _)| *line);
    let problem = |((line, column), message)| {
        let complaint = Complaint::new(format!("is no TOML: {message}"), "mend it at that line and column");
        Problem::at(format!("{}:{line}:{column}", path.display()), complaint)
    };
    places.into_iter().map(problem).collect()
}

/// Line and column of a byte, both from 1; columns count characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

fn bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Complaint> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(Complaint::new(format!("can't be read: {error}"), remedy(&error))),
        Ok(length) if u64::try_from(length).is_ok_and(|length| length <= bytes_max) => Ok(bytes),
        Ok(_) => Err(Complaint::new("is too large", format!("use at most {bytes_max} bytes"))),
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "create it, or correct the name",
        io::ErrorKind::PermissionDenied => "let this process's user read it",
        _ => "see that it is a readable file",
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, Complaint> {
    String::from_utf8(bytes).map_err(|_| Complaint::new("is no UTF-8 text", "save it as UTF-8"))
}

impl Section<'_> {
    /// The text of the file that `key` names, if it names one.
    pub(super) fn text_file(&mut self, key: &str, bytes_max: u64) -> Option<String> {
        self.checked_file(key, bytes_max, utf8)
    }

    /// The PEM text of the file that `key` names, if it names one; it must hold certificates.
    pub(super) fn certificates_file(&mut self, key: &str) -> Option<Vec<u8>> {
        self.checked_file(key, PEM_BYTES_MAX, |pem| {
            let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
            match certificates {
                Ok(certificates) if !certificates.is_empty() => Ok(pem),
                _ => Err(Complaint::new("holds no certificate", "name a file with PEM text")),
            }
        })
    }

    /// The PEM text of the file that `key` names, if it names one; it must hold a private key.
    pub(super) fn private_key_file(&mut self, key: &str) -> Option<Vec<u8>> {
        self.checked_file(key, PEM_BYTES_MAX, |pem| match PrivateKeyDer::from_pem_slice(&pem) {
            Ok(_) => Ok(pem),
            Err(_) => Err(Complaint::new("holds no private key", "name a file with PEM text, not encrypted")),
        })
    }

    fn checked_file<T>(
        &mut self,
        key: &str,
        bytes_max: u64,
        check: impl FnOnce(Vec<u8>) -> Result<T, Complaint>,
    ) -> Option<T> {
        let form = FilePath { directory: self.reading().directory.clone() };
        let path = self.optional(key, &form)?;
        match bytes(&path, bytes_max).and_then(check) {
            Ok(checked) => Some(checked),
            Err(complaint) => {
                self.complain(key, complaint);
                None
            }
        }
    }
}
