//! Where the keys that wrap other keys come from.
//!
//! Promises: a provider only hands out key-encryption keys, index keys and two signing seeds; subjects' data keys
//! never pass through it. `vault-transit` (HashiCorp Vault, unwrapping one KEK per version over HTTP by the caller's
//! crate) becomes a third variant here.

use std::{collections::BTreeMap, path::PathBuf};

use zeroize::Zeroizing;

use super::{key::Key32, keys};
use crate::{Error, Result};

/// A source of the installation's root keys.
#[derive(Clone, Debug)]
pub enum Provider {
    /// A folder made by `balcao keys init`; see [`keys`].
    File {
        /// The folder, mode 0700.
        dir: PathBuf,
    },
    /// Everything derived from one secret. Development and tests only: `profile = production` refuses it.
    Env(DevelopmentKey),
}

/// The one secret of [`Provider::Env`].
#[derive(Clone, Debug)]
pub struct DevelopmentKey(Key32);

/// Which signing seed is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// Signs checkpoints and export manifests.
    Audit,
    /// Signs access tokens.
    Session,
}

impl Provider {
    /// A folder of key files.
    pub fn file(dir: impl Into<PathBuf>) -> Self {
        Self::File { dir: dir.into() }
    }

    /// One secret for development, given as 32 bytes of base64 (the caller read the environment).
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not 32 bytes of base64.
    pub fn env(base64: &str) -> Result<Self> {
        let key = keys::parse(base64)
            .ok_or_else(|| Error::malformed("development key", "it must be 32 bytes of base64"))?;
        Ok(Self::Env(DevelopmentKey(key)))
    }

    /// One secret for tests, given as bytes.
    pub fn development(secret: [u8; 32]) -> Self {
        Self::Env(DevelopmentKey(Key32::new(secret)))
    }

    /// An Ed25519 seed.
    ///
    /// # Errors
    /// [`Error::KeyFolder`] when the file is missing, too open or malformed.
    pub fn seed(&self, seed: Seed) -> Result<Zeroizing<[u8; 32]>> {
        let (name, info) = match seed {
            Seed::Audit => ("audit.key", b"balcao development audit v1".as_slice()),
            Seed::Session => ("session.key", b"balcao development session v1".as_slice()),
        };
        let key = match self {
            Self::File { dir } => keys::read_one(dir, name)?,
            Self::Env(DevelopmentKey(secret)) => secret.derive(info),
        };
        Ok(Zeroizing::new(*key.bytes()))
    }

    /// Every key-encryption key by version. Async because a remote provider is.
    pub(super) async fn keks(&self) -> Result<BTreeMap<u32, Key32>> {
        match self {
            Self::File { dir } => keys::read_versions(dir, "kek"),
            Self::Env(DevelopmentKey(secret)) => {
                Ok([(1, secret.derive(b"balcao development kek v1"))].into())
            }
        }
    }

    pub(super) fn index_keys(&self) -> Result<BTreeMap<u32, Key32>> {
        match self {
            Self::File { dir } => keys::read_versions(dir, "index"),
            Self::Env(DevelopmentKey(secret)) => {
                Ok([(1, secret.derive(b"balcao development index v1"))].into())
            }
        }
    }
}
