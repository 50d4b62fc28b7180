//! Moves a business message from tick to tick and tells the webhook.
//!
//! Promises: ticks only move forward; `delivered` after `read` is never sent; a reaction gets only `sent`.
//! Does not: wait; delays are entries in the agenda.

use crate::agenda::Job;
use crate::faults::Faults;
use crate::graph;
use crate::options::ReadAfter;
use crate::phone::{Contact, Direction, Entry, Ticks};
use crate::state::Sim;
use crate::webhook::{self, Event, EventKind, envelope::Shape};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Service messages a month that cost nothing.
const FREE_SERVICE_MESSAGES: u64 = 1_000;

/// What happens to a business message next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Sent,
    Delivered,
    /// The phone reads by itself, unless told not to.
    AutoRead,
    /// Somebody looked.
    Read,
    Played,
    /// With Meta's error code.
    Failed(i64),
}

impl Step {
    fn ticks(self) -> Ticks {
        match self {
            Step::Sent => Ticks::Sent,
            Step::Delivered => Ticks::Delivered,
            Step::AutoRead | Step::Read => Ticks::Read,
            Step::Played => Ticks::Played,
            Step::Failed(_) => Ticks::Failed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Step::Sent => "sent",
            Step::Delivered => "delivered",
            Step::AutoRead | Step::Read => "read",
            Step::Played => "played",
            Step::Failed(_) => "failed",
        }
    }
}

/// Enters the usual course of an accepted send into the agenda.
pub(crate) fn plan(sim: &Sim, wamid: &str, kind: &str, failure: Option<i64>) {
    let now = Instant::now();
    let enter = |after, step| {
        let wamid = wamid.to_owned();
        sim.agenda
            .schedule(now + after, Job::Advance { wamid, step });
    };
    if let Some(code) = failure {
        return enter(sim.ticking.delivered_after, Step::Failed(code));
    }
    enter(sim.ticking.sent_after, Step::Sent);
    if kind == "reaction" {
        return;
    }
    enter(sim.ticking.delivered_after, Step::Delivered);
    if let ReadAfter::After(delay) = sim.ticking.read_after {
        enter(delay.max(sim.ticking.delivered_after), Step::AutoRead);
    }
}

/// Takes a step, if it leads forward.
pub(crate) fn advance(sim: &Sim, wamid: &str, step: Step) {
    take(sim, wamid, step, None);
}

/// Takes the step `sent` and returns once its webhook was posted for the first time.
pub(crate) async fn announce_sent(sim: &Sim, wamid: &str) {
    let attempted = Arc::new(Notify::new());
    if take(sim, wamid, Step::Sent, Some(attempted.clone())) {
        tokio::select! {
            () = attempted.notified() => {}
            () = sim.shutdown.cancelled() => {}
        }
    }
}

fn take(sim: &Sim, wamid: &str, step: Step, attempted: Option<Arc<Notify>>) -> bool {
    let faults = sim.faults.now();
    let skipped = match step {
        Step::Delivered => faults.drop_delivered,
        Step::AutoRead => faults.no_read,
        _ => false,
    };
    if skipped {
        return false;
    }
    let Some((event, phone)) = tick(sim, wamid, step, &faults, attempted) else {
        return false;
    };
    sim.stream.ticks(&phone, wamid, step.ticks());
    if faults.no_statuses {
        return false;
    }
    webhook::publish(sim, event);
    true
}

/// Moves the tick under the lock and makes the event.
fn tick(
    sim: &Sim,
    wamid: &str,
    step: Step,
    faults: &Faults,
    attempted: Option<Arc<Notify>>,
) -> Option<(Event, String)> {
    let now = sim.clock.now();
    let mut phones = sim.phones();
    let (contact, at) = phones.find(wamid)?;
    let entry = contact.thread.get_mut(at)?;
    if entry.direction != Direction::Out || entry.ticks >= step.ticks() {
        return None;
    }
    if let Step::Failed(code) = step {
        if entry.ticks >= Ticks::Delivered {
            return None;
        }
        entry.error_code = Some(code);
    }
    entry.ticks = step.ticks();
    let entry = entry.clone();
    let shape = Shape::of(contact, faults);
    let failed = matches!(step, Step::Failed(_));
    let event = Event {
        identity: format!("status:{wamid}:{}", step.word()),
        kind: EventKind::Status,
        phone: contact.phone.clone(),
        wamid: wamid.to_owned(),
        contact: (!shape.legacy && !failed).then(|| shape.recipient(contact, entry.sent_to_phone)),
        item: item(sim, contact, &entry, step, &shape, now.timestamp()),
        attempted,
    };
    Some((event, contact.phone.clone()))
}

fn item(
    sim: &Sim,
    contact: &Contact,
    entry: &Entry,
    step: Step,
    shape: &Shape,
    unix: i64,
) -> Value {
    let mut item = Map::new();
    let failed = matches!(step, Step::Failed(_));
    item.insert("id".into(), json!(entry.id));
    item.insert("status".into(), json!(step.word()));
    item.insert("timestamp".into(), json!(unix.to_string()));
    if entry.sent_to_phone || (!shape.phone_hidden && !failed) {
        item.insert("recipient_id".into(), json!(contact.wa_id));
    }
    if !(shape.legacy || failed && entry.sent_to_phone) {
        item.insert("recipient_user_id".into(), json!(contact.user_id));
    }
    if let Some(data) = &entry.callback_data {
        item.insert("biz_opaque_callback_data".into(), json!(data));
    }
    match step {
        Step::Sent | Step::Delivered => {
            if entry.kind != "reaction" {
                item.insert("pricing".into(), pricing(sim, entry, step, shape.legacy));
            }
            if shape.legacy {
                item.insert("conversation".into(), json!({"id": contact.user_id.replace('.', "").to_lowercase(), "origin": {"type": "service"}}));
            }
        }
        Step::Failed(code) => {
            item.insert("errors".into(), json!([graph::error::in_status(code)]));
        }
        Step::Read | Step::AutoRead | Step::Played => {}
    }
    Value::Object(item)
}

fn pricing(sim: &Sim, entry: &Entry, step: Step, legacy: bool) -> Value {
    if legacy {
        return json!({"billable": true, "pricing_model": "CBP", "category": "service"});
    }
    if entry.kind == "template" {
        return json!({"billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular"});
    }
    let used = match step {
        Step::Delivered => sim.delivered_service.fetch_add(1, Ordering::Relaxed),
        _ => sim.delivered_service.load(Ordering::Relaxed),
    };
    let free = used < FREE_SERVICE_MESSAGES;
    let kind = if free {
        "free_customer_service"
    } else {
        "regular"
    };
    json!({"billable": !free, "pricing_model": "PMP", "category": "service", "type": kind})
}
