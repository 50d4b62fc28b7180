//! Meta's media endpoints: where a file is, its bytes, and uploads.
//!
//! Promises: the access token goes to configured hosts only; no redirect is followed; nothing is decompressed on the way;
//! answers end at 64 KiB, files where the caller says.
//! Does not: retry or judge what a file is.

use compliance::Mutant;
use std::sync::Arc;
use std::time::Duration;

use balcao_core::config::Config;
use balcao_core::store::channel::Channel;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, multipart};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::address::Hosts;
use super::resolver::{self, Guard, LookUp};
use crate::Error;
use crate::cloud_api::Refusal;

/// Longest call that answers with JSON.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// Meta's answers are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Longest media id.
const MAX_ID_BYTES: usize = 256;
/// An empty user agent was refused at times.
const USER_AGENT: &str = concat!("balcao/", env!("CARGO_PKG_VERSION"));

/// What is known of a call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The address may not be called, or it led away; see [`Fault::Blocked`].
    Blocked,
    /// There was no connection: nothing was sent.
    NoConnection,
    /// The call broke off, took too long, or its answer makes no sense.
    Lost,
    /// Meta answered with an error.
    Refused(Refusal),
}

impl Unanswered {
    /// Whether Meta, or the way to it, seems to be down: refusals are answers.
    pub fn is_dead(self) -> bool {
        match self {
            Self::Blocked => false,
            Self::NoConnection | Self::Lost => true,
            Self::Refused(refusal) => refusal.http_status >= 500,
        }
    }
}

/// Why a file could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The address may not be called; it was not.
    Blocked,
    /// Meta does not have it (any more).
    Absent,
    /// Meta does not give it to us: token, permission.
    Refused(Option<i32>),
    /// Meta answered with an error that may pass, e.g. a limit.
    Limited,
    /// Meta answered that it is itself the trouble, or nothing that makes sense.
    Failed,
    /// Nobody answered.
    Unreachable,
}

impl Fault {
    /// Whether Meta counts it against the number.
    pub fn is_answer(self) -> bool {
        matches!(
            self,
            Self::Absent | Self::Refused(_) | Self::Limited | Self::Failed
        )
    }

    /// Whether Meta, or the way to it, seems to be down.
    pub fn is_dead(self) -> bool {
        matches!(self, Self::Failed | Self::Unreachable)
    }
}

/// Decided by Meta's code and the status, never by the words.
impl From<Unanswered> for Fault {
    fn from(unanswered: Unanswered) -> Self {
        let Refusal {
            http_status, code, ..
        } = match unanswered {
            Unanswered::Blocked => return Self::Blocked,
            Unanswered::NoConnection | Unanswered::Lost => return Self::Unreachable,
            Unanswered::Refused(refusal) => refusal,
        };
        match (code, http_status) {
            // Token, capability, permission, access.
            (Some(0 | 3 | 10 | 190 | 200..=299 | 131_005), _) | (_, 401 | 403) => {
                Self::Refused(code)
            }
            // Object deleted, parameter (an id that does not exist), alias, Meta's own download failed.
            (Some(33 | 100 | 803 | 131_052), _) | (_, 404 | 410) => Self::Absent,
            (_, 500..) => Self::Failed,
            _ => Self::Limited,
        }
    }
}

