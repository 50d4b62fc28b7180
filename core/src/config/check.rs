//! Rules between values: contradictions (always refused), what a serving node needs, what is only unwise.
//!
//! All findings of a kind are told at once, so that repairing is one round, not ten.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::http::Uri;
use secrecy::SecretString;

use super::{Config, ConfigError, Finding, KeyProvider, NodeRole};

/// A call that ends this shortly before its lease could be repeated by another sender, in milliseconds.
const LEASE_MARGIN_MS: u64 = 5_000;

impl Config {
    /// What can never work, whatever the profile.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let mut found = self.zeroes();
        found.extend(self.media.findings());
        let whatsapp = &self.whatsapp;
        if whatsapp.lease_ms <= whatsapp.call_timeout_ms {
            found.push(Finding::new(
                "whatsapp.lease_ms",
                "must be longer than whatsapp.call_timeout_ms: otherwise two senders could send the same message",
            ));
        }
        if self.node.roles.is_empty() {
            found.push(Finding::new(
                "node.roles",
                "give at least one of gateway, bot, hub, worker",
            ));
        }
        let paths: Vec<&str> = self.webhook.paths().collect();
        if paths
            .iter()
            .any(|path| !path.starts_with('/') || path.len() < 2)
        {
            found.push(Finding::new(
                "webhook.path",
                "every path starts with / and names something",
            ));
        }
        if paths.iter().collect::<BTreeSet<_>>().len() != paths.len() {
            found.push(Finding::new("webhook.extra_paths", "a path is given twice"));
        }
        if self
            .console
            .allowed_origins
            .iter()
            .any(|origin| !is_origin(origin))
        {
            found.push(Finding::new(
                "console.allowed_origins",
                "each is exactly scheme://host[:port], without slash at the end or wildcard",
            ));
        }
        if !is_origin(&self.console.public_url) {
            found.push(Finding::new(
                "console.public_url",
                "must be http(s)://host[:port] without slash at the end",
            ));
        }
        if !is_zone(&self.conversation.time_zone) {
            found.push(Finding::new(
                "conversation.time_zone",
                "is not a name of the IANA time zone database, such as America/Sao_Paulo",
            ));
        }
        for (key, url) in self.outbound() {
            if host(url).is_none() {
                found.push(Finding::new(key, "is not an http:// or https:// URL"));
            }
        }
        if self.keys.provider == KeyProvider::File && self.keys.development_key.is_some() {
            found.push(Finding::new(
                "keys.development_key",
                "is set but keys.provider is file; keep one of them",
            ));
        }
        ConfigError::unless_empty(found)
    }

    /// Numbers that would switch the product off if they were nought.
    fn zeroes(&self) -> Vec<Finding> {
        let database = &self.database;
        let values: [(&'static str, u64); 27] = [
            ("node.expected_nodes", self.node.expected_nodes.into()),
            (
                "database.ingest.connections",
                database.ingest.connections.into(),
            ),
            ("database.api.connections", database.api.connections.into()),
            ("database.bot.connections", database.bot.connections.into()),
            (
                "database.worker.connections",
                database.worker.connections.into(),
            ),
            (
                "database.sequencer.connections",
                database.sequencer.connections.into(),
            ),
            ("listen.head_timeout_ms", self.listen.head_timeout_ms),
            ("listen.idle_timeout_ms", self.listen.idle_timeout_ms),
            ("redis.command_timeout_ms", self.redis.command_timeout_ms),
            ("webhook.max_body_bytes", self.webhook.max_body_bytes as u64),
            ("webhook.body_timeout_ms", self.webhook.body_timeout_ms),
            ("webhook.max_queue_lag_ms", self.webhook.max_queue_lag_ms),
            (
                "webhook.max_queue_items",
                self.webhook.max_queue_items as u64,
            ),
            ("webhook.max_batch", self.webhook.max_batch as u64),
            ("whatsapp.call_timeout_ms", self.whatsapp.call_timeout_ms),
            (
                "whatsapp.messages_per_second",
                self.whatsapp.messages_per_second.into(),
            ),
            ("whatsapp.pair_per_6s", self.whatsapp.pair_per_6s.into()),
            ("whatsapp.pair_burst", self.whatsapp.pair_burst.into()),
            (
                "whatsapp.parallel_calls",
                self.whatsapp.parallel_calls as u64,
            ),
            (
                "whatsapp.health_minutes",
                self.whatsapp.health_minutes.into(),
            ),
            ("bot.parallel_turns", self.bot.parallel_turns as u64),
            ("session.access_seconds", self.session.access_seconds),
            ("session.ticket_seconds", self.session.ticket_seconds),
            ("retention.dedupe_days", self.retention.dedupe_days.into()),
            ("retention.stale_days", self.retention.stale_days.into()),
            (
                "retention.notice_alert_days",
                self.retention.notice_alert_days.into(),
            ),
            ("retention.notice_days", self.retention.notice_days.into()),
        ];
        let zero = values.into_iter().filter(|(_, value)| *value == 0);
        zero.map(|(key, _)| Finding::new(key, "must be at least 1"))
            .collect()
    }

    /// What `balcao serve` needs for this node's roles.
    ///
    /// # Errors
    /// [`ConfigError::Findings`] with everything that is missing.
    pub fn check_serve(&self) -> Result<(), ConfigError> {
        let mut found = Vec::new();
        let has = |role| self.node.roles.contains(&role);
        let mut need = |wanted: bool, secret: &Option<SecretString>, key, what_for| {
            if wanted && secret.is_none() {
                found.push(Finding::missing_secret(key, what_for));
            }
        };
        need(true, &self.database.url, "database.url", "every role");
        need(
            has(NodeRole::Gateway),
            &self.webhook.app_secrets,
            "webhook.app_secrets",
            "the gateway role",
        );
        need(
            has(NodeRole::Gateway),
            &self.webhook.verify_token,
            "webhook.verify_token",
            "the gateway role",
        );
        need(
            has(NodeRole::Worker),
            &self.database.sequencer_url,
            "database.sequencer_url",
            "the worker role",
        );
        found.extend(self.missing_keys());
        if (has(NodeRole::Gateway) || has(NodeRole::Hub)) && self.media.dir.is_none() {
            found.push(Finding::new(
                "media.dir",
                "missing; make a folder for the sealed files and name it here",
            ));
        }
        ConfigError::unless_empty(found)
    }

    fn missing_keys(&self) -> Option<Finding> {
        let keys = &self.keys;
        match keys.provider {
            KeyProvider::File if keys.dir.is_none() => Some(Finding::new(
                "keys.dir",
                "missing; make the folder with `balcao keys init DIR` and name it here",
            )),
            KeyProvider::Env if keys.development_key.is_none() => Some(Finding::missing_secret(
                "keys.development_key",
                "keys.provider = env",
            )),
            _ => None,
        }
    }

    /// URLs this node calls.
    pub(super) fn outbound(&self) -> Vec<(&'static str, &str)> {
        let mut urls = vec![(
            "whatsapp.graph_base_url",
            self.whatsapp.graph_base_url.as_str(),
        )];
        urls.extend(self.bot.erp_url.as_deref().map(|url| ("bot.erp_url", url)));
        urls.extend(
            self.webhook
                .public_url
                .as_deref()
                .map(|url| ("webhook.public_url", url)),
        );
        urls
    }

    /// Pairs of values that work but will be regretted; log them at start.
    #[must_use]
    pub fn warnings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut warn = |wanted: bool, key, problem: &str| {
            if wanted {
                found.push(Finding::new(key, problem));
            }
        };
        let (whatsapp, node) = (&self.whatsapp, &self.node);
        warn(
            whatsapp.lease_ms > whatsapp.call_timeout_ms
                && whatsapp.lease_ms < whatsapp.call_timeout_ms + LEASE_MARGIN_MS,
            "whatsapp.lease_ms",
            "less than 5 s above whatsapp.call_timeout_ms: a slow commit could outlive its lease",
        );
        warn(
            whatsapp.unknown_after_ms < whatsapp.lease_ms,
            "whatsapp.unknown_after_ms",
            "shorter than whatsapp.lease_ms: sends are shown as unknown while they are still being tried",
        );
        warn(
            self.redis.url.is_none() && node.expected_nodes > 1,
            "redis.url",
            "several nodes without Redis: changes reach other nodes by polling and limits are per node",
        );
        warn(
            self.redis.url.is_none() && self.is_production(),
            "redis.url",
            "not set: freshness suffers, nothing else",
        );
        warn(
            self.webhook.public_url.is_none() && self.is_production(),
            "webhook.public_url",
            "not set: `balcao channel check` cannot try whether Meta reaches the webhook",
        );
        warn(
            self.retention.dedupe_days <= self.retention.stale_days,
            "retention.dedupe_days",
            "not above retention.stale_days: a late repetition could be taken for a new message",
        );
        warn(
            self.listen.behind_tls_proxy && self.listen.trusted_proxies.is_empty(),
            "listen.trusted_proxies",
            "empty behind a proxy: all clients share one address and its limits",
        );
        warn(
            self.is_production() && !self.listen.operations.ip().is_loopback(),
            "listen.operations",
            "off loopback: metrics and health are readable by whoever reaches it",
        );
        warn(
            node.drain_seconds.saturating_mul(1_000) < whatsapp.call_timeout_ms,
            "node.drain_seconds",
            "shorter than whatsapp.call_timeout_ms: a stop leaves sends of unknown outcome",
        );
        found
    }
}

/// Whether it looks like a name of a time zone; PostgreSQL, which knows them, is asked when a node starts.
fn is_zone(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    name.len() <= 64 && name.split('/').all(part)
}

fn is_origin(text: &str) -> bool {
    host(text).is_some() && text.matches('/').count() == 2 && !text.contains(['*', '@', '?', '#'])
}

/// The host of an http(s) URL.
pub(super) fn host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    uri.host()
        .filter(|host| web && !host.is_empty())
        .map(str::to_owned)
}

pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
