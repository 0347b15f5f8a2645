//! Finds the profile that a request names or brings.

use std::{collections::HashMap, sync::Arc};

use moka::sync::Cache;

use crate::{
    extraction::{ExtractError, Fingerprint, Profile, Schema},
    proto,
};

/// The profile that a request gets which names none.
const DEFAULT_PROFILE: &str = "entities";

/// The profile that lends route, timeout and limits to rules that callers bring.
const INLINE_PROFILE: &str = Profile::INLINE;

/// The most bytes of instructions a caller may bring.
const INSTRUCTIONS_BYTES_MAX: usize = 16 * 1024;

/// The memory that compiled schemas of callers may take, in bytes; they are kept so that a caller's second
/// call need not compile its schema again.
const COMPILED_BYTES_MAX: u64 = 64 << 20;

/// How many names of profiles an error lists.
const NAMES_SHOWN_MAX: usize = 10;

/// The configured profiles, and the callers' own.
pub struct Profiles {
    configured: HashMap<Arc<str>, Arc<Profile>>,
    inline: Cache<Fingerprint, Arc<Profile>>,
}

impl Profiles {
    /// The profiles of the configuration.
    pub fn new(configured: Vec<Arc<Profile>>) -> Self {
        let configured = configured.into_iter().map(|profile| (Arc::clone(&profile.name), profile)).collect();
        let inline = Cache::builder()
            .max_capacity(COMPILED_BYTES_MAX)
            .weigher(|_, profile: &Arc<Profile>| {
                let bytes = profile.schema.weight_bytes() + profile.instructions.len();
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .build();
        Self { configured, inline }
    }

    /// The name that a request is counted under; nothing if it names no profile that there is.
    pub fn name(&self, request: &proto::ExtractRequest) -> Option<Arc<str>> {
        let name = match &request.inline {
            Some(_) => INLINE_PROFILE,
            None if request.profile.is_empty() => DEFAULT_PROFILE,
            None => &request.profile,
        };
        self.configured.get_key_value(name).map(|(name, _)| Arc::clone(name))
    }

    /// The profile for a request.
    pub fn find(&self, request: &proto::ExtractRequest) -> Result<Arc<Profile>, ExtractError> {
        match &request.inline {
            Some(_) if !request.profile.is_empty() => Err(ExtractError::invalid(
                "profile",
                "must be empty when `inline` is set: name a configured profile or bring rules, not both",
            )),
            Some(rules) => self.inline(rules),
            None => self.configured(&request.profile),
        }
    }

    fn configured(&self, name: &str) -> Result<Arc<Profile>, ExtractError> {
        let name = if name.is_empty() { DEFAULT_PROFILE } else { name };
        let found = self.configured.get(name).filter(|_| name != INLINE_PROFILE);
        found.cloned().ok_or_else(|| {
            let mut known: Vec<_> =
                self.configured.keys().map(AsRef::as_ref).filter(|name| *name != INLINE_PROFILE).collect();
            known.sort_unstable();
            let more = known.len().saturating_sub(NAMES_SHOWN_MAX);
            known.truncate(NAMES_SHOWN_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let description = format!("is not configured; configured are: {}{more}", known.join(", "));
            ExtractError::invalid("profile", description)
        })
    }

    fn inline(&self, rules: &proto::InlineProfile) -> Result<Arc<Profile>, ExtractError> {
        if rules.instructions.len() > INSTRUCTIONS_BYTES_MAX {
            let description = format!("is longer than {INSTRUCTIONS_BYTES_MAX} bytes; shorten it");
            return Err(ExtractError::invalid("inline.instructions", description));
        }
        if rules.schema.is_empty() {
            return Err(ExtractError::invalid("inline.schema", "is empty; send a JSON Schema"));
        }
        let lender = self
            .configured
            .get(INLINE_PROFILE)
            .ok_or(ExtractError::Internal { what: "no inline profile" })?;
        let fingerprint = Fingerprint::of([
            lender.fingerprint.as_bytes(),
            rules.instructions.as_bytes(),
            rules.schema.as_bytes(),
        ]);
        if let Some(profile) = self.inline.get(&fingerprint) {
            return Ok(profile);
        }
        let schema = Schema::compile(&rules.schema)
            .map_err(|problem| ExtractError::invalid("inline.schema", problem.to_string()))?;
        let profile = Arc::new(Profile {
            instructions: rules.instructions.as_str().into(),
            schema: Arc::new(schema),
            fingerprint,
            ..Profile::clone(lender)
        });
        self.inline.insert(fingerprint, Arc::clone(&profile));
        Ok(profile)
    }
}
