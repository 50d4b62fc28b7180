//! Secrets: given by the environment or by a file named in `*_file`, never by a configuration file, never twice.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use figment::Figment;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::{Config, ConfigError};

/// A secret's file may be so long, in bytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Every secret. A test holds it equal to the keys that have a `_file` twin.
pub(super) const KEYS: &[&str] = &[
    "database.url",
    "database.direct_url",
    "database.owner_url",
    "database.sequencer_url",
    "redis.url",
    "keys.development_key",
    "webhook.app_secrets",
    "webhook.verify_token",
    "media.s3_secret_access_key",
    "bot.erp_token",
];

type Slot<'a> = (&'static str, &'a mut Option<SecretString>, Option<&'a Path>);

impl Config {
    fn secrets(&mut self) -> [Slot<'_>; 10] {
        let (database, webhook) = (&mut self.database, &mut self.webhook);
        [
            (
                "database.url",
                &mut database.url,
                database.url_file.as_deref(),
            ),
            (
                "database.direct_url",
                &mut database.direct_url,
                database.direct_url_file.as_deref(),
            ),
            (
                "database.owner_url",
                &mut database.owner_url,
                database.owner_url_file.as_deref(),
            ),
            (
                "database.sequencer_url",
                &mut database.sequencer_url,
                database.sequencer_url_file.as_deref(),
            ),
            (
                "redis.url",
                &mut self.redis.url,
                self.redis.url_file.as_deref(),
            ),
            (
                "keys.development_key",
                &mut self.keys.development_key,
                self.keys.development_key_file.as_deref(),
            ),
            (
                "webhook.app_secrets",
                &mut webhook.app_secrets,
                webhook.app_secrets_file.as_deref(),
            ),
            (
                "webhook.verify_token",
                &mut webhook.verify_token,
                webhook.verify_token_file.as_deref(),
            ),
            (
                "media.s3_secret_access_key",
                &mut self.media.s3_secret_access_key,
                self.media.s3_secret_access_key_file.as_deref(),
            ),
            (
                "bot.erp_token",
                &mut self.bot.erp_token,
                self.bot.erp_token_file.as_deref(),
            ),
        ]
    }

    pub(super) fn resolve_secrets(&mut self) -> Result<(), ConfigError> {
        let production = self.is_production();
        for (key, secret, file) in self.secrets() {
            let Some(path) = file else { continue };
            if secret.is_some() {
                return Err(ConfigError::SecretTwice { key });
            }
            let text = read(path, production).map_err(|reason| ConfigError::SecretFile {
                key,
                path: path.to_path_buf(),
                reason,
            })?;
            *secret = Some(text);
        }
        Ok(())
    }
}

fn read(path: &Path, production: bool) -> Result<SecretString, String> {
    let metadata = std::fs::metadata(path).map_err(|reason| reason.to_string())?;
    let mode = metadata.permissions().mode() & 0o777;
    if production && mode & 0o077 != 0 {
        return Err(format!(
            "others may read it (mode {mode:04o}); run: chmod 0400 {}",
            path.display()
        ));
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(format!(
            "longer than {MAX_SECRET_BYTES} bytes; is it the right file?"
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|reason| reason.to_string())?;
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        secret => Ok(secret.into()),
    }
}

/// Refuses a configuration file that holds a secret; before anything could quote the value.
pub(super) fn refuse_in_file(file: &Figment, path: &Path) -> Result<(), ConfigError> {
    match KEYS.iter().find(|key| {
        file.find_value(key)
            .is_ok_and(|value| value.as_str() != Some(""))
    }) {
        Some(key) => Err(ConfigError::SecretInFile {
            key,
            path: path.to_path_buf(),
        }),
        None => Ok(()),
    }
}

/// Reads a secret; the empty text of the defaults means "not set".
pub(super) fn optional<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SecretString>, D::Error> {
    let secret = SecretString::deserialize(from)?;
    Ok((!secret.expose_secret().trim().is_empty()).then_some(secret))
}
