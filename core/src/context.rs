//! What every service of a node shares. Cheap to clone.

use std::sync::Arc;

use compliance::Provider;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::bell::Bell;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::limits::Limits;
use crate::redis::Redis;
use crate::store::Store;

/// A node's shared parts.
#[derive(Clone)]
pub struct Context {
    /// Configuration, read once.
    pub config: Arc<Config>,
    /// PostgreSQL and the vault.
    pub store: Store,
    /// Redis hints and their local echo.
    pub bell: Bell,
    /// Redis for what may vanish (presence); absent when the installation runs without.
    pub redis: Option<Redis>,
    /// Rate limits.
    pub limits: Limits,
    /// Time.
    pub clock: Clock,
    /// This process among the nodes.
    pub node_id: Uuid,
}

/// Where the installation's root keys come from, as configured.
///
/// # Errors
/// [`compliance::Error`] when the development key is malformed.
pub fn key_provider(keys: &config::Keys) -> Result<Provider, compliance::Error> {
    match keys.provider {
        config::KeyProvider::File => Ok(Provider::file(keys.dir.clone().unwrap_or_default())),
        config::KeyProvider::Env => Provider::env(
            keys.development_key
                .as_ref()
                .map(ExposeSecret::expose_secret)
                .unwrap_or_default(),
        ),
    }
}
