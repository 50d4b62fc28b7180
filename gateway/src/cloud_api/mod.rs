//! Meta's Graph API: one call, and honestly what is known of it afterwards.
//!
//! Promises: `NotCalled` only when no byte of the request can have been read; a 200 without a message id, a time-out, a
//! reset and a 5xx that is not Meta's are `Lost`: the message may be on its way.
//! Does not: retry, wait for limits or follow redirects. Texts of Meta's errors may name the customer: they are dropped.

use std::time::Duration;

use balcao_core::config::Whatsapp;
use balcao_core::store::channel::Channel;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Error;

/// Connecting may take so long; nothing has been sent yet then.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// A connection unused for so long is closed by us, before Meta closes it under a request.
const IDLE_TIMEOUT_MS: u64 = 20_000;
/// Meta's answers are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// An empty user agent was refused at times.
const USER_AGENT: &str = concat!("balcao/", env!("CARGO_PKG_VERSION"));

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct CloudApi {
    http: Client,
    /// Base URL and version.
    root: String,
}

/// What is known of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// Meta took it; the message id is personal.
    Taken {
        /// Meta's message id.
        wamid: String,
    },
    /// Meta answered with an error.
    Refused(Refusal),
    /// No connection: certainly not sent.
    NotCalled,
    /// Nobody knows.
    Lost,
}

/// An error answer, without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub http_status: u16,
    /// Meta's code, when the body is Meta's.
    pub code: Option<i32>,
    /// Meta says that it will pass.
    pub is_transient: bool,
}

/// Never the message id.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken { .. } => f.write_str("Taken"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NotCalled => f.write_str("NotCalled"),
            Self::Lost => f.write_str("Lost"),
        }
    }
}

#[derive(Deserialize)]
struct Taken {
    messages: Vec<TakenMessage>,
}

#[derive(Deserialize)]
struct TakenMessage {
    id: String,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureDetail,
}

#[derive(Deserialize)]
struct FailureDetail {
    #[serde(default)]
    code: Option<i32>,
    #[serde(default)]
    is_transient: bool,
}

impl CloudApi {
    /// Makes the client.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Whatsapp) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let http = Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
            .timeout(Duration::from_millis(config.call_timeout_ms))
            .pool_idle_timeout(Duration::from_millis(IDLE_TIMEOUT_MS))
            .redirect(Policy::none())
            .build()
            .map_err(Error::Client)?;
        Ok(Self {
            http,
            root: format!(
                "{}/{}",
                config.graph_base_url.trim_end_matches('/'),
                config.graph_version
            ),
        })
    }

    /// Sends a message.
    pub async fn send(&self, channel: &Channel, message: &Value) -> Answer {
        let response = match self.post(channel, message).await {
            Ok(response) => response,
            // Connecting includes name lookup and TLS: no byte of the request was written yet.
            Err(error) if error.is_connect() || error.is_builder() => return Answer::NotCalled,
            Err(_) => return Answer::Lost,
        };
        let status = response.status();
        let Some(body) = body(response).await else {
            return Answer::Lost;
        };
        if status.is_success() {
            let taken = serde_json::from_slice::<Taken>(&body)
                .ok()
                .and_then(|taken| taken.messages.into_iter().next());
            return taken.map_or(Answer::Lost, |message| Answer::Taken { wamid: message.id });
        }
        let failure = serde_json::from_slice::<Failure>(&body)
            .ok()
            .map(|failure| failure.error);
        Answer::Refused(Refusal {
            http_status: status.as_u16(),
            code: failure.as_ref().and_then(|failure| failure.code),
            is_transient: failure.is_some_and(|failure| failure.is_transient),
        })
    }

    /// Shows the customer that their message was read; earlier ones too. Best effort: whether it worked.
    pub async fn mark_read(&self, channel: &Channel, wamid: &str) -> bool {
        let mark = json!({"messaging_product": "whatsapp", "status": "read", "message_id": wamid});
        self.post(channel, &mark)
            .await
            .is_ok_and(|response| response.status().is_success())
    }

    async fn post(&self, channel: &Channel, message: &Value) -> Result<Response, reqwest::Error> {
        let url = format!("{}/{}/messages", self.root, channel.phone_number_id);
        self.http
            .post(url)
            .bearer_auth(channel.access_token.expose_secret())
            .json(message)
            .send()
            .await
    }
}

/// The body, unless it breaks off or is too long.
async fn body(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

#[cfg(test)]
mod tests;
