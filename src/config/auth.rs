//! `[auth]`: who may call.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use toml::Value;

use super::{
    form::{Form, wrong_kind},
    problem::{Complaint, REDACTED},
    reader::Section,
};
use crate::{extraction::Tenant, grpc::settings::Credential};

/// The most tenants: their names become values of metric labels.
const TENANTS_MAX: usize = 256;
/// The most keys of one tenant: enough to change them without haste.
const KEYS_PER_TENANT_MAX: usize = 16;

/// Reads `[auth]`, if it is there.
pub(super) fn read(root: &mut Section<'_>) -> Option<Vec<Credential>> {
    if !root.has("auth") {
        return None;
    }
    let mut auth = root.section("auth");
    let mut tenants = auth.section("tenants");
    let names = tenants.names(TENANTS_MAX);
    if names.is_empty() {
        let remedy = "add [auth.tenants.NAME] with key_sha256, or remove [auth]";
        tenants.complain_here(Complaint::new("names nobody who may call", remedy));
    }
    let mut seen = HashSet::new();
    let mut credentials = Vec::new();
    for name in names {
        for key_sha256 in keys(tenants.section(&name), &mut seen) {
            credentials.push(Credential { tenant: Tenant::configured(name.as_str()), key_sha256 });
        }
    }
    tenants.finish();
    auth.finish();
    Some(credentials)
}

fn keys(mut tenant: Section<'_>, seen: &mut HashSet<[u8; 32]>) -> Vec<[u8; 32]> {
    const KEY: &str = "key_sha256";
    let hashes = tenant.list(KEY, &KeySha256).unwrap_or_default();
    let remedy = "give the SHA-256 of at least one key";
    tenant.law(&[KEY], !hashes.is_empty(), "is missing or empty", remedy);
    if hashes.len() > KEYS_PER_TENANT_MAX {
        let what = format!("has {} entries", hashes.len());
        tenant.complain(KEY, Complaint::new(what, format!("keep at most {KEYS_PER_TENANT_MAX}")));
    }
    for hash in &hashes {
        if !seen.insert(*hash) {
            let remedy = "give each key to one tenant, once";
            tenant
                .complain(KEY, Complaint::new("holds a hash that stands there or elsewhere already", remedy));
        }
    }
    tenant.finish();
    hashes
}

/// The SHA-256 of a key, as 64 hexadecimal digits. What is none may be the key itself: it is not shown.
struct KeySha256;

impl Form for KeySha256 {
    type Out = [u8; 32];

    fn read(&self, value: &Value) -> Result<[u8; 32], Complaint> {
        const REMEDY: &str = "write what `printf %s \"$KEY\" | sha256sum` prints, 64 hexadecimal digits";
        let text = value.as_str().ok_or_else(|| wrong_kind("a string", value, REMEDY))?;
        let hash = from_hex(text).ok_or_else(|| Complaint::new("is no SHA-256", REMEDY))?;
        if hash.as_slice() == Sha256::digest(b"").as_slice() {
            return Err(Complaint::new("is the SHA-256 of an empty key", REMEDY));
        }
        Ok(hash)
    }

    fn write(&self, out: &[u8; 32]) -> Value {
        let digits = out.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Value::from(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect::<String>())
    }

    fn show(&self, _: &Value) -> String {
        REDACTED.to_owned()
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| (high << 4) | low).collect();
    if rest.is_empty() { bytes.try_into().ok() } else { None }
}
