//! A running simulator and a receiver that answers what the test tells it to.

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use clap::Parser as _;
use serde_json::{Value, json};
use simulator::{Options, Running, signature};
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) const SECRET: &str = "test_app_secret";
pub(crate) const TOKEN: &str = "test_token";
pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const ANA: &str = "5511912345678";
/// No wait in these tests is meant to end this way.
const PATIENCE: Duration = Duration::from_secs(20);

/// What arrived at the webhook.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) signature: String,
    pub(crate) bytes: Bytes,
}

impl Post {
    pub(crate) fn is_signed(&self) -> bool {
        self.signature == signature(SECRET, &self.bytes)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or("not UTF-8")
    }

    /// The only `value` of the body.
    pub(crate) fn value(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        body["entry"][0]["changes"][0]["value"].clone()
    }
}

struct Receiver {
    posts: mpsc::UnboundedSender<Post>,
    answers: Mutex<VecDeque<u16>>,
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> StatusCode {
    let header = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok());
    let signature = header.unwrap_or_default().to_owned();
    let answer = receiver
        .answers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    // A test that ended no longer listens.
    receiver.posts.send(Post { signature, bytes }).ok();
    StatusCode::from_u16(answer.unwrap_or(200)).unwrap_or(StatusCode::OK)
}

async fn challenge(Query(query): Query<HashMap<String, String>>) -> (StatusCode, String) {
    match query.get("hub.verify_token").map(String::as_str) {
        Some("test_verify") => (
            StatusCode::OK,
            query.get("hub.challenge").cloned().unwrap_or_default(),
        ),
        _ => (StatusCode::FORBIDDEN, String::new()),
    }
}

/// The simulator, the receiver and a client.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) posts: mpsc::UnboundedReceiver<Post>,
    pub(crate) http: reqwest::Client,
    receiver: Arc<Receiver>,
    webhook_url: String,
    running: Running,
    shutdown: CancellationToken,
}

impl World {
    /// Phones read at once; `flags` are added to the command line.
    pub(crate) async fn start(flags: &[&str]) -> Result<Self> {
        // The other tests of this process may have installed it.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let (sender, posts) = mpsc::unbounded_channel();
        let receiver = Arc::new(Receiver {
            posts: sender,
            answers: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let webhook_url = format!("http://{}/hook", listener.local_addr()?);
        let app = Router::new()
            .route("/hook", post(receive).get(challenge))
            .with_state(receiver.clone());
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await
                .ok();
        });
        let dir = tempfile::tempdir()?;
        let simulator = shutdown.child_token();
        let running =
            simulator::start(options(dir.path(), &webhook_url, flags)?, simulator).await?;
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .user_agent("simulator tests")
            .no_proxy()
            .build()?;
        Ok(World {
            dir,
            posts,
            http,
            receiver,
            webhook_url,
            running,
            shutdown,
        })
    }