/// Where a file is.
#[derive(Deserialize)]
pub struct Place {
    /// For five minutes.
    pub url: String,
    /// SHA-256, hexadecimal or base64.
    #[serde(default)]
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct MediaApi {
    http: Client,
    hosts: Arc<Hosts>,
    root: String,
    fetch_timeout: Duration,
}

impl MediaApi {
    /// A client for the configured hosts.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Config, look_up: LookUp) -> Result<Self, Error> {
        let hosts = Arc::new(Hosts::configured(config));
        let http = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_millis(config.media.connect_timeout_ms))
            .timeout(CALL_TIMEOUT)
            .dns_resolver(Guard::new(Arc::clone(&hosts), look_up))
            .redirect(if Mutant::MediaRedirected.lives() {
                Policy::limited(2)
            } else {
                Policy::none()
            })
            .no_gzip()
            // A proxy would look names up for us, behind the guard's back.
            .no_proxy()
            .build()
            .map_err(Error::Client)?;
        let whatsapp = &config.whatsapp;
        Ok(Self {
            http,
            hosts,
            root: format!(
                "{}/{}",
                whatsapp.graph_base_url.trim_end_matches('/'),
                whatsapp.graph_version
            ),
            fetch_timeout: Duration::from_millis(config.media.fetch_timeout_ms),
        })
    }

    /// Asks where a file is.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn place(&self, channel: &Channel, id: &str) -> Result<Place, Fault> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(is_plain) {
            return Err(Fault::Absent);
        }
        let url = self.url(&format!("{}/{id}", self.root))?;
        let asked = self
            .http
            .get(url)
            .query(&[("phone_number_id", &channel.phone_number_id)]);
        let answer = self.call(channel, asked).await?;
        serde_json::from_value(answer).map_err(|_| Fault::Failed)
    }

    /// Begins to fetch a file; the caller reads its bytes and stops where it likes.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn fetch(&self, channel: &Channel, url: &str) -> Result<Response, Fault> {
        let url = self.url(url)?;
        let response = self
            .http
            .get(url)
            .timeout(self.fetch_timeout)
            .bearer_auth(channel.access_token.expose_secret())
            .send()
            .await
            .map_err(|error| Fault::from(unsent(&error)))?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        Err(refused(response).await.into())
    }

    /// Uploads a file and returns Meta's id of it.
    ///
    /// # Errors
    /// [`Unanswered`]; whatever it is, no message was sent.
    pub async fn upload(
        &self,
        channel: &Channel,
        mime_type: &str,
        file: multipart::Part,
    ) -> Result<String, Unanswered> {
        let url = self.url(&format!("{}/{}/media", self.root, channel.phone_number_id))?;
        let form = multipart::Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", mime_type.to_owned())
            .part("file", file);
        let asked = self
            .http
            .post(url)
            .timeout(self.fetch_timeout)
            .multipart(form);
        let answer = self.call(channel, asked).await?;
        serde_json::from_value(answer)
            .map(|uploaded: Uploaded| uploaded.id)
            .map_err(|_| Unanswered::Lost)
    }

    fn url(&self, text: &str) -> Result<Url, Unanswered> {
        let url = Url::parse(text).map_err(|_| Unanswered::Blocked)?;
        self.hosts.check(&url).map_err(|_| Unanswered::Blocked)?;
        Ok(url)
    }

    async fn call(&self, channel: &Channel, asked: RequestBuilder) -> Result<Value, Unanswered> {
        let response = asked
            .bearer_auth(channel.access_token.expose_secret())
            .send()
            .await
            .map_err(|error| unsent(&error))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let body = body(response).await.ok_or(Unanswered::Lost)?;
        serde_json::from_slice(&body).map_err(|_| Unanswered::Lost)
    }
}

fn unsent(error: &reqwest::Error) -> Unanswered {
    if resolver::is_blocked(error) {
        Unanswered::Blocked
    } else if error.is_connect() {
        Unanswered::NoConnection
    } else {
        Unanswered::Lost
    }
}

async fn refused(response: Response) -> Unanswered {
    let status = response.status();
    if status.is_redirection() {
        return Unanswered::Blocked;
    }
    let answer = body(response)
        .await
        .and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let error = answer.as_ref().map(|answer| &answer["error"]);
    Unanswered::Refused(Refusal {
        http_status: status.as_u16(),
        code: error
            .and_then(|error| error["code"].as_i64())
            .and_then(|code| i32::try_from(code).ok()),
        is_transient: error.is_some_and(|error| error["is_transient"] == true),
    })
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
