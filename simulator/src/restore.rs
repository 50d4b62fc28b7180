//! Brings threads back from the ledger at start, and sends again what nobody acknowledged.
//!
//! Promises: contacts, messages, ticks and unacknowledged webhooks are as before the stop, as far as memory limits go.
//! Does not: restore faults, media, rates, or statuses that were still to come (a send of the last second may stay at
//! its tick).

use crate::graph::templates;
use crate::identity::{is_group_id, phone_digits};
use crate::phone::{Contact, Direction, Entry, Group, Ticks};
use crate::state::{Sim, lock};
use crate::webhook::{self, Event, Place};
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
        Some("contact") => profile(sim, &line),
        Some("group") => group(sim, &line),
        Some("template") => template(sim, &line),
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
    let at = at(line)?;
    let word = line["event"].as_str()?;
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    let list = |many: &str, one: &str| match &line[many] {
        Value::Array(all) => all.clone(),
        _ => Some(line[one].clone())
            .filter(|item| !item.is_null())
            .into_iter()
            .collect(),
    };
    // A number that is not back yet: its events wait for nobody.
    let number = sim.number(line["number"].as_str())?;
    let event = Event {
        identity: text("identity")?,
        place: match word {
            "group_lifecycle_update" => Place::of("group_lifecycle_update", "groups"),
            "group_participants_update" => Place::of("group_participants_update", "groups"),
            word => Place::from_word(word),
        },
        phone: text("phone")?,
        wamid: text("wamid").unwrap_or_default(),
        contacts: list("contacts", "contact"),
        items: list("items", "item"),
        attempted: None,
        number,
    };
    match word {
        "message" | "smb_message_echoes" => appear(sim, &event, at),
        "status" => tick(sim, &event),
        _ => {}
    }
    Some(event)
}

/// A message on the phone again, or what it did to another one.
fn appear(sim: &Sim, event: &Event, at: DateTime<Utc>) {
    let Some(item) = event.items.first() else {
        return;
    };
    let kind = item["type"].as_str().unwrap_or_default();
    // A changed identity is no message on the phone.
    if kind == "system" {
        return;
    }
    let portfolio = &event.number.account.portfolio;
    let mut phones = sim.phones();
    let author = if is_group_id(&event.phone) {
        let member = item["from"]
            .as_str()
            .and_then(phone_digits)
            .unwrap_or_default();
        phones.ensure(portfolio, &member, false, at);
        member
    } else {
        let Some(digits) = phone_digits(&event.phone) else {
            return;
        };
        let contact = phones.ensure(portfolio, &digits, false, at);
        if let Some(person) = event.contacts.first() {
            adopt_profile(contact, person);
        }
        contact.phone.clone()
    };
    let from_app = event.place == Place::ECHOES;
    let by = if from_app {
        event.number.id.clone()
    } else {
        author.clone()
    };
    if let Some(contact) = phones.get_mut(&event.phone) {
        contact.apply(kind, &item[kind], &by);
    }
    if matches!(kind, "edit" | "revoke") {
        return;
    }
    let direction = if from_app {
        Direction::Out
    } else {
        Direction::In
    };
    let mut entry = Entry::new(event.wamid.clone(), direction, kind, item[kind].clone(), at);
    entry.number.clone_from(&event.number.id);
    entry.context = item.get("context").cloned();
    entry.referral = item.get("referral").cloned();
    entry.from = is_group_id(&event.phone).then_some(author);
    entry.from_app = from_app;
    if from_app {
        entry.ticks = Ticks::Delivered;
    }
    let key = phones.key(&event.phone).unwrap_or_default();
    phones.append(&key, entry);
}

fn tick(sim: &Sim, event: &Event) {
    let Some(item) = event.items.first() else {
        return;
    };
    let mut phones = sim.phones();
    let found = phones
        .find(&event.wamid)
        .and_then(|(contact, at)| contact.thread.get_mut(at));
    if let (Some(entry), Some(ticks)) = (found, item["status"].as_str().and_then(ticks)) {
        entry.ticks = entry.ticks.max(ticks);
        entry.error_code = item["errors"][0]["code"].as_i64();
    }
}

/// A profile that was set by hand.
fn profile(sim: &Sim, line: &Value) {
    let summary = &line["contact"];
    let (Some(phone), Some(at)) = (summary["phone"].as_str(), at(line)) else {
        return;
    };
    let mut phones = sim.phones();
    let contact = phones.ensure(&sim.numbers.home().account.portfolio, phone, false, at);
    if let Some(name) = summary["name"].as_str() {
        contact.name = name.to_owned();
    }
    contact.username = summary["username"].as_str().map(str::to_owned);
    contact.hidden = summary["identity"]
        .as_str()
        .is_some_and(|shown| shown != "phone");
    if let Some(wa_id) = summary["wa_id"].as_str() {
        phones.set_wa_id(phone, wa_id);
    }
}

fn group(sim: &Sim, line: &Value) {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let Some(at) = at(line) else { return };
    let members = line["members"].as_array().into_iter().flatten();
    let group = Group {
        subject: text("subject"),
        members: members
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        number: text("number"),
    };
    let mut phones = sim.phones();
    for member in &group.members {
        phones.ensure(&sim.numbers.home().account.portfolio, member, false, at);
    }
    let known = phones.make_group(&text("id"), group.clone(), at);
    known.group = Some(group);
}

fn template(sim: &Sim, line: &Value) {
    let numbers = sim
        .numbers
        .of_account(line["waba_id"].as_str().unwrap_or_default());
    let Some(number) = numbers.first() else {
        return;
    };
    let mut templates = lock(&number.account.templates);
    match line["deleted"].as_str() {
        Some(id) => templates.remove(id),
        None => templates.put(line["template"].clone()),
    }
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
    let Some(number) = sim.number(line["number"].as_str()) else {
        return;
    };
    let mut payload = request[kind].clone();
    if kind == "template"
        && let Ok(filled) = templates::fill(&number.account, &payload, false)
    {
        payload = filled.payload;
    }
    let mut entry = Entry::new(wamid.to_owned(), Direction::Out, kind, payload, at);
    entry.number.clone_from(&number.id);
    entry.context = request.get("context").cloned();
    entry.callback_data = line["callback_data"].as_str().map(str::to_owned);
    entry.sent_to_phone = request.get("to").is_some();
    if !is_group_id(phone) {
        phones.ensure(&number.account.portfolio, phone, false, at);
    }
    let key = phones.key(phone).unwrap_or_default();
    if let Some(contact) = phones.get_mut(&key) {
        contact.apply(kind, &request[kind], &number.id);
    }
    phones.append(&key, entry);
}

/// A changed number or user id.
fn rotate(sim: &Sim, line: &Value) {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    sim.phones().rename(text("from"), text("to"), text("seed"));
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
