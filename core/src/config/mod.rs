//! How a node is configured: compiled-in defaults < one TOML file < environment `BALCAO__SECTION__KEY`.
//!
//! Promises: read once, at start; an unknown key, a wrong type or a contradiction is refused with the key's name and
//! what to do; secrets come from the environment or from files and never appear in `Debug` or in an error;
//! `core/config.default.toml` is the one place that lists and explains the keys.
//! Does not: watch files or reload. A changed configuration is a restart.

mod check;
mod environment;
mod error;
mod page;
mod production;
mod secret;
mod sections;

use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use serde::Deserialize;

pub use environment::{Sources, choose_mutant};
pub use error::{ConfigError, Finding};
pub use page::markdown;
pub use sections::{
    Bot, Compliance, Console, Conversation, Database, KeyProvider, Keys, Limits, Listen, Log,
    LogFormat, Media, MediaStore, Node, NodeRole, Pool, Profile, RedisServer, Retention, Session,
    Webhook, Whatsapp,
};

/// The compiled-in defaults and the documentation of every key.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// Everything a node can be told. Each field is a section of `core/config.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How strict to be.
    pub profile: Profile,
    /// `[node]`
    pub node: Node,
    /// `[listen]`
    pub listen: Listen,
    /// `[database]`
    pub database: Database,
    /// `[redis]`
    pub redis: RedisServer,
    /// `[keys]`
    pub keys: Keys,
    /// `[webhook]`
    pub webhook: Webhook,
    /// `[whatsapp]`
    pub whatsapp: Whatsapp,
    /// `[media]`
    pub media: Media,
    /// `[bot]`
    pub bot: Bot,
    /// `[console]`
    pub console: Console,
    /// `[session]`
    pub session: Session,
    /// `[conversation]`
    pub conversation: Conversation,
    /// `[retention]`
    pub retention: Retention,
    /// `[compliance]`
    pub compliance: Compliance,
    /// `[limits]`
    pub limits: Limits,
    /// `[log]`
    pub log: Log,
}

impl Config {
    /// Reads all sources, resolves `*_file` secrets and refuses contradictions. What only some commands need (a
    /// database, an app secret) is asked for by [`Config::check_serve`]; production's rules are
    /// [`Config::check_production`].
    ///
    /// # Errors
    /// [`ConfigError`]; the executable ends with status 78.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let defaults = Figment::from(Toml::string(DEFAULTS));
        let environment = environment::read(sources, &defaults)?;
        let mut figment = defaults;
        if let Some(path) = &sources.file {
            let text = read_file(path)?;
            let file = Figment::from(Toml::string(&text));
            secret::refuse_in_file(&file, path)?;
            figment = figment.merge(Toml::string(&text));
        }
        for (key, value) in &environment {
            figment = figment.merge(Serialized::default(key, value));
        }
        let mut config: Self = figment
            .extract()
            .map_err(|error| ConfigError::from_figment(error, sources))?;
        config.resolve_secrets()?;
        config.check()?;
        Ok(config)
    }

    /// Whether the strict rules hold.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.profile == Profile::Production
    }
}

fn read_file(path: &PathBuf) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable {
        path: path.clone(),
        reason: reason.to_string(),
    })
}

#[cfg(test)]
mod tests;
