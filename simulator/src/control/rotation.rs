//! `POST /sim/contacts/{phone}/rotate {phone?}`: the person changes number, or only the user id changes.
//!
//! Promises: one `system` message with `previous_user_id`, as Meta sends since 2026-08; the thread moves along.
//! Does not: tell anything else; the next message simply comes from the new identity.

use crate::error::Error;
use crate::identity::{self, Author, phone_digits, wamid};
use crate::phone::Contact;
use crate::state::Sim;
use crate::webhook::{self, Event, EventKind};
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
    let (event, summary) =
        {
            let mut phones = sim.phones();
            let before = phones.get(&old).ok_or_else(|| {
                Error::NotFound("this phone has no contact yet: let it write first".to_owned())
            })?;
            let (key, previous, from) = (
                before.phone.clone(),
                before.user_id.clone(),
                before.wa_id.clone(),
            );
            let user_id =
                match &new {
                    Some(new) => identity::bsuid(&sim.business.waba_id, new),
                    None => identity::bsuid(&sim.business.waba_id, &identity::numeric_id())
                        .replacen("ZZ", previous.get(..2).unwrap_or("BR"), 1),
                };
            let to = new.clone().unwrap_or_else(|| key.clone());
            let Some(contact) = phones.rename(&key, &to, &user_id) else {
                return Err(Error::BadInput(
                    "the new number belongs to another contact already".to_owned(),
                ));
            };
            sim.ledger.append(
                "rotation",
                sim.clock.now(),
                json!({"from": key, "to": to, "user_id": user_id}),
            );
            let from = new.is_some().then_some(from);
            (
                system_event(&sim, contact, &previous, from),
                contact.summary(sim.clock.now()),
            )
        };
    sim.stream.resync();
    webhook::publish(&sim, event);
    Ok(Json(summary))
}

fn system_event(sim: &Sim, contact: &Contact, previous: &str, from: Option<String>) -> Event {
    let id = wamid(&contact.wa_id, Author::Customer);
    let mut system = json!({"user_id": contact.user_id, "previous_user_id": previous});
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
        kind: EventKind::Message,
        phone: contact.phone.clone(),
        wamid: id,
        contact: None,
        item,
        attempted: None,
    }
}
