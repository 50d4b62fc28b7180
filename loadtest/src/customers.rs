//! The customers' phones: a load posts their messages itself, but the simulator must know them, or it refuses the answers
//! as Meta would (nobody wrote within 24 hours).
//!
//! Promises: afterwards every customer has written once and the load uses the user ids that the simulator gives them.

use crate::demo::Demo;
use crate::posting::count_bar;
use crate::sender::TIMEOUT;
use crate::webhook::Factory;
use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;

/// Calls of the simulator at the same time: this is not what is measured.
const AT_ONCE: usize = 16;

/// The simulator's control API.
pub(crate) struct Phones {
    http: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Contact {
    user_id: String,
    window_open: bool,
}

impl Phones {
    /// # Errors
    /// There is no TLS, which is not needed, but the client wants it.
    pub(crate) fn of(demo: &Demo) -> anyhow::Result<Option<Self>> {
        let Some(url) = demo.simulator_url.clone() else {
            return Ok(None);
        };
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(AT_ONCE)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .build()?;
        Ok(Some(Self { http, url }))
    }

    /// Makes the first `contacts` customers of a run known, and the run use their user ids.
    ///
    /// # Errors
    /// The simulator is away or refuses.
    pub(crate) async fn introduce(
        &self,
        factory: Factory,
        contacts: u64,
    ) -> anyhow::Result<Factory> {
        let bar = count_bar(contacts, "customers known to the simulator")?;
        let user_ids: Vec<String> = stream::iter(0..contacts)
            .map(|n| self.user_id(factory.phone(n), factory.name(n)))
            .buffered(AT_ONCE)
            .inspect_ok(|_| bar.inc(1))
            .try_collect()
            .await?;
        bar.finish_and_clear();
        Ok(factory.with_user_ids(user_ids))
    }

    /// The user id of somebody who has written.
    async fn user_id(&self, phone: String, name: String) -> anyhow::Result<String> {
        match self.contact(&phone).await? {
            Some(contact) if contact.window_open => Ok(contact.user_id),
            _ => {
                self.write(&phone, &name).await?;
                let contact = self.contact(&phone).await?;
                Ok(contact.context("the simulator forgot a customer")?.user_id)
            }
        }
    }

    async fn contact(&self, phone: &str) -> anyhow::Result<Option<Contact>> {
        let url = format!("{}/sim/contacts/{phone}", self.url);
        let response = self
            .http
            .get(url)
            .send()
            .await
            .map_err(reqwest::Error::without_url)?;
        if !response.status().is_success() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&response.bytes().await?)?))
    }

    /// The customer asks for the menu.
    pub(crate) async fn write(&self, phone: &str, name: &str) -> anyhow::Result<()> {
        let url = format!("{}/sim/contacts/{phone}/messages", self.url);
        let response = self
            .http
            .post(url)
            .query(&[("name", name)])
            .json(&json!({"type": "text", "text": {"body": "menu"}}))
            .send()
            .await
            .map_err(reqwest::Error::without_url)?;
        let status = response.status();
        ensure!(
            status.is_success(),
            "the simulator refuses a customer's message: {status}"
        );
        Ok(())
    }
}
