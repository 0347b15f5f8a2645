//! Who calls.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use tonic::metadata::MetadataMap;

use super::settings::Credential;
use crate::extraction::{ExtractError, Tenant};

/// Tells tenants by their API keys. Keys are compared by SHA-256, so that neither the time a comparison
/// takes nor the memory of the process gives one away.
#[derive(Debug, Default)]
pub struct Tenants(HashMap<[u8; 32], Tenant>);

impl Tenants {
    /// The tenants of these credentials; with none, everybody is the tenant `default`.
    pub fn new(credentials: Vec<Credential>) -> Self {
        Self(credentials.into_iter().map(|credential| (credential.key_sha256, credential.tenant)).collect())
    }

    /// The tenant whose key stands in `authorization: Bearer KEY`.
    pub fn authenticate(&self, metadata: &MetadataMap) -> Result<Tenant, ExtractError> {
        if self.0.is_empty() {
            return Ok(Tenant::default());
        }
        bearer(metadata)
            .and_then(|key| self.0.get(<[u8; 32]>::from(Sha256::digest(key)).as_slice()))
            .cloned()
            .ok_or(ExtractError::Unauthenticated)
    }
}

fn bearer(metadata: &MetadataMap) -> Option<&[u8]> {
    let value = metadata.get("authorization")?.as_bytes();
    let (scheme, key) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants() -> Tenants {
        Tenants::new(vec![Credential {
            tenant: Tenant::configured("search"),
            key_sha256: Sha256::digest(b"open sesame").into(),
        }])
    }

    fn with(authorization: &'static str) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        metadata.insert("authorization", authorization.parse().unwrap());
        metadata
    }

    #[test]
    fn the_key_names_the_tenant() {
        for header in ["Bearer open sesame", "bearer open sesame", "Bearer  open sesame "] {
            assert_eq!(tenants().authenticate(&with(header)).unwrap().as_str(), "search", "{header}");
        }
    }

    #[test]
    fn without_a_known_key_nobody_gets_in() {
        for header in ["Bearer wrong", "Bearer ", "Basic open sesame", "open sesame", ""] {
            assert_eq!(tenants().authenticate(&with(header)), Err(ExtractError::Unauthenticated), "{header}");
        }
        assert!(tenants().authenticate(&MetadataMap::new()).is_err());
    }

    #[test]
    fn without_credentials_everybody_is_the_default_tenant() {
        assert_eq!(Tenants::default().authenticate(&MetadataMap::new()), Ok(Tenant::default()));
    }
}
