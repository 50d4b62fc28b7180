//! The staff's side of the published API: log-ins, tickets, lists, sockets.
//!
//! Promises: sockets are opened as a browser does: a single-use ticket, the console's Origin, the subprotocol.
//! Does not: go around a limit; a refusal says which setting of the demo to raise.

use crate::demo::Demo;
use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// An open socket.
pub(crate) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Rows of one page of a list.
const PAGE: usize = 200;
/// Ten thousand sockets with the usual buffers would be a gigabyte here.
const BUFFER_BYTES: usize = 4_096;
const RAISE: &str =
    "the demo's limits are for people; start it with `cargo xtask demo --load-test`";

/// The sample staff, logged in.
pub(crate) struct Desk {
    http: reqwest::Client,
    console: String,
    people: Vec<Person>,
}

struct Person {
    role: String,
    token: String,
}

/// A conversation in a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) epoch: i64,
    contact: Contact,
}

#[derive(Clone, Debug, Deserialize)]
struct Contact {
    name: Option<String>,
}

impl Row {
    pub(crate) fn name(&self) -> &str {
        self.contact.name.as_deref().unwrap_or_default()
    }
}

impl Desk {
    /// Logs everybody in who needs no second factor.
    ///
    /// # Errors
    /// When the demo has no console or nobody can log in.
    pub(crate) async fn log_in(demo: &Demo) -> anyhow::Result<Self> {
        let console = demo
            .console_url
            .clone()
            .context("demo.json names no console_url")?;
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .build()?;
        let mut desk = Self {
            http,
            console,
            people: Vec::new(),
        };
        for account in demo
            .accounts
            .iter()
            .filter(|account| account.totp_secret.is_none())
        {
            let body =
                json!({"email": account.email, "password": account.password, "client": "api"});
            let request = desk.http.post(format!("{}/api/v1/session", desk.console));
            let answer = answer(request.json(&body), "log-in").await?;
            let token = answer["access_token"]
                .as_str()
                .context("the log-in has no access_token")?;
            desk.people.push(Person {
                role: account.role.clone(),
                token: token.to_owned(),
            });
        }
        ensure!(
            !desk.people.is_empty(),
            "demo.json has no account that can log in without a second factor"
        );
        Ok(desk)
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> usize {
        self.people.len()
    }

    /// Who sees everything.
    pub(crate) fn overseer(&self) -> usize {
        self.people
            .iter()
            .position(|person| person.role == "admin")
            .unwrap_or(0)
    }

    /// Who works: the first agent.
    pub(crate) fn agent(&self) -> usize {
        self.people
            .iter()
            .position(|person| person.role == "agent")
            .unwrap_or(0)
    }

    /// Calls the API as the n-th person (modulo all).
    pub(crate) async fn call(
        &self,
        person: usize,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let person = &self.people[person % self.people.len()];
        let request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.console))
            .bearer_auth(&person.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        answer(request, path).await
    }

    /// Unresolved conversations, up to so many.
    pub(crate) async fn conversations(&self, most: usize) -> anyhow::Result<Vec<Row>> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        while rows.len() < most {
            let path = format!("/conversations?scope=all&limit={PAGE}{cursor}");
            let page = self.call(self.overseer(), Method::GET, &path, None).await?;
            let found: Vec<Row> = serde_json::from_value(page["rows"].clone())?;
            rows.extend(found);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        rows.truncate(most);
        Ok(rows)
    }

    /// Opens a socket for the n-th person.
    ///
    /// # Errors
    /// A refusal, with its status.
    pub(crate) async fn open(&self, person: usize) -> anyhow::Result<Stream> {
        let ticket = self
            .call(person, Method::POST, "/ws-tickets", Some(json!({})))
            .await?;
        let ticket = ticket["ticket"].as_str().context("no ticket")?;
        let url = format!("{}/api/v1/ws", self.console.replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(
            "sec-websocket-protocol",
            format!("balcao.v1, ticket.{ticket}").parse()?,
        );
        headers.insert("origin", self.console.parse()?);
        connect(request).await
    }
}

/// Opens a socket with small buffers.
pub(crate) async fn connect(
    request: tokio_tungstenite::tungstenite::handshake::client::Request,
) -> anyhow::Result<Stream> {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0);
    match tokio_tungstenite::connect_async_with_config(request, Some(config), true).await {
        Ok((stream, _)) => Ok(stream),
        Err(tokio_tungstenite::tungstenite::Error::Http(refusal)) if refusal.status() == 429 => {
            bail!("the socket is refused with 429: {RAISE}")
        }
        Err(tokio_tungstenite::tungstenite::Error::Http(refusal)) => {
            bail!("the socket is refused with {}", refusal.status())
        }
        Err(error) => Err(error).context("no socket"),
    }
}

async fn answer(request: reqwest::RequestBuilder, what: &str) -> anyhow::Result<Value> {
    let response = request
        .send()
        .await
        .map_err(reqwest::Error::without_url)
        .with_context(|| format!("{what}: no answer"))?;
    let status = response.status();
    let body: Value = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
    match status.as_u16() {
        200..300 => Ok(body),
        429 => bail!("{what}: 429, {RAISE}"),
        _ => bail!(
            "{what}: {status} {}",
            body["code"].as_str().unwrap_or_default()
        ),
    }
}
