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

mod manage;

pub use manage::Managed;

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
    /// Meta took it; the ids are personal.
    Taken(Taken),
    /// Meta answered with an error.
    Refused(Refusal),
    /// No connection: certainly not sent.
    NotCalled,
    /// Nobody knows.
    Lost,
}

/// What Meta says on taking a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Taken {
    /// Meta's message id.
    pub wamid: String,
    /// The number as WhatsApp knows it, which may be spelled otherwise than ours.
    pub wa_id: Option<String>,
    /// Meta's word when it holds a template back for now: `held_for_quality_assessment`, `paused`.
    pub held: Option<String>,
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
            Self::Taken(_) => f.write_str("Taken"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NotCalled => f.write_str("NotCalled"),
            Self::Lost => f.write_str("Lost"),
        }
    }
}

#[derive(Deserialize)]
struct Receipt {
    messages: Vec<ReceiptMessage>,
    #[serde(default)]
    contacts: Vec<ReceiptContact>,
}

#[derive(Deserialize)]
struct ReceiptMessage {
    id: String,
    #[serde(default)]
    message_status: Option<String>,
}

#[derive(Deserialize)]
struct ReceiptContact {
    #[serde(default)]
    wa_id: Option<String>,
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
        let Some(body) = body(response, MAX_ANSWER_BYTES).await else {
            return Answer::Lost;
        };
        if status.is_success() {
            return taken(&body).map_or(Answer::Lost, Answer::Taken);
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
        self.tell(channel, &mark).await
    }

    /// Shows the customer for at most 25 s that somebody is writing; marks their messages read as well. Best effort.
    pub async fn typing(&self, channel: &Channel, wamid: &str) -> bool {
        let typing = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": wamid,
            "typing_indicator": {"type": "text"},
        });
        self.tell(channel, &typing).await
    }

    async fn tell(&self, channel: &Channel, message: &Value) -> bool {
        self.post(channel, message)
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

/// What a 200 says; `None` without a message id.
fn taken(body: &[u8]) -> Option<Taken> {
    let receipt: Receipt = serde_json::from_slice(body).ok()?;
    let message = receipt.messages.into_iter().next()?;
    Some(Taken {
        wamid: message.id,
        wa_id: receipt
            .contacts
            .into_iter()
            .find_map(|contact| contact.wa_id),
        held: message
            .message_status
            .filter(|word| word != "accepted")
            // A word of Meta's, kept in clear: nothing else may slip in.
            .filter(|word| {
                word.len() <= 64
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            }),
    })
}

/// The body, unless it breaks off or is too long.
async fn body(mut response: Response, max_bytes: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > max_bytes {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

#[cfg(test)]
mod tests;
