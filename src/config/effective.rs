//! Shows a configuration as it was understood.

use super::Config;

/// The configuration as TOML: what was given and every default that was taken, secrets as "(redacted)".
/// But for those it could be loaded again, also from another directory.
pub fn effective(config: &Config) -> String {
    config.effective.to_string()
}
