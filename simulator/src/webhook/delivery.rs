//! The delivery workers: post, write the outcome down, release the contact, try again later.
//!
//! Promises: every attempt is a line in the ledger; the body of a redelivery is byte for byte the first one's.

use super::{BatchRule, Delivery, Event, Place, Work, envelope, sign};
use crate::agenda::{Job, redelivery_pause};
use crate::phone::{Direction, Ticks};
use crate::state::Sim;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// What Meta sends at most in one body.
const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

static NEXT_DELIVERY: AtomicU64 = AtomicU64::new(1);

/// One worker; ends at shutdown, even in the middle of a post.
pub(crate) async fn run(sim: Arc<Sim>) {
    let shutdown = sim.shutdown.clone();
    let rule = || {
        let faults = sim.faults.now();
        BatchRule {
            size: faults.batch_size as usize,
            wait: Duration::from_millis(faults.batch_wait_ms),
        }
    };
    let work = async {
        loop {
            match sim.queue.take(rule).await {
                Work::Retry(delivery) => attempt(&sim, delivery).await,
                Work::Fresh { lanes, events } => {
                    for delivery in packed(&sim, events) {
                        attempt(&sim, delivery).await;
                    }
                    sim.queue.release(lanes);
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

/// One body, or several when one would pass Meta's 3 MB.
fn packed(sim: &Sim, events: Vec<Arc<Event>>) -> Vec<Delivery> {
    let faults = sim.faults.now();
    let (mut todo, mut packed) = (vec![events], Vec::new());
    while let Some(mut events) = todo.pop() {
        let now = sim.clock.now().timestamp();
        let body = envelope::body(&events, now, faults.utf8_raw, faults.padding_bytes as usize);
        if body.len() > BODY_BYTES_MAX + faults.padding_bytes as usize && events.len() > 1 {
            let rest = events.split_off(events.len() / 2);
            todo.extend([rest, events]);
            continue;
        }
        packed.push(Delivery {
            id: NEXT_DELIVERY.fetch_add(1, Ordering::Relaxed),
            body,
            events,
            attempts: 0,
            first: Instant::now(),
        });
    }
    packed
}

/// Posts once and decides what becomes of the delivery.
async fn attempt(sim: &Sim, mut delivery: Delivery) {
    delivery.attempts = delivery.attempts.saturating_add(1);
    let started = Instant::now();
    let outcome = post(sim, &delivery).await;
    let status = outcome.as_ref().ok().copied();
    let identities: Vec<&str> = delivery
        .events
        .iter()
        .map(|event| event.identity.as_str())
        .collect();
    sim.ledger.append(
        "attempt",
        sim.clock.now(),
        json!({
            "delivery": delivery.id,
            "attempt": delivery.attempts,
            "http": status,
            "error": outcome.as_ref().err(),
            "ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "bytes": delivery.body.len(),
            "events": identities,
        }),
    );
    for told in delivery
        .events
        .iter()
        .filter_map(|event| event.attempted.as_ref())
    {
        told.notify_one();
    }
    if status == Some(200) {
        acknowledged(sim, &delivery);
        sim.queue.settle(delivery.events.len());
    } else if delivery.first.elapsed() > sim.tuning.redelivery_for {
        sim.ledger.append(
            "given_up",
            sim.clock.now(),
            json!({"delivery": delivery.id, "events": identities}),
        );
        sim.queue.settle(delivery.events.len());
    } else {
        tracing::debug!(
            delivery = delivery.id,
            attempt = delivery.attempts,
            status,
            "the webhook was not acknowledged"
        );
        let due = Instant::now() + redelivery_pause(delivery.attempts, &sim.tuning);
        sim.agenda.schedule(due, Job::Redeliver(delivery));
    }
    sim.stream.health(sim.queue.unacknowledged(), status);
}

async fn post(sim: &Sim, delivery: &Delivery) -> Result<u16, &'static str> {
    let Some((url, secret)) = delivery.events.first().map(|event| event.destination()) else {
        return Err("nothing to post");
    };
    let signature = if sim.faults.now().bad_signature {
        sign::signature("not the app secret", &delivery.body)
    } else {
        sign::signature(secret, &delivery.body)
    };
    send(sim, &url, delivery.body.clone(), Some(signature)).await
}

/// One post without bookkeeping; the error is a word, never an address.
pub(crate) async fn send(
    sim: &Sim,
    url: &str,
    body: bytes::Bytes,
    signature: Option<String>,
) -> Result<u16, &'static str> {
    let mut request = sim
        .http
        .post(url)
        .header("content-type", "application/json")
        .header("accept", "*/*")
        .body(body);
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            // The connection can only be used again when the answer was read.
            match response.bytes().await {
                Ok(_) => Ok(status),
                Err(_) => Err("broken answer"),
            }
        }
        Err(error) if error.is_timeout() => Err("timeout"),
        Err(error) if error.is_connect() => Err("no connection"),
        Err(_) => Err("broken connection"),
    }
}

/// The customer's messages get their second tick.
fn acknowledged(sim: &Sim, delivery: &Delivery) {
    let messages = delivery
        .events
        .iter()
        .filter(|event| event.place == Place::MESSAGES);
    let mut ticked = Vec::new();
    {
        let mut phones = sim.phones();
        for event in messages {
            let Some((contact, at)) = phones.find(&event.wamid) else {
                continue;
            };
            let Some(entry) = contact.thread.get_mut(at) else {
                continue;
            };
            if entry.direction == Direction::In && entry.ticks < Ticks::Delivered {
                entry.ticks = Ticks::Delivered;
                ticked.push(event);
            }
        }
    }
    for event in ticked {
        sim.stream
            .ticks(&event.phone, &event.wamid, Ticks::Delivered);
    }
}
