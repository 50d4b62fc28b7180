//! Runs the executable against a receiver that checks what it gets.

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const SECRET: &str = "test_app_secret";

#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    phones: HashSet<String>,
    webhooks: u64,
    badly_signed: u64,
}

type Receiver = Arc<Mutex<Seen>>;

async fn receive(State(seen): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let expected = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).map(|mac| {
        format!(
            "sha256={}",
            hex::encode(mac.chain_update(&body).finalize().into_bytes())
        )
    });
    let given = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok());
    let envelope: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.webhooks += 1;
    seen.badly_signed += u64::from(expected.ok().as_deref() != given);
    for message in envelope["entry"][0]["changes"][0]["value"]["messages"]
        .as_array()
        .into_iter()
        .flatten()
    {
        seen.ids.insert(message["id"].to_string());
        seen.phones.insert(message["from"].to_string());
    }
    // Every hundredth is refused, to see errors counted.
    if seen.webhooks.is_multiple_of(100) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}

async fn ingest(data: &Path, flags: &[&str]) -> Result<Value> {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_loadtest"))
        .args([
            "ingest",
            "--json",
            "--seconds",
            "1",
            "--warmup-seconds",
            "0",
            "--connections",
            "4",
            "--data",
        ])
        .arg(data)
        .args(flags)
        .output()
        .await?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(&text)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn receiver(data: &Path) -> Result<Receiver> {
    let seen = Receiver::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhooks/whatsapp", listener.local_addr()?);
    let demo = json!({"webhook_url": url, "phone_number_id": "1", "waba_id": "2", "app_secret": SECRET, "console_url": "ignored"});
    std::fs::write(data.join("demo.json"), demo.to_string())?;
    let app = Router::new()
        .route("/webhooks/whatsapp", post(receive))
        .layer(axum::extract::DefaultBodyLimit::max(4 * 1024 * 1024))
        .with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(seen)
}

#[tokio::test]
async fn every_message_is_distinct_signed_and_counted_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let seen = receiver(dir.path()).await?;
    let outcome = ingest(
        dir.path(),
        &["--messages-per-webhook", "3", "--contacts", "50"],
    )
    .await?;

    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let count = |key: &str| outcome[key].as_u64().unwrap_or_default();
    assert_eq!(seen.badly_signed, 0);
    assert_eq!(
        (seen.ids.len() as u64, seen.phones.len()),
        (seen.webhooks * 3, 50)
    );
    assert_eq!(count("errors"), seen.webhooks / 100);
    assert_eq!(count("messages"), (seen.webhooks - seen.webhooks / 100) * 3);
    assert!(
        outcome["p50_ms"].as_f64() <= outcome["p999_ms"].as_f64(),
        "{outcome}"
    );
    Ok(())
}

#[tokio::test]
async fn a_rate_is_kept_to_the_webhook() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let seen = receiver(dir.path()).await?;
    let outcome = ingest(dir.path(), &["--rate", "150"]).await?;
    assert_eq!(
        seen.lock().unwrap_or_else(PoisonError::into_inner).webhooks,
        150
    );
    assert_eq!(
        (&outcome["messages"], &outcome["error_kinds"]),
        (&json!(149), &json!({"503": 1}))
    );
    Ok(())
}

#[tokio::test]
async fn without_a_demo_the_remedy_is_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let error = ingest(dir.path(), &[])
        .await
        .err()
        .context("it must fail")?;
    assert!(
        format!("{error:#}").contains("cargo xtask demo"),
        "{error:#}"
    );
    Ok(())
}

#[tokio::test]
async fn a_big_body_goes_beside_small_ones_and_both_are_timed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let seen = receiver(dir.path()).await?;
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_loadtest"))
        .args(["big-body", "--json", "--rate", "20"])
        .args(["--before-seconds", "1", "--beside-seconds", "1", "--data"])
        .arg(dir.path())
        .output()
        .await?;
    let outcome: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    // A second of warming up, one before, one beside, and the big one.
    assert_eq!((seen.webhooks, seen.badly_signed), (61, 0));
    assert_eq!(seen.ids.len(), 1_060);
    assert_eq!(outcome["big_answers"], json!(["200"]));
    assert!(outcome["big_bytes"].as_u64() > Some(2_900_000), "{outcome}");
    assert_eq!(
        (
            &outcome["before"]["webhooks"],
            &outcome["beside"]["webhooks"]
        ),
        (&json!(20), &json!(20))
    );
    assert_eq!(outcome["passed"], output.status.success());
    Ok(())
}
