//! Hostile webhooks at the door: what is not a rightly signed webhook of Meta is refused, each with its own answer, and
//! nothing of it is stored. What is rightly signed and odd: `hostile_items`.

use std::time::{Duration, Instant};

use e2e::meta::{Meta, text};
use e2e::{Plan, Stack};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PHONE: &str = "5511900000090";

fn plan() -> Plan {
    Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    }
    .with("limits.unsigned_webhooks_per_minute_per_address", "1000000")
    .with("webhook.body_timeout_ms", "1000")
}

/// Rows 1 to 6 and 8: nothing that is not signed by us, over exactly these bytes, comes in.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_signature_over_the_raw_bytes_comes_in() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let body = meta.messages(&[text(PHONE, "olá 👋 não")]);
    let right = meta.signature(body.as_bytes());
    let digits = right.trim_start_matches("sha256=").to_owned();
    // The same JSON with the emoji escaped is other bytes.
    let escaped = body.replace('👋', "\\ud83d\\udc4b");
    let refused: [(&str, &str, &str); 9] = [
        ("no prefix", &digits, &body),
        ("sha1", &format!("sha1={}", &digits[..40]), &body),
        ("63 digits", &right[..right.len() - 1], &body),
        ("65 digits", &format!("{right}0"), &body),
        (
            "not hexadecimal",
            &format!("sha256={}", "z".repeat(64)),
            &body,
        ),
        ("empty", "", &body),
        ("over other bytes", &right, &escaped),
        ("one byte changed", &right, &body.replacen("olá", "ola", 1)),
        (
            "by another app",
            &e2e::meta::signed_with("another app", body.as_bytes()),
            &body,
        ),
    ];
    for (what, signature, body) in refused {
        assert_eq!(
            meta.post_signed(body.as_bytes(), signature).await,
            401,
            "{what}"
        );
    }
    let unsigned = meta
        .http
        .post(&meta.url)
        .header("content-type", "application/json")
        .body(body.clone());
    let answer = unsigned.send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.bytes().await.expect("a body").len(),
        0,
        "whoever calls without a signature learns nothing"
    );
    let twice = meta
        .http
        .post(&meta.url)
        .header("content-type", "application/json")
        .body(body.clone());
    let twice = twice
        .header("x-hub-signature-256", &right)
        .header("x-hub-signature-256", "sha256=00");
    assert_eq!(
        twice.send().await.expect("an answer").status(),
        401,
        "two signatures"
    );
    assert_eq!(stack.database.count("message").await, 0);
    assert_eq!(stack.database.count("dead_letter").await, 0);

    assert_eq!(
        meta.post_signed(
            body.as_bytes(),
            &format!("sha256={}", digits.to_uppercase())
        )
        .await,
        200
    );
    assert_eq!(meta.post(&escaped).await, 200, "signed as it is");
    assert_eq!(stack.database.count("message").await, 1);
}

/// Row 7: while a secret is rotated both are good, afterwards only the new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_can_be_rotated() {
    let stack = Stack::of(plan().with("webhook.app_secrets", "the new one,the old one")).await;
    let meta = stack.meta(0);
    let body = meta.messages(&[text(PHONE, "oi")]);
    for (secret, wanted) in [
        ("the new one", 200),
        ("the old one", 200),
        (stack.number.app_secret.as_str(), 401),
    ] {
        let signature = e2e::meta::signed_with(secret, body.as_bytes());
        assert_eq!(meta.post_signed(body.as_bytes(), &signature).await, wanted);
    }
}

/// Rows 9, 11, 26, 27: what can be refused without reading is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_webhook_is_refused_at_the_door() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let announced = Raw::post(&stack, "content-length: 5242880")
        .await
        .status()
        .await;
    assert_eq!(announced, 413, "5 MiB are refused before they are sent");
    let mut endless = Raw::post(&stack, "transfer-encoding: chunked").await;
    for _ in 0..4 {
        endless.chunk(1024 * 1024).await;
    }
    endless.chunk(1).await;
    assert_eq!(
        endless.status().await,
        413,
        "without a length, one byte over the cap"
    );

    let body = meta.messages(&[text(PHONE, "oi")]);
    let zipped = meta
        .http
        .post(&meta.url)
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    let zipped = zipped
        .header("x-hub-signature-256", meta.signature(body.as_bytes()))
        .body(body.clone());
    assert_eq!(zipped.send().await.expect("an answer").status(), 415);
    let xml = meta.http.post(&meta.url).header("content-type", "text/xml");
    let xml = xml
        .header("x-hub-signature-256", meta.signature(body.as_bytes()))
        .body(body.clone());
    assert_eq!(xml.send().await.expect("an answer").status(), 415);
    for method in [Method::PUT, Method::DELETE, Method::TRACE] {
        let answer = meta
            .http
            .request(method.clone(), &meta.url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 405, "{method}");
    }
    assert_eq!(stack.database.count("message").await, 0);
    verification(&stack, &meta).await;
}

/// Meta registers the webhook with a word that only it knows.
async fn verification(stack: &Stack, meta: &Meta) {
    let token = &stack.number.verify_token;
    let ask = |query: String| meta.http.get(format!("{}?{query}", meta.url)).send();
    let good = ask(format!(
        "hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444"
    ))
    .await
    .expect("an answer");
    assert_eq!(good.status(), 200);
    assert!(
        good.headers()["content-type"]
            .to_str()
            .is_ok_and(|kind| kind.starts_with("text/plain"))
    );
    assert_eq!(good.headers()["x-content-type-options"], "nosniff");
    assert_eq!(good.text().await.expect("a body"), "1158201444");
    for (query, wanted) in [
        (
            format!("hub.mode=subscribe&hub.verify_token={token}x&hub.challenge=1"),
            403,
        ),
        (
            "hub.mode=subscribe&hub.verify_token=&hub.challenge=1".to_owned(),
            403,
        ),
        (
            format!("hub.mode=unsubscribe&hub.verify_token={token}&hub.challenge=1"),
            403,
        ),
        (
            format!(
                "hub.mode=subscribe&hub.verify_token={token}&hub.verify_token=x&hub.challenge=1"
            ),
            400,
        ),
        (
            format!("hub.mode[]=subscribe&hub.verify_token[]={token}&hub.challenge[]=1"),
            400,
        ),
        (
            format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=%3Cscript%3E"),
            400,
        ),
        (String::new(), 400),
    ] {
        assert_eq!(
            ask(query.clone()).await.expect("an answer").status(),
            wanted,
            "{}",
            query.replace(token.as_str(), "TOKEN")
        );
    }
}

/// Row 10: who sends a byte now and then does not hold a place for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_given_up() {
    let stack = Stack::of(plan()).await;
    let began = Instant::now();
    let mut slow = Raw::post(&stack, "content-length: 1000").await;
    slow.write(b"{").await;
    assert_eq!(slow.status().await, 408);
    assert!(
        (900..5_000).contains(&began.elapsed().as_millis()),
        "after its time: {:?}",
        began.elapsed()
    );
}

/// What is not signed has a budget per address; what is signed never waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn unsigned_calls_run_out_and_signed_ones_do_not() {
    let stack = Stack::of(Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    })
    .await;
    let meta = stack.meta(0);
    let body = meta.messages(&[text(PHONE, "oi")]);
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(meta.post_signed(body.as_bytes(), "sha256=00").await);
    }
    assert_eq!(answers[0], 401);
    assert_eq!(answers.last(), Some(&429));
    assert_eq!(meta.post(&body).await, 200);
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
