//! `POST /sim/contacts/{phone}/rotate {phone?}`: the person changes number, or only the user id changes.
//!
//! Promises: one `system` message with `previous_user_id` to every number the person wrote to, as Meta sends since
//! 2026-08; the thread moves along.
//! Does not: tell anything else; the next message simply comes from the new identity.

use crate::business::Number;
use crate::error::Error;
use crate::identity::{self, Author, phone_digits, wamid};
use crate::phone::{Contact, Phones};
use crate::state::Sim;
use crate::webhook::envelope::Shape;
use crate::webhook::{self, Event, Place};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// The new number; without it only the user id changes and no number is told.
    phone: Option<String>,
}

pub(super) async fn rotate(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<Value>, Error> {
    let bad = || Error::BadInput("phones have 7 to 15 digits, country code first".to_owned());
    let old = phone_digits(&phone).ok_or_else(bad)?;
    let new = match &rotation.phone {
        Some(new) => Some(phone_digits(new).ok_or_else(bad)?),
        None => None,
    };
    let mut turned = {
        let mut phones = sim.phones();
        turn(&sim, &mut phones, &old, new.as_deref())?
    };
    sim.stream.resync();
    for event in turned.events.drain(..) {
        webhook::publish(&sim, event);
    }
    Ok(Json(turned.summary))
}

/// A contact that became another, and what the numbers it wrote to are told.
struct Turned {
    events: Vec<Event>,
    summary: Value,
}

fn turn(sim: &Sim, phones: &mut Phones, old: &str, new: Option<&str>) -> Result<Turned, Error> {
    let before = phones
        .get(old)
        .filter(|contact| !contact.is_group())
        .ok_or_else(|| {
            Error::NotFound("this phone has no contact yet: let it write first".to_owned())
        })?;
    let (key, from) = (before.phone.clone(), before.wa_id.clone());
    let home = sim.numbers.home();
    let numbers: Vec<Arc<Number>> = before
        .numbers(&home.id)
        .iter()
        .filter_map(|id| sim.numbers.get(id))
        .collect();
    let ids = |contact: &Contact| -> Vec<(String, String)> {
        let of = |number: &Arc<Number>| {
            let portfolio = &number.account.portfolio;
            (
                contact.user_id(portfolio),
                contact.parent_user_id(portfolio),
            )
        };
        numbers.iter().map(of).collect()
    };
    let previous = ids(before);
    let seed = new.map_or_else(identity::numeric_id, identity::canonical);
    let to = new.unwrap_or(&key).to_owned();
    if phones.rename(&key, &to, &seed).is_none() {
        return Err(Error::BadInput(
            "the new number belongs to another contact already".to_owned(),
        ));
    }
    let now = sim.clock.now();
    sim.ledger.append(
        "rotation",
        now,
        json!({"from": key, "to": to, "seed": seed}),
    );
    for number in &numbers {
        phones.ensure(&number.account.portfolio, &to, false, now);
    }
    let Some(contact) = phones.get(&to) else {
        return Err(Error::NotFound("the contact is gone".to_owned()));
    };
    let shape = Shape::of(contact, &sim.faults.now());
    let from = (new.is_some() && !shape.phone_hidden).then_some(from);
    let events = numbers
        .iter()
        .zip(previous)
        .map(|(number, previous)| {
            system_event(sim, number, contact, &shape, (&previous, from.as_deref()))
        })
        .collect();
    Ok(Turned {
        events,
        summary: contact.summary(now),
    })
}

/// `before`: the previous user id and parent id, and the previous number where it may be told.
fn system_event(
    sim: &Sim,
    number: &Arc<Number>,
    contact: &Contact,
    shape: &Shape,
    before: (&(String, String), Option<&str>),
) -> Event {
    let ((previous, previous_parent), from) = before;
    let id = wamid(&contact.wa_id, Author::Customer);
    let portfolio = &number.account.portfolio;
    let mut system = json!({});
    if !shape.legacy {
        system["user_id"] = json!(contact.user_id(portfolio));
        system["previous_user_id"] = json!(previous);
    }
    if shape.parent_ids {
        system["parent_user_id"] = json!(contact.parent_user_id(portfolio));
        system["previous_parent_user_id"] = json!(previous_parent);
    }
    let mut item =
        json!({"id": id, "timestamp": sim.clock.now().timestamp().to_string(), "type": "system"});
    match from {
        Some(from) => {
            system["type"] = json!("user_changed_number");
            system["body"] = json!(format!(
                "User {} changed from {from} to {}",
                contact.name, contact.wa_id
            ));
            system["wa_id"] = json!(contact.wa_id);
            item["from"] = json!(from);
        }
        None => {
            system["type"] = json!("user_changed_user_id");
            system["body"] = json!("User changed user ID");
        }
    }
    item["system"] = system;
    Event {
        identity: format!("message:{id}"),
        place: Place::MESSAGES,
        number: number.clone(),
        phone: contact.phone.clone(),
        wamid: id,
        contacts: Vec::new(),
        items: vec![item],
        attempted: None,
    }
}
