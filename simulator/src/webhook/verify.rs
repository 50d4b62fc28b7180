//! Verifies a webhook the way Meta does when its address is saved: a GET with a challenge.
//!
//! Promises: the outcome is in the log and the ledger.
//! Does not: fail the start; the business may come up later.

use crate::state::Sim;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Attempts at start, and the pause between them.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Tries for ten seconds, when a verify token is known.
pub(crate) async fn at_start(sim: Arc<Sim>) {
    let Some(token) = sim.secrets.verify_token.clone() else {
        return;
    };
    let shutdown = sim.shutdown.clone();
    let tries = async {
        for attempt in 1..=ATTEMPTS {
            let url = sim.numbers.home().callback(true);
            let outcome = verify(&sim, &url, &token).await;
            let last = outcome.is_ok() || attempt == ATTEMPTS;
            if last {
                match &outcome {
                    Ok(()) => tracing::info!("the webhook is verified"),
                    Err(reason) => tracing::warn!(reason, "the webhook could not be verified"),
                }
                sim.ledger.append(
                    "verify",
                    sim.clock.now(),
                    json!({"ok": outcome.is_ok(), "reason": outcome.err(), "attempts": attempt}),
                );
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = tries => {}
        () = shutdown.cancelled() => {}
    }
}

/// One verification; the reason names what was wrong with the answer.
pub(crate) async fn verify(sim: &Sim, url: &str, token: &str) -> Result<(), String> {
    let challenge = (1_000_000_000 + rand::random::<u32>() % 1_000_000_000).to_string();
    let response = sim
        .http
        .get(url)
        .query(&[
            ("hub.mode", "subscribe"),
            ("hub.challenge", &challenge),
            ("hub.verify_token", token),
        ])
        .send()
        .await
        .map_err(|error| {
            if error.is_timeout() {
                "timeout"
            } else {
                "no connection"
            }
            .to_owned()
        })?;
    let status = response.status();
    let body = response
        .text()
        .await
        .map_err(|_| "broken answer".to_owned())?;
    if status != 200 {
        return Err(format!("HTTP {} instead of 200", status.as_u16()));
    }
    if body != challenge {
        return Err("the body is not exactly the challenge".to_owned());
    }
    Ok(())
}
