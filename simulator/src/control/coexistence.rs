//! The business's own telephone beside the Cloud API: what staff typed there, older chats, its address book.
//!
//! Promises: an echo is on the customer's phone before its webhook is made; edits and deletions of staff change the
//! bubble they are about.
//! Does not: keep history apart; it goes to the webhook only.

use super::calls::To;
use super::compose::attach_medium;
use super::contacts::{digits_of, number};
use crate::business::Number;
use crate::error::Error;
use crate::identity::{Author, phone_digits, wamid};
use crate::phone::{Direction, Entry, Ticks};
use crate::state::Sim;
use crate::webhook::envelope::Shape;
use crate::webhook::{self, Event, Place};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `POST /sim/contacts/{phone}/echoes`: staff typed this (or edit, revoke, reaction) on their telephone.
pub(super) async fn echo(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(to): Query<To>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let digits = digits_of(&phone)?;
    let business = number(&sim, to.phone_number_id.as_deref())?;
    let (Value::Object(mut message), Some(kind)) = (body.clone(), body["type"].as_str()) else {
        return Err(Error::BadInput(
            r#"send a Cloud API message, e.g. {"type":"text","text":{"body":"oi"}}"#.to_owned(),
        ));
    };
    attach_medium(&sim, kind, &mut message)?;
    let (now, faults) = (sim.clock.now(), sim.faults.now());
    let portfolio = &business.account.portfolio;
    let event = {
        let mut phones = sim.phones();
        let contact = phones.ensure(portfolio, &digits, faults.strip_ninth_digit, now);
        let id = wamid(&contact.wa_id, Author::Business);
        let shape = Shape::of(contact, &faults);
        let payload = message.get(kind).cloned().unwrap_or(Value::Null);
        message.insert("from".into(), json!(business.display_phone_number));
        shape.stamp(&mut message, contact, portfolio, "to");
        message.insert("id".into(), json!(id));
        message.insert("timestamp".into(), json!(now.timestamp().to_string()));
        contact.apply(kind, &payload, &business.id);
        let event = Event {
            identity: format!("echo:{id}"),
            place: Place::ECHOES,
            number: business.clone(),
            phone: contact.phone.clone(),
            wamid: id.clone(),
            contacts: vec![shape.sender(contact, portfolio)],
            items: vec![Value::Object(message.clone())],
            attempted: None,
        };
        if !matches!(kind, "edit" | "revoke") {
            let mut entry = Entry::new(id, Direction::Out, kind, payload, now);
            entry.number.clone_from(&business.id);
            entry.context = message.get("context").cloned();
            entry.from_app = true;
            entry.ticks = Ticks::Delivered;
            let key = contact.phone.clone();
            phones.append(&key, entry);
        }
        event
    };
    let id = event.wamid.clone();
    sim.stream.message(&sim, &event.phone, &id);
    if matches!(kind, "edit" | "revoke" | "reaction") {
        sim.stream.resync();
    }
    webhook::publish(&sim, event);
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct History {
    #[serde(default)]
    threads: Vec<Thread>,
    #[serde(default)]
    phase: u32,
    #[serde(default = "first")]
    chunk_order: u32,
    #[serde(default = "done")]
    progress: u32,
    /// The business did not share its history.
    #[serde(default)]
    declined: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thread {
    phone: String,
    messages: Vec<Past>,
}

/// A message of the past: a Cloud API message, who wrote it, and how long ago.
#[derive(Deserialize)]
struct Past {
    /// `customer` or `business`.
    from: String,
    minutes_ago: i64,
    /// `READ`, `DELIVERED`, `SENT`, `PENDING`, `PLAYED`, `ERROR`.
    status: Option<String>,
    id: Option<String>,
    #[serde(flatten)]
    message: Map<String, Value>,
}

const fn first() -> u32 {
    1
}

const fn done() -> u32 {
    100
}

/// `POST /sim/history {threads, phase?, chunk_order?, progress?, declined?}`.
pub(super) async fn history(
    State(sim): State<Arc<Sim>>,
    Query(to): Query<To>,
    Json(history): Json<History>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let business = number(&sim, to.phone_number_id.as_deref())?;
    let mut ids = Vec::new();
    let item = if history.declined {
        json!({"errors": [{
            "code": 2_593_109, "title": "History sync is turned off by the business from the WhatsApp Business App",
            "message": "History sync is turned off by the business from the WhatsApp Business App",
            "error_data": {"details": "History sharing is turned off by the business"},
        }]})
    } else {
        let mut threads = Vec::new();
        for thread in &history.threads {
            threads.push(past_thread(&sim, &business, thread, &mut ids)?);
        }
        json!({
            "metadata": {"phase": history.phase, "chunk_order": history.chunk_order, "progress": history.progress},
            "threads": threads,
        })
    };
    webhook::publish(&sim, Event::notice(business, Place::HISTORY, item));
    Ok((StatusCode::CREATED, Json(json!({"ids": ids}))))
}

fn past_thread(
    sim: &Sim,
    business: &Number,
    thread: &Thread,
    ids: &mut Vec<String>,
) -> Result<Value, Error> {
    let digits = digits_of(&thread.phone)?;
    let (now, faults) = (sim.clock.now(), sim.faults.now());
    let portfolio = &business.account.portfolio;
    let mut phones = sim.phones();
    let contact = phones.ensure(portfolio, &digits, faults.strip_ninth_digit, now);
    let shape = Shape::of(contact, &faults);
    let mut messages = Vec::new();
    for past in &thread.messages {
        let mut message = past.message.clone();
        let by_customer = past.from == "customer";
        let author = if by_customer {
            Author::Customer
        } else {
            Author::Business
        };
        let id = past
            .id
            .clone()
            .unwrap_or_else(|| wamid(&contact.wa_id, author));
        if by_customer {
            shape.stamp(&mut message, contact, portfolio, "from");
        } else {
            message.insert("from".into(), json!(business.display_phone_number));
            shape.stamp(&mut message, contact, portfolio, "to");
        }
        message.insert("id".into(), json!(id));
        message.insert(
            "timestamp".into(),
            json!((now.timestamp() - past.minutes_ago * 60).to_string()),
        );
        let status = past.status.clone().unwrap_or_else(|| "READ".to_owned());
        message.insert("history_context".into(), json!({"status": status}));
        ids.push(id);
        messages.push(Value::Object(message));
    }
    let mut context = Map::new();
    if !shape.phone_hidden {
        context.insert("wa_id".into(), json!(contact.wa_id));
    }
    if !shape.legacy {
        context.insert("user_id".into(), json!(contact.user_id(portfolio)));
    }
    let mut item = json!({"context": context, "messages": messages});
    if !shape.phone_hidden {
        item["id"] = json!(contact.wa_id);
    }
    Ok(item)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressBook {
    contacts: Vec<Card>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    phone: String,
    full_name: Option<String>,
    first_name: Option<String>,
    /// `add` or `remove`.
    #[serde(default = "add")]
    action: String,
}

fn add() -> String {
    "add".to_owned()
}

/// `POST /sim/state-sync {contacts: [{phone, full_name?, first_name?, action?}]}`.
pub(super) async fn state_sync(
    State(sim): State<Arc<Sim>>,
    Query(to): Query<To>,
    Json(book): Json<AddressBook>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let business = number(&sim, to.phone_number_id.as_deref())?;
    let now = sim.clock.now().timestamp().to_string();
    let mut items = Vec::new();
    for card in &book.contacts {
        let Some(phone) = phone_digits(&card.phone) else {
            return Err(Error::BadInput(
                "phones have 7 to 15 digits, country code first".to_owned(),
            ));
        };
        let mut contact = json!({"phone_number": phone});
        if card.action != "remove" {
            contact["full_name"] = json!(card.full_name);
            contact["first_name"] = json!(card.first_name);
        }
        items.push(json!({"type": "contact", "contact": contact, "action": card.action, "metadata": {"timestamp": now}}));
    }
    let count = items.len();
    let event = Event {
        items,
        ..Event::notice(business, Place::STATE_SYNC, Value::Null)
    };
    webhook::publish(&sim, event);
    Ok((StatusCode::CREATED, Json(json!({"contacts": count}))))
}
