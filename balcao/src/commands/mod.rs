//! One file a verb. Each opens what it needs, calls the crate that knows, and words the answer for people or as JSON.

pub mod audit;
pub mod channel;
pub mod contact;
pub mod demo;
pub mod dev_database;
pub mod doctor;
pub mod keys;
pub mod message;
pub mod migrate;
pub mod openapi;
pub mod serve;
pub mod team;
pub mod user;
pub mod webhook;

use balcao_core::config::Config;
use balcao_core::store::Store;
use compliance::Vault;

use crate::cli::{Failure, Settings};

/// Opens the store for a verb that works once and ends.
pub(crate) async fn open(settings: &Settings) -> Result<(Config, Store), Failure> {
    let config = settings.load()?;
    let store = open_store(&config).await?;
    Ok((config, store))
}

/// Opens the vault and the pools.
pub(crate) async fn open_store(config: &Config) -> Result<Store, Failure> {
    if config.database.url().is_empty() {
        return Err(Failure::Setting(
            "no database: set database.url_file in the configuration, or BALCAO__DATABASE__URL"
                .to_owned(),
        ));
    }
    let vault = Vault::open(balcao_core::context::key_provider(&config.keys)?).await?;
    let store = Store::open(&config.database, vault)?;
    let mut conn = store.api.acquire().await?;
    store.vault.probe(&mut conn).await?;
    Ok(store)
}
