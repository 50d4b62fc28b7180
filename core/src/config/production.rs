//! Production's rules: what a demonstration may do and an installation with customers may not.

use secrecy::{ExposeSecret, SecretString};

use super::check::{host, is_loopback};
use super::{Config, ConfigError, Finding, KeyProvider};

/// Production wants room for everybody: fewer connections than this are refused.
const PRODUCTION_CONNECTIONS: u32 = 50;
/// A secret shorter than this can be guessed.
const MIN_SECRET_CHARS: usize = 16;
/// Secrets that were copied from an example.
const EXAMPLE_WORDS: [&str; 7] = [
    "change", "example", "secret", "password", "default", "verify", "test",
];

impl Config {
    /// Production's rules; in development it says what would be refused.
    ///
    /// # Errors
    /// [`ConfigError::Findings`], all at once.
    pub fn check_production(&self) -> Result<(), ConfigError> {
        let mut found = self.plain_http();
        found.extend(self.media.production_findings());
        if self.keys.provider == KeyProvider::Env {
            found.push(Finding::new(
                "keys.provider",
                "env keys are for development; make a folder: `balcao keys init DIR`",
            ));
        }
        if self.compliance.dpo_contact.is_none() {
            found.push(Finding::new(
                "compliance.dpo_contact",
                "missing; customers must be able to reach the data protection officer (LGPD art. 41)",
            ));
        }
        if self.compliance.audit_origin.starts_with("localhost") {
            found.push(Finding::new(
                "compliance.audit_origin",
                "still the default; choose a host name you own",
            ));
        }
        if !self.console.cookie_secure {
            found.push(Finding::new("console.cookie_secure", "must be true"));
        }
        if self.database.connections() < PRODUCTION_CONNECTIONS {
            found.push(Finding::new(
                "database.api.connections",
                format!(
                    "all pools together have {} connections, production wants {PRODUCTION_CONNECTIONS} or more; raise it \
                     (and PostgreSQL's max_connections)",
                    self.database.connections()
                ),
            ));
        }
        for secret in self.webhook.app_secrets() {
            found.extend(weak("webhook.app_secrets", &secret));
        }
        if let Some(token) = &self.webhook.verify_token {
            found.extend(weak("webhook.verify_token", token));
        }
        ConfigError::unless_empty(found)
    }

    fn plain_http(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let listen = &self.listen;
        for (key, address) in [
            ("listen.console", listen.console),
            ("listen.webhook", listen.webhook),
        ] {
            if !address.ip().is_loopback() && !listen.behind_tls_proxy {
                found.push(Finding::new(
                    key,
                    "plain HTTP off loopback; let a proxy that ends TLS stand before it and set listen.behind_tls_proxy = true",
                ));
            }
        }
        for (key, url) in self
            .outbound()
            .into_iter()
            .chain([("console.public_url", self.console.public_url.as_str())])
        {
            if is_default_public_url(key, url) {
                found.push(Finding::new(
                    key,
                    "still the default; give the address browsers use",
                ));
            } else if url.starts_with("http://")
                && !host(url).is_some_and(|host| is_loopback(&host))
            {
                found.push(Finding::new(key, "plain HTTP off loopback; use https://"));
            }
        }
        found
    }
}

fn weak(key: &'static str, secret: &SecretString) -> Option<Finding> {
    let text = secret.expose_secret();
    if text.chars().count() < MIN_SECRET_CHARS {
        return Some(Finding::new(
            key,
            format!("shorter than {MIN_SECRET_CHARS} characters; make a longer one"),
        ));
    }
    let lower = text.to_lowercase();
    let copied = EXAMPLE_WORDS.iter().any(|word| lower.contains(word));
    copied.then(|| {
        Finding::new(
            key,
            "looks like an example; make a random one (openssl rand -hex 32)",
        )
    })
}

fn is_default_public_url(key: &str, url: &str) -> bool {
    key == "console.public_url" && host(url).is_some_and(|host| is_loopback(&host))
}
