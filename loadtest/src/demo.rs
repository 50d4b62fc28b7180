//! What a running demo tells about itself: `<data>/demo.json`.

use anyhow::Context as _;
use serde::Deserialize;
use std::path::Path;

/// The fields a load test needs; the others are ignored. What only some tests need may be absent.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Demo {
    /// Full URL of the webhook, path included.
    pub(crate) webhook_url: String,
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) app_secret: String,
    pub(crate) console_url: Option<String>,
    pub(crate) simulator_url: Option<String>,
    pub(crate) database_url: Option<String>,
    pub(crate) redis_url: Option<String>,
    #[serde(default)]
    pub(crate) accounts: Vec<Account>,
}

/// A log-in of the sample staff.
#[derive(Clone, Deserialize)]
pub(crate) struct Account {
    pub(crate) role: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) totp_secret: Option<String>,
}

/// Reads the file a demo writes when it is ready.
///
/// # Errors
/// When there is no demo in this folder, or its file is not what the contract says.
pub(crate) fn read(data: &Path) -> anyhow::Result<Demo> {
    let path = data.join("demo.json");
    let text = std::fs::read(&path).with_context(|| {
        format!(
            "cannot read {}: start `cargo xtask demo` first, or name its folder with --data",
            path.display()
        )
    })?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a demo's description", path.display()))
}