    /// Stops the simulator and starts another one on the same folder; the receiver stays.
    pub(crate) async fn restart(self) -> Result<Self> {
        self.shutdown.cancel();
        self.running.stopped().await?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let webhook_url = format!("http://{}/hook", listener.local_addr()?);
        let app = Router::new()
            .route("/hook", post(receive).get(challenge))
            .with_state(self.receiver.clone());
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await
                .ok();
        });
        let running = simulator::start(
            options(self.dir.path(), &webhook_url, &[])?,
            shutdown.child_token(),
        )
        .await?;
        Ok(World {
            running,
            shutdown,
            webhook_url,
            ..self
        })
    }

    /// Stops cleanly.
    pub(crate) async fn stop(self) -> Result<()> {
        self.shutdown.cancel();
        self.running.stopped().await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    pub(crate) fn webhook_url(&self) -> &str {
        &self.webhook_url
    }

    /// The webhook answers these, then 200.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.receiver
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(statuses);
    }

    /// The next post at the webhook.
    pub(crate) async fn post(&mut self) -> Result<Post> {
        tokio::time::timeout(PATIENCE, self.posts.recv())
            .await
            .context("no webhook came")?
            .context("the receiver is gone")
    }

    /// The next status at the webhook.
    pub(crate) async fn status(&mut self) -> Result<Value> {
        loop {
            let value = self.post().await?.value();
            if value["statuses"].is_array() {
                return Ok(value);
            }
        }
    }

    pub(crate) async fn json(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, Value)> {
        let method = reqwest::Method::from_bytes(method.as_bytes())?;
        let mut request = self
            .http
            .request(method.clone(), self.url(path))
            .bearer_auth(TOKEN);
        if method != reqwest::Method::GET {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        ))
    }

    /// The customer writes a text; its webhook is taken from the queue.
    pub(crate) async fn writes(&mut self, phone: &str, text: &str) -> Result<String> {
        let id = self.says(phone, text).await?;
        loop {
            if self.post().await?.value()["messages"][0]["id"] == *id {
                return Ok(id);
            }
        }
    }

    /// The customer writes a text.
    pub(crate) async fn says(&self, phone: &str, text: &str) -> Result<String> {
        let message = json!({"type": "text", "text": {"body": text}});
        let (status, answer) = self
            .json("POST", &format!("/sim/contacts/{phone}/messages"), &message)
            .await?;
        match answer["id"].as_str() {
            Some(id) if status == 201 => Ok(id.to_owned()),
            _ => bail!("the message was refused: {status} {answer}"),
        }
    }

    /// The business sends a text.
    pub(crate) async fn sends(
        &self,
        to: &str,
        text: &str,
        callback_data: &str,
    ) -> Result<(u16, Value)> {
        self.sends_body(&json!({
            "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text},
            "biz_opaque_callback_data": callback_data,
        }))
        .await
    }

    pub(crate) async fn sends_body(&self, body: &Value) -> Result<(u16, Value)> {
        self.json("POST", &format!("/v26.0/{NUMBER}/messages"), body)
            .await
    }

    pub(crate) async fn faults(&self, faults: Value) -> Result<()> {
        let (status, answer) = self.json("PUT", "/sim/faults", &faults).await?;
        if status != 200 {
            bail!("the faults were refused: {answer}");
        }
        Ok(())
    }

    /// The thread, once it has more than `count` messages.
    pub(crate) async fn thread(&self, phone: &str, count: usize) -> Result<Vec<Value>> {
        let path = format!("/sim/contacts/{phone}/messages?more_than={count}&wait_ms=20000");
        let (_, answer) = self.json("GET", &path, &Value::Null).await?;
        let messages = answer["messages"].as_array().cloned().unwrap_or_default();
        if messages.len() <= count {
            bail!("the thread did not grow beyond {count}");
        }
        Ok(messages)
    }

    /// The first ledger line of this kind that satisfies the condition; waits for it.
    pub(crate) async fn ledger_line(
        &self,
        kind: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let url = self.url(&format!("/sim/ledger?kind={kind}&follow=true"));
        let mut response = self.http.get(url).send().await?;
        let mut lines = String::new();
        while let Some(chunk) = response.chunk().await? {
            lines.push_str(std::str::from_utf8(&chunk)?);
            let found = lines
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .find(|line| wanted(line));
            if let Some(line) = found {
                return Ok(line);
            }
        }
        bail!("the ledger ended")
    }
}

fn options(dir: &Path, webhook_url: &str, flags: &[&str]) -> Result<Options> {
    let dir = dir.to_str().context("the folder is not UTF-8")?;
    let base = [
        "simulator",
        "--listen",
        "127.0.0.1:0",
        "--data",
        dir,
        "--webhook-url",
        webhook_url,
        "--phone-number-id",
        NUMBER,
        "--waba-id",
        "102290129340398",
        "--display-phone-number",
        "551140000000",
        "--app-secret",
        SECRET,
        "--access-token",
        TOKEN,
        "--read-after-ms",
        "40",
        "--redelivery-start-ms",
        "1",
        "--redelivery-cap-ms",
        "5",
    ];
    Ok(Options::try_parse_from(base.iter().chain(flags))?)
}
