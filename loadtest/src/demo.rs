//! What a running demo tells about itself: `<data>/demo.json`.

use anyhow::Context as _;
use serde::Deserialize;
use std::path::Path;

/// The fields a load test needs; the others are ignored.
#[derive(Deserialize)]
pub(crate) struct Demo {
    /// Full URL of the webhook, path included.
    pub(crate) webhook_url: String,
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) app_secret: String,
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
