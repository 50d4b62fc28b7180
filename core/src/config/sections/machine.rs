//! What a node is and what it is connected to: roles, listeners, databases, Redis, keys, log.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::optional_path;
use crate::config::secret;

/// How strict to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    Development,
    Production,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Webhook and sender.
    Gateway,
    /// Bot turns.
    Bot,
    /// Console, API, sockets.
    Hub,
    /// Audit sequencer, retention, jobs.
    Worker,
}

impl NodeRole {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gateway, Self::Bot, Self::Hub, Self::Worker];

    /// The spelling in configuration, command line and health page.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Bot => "bot",
            Self::Hub => "hub",
            Self::Worker => "worker",
        }
    }
}

impl FromStr for NodeRole {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let role = Self::ALL.into_iter().find(|role| role.word() == word);
        role.ok_or_else(|| format!("unknown role {word:?}; roles are gateway, bot, hub, worker"))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    pub roles: Vec<NodeRole>,
    pub expected_nodes: u32,
    pub drain_seconds: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    pub console: SocketAddr,
    pub webhook: SocketAddr,
    pub operations: SocketAddr,
    pub trusted_proxies: Vec<crate::limits::Network>,
    pub behind_tls_proxy: bool,
    pub head_timeout_ms: u64,
    pub idle_timeout_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(deserialize_with = "secret::optional")]
    pub url: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub url_file: Option<PathBuf>,
    #[serde(deserialize_with = "secret::optional")]
    pub direct_url: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub direct_url_file: Option<PathBuf>,
    #[serde(deserialize_with = "secret::optional")]
    pub owner_url: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub owner_url_file: Option<PathBuf>,
    #[serde(deserialize_with = "secret::optional")]
    pub sequencer_url: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub sequencer_url_file: Option<PathBuf>,
    pub ingest: Pool,
    pub api: Pool,
    pub bot: Pool,
    pub worker: Pool,
    pub sequencer: Pool,
}

impl Database {
    /// The application's log-in, or an empty text if none is configured (`Config::check_serve` refuses that before).
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_ref().map_or("", |url| url.expose_secret())
    }

    /// The way around a pooler; without one, [`Database::url`].
    #[must_use]
    pub fn direct_url(&self) -> &str {
        self.direct_url
            .as_ref()
            .map_or_else(|| self.url(), |url| url.expose_secret())
    }

    /// The owner's log-in for migrations; without one, [`Database::direct_url`].
    #[must_use]
    pub fn owner_url(&self) -> &str {
        self.owner_url
            .as_ref()
            .map_or_else(|| self.direct_url(), |url| url.expose_secret())
    }

    /// The audit sequencer's log-in, or an empty text.
    #[must_use]
    pub fn sequencer_url(&self) -> &str {
        self.sequencer_url
            .as_ref()
            .map_or("", |url| url.expose_secret())
    }

    /// Connections of all pools together.
    #[must_use]
    pub fn connections(&self) -> u32 {
        [
            &self.ingest,
            &self.api,
            &self.bot,
            &self.worker,
            &self.sequencer,
        ]
        .iter()
        .map(|pool| pool.connections)
        .sum()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    pub connections: u32,
    pub acquire_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    pub idle_timeout_ms: u64,
}

/// `[redis]`; named so that it is not mistaken for the connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisServer {
    #[serde(deserialize_with = "secret::optional")]
    pub url: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub url_file: Option<PathBuf>,
    pub command_timeout_ms: u64,
}

/// Where key-encryption keys come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyProvider {
    File,
    Env,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub provider: KeyProvider,
    #[serde(deserialize_with = "optional_path")]
    pub dir: Option<PathBuf>,
    #[serde(deserialize_with = "secret::optional")]
    pub development_key: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub development_key_file: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}
