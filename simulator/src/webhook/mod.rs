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
use crate::business::Number;
use crate::state::Sim;
use bytes::Bytes;
use serde_json::{Value, json};
use std::borrow::Cow;
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

/// Where in the envelope an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) field: Cow<'static, str>,
    /// The list under `value`; `None` when the event is the whole `value`.
    pub(crate) list: Option<&'static str>,
}

impl Place {
    pub(crate) const MESSAGES: Place = Place::of("messages", "messages");
    pub(crate) const STATUSES: Place = Place::of("messages", "statuses");
    pub(crate) const ECHOES: Place = Place::of("smb_message_echoes", "message_echoes");
    pub(crate) const CALLS: Place = Place::of("calls", "calls");
    pub(crate) const PREFERENCES: Place = Place::of("user_preferences", "user_preferences");
    pub(crate) const HISTORY: Place = Place::of("history", "history");
    pub(crate) const STATE_SYNC: Place = Place::of("smb_app_state_sync", "state_sync");

    pub(crate) const fn of(field: &'static str, list: &'static str) -> Self {
        Place {
            field: Cow::Borrowed(field),
            list: Some(list),
        }
    }

    /// A `value` somebody else made.
    pub(crate) fn whole(field: &str) -> Self {
        Place {
            field: Cow::Owned(field.to_owned()),
            list: None,
        }
    }

    /// The word in the ledger.
    pub(crate) fn word(&self) -> &str {
        match self.list {
            Some("messages") if self.field == "messages" => "message",
            Some("statuses") => "status",
            _ => &self.field,
        }
    }

    /// The place a ledger line names.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "message" => Place::MESSAGES,
            "status" => Place::STATUSES,
            "smb_message_echoes" => Place::ECHOES,
            "calls" => Place::CALLS,
            "user_preferences" => Place::PREFERENCES,
            "standby" => Place::of("standby", "messages"),
            "history" => Place::HISTORY,
            "smb_app_state_sync" => Place::STATE_SYNC,
            other => Place::whole(other),
        }
    }
}

/// One update Meta would send; several items only where Meta aggregates.
#[derive(Debug)]
pub(crate) struct Event {
    /// `message:<wamid>`, `status:<wamid>:<status>`, or the field's own.
    pub(crate) identity: String,
    pub(crate) place: Place,
    pub(crate) number: Arc<Number>,
    pub(crate) phone: String,
    pub(crate) wamid: String,
    /// Their entries in `contacts[]`, if they have any.
    pub(crate) contacts: Vec<Value>,
    pub(crate) items: Vec<Value>,
    /// Told after the first attempt.
    pub(crate) attempted: Option<Arc<Notify>>,
}

impl Event {
    /// About a number, from nobody in particular.
    pub(crate) fn notice(number: Arc<Number>, place: Place, item: Value) -> Self {
        Event {
            identity: format!("{}:{}", place.word(), crate::identity::numeric_id()),
            place,
            phone: format!("notices of {}", number.id),
            number,
            wamid: String::new(),
            contacts: Vec::new(),
            items: vec![item],
            attempted: None,
        }
    }

    /// Events share a post only when these are equal: the callback and the app that signs.
    pub(crate) fn destination(&self) -> (String, &str) {
        let overridable = self.place.list.is_some();
        (self.number.callback(overridable), &self.number.app.secret)
    }
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
    let mut line = json!({
        "identity": event.identity,
        "event": event.place.word(),
        "number": event.number.id,
        "phone": event.phone,
        "wamid": event.wamid,
        "contact": event.contacts.first(),
        "item": event.items.first(),
    });
    if event.items.len() > 1 {
        line["contacts"] = json!(event.contacts);
        line["items"] = json!(event.items);
    }
    sim.ledger.append("event", sim.clock.now(), line);
    if is_deaf(sim, &event.number) {
        let reason = "the app is not subscribed";
        sim.ledger.append(
            "given_up",
            sim.clock.now(),
            json!({"events": [event.identity], "reason": reason}),
        );
        return;
    }
    enqueue(sim, &Arc::new(event));
}

/// True while nobody subscribed to the number's account.
fn is_deaf(sim: &Sim, number: &Number) -> bool {
    let faults = sim.faults.now();
    let fault = faults
        .numbers
        .get(&number.id)
        .and_then(|fault| fault.subscribed);
    fault == Some(false) || !number.account.is_subscribed()
}

/// Hands an event that is in the ledger already to the delivery queue.
pub(crate) fn enqueue(sim: &Sim, event: &Arc<Event>) {
    let faults = sim.faults.now();
    for copy in 0..=faults.duplicate {
        let in_order = copy == 0 && !faults.reorder;
        let lane = if in_order {
            format!("{}|{}", event.number.id, event.phone)
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
