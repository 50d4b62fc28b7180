//! Brings threads back from the ledger at start, and sends again what nobody acknowledged.
//!
//! Promises: contacts, messages, ticks and unacknowledged webhooks are as before the stop, as far as memory limits go.
//! Does not: restore faults, media, rates, or statuses that were still to come (a send of the last second may stay at
//! its tick).

use crate::identity::phone_digits;
use crate::phone::{Contact, Direction, Entry, Ticks};
use crate::state::Sim;
use crate::webhook::{self, Event, EventKind};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Reads the ledger once.
pub(crate) fn restore(sim: &Sim) -> std::io::Result<()> {
    let mut waiting: HashMap<String, (u64, Event)> = HashMap::new();
    let mut order = 0;
    sim.ledger.read(|line| match line["kind"].as_str() {
        Some("event") => {
            if let Some(event) = event(sim, &line) {
                order += 1;
                waiting.insert(event.identity.clone(), (order, event));
            }
        }
        Some("attempt" | "given_up") => settle(sim, &line, &mut waiting),
        Some("graph") => send(sim, &line),
        Some("rotation") => rotate(sim, &line),
        _ => {}
    })?;
    let mut waiting: Vec<_> = waiting.into_values().collect();
    waiting.sort_by_key(|(order, _)| *order);
    if !waiting.is_empty() {
        tracing::info!(
            events = waiting.len(),
            "sending again what was never acknowledged"
        );
    }
    for (_, event) in waiting {
        webhook::enqueue(sim, &Arc::new(event));
    }
    Ok(())
}

/// An event that was generated: the customer's message, or a tick of ours.
fn event(sim: &Sim, line: &Value) -> Option<Event> {
    let phone = phone_digits(line["phone"].as_str()?)?;
    let at = at(line)?;
    let item = line["item"].as_object()?.clone();
    let wamid = line["wamid"].as_str()?.to_owned();
    let mut phones = sim.phones();
    let contact = phones.ensure(&sim.business.waba_id, &phone, false, at);
    adopt_profile(contact, &line["contact"]);
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    let event = Event {
        identity: text("identity")?,
        kind: if line["event"] == "status" {
            EventKind::Status
        } else {
            EventKind::Message
        },
        phone: contact.phone.clone(),
        wamid: wamid.clone(),
        contact: Some(line["contact"].clone()).filter(|contact| !contact.is_null()),
        item: Value::Object(item.clone()),
        attempted: None,
    };
    match event.kind {
        // A changed identity is no message on the phone.
        EventKind::Message if item.get("type").is_some_and(|kind| kind == "system") => {}
        EventKind::Message => {
            let kind = item.get("type")?.as_str()?.to_owned();
            let mut entry = Entry::new(
                wamid,
                Direction::In,
                &kind,
                item.get(&kind).cloned().unwrap_or_default(),
                at,
            );
            entry.context = item.get("context").cloned();
            phones.append(&event.phone, entry);
        }
        EventKind::Status => {
            if let Some(entry) = phones
                .find(&wamid)
                .and_then(|(contact, at)| contact.thread.get_mut(at))
            {
                entry.ticks = entry.ticks.max(ticks(item.get("status")?.as_str()?)?);
                entry.error_code = item
                    .get("errors")
                    .and_then(|errors| errors[0]["code"].as_i64());
            }
        }
    }
    Some(event)
}

/// An attempt: a 200 (or giving up) settles its events.
fn settle(sim: &Sim, line: &Value, waiting: &mut HashMap<String, (u64, Event)>) {
    if line["kind"] == "attempt" && line["http"] != 200 {
        return;
    }
    let mut phones = sim.phones();
    for identity in line["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        waiting.remove(identity);
        let message = identity
            .strip_prefix("message:")
            .and_then(|wamid| phones.find(wamid));
        if let Some(entry) = message.and_then(|(contact, at)| contact.thread.get_mut(at)) {
            entry.ticks = entry.ticks.max(Ticks::Delivered);
        }
    }
}

/// A Graph call: an accepted send is on the phone, a read mark turns ticks blue.
fn send(sim: &Sim, line: &Value) {
    if line["http"] != 200 {
        return;
    }
    let request = &line["request"];
    let mut phones = sim.phones();
    if request["status"] == "read" {
        if let Some((contact, at)) = request["message_id"]
            .as_str()
            .and_then(|wamid| phones.find(wamid))
        {
            let theirs = contact
                .thread
                .iter_mut()
                .take(at + 1)
                .filter(|entry| entry.direction == Direction::In);
            theirs.for_each(|entry| entry.ticks = Ticks::Read);
        }
        return;
    }
    let (Some(wamid), Some(phone), Some(at)) =
        (line["wamid"].as_str(), line["phone"].as_str(), at(line))
    else {
        return;
    };
    let kind = request["type"].as_str().unwrap_or("text");
    let mut entry = Entry::new(
        wamid.to_owned(),
        Direction::Out,
        kind,
        request[kind].clone(),
        at,
    );
    entry.context = request.get("context").cloned();
    entry.callback_data = line["callback_data"].as_str().map(str::to_owned);
    entry.sent_to_phone = request.get("to").is_some();
    let phone = phones
        .ensure(&sim.business.waba_id, phone, false, at)
        .phone
        .clone();
    phones.append(&phone, entry);
}

/// A changed number or user id.
fn rotate(sim: &Sim, line: &Value) {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    sim.phones()
        .rename(text("from"), text("to"), text("user_id"));
}

fn adopt_profile(contact: &mut Contact, person: &Value) {
    if let Some(name) = person["profile"]["name"].as_str() {
        contact.name = name.to_owned();
    }
    if let Some(username) = person["profile"]["username"].as_str() {
        contact.username = Some(username.to_owned());
    }
    if let Some(wa_id) = person["wa_id"].as_str() {
        contact.wa_id = wa_id.to_owned();
    }
}

fn ticks(word: &str) -> Option<Ticks> {
    match word {
        "sent" => Some(Ticks::Sent),
        "delivered" => Some(Ticks::Delivered),
        "read" => Some(Ticks::Read),
        "played" => Some(Ticks::Played),
        "failed" => Some(Ticks::Failed),
        _ => None,
    }
}

fn at(line: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(line["at"].as_str()?)
        .ok()
        .map(|at| at.with_timezone(&Utc))
}
