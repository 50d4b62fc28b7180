//! Asks Meta how a number does: the token, the number, its account, the subscription; and whether our webhook answers
//! from outside.
//!
//! Promises: every call has a time-out and a size limit; no token is in an error or a log line.
//! Does not: judge the answers (`judge` does), retry, or change anything but a subscription, when asked to.

use std::time::Duration;

use balcao_core::config::Config;
use balcao_core::store::channel::Channel;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::Error;

/// A question that takes longer is not answered.
const TIMEOUT_MS: u64 = 10_000;
/// Meta's answers are a few kilobytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// What is asked of a number.
const NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,code_verification_status,name_status,quality_rating,\
platform_type,throughput,status,account_mode,whatsapp_business_manager_messaging_limit,health_status,\
webhook_configuration,is_on_biz_app";
const USER_AGENT: &str = concat!("balcao/", env!("CARGO_PKG_VERSION"));

/// What is known of a number before asking. No `Debug`: it holds the token.
#[derive(Clone)]
pub struct Number {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// Bearer token.
    pub access_token: SecretString,
}

impl From<&Channel> for Number {
    fn from(channel: &Channel) -> Self {
        Self {
            phone_number_id: channel.phone_number_id.clone(),
            waba_id: channel.waba_id.clone(),
            access_token: channel.access_token.clone(),
        }
    }
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Meta answered.
    Said(Value),
    /// Meta refused.
    Refused {
        /// HTTP status.
        http_status: u16,
        /// Meta's code, when the body is Meta's.
        code: Option<i64>,
    },
    /// No answer, or none that can be read.
    Silent,
}

/// What came of all questions about a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// `GET /debug_token`.
    pub token: Asked,
    /// `GET /{phone_number_id}`.
    pub number: Asked,
    /// `GET /{waba_id}/phone_numbers`.
    pub numbers: Asked,
    /// `GET /{waba_id}/subscribed_apps`.
    pub apps: Asked,
}

/// Whether the webhook answers from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It repeated the challenge.
    Yes,
    /// No `webhook.public_url` is configured.
    NotConfigured,
    /// It answered something else.
    Wrong(u16),
    /// Nobody answered.
    No,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Inspector {
    http: Client,
    root: String,
    public_url: Option<String>,
    verify_token: Option<SecretString>,
}

impl Inspector {
    /// Makes the client.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        let whatsapp = &config.whatsapp;
        let http = Client::builder()
            .user_agent(USER_AGENT)
            .timeout(Duration::from_millis(
                TIMEOUT_MS.min(whatsapp.call_timeout_ms),
            ))
            .redirect(Policy::none())
            .build()
            .map_err(Error::Client)?;
        let base = whatsapp.graph_base_url.trim_end_matches('/');
        Ok(Self {
            http,
            root: format!("{base}/{}", whatsapp.graph_version),
            public_url: config.webhook.public_url.clone(),
            verify_token: config.webhook.verify_token.clone(),
        })
    }

    /// Asks everything about a number.
    pub async fn ask(&self, number: &Number) -> Answers {
        let secret = number.access_token.expose_secret();
        let token = self.get("debug_token").query(&[("input_token", secret)]);
        let token = answer(token.bearer_auth(secret)).await;
        // With a dead token every further question has the same answer.
        if is_refused(&token) {
            return Answers {
                number: token.clone(),
                numbers: token.clone(),
                apps: token.clone(),
                token,
            };
        }
        let ask = |path: String, query: &[(&str, &str)]| {
            answer(self.get(&path).query(query).bearer_auth(secret))
        };
        let (waba, id) = (&number.waba_id, &number.phone_number_id);
        Answers {
            token,
            number: ask(id.clone(), &[("fields", NUMBER_FIELDS)]).await,
            numbers: ask(
                format!("{waba}/phone_numbers"),
                &[("fields", "id"), ("limit", "200")],
            )
            .await,
            apps: ask(format!("{waba}/subscribed_apps"), &[]).await,
        }
    }

    /// Subscribes the app to the account's webhooks.
    pub async fn subscribe(&self, number: &Number) -> Asked {
        let url = format!("{}/{}/subscribed_apps", self.root, number.waba_id);
        let secret = number.access_token.expose_secret();
        answer(self.http.post(url).bearer_auth(secret)).await
    }

    /// The address that Meta is to call, when it is configured.
    #[must_use]
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    /// Calls our own webhook as Meta does when it is registered.
    pub async fn reach(&self) -> Reached {
        let (Some(url), Some(token)) = (&self.public_url, &self.verify_token) else {
            return Reached::NotConfigured;
        };
        let challenge = rand::random_range(1_000_000_000_u64..9_999_999_999).to_string();
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.verify_token", token.expose_secret()),
            ("hub.challenge", &challenge),
        ];
        let Ok(response) = self.http.get(url).query(&query).send().await else {
            return Reached::No;
        };
        let status = response.status().as_u16();
        match read(response).await {
            Some(body) if status == 200 && body == challenge.as_bytes() => Reached::Yes,
            Some(_) => Reached::Wrong(status),
            None => Reached::No,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}/{path}", self.root))
    }
}

/// Whether the token itself was refused: any other question would be too.
fn is_refused(asked: &Asked) -> bool {
    matches!(
        asked,
        Asked::Refused {
            code: Some(0 | 190),
            ..
        } | Asked::Refused {
            http_status: 401,
            ..
        }
    )
}

async fn answer(request: RequestBuilder) -> Asked {
    let Ok(response) = request.send().await else {
        return Asked::Silent;
    };
    let status = response.status();
    let body = read(response).await;
    let body = body.and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    match body {
        Some(body) if status.is_success() => Asked::Said(body),
        None if status.is_success() => Asked::Silent,
        body => Asked::Refused {
            http_status: status.as_u16(),
            code: body.and_then(|body| body.pointer("/error/code")?.as_i64()),
        },
    }
}

/// The body, unless it breaks off or is too long.
async fn read(mut response: reqwest::Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}
