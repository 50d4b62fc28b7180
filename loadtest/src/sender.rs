//! Posts webhooks and reads the answers.
//!
//! Promises: an error is a status or a word, never an address.

use crate::webhook::Webhook;
use anyhow::Context as _;
use std::time::Duration;

/// An answer that takes longer counts as an error.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// Connections to one webhook.
pub(crate) struct Sender {
    http: reqwest::Client,
    url: String,
}

impl Sender {
    /// Keeps up to `connections` open.
    ///
    /// # Errors
    /// When the address is none, or there is no TLS.
    pub(crate) fn new(webhook_url: &str, connections: usize) -> anyhow::Result<Self> {
        let url =
            reqwest::Url::parse(webhook_url).context("webhook_url in demo.json is not a URL")?;
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(connections)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .build()
            .context("cannot make the client")?;
        Ok(Sender {
            http,
            url: url.into(),
        })
    }

    /// One post; `Ok` is a 200.
    pub(crate) async fn post(&self, webhook: Webhook) -> Result<(), String> {
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", webhook.signature)
            .body(webhook.body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Err("timeout".to_owned()),
            Err(error) if error.is_connect() => {
                // Refused connections come back at once; do not spin.
                tokio::time::sleep(Duration::from_millis(20)).await;
                return Err("no connection".to_owned());
            }
            Err(_) => return Err("broken connection".to_owned()),
        };
        let status = response.status();
        // Only a read body gives the connection back.
        if response.bytes().await.is_err() {
            return Err("broken answer".to_owned());
        }
        if status == 200 {
            Ok(())
        } else {
            Err(status.as_u16().to_string())
        }
    }
}
