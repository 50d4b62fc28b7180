//! How the product behaves: webhook, WhatsApp, bot, console, sessions, retention, limits.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{optional_path, optional_text};
use crate::config::secret;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub path: String,
    pub extra_paths: Vec<String>,
    #[serde(deserialize_with = "optional_text")]
    pub public_url: Option<String>,
    #[serde(deserialize_with = "secret::optional")]
    pub app_secrets: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub app_secrets_file: Option<PathBuf>,
    #[serde(deserialize_with = "secret::optional")]
    pub verify_token: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub verify_token_file: Option<PathBuf>,
    pub max_body_bytes: usize,
    pub body_timeout_ms: u64,
    pub max_queue_lag_ms: u64,
    pub max_queue_items: usize,
    pub max_batch: usize,
}

impl Webhook {
    /// All paths Meta may call.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.path.as_str()).chain(self.extra_paths.iter().map(String::as_str))
    }

    /// The app secrets one by one; separators are commas and line ends.
    #[must_use]
    pub fn app_secrets(&self) -> Vec<SecretString> {
        let all = self
            .app_secrets
            .as_ref()
            .map_or("", |secrets| secrets.expose_secret());
        all.split([',', '\n'])
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
            .map(SecretString::from)
            .collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    pub graph_base_url: String,
    pub graph_version: String,
    pub call_timeout_ms: u64,
    pub lease_ms: u64,
    pub unknown_after_ms: u64,
    pub messages_per_second: u32,
    pub pair_per_6s: u32,
    pub pair_burst: u32,
    pub parallel_calls: usize,
    pub health_minutes: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    #[serde(deserialize_with = "optional_path")]
    pub flow_dir: Option<PathBuf>,
    pub debounce_ms: u64,
    #[serde(deserialize_with = "optional_text")]
    pub erp_url: Option<String>,
    #[serde(deserialize_with = "secret::optional")]
    pub erp_token: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub erp_token_file: Option<PathBuf>,
    pub erp_timeout_ms: u64,
    pub replies_per_minute_per_contact: u32,
    pub idle_minutes: u64,
    pub parallel_turns: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    pub public_url: String,
    pub allowed_origins: Vec<String>,
    pub cookie_secure: bool,
}

impl Console {
    /// Whether a browser page of this origin may call; exact comparison.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.public_url == origin || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    pub access_seconds: u64,
    pub idle_minutes: u64,
    pub absolute_hours: u64,
    pub refresh_days: u64,
    pub refresh_grace_seconds: u64,
    pub ticket_seconds: u64,
    pub attempts_per_account_per_15_minutes: u32,
    pub attempts_per_address_per_minute: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    pub reopen_window_minutes: u64,
    pub time_zone: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub dedupe_days: u32,
    pub dead_letter_days: u32,
    pub parked_hours: u32,
    pub stale_days: u32,
    pub notice_alert_days: u32,
    pub notice_days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compliance {
    #[serde(deserialize_with = "optional_text")]
    pub dpo_contact: Option<String>,
    pub audit_origin: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub unsigned_webhooks_per_minute_per_address: u32,
    pub requests_per_minute_per_address: u32,
    pub requests_per_minute_per_session: u32,
    pub socket_frames_per_second: u32,
    pub socket_frames_burst: u32,
    pub sockets_per_agent: u32,
    pub exports_per_hour_per_account: u32,
}
