//! Hostile webhooks at the door (rows 1 to 11, 26, 27): what is not a rightly signed webhook of Meta is refused, each
//! with its own answer, and nothing of it is stored.

use std::time::{Duration, Instant};

use e2e::meta::{Meta, signed_with, text};
use e2e::{Stack, Table};
use reqwest::{Method, RequestBuilder, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::hostile_webhooks::metric;

const PHONE: &str = "5511900000090";
const REFUSED: &str = r#"balcao_webhook_requests_total{answer="401"}"#;

/// All rows of the door that need nothing special.
pub async fn rows(stack: &Stack, table: &mut Table) {
    let door = Door::of(stack);
    door.unsigned(stack, table).await;
    door.wrongly_signed(table).await;
    door.nothing_is_stored(stack, table).await;
    door.rightly_signed(stack, table).await;
    too_much(stack, table).await;
    slow(stack, table).await;
    door.not_a_webhook(table).await;
    verification(stack, &door.meta, table).await;
}

/// Row 7: while a secret is rotated both are good, afterwards only the new one. Wants a stack whose secrets are
/// [`ROTATING`].
pub async fn rotation(stack: &Stack, table: &mut Table) {
    let meta = stack.meta(0);
    let row = table.row(
        7,
        "signed by the previous secret",
        "200 in the window, 401 after it",
    );
    let body = meta.messages(&[text(PHONE, "oi")]);
    for (what, secret, wanted) in [
        ("the new secret", "the new one", 200),
        ("the old one, still accepted", "the old one", 200),
        (
            "one that is no longer",
            stack.number.app_secret.as_str(),
            401,
        ),
    ] {
        let signature = signed_with(secret, body.as_bytes());
        row.is(
            what,
            meta.post_signed(body.as_bytes(), &signature).await,
            wanted,
        );
    }
}

/// The secrets of a rotation.
pub const ROTATING: (&str, &str) = ("webhook.app_secrets", "the new one,the old one");

struct Door {
    meta: Meta,
    body: String,
    right: String,
    digits: String,
}

impl Door {
    fn of(stack: &Stack) -> Self {
        let meta = stack.meta(0);
        let body = meta.messages(&[text(PHONE, "olá 👋 não")]);
        let right = meta.signature(body.as_bytes());
        let digits = right.trim_start_matches("sha256=").to_owned();
        Self {
            meta,
            body,
            right,
            digits,
        }
    }

    async fn post(&self, body: &str, signature: &str) -> u16 {
        self.meta.post_signed(body.as_bytes(), signature).await
    }

    async fn unsigned(&self, stack: &Stack, table: &mut Table) {
        let before = metric(stack, REFUSED).await;
        let row = table.row(1, "no signature header", "401, empty body, counter + 1");
        let answer = sent(self.json().body(self.body.clone())).await;
        row.is("status", answer.status().as_u16(), 401);
        row.is(
            "bytes of the answer",
            answer.bytes().await.expect("a body").len(),
            0,
        );
        row.is("counter", metric(stack, REFUSED).await - before, 1.0);
        let sha1 = format!("sha1={}", &self.digits[..40]);
        let row = table.row(2, "only a sha1= signature", "401");
        row.is("status", self.post(&self.body, &sha1).await, 401);
        let row = table.row(4, "two signature headers, one of them right", "401");
        let twice = self.json().body(self.body.clone());
        let twice = twice
            .header("x-hub-signature-256", &self.right)
            .header("x-hub-signature-256", "sha256=00");
        row.is("status", sent(twice).await.status().as_u16(), 401);
    }

    async fn wrongly_signed(&self, table: &mut Table) {
        let row = table.row(
            3,
            "the right MAC in capitals; 63 or 65 digits; no hexadecimal",
            "200; 401 the others",
        );
        for (what, signature) in [
            ("no prefix", self.digits.clone()),
            ("63 digits", self.right[..self.right.len() - 1].to_owned()),
            ("65 digits", format!("{}0", self.right)),
            ("no hexadecimal", format!("sha256={}", "z".repeat(64))),
            ("empty", String::new()),
        ] {
            row.is(what, self.post(&self.body, &signature).await, 401);
        }
        let row = table.row(
            5,
            "a valid MAC over the same JSON, written anew",
            "401; 200 over its own bytes",
        );
        row.is(
            "emoji escaped",
            self.post(&self.escaped(), &self.right).await,
            401,
        );
        let row = table.row(6, "one byte changed", "401");
        let changed = self.body.replacen("olá", "ola", 1);
        row.is("status", self.post(&changed, &self.right).await, 401);
        let row = table.row(
            8,
            "signed for another app; for a number that is not ours",
            "401; 200 and a dead letter",
        );
        let another = signed_with("another app", self.body.as_bytes());
        row.is("by another app", self.post(&self.body, &another).await, 401);
    }

    async fn nothing_is_stored(&self, stack: &Stack, table: &mut Table) {
        let row = table.row(1, "", "");
        for name in ["message", "contact", "dead_letter", "dedupe"] {
            let what = format!("rows in {name} after all that was refused");
            row.is(&what, stack.database.count(name).await, 0);
        }
    }

    async fn rightly_signed(&self, stack: &Stack, table: &mut Table) {
        let capitals = format!("sha256={}", self.digits.to_uppercase());
        let status = self.post(&self.body, &capitals).await;
        table.row(3, "", "").is("in capitals", status, 200);
        let status = self.meta.post(&self.escaped()).await;
        table.row(5, "", "").is("over its own bytes", status, 200);
        let body = self
            .body
            .replace(&stack.number.phone_number_id, "999999999999999");
        let row = table.row(8, "", "");
        row.is("another number", self.meta.post(&body).await, 200);
        let letters = stack
            .database
            .count("dead_letter where reason = 'unknown_channel'")
            .await;
        row.is("dead letters", letters, 1);
    }

    async fn not_a_webhook(&self, table: &mut Table) {
        let row = table.row(11, "a gzip bomb", "415");
        let zipped = self
            .signed(self.json())
            .header("content-encoding", "gzip")
            .body(self.body.clone());
        row.is("status", sent(zipped).await.status().as_u16(), 415);
        let row = table.row(27, "PUT, DELETE, TRACE; content type text/xml", "405; 415");
        for method in [Method::PUT, Method::DELETE, Method::TRACE] {
            let call = self.meta.http.request(method.clone(), &self.meta.url);
            row.is(method.as_str(), sent(call).await.status().as_u16(), 405);
        }
        let xml = self.meta.http.post(&self.meta.url);
        let xml = self
            .signed(xml)
            .header("content-type", "text/xml")
            .body(self.body.clone());
        row.is("text/xml", sent(xml).await.status().as_u16(), 415);
    }

    /// The same JSON with the emoji escaped: other bytes.
    fn escaped(&self) -> String {
        self.body.replace('👋', "\\ud83d\\udc4b")
    }

    fn json(&self) -> RequestBuilder {
        let post = self.meta.http.post(&self.meta.url);
        post.header("content-type", "application/json")
    }

    fn signed(&self, call: RequestBuilder) -> RequestBuilder {
        call.header("x-hub-signature-256", &self.right)
    }
}

async fn sent(call: RequestBuilder) -> Response {
    call.send().await.expect("an answer")
}

async fn too_much(stack: &Stack, table: &mut Table) {
    let row = table.row(9, "5 MiB; chunks without an end", "413; 413 at the cap");
    let announced = Raw::post(stack, "content-length: 5242880").await;
    row.is("5 MiB, before they are sent", announced.status().await, 413);
    let mut endless = Raw::post(stack, "transfer-encoding: chunked").await;
    for _ in 0..4 {
        endless.chunk(1024 * 1024).await;
    }
    endless.chunk(1).await;
    row.is("one byte over the cap", endless.status().await, 413);
}

/// Wants a body time-out of one second.
async fn slow(stack: &Stack, table: &mut Table) {
    let row = table.row(10, "a byte now and then", "408 by the time-out");
    let began = Instant::now();
    let mut slow = Raw::post(stack, "content-length: 1000").await;
    slow.write(b"{").await;
    row.is("status", slow.status().await, 408);
    let waited = began.elapsed().as_millis();
    row.holds_that("after its time, not before", (900..9_000).contains(&waited));
}

/// Meta registers the webhook with a word that only it knows.
async fn verification(stack: &Stack, meta: &Meta, table: &mut Table) {
    let token = &stack.number.verify_token;
    let row = table.row(
        26,
        "GET: wrong token; parameters twice or as lists; a challenge with markup",
        "403; 400; 400",
    );
    let ask = |query: String| sent(meta.http.get(format!("{}?{query}", meta.url)));
    let good = ask(format!(
        "hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444"
    ))
    .await;
    row.is("right", good.status().as_u16(), 200);
    let header = |name: &str| {
        let value = good
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    row.holds_that(
        "as plain text",
        header("content-type").starts_with("text/plain"),
    );
    row.is(
        "sniffing",
        header("x-content-type-options"),
        "nosniff".to_owned(),
    );
    row.is(
        "echoed",
        good.text().await.expect("a body"),
        "1158201444".to_owned(),
    );
    let with = |rest: &str| format!("hub.mode=subscribe&hub.verify_token={token}{rest}");
    for (what, query, wanted) in [
        ("wrong token", with("x&hub.challenge=1"), 403),
        (
            "no token",
            "hub.mode=subscribe&hub.verify_token=&hub.challenge=1".to_owned(),
            403,
        ),
        (
            "another mode",
            with("&hub.challenge=1").replace("subscribe", "unsubscribe"),
            403,
        ),
        (
            "a parameter twice",
            with("&hub.verify_token=x&hub.challenge=1"),
            400,
        ),
        (
            "parameters as lists",
            with("&hub.challenge=1").replace('=', "[]="),
            400,
        ),
        ("markup", with("&hub.challenge=%3Cscript%3E"), 400),
        ("nothing", String::new(), 400),
    ] {
        row.is(what, ask(query).await.status().as_u16(), wanted);
    }
}

/// A post written by hand, because well-behaved clients do not stop in the middle.
struct Raw(TcpStream);

impl Raw {
    /// The head of a post that claims a signature.
    async fn post(stack: &Stack, header: &str) -> Self {
        let webhook = stack.node(0).webhook.trim_start_matches("http://");
        let (address, path) = webhook.split_once('/').expect("an address and a path");
        let zeros = "0".repeat(64);
        let head = format!(
            "POST /{path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{header}\r\n\
             x-hub-signature-256: sha256={zeros}\r\n\r\n"
        );
        let mut raw = Self(TcpStream::connect(address).await.expect("the door is open"));
        raw.write(head.as_bytes()).await;
        raw
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("it reads");
    }

    async fn chunk(&mut self, size: usize) {
        self.write(format!("{size:x}\r\n{}\r\n", " ".repeat(size)).as_bytes())
            .await;
    }

    async fn status(mut self) -> u16 {
        let mut answer = [0; 12];
        let read =
            tokio::time::timeout(Duration::from_secs(10), self.0.read_exact(&mut answer)).await;
        read.expect("an answer in time").expect("an answer");
        String::from_utf8_lossy(&answer[9..])
            .parse()
            .expect("a status")
    }
}
