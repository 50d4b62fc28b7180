//! Webhooks to the business: events in, signed posts out, redelivery until somebody says 200.
//!
//! Promises: an event is in the ledger before it is posted; anything but 200 is tried again, at once, then with a
//! growing pause, for seven days; the first attempts of one contact keep their order unless a fault says otherwise.
//! Does not: promise order across contacts or after a failure, because Meta does not.

pub(crate) mod delivery;
pub(crate) mod envelope;
pub(crate) mod escape;
mod queue;
pub(crate) mod sign;
pub(crate) mod verify;

pub(crate) use queue::{BatchRule, Queue, Work};

use crate::agenda::Job;
use crate::state::Sim;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often and how long a refused delivery is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    pub(crate) redelivery_start: Duration,
    pub(crate) redelivery_cap: Duration,
    /// Then the delivery is given up, as Meta does.
    pub(crate) redelivery_for: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            redelivery_start: Duration::from_millis(200),
            redelivery_cap: Duration::from_secs(60),
            redelivery_for: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// Which list of the envelope an event stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    Message,
    Status,
}

impl EventKind {
    /// The word in the ledger.
    pub(crate) fn word(self) -> &'static str {
        match self {
            EventKind::Message => "message",
            EventKind::Status => "status",
        }
    }
}

/// One update Meta would send.
#[derive(Debug)]
pub(crate) struct Event {
    /// `message:<wamid>` or `status:<wamid>:<status>`.
    pub(crate) identity: String,
    pub(crate) kind: EventKind,
    pub(crate) phone: String,
    pub(crate) wamid: String,
    /// Its entry in `contacts[]`, if it has one.
    pub(crate) contact: Option<Value>,
    pub(crate) item: Value,
    /// Told after the first attempt.
    pub(crate) attempted: Option<Arc<Notify>>,
}

/// A body on its way, with what it carries.
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) body: Bytes,
    pub(crate) events: Vec<Arc<Event>>,
    pub(crate) attempts: u32,
    pub(crate) first: Instant,
}

/// Writes the event down and hands it to the delivery queue, bent by the faults that are on.
pub(crate) fn publish(sim: &Sim, event: Event) {
    sim.ledger.append(
        "event",
        sim.clock.now(),
        json!({
            "identity": event.identity,
            "event": event.kind.word(),
            "phone": event.phone,
            "wamid": event.wamid,
            "contact": event.contact,
            "item": event.item,
        }),
    );
    enqueue(sim, &Arc::new(event));
}

/// Hands an event that is in the ledger already to the delivery queue.
pub(crate) fn enqueue(sim: &Sim, event: &Arc<Event>) {
    let faults = sim.faults.now();
    for copy in 0..=faults.duplicate {
        let in_order = copy == 0 && !faults.reorder;
        let lane = if in_order {
            event.phone.clone()
        } else {
            format!("{}#{copy}", event.identity)
        };
        let jitter_ms = if faults.reorder {
            rand::random::<u64>() % (faults.reorder_within_ms + 1)
        } else {
            0
        };
        let hold = Duration::from_millis(faults.delay_ms + jitter_ms);
        sim.queue.expect_one();
        if hold.is_zero() {
            sim.queue.push(lane, event.clone());
        } else {
            let event = event.clone();
            sim.agenda
                .schedule(Instant::now() + hold, Job::Enqueue { lane, event });
        }
    }
}

/// Accepts an absolute `http` or `https` address.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    match reqwest::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(()),
        _ => Err(
            "the webhook URL must be absolute, e.g. http://127.0.0.1:8081/webhooks/whatsapp"
                .to_owned(),
        ),
    }
}
