//! Calls of the customer, and what customers want of marketing.
//!
//! Promises: a call rings (`connect`) and ends (`terminate`), as two webhooks in this order; both open the 24 hour
//! window.
//! Does not: carry sound.

use super::contacts::{digits_of, number, unknown_contact};
use crate::error::Error;
use crate::identity::wacid;
use crate::phone::{Direction, Entry};
use crate::state::Sim;
use crate::webhook::envelope::Shape;
use crate::webhook::{self, Event, Place};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct To {
    pub(super) phone_number_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// `missed`, `rejected`, `completed`, `failed`, or `ringing`: no end yet.
    #[serde(default = "missed")]
    outcome: String,
    #[serde(default)]
    duration_s: i64,
}

fn missed() -> String {
    "missed".to_owned()
}

/// `POST /sim/contacts/{phone}/calls {outcome?, duration_s?}`.
pub(super) async fn call(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(to): Query<To>,
    Json(call): Json<Call>,
) -> Result<(StatusCode, Json<Value>), Error> {
    const KNOWN: [&str; 5] = ["missed", "rejected", "completed", "failed", "ringing"];
    if !KNOWN.contains(&call.outcome.as_str()) {
        return Err(Error::BadInput(format!(
            "outcome is one of {}",
            KNOWN.join(", ")
        )));
    }
    let digits = digits_of(&phone)?;
    let business = number(&sim, to.phone_number_id.as_deref())?;
    let (now, faults, id) = (sim.clock.now(), sim.faults.now(), wacid());
    let portfolio = &business.account.portfolio;
    let mut events = Vec::new();
    {
        let mut phones = sim.phones();
        let contact = phones.ensure(portfolio, &digits, faults.strip_ninth_digit, now);
        contact.wrote_to(&business.id, now);
        let shape = Shape::of(contact, &faults);
        let mut event = |word: &str, fields: Value| {
            let mut item = Map::new();
            item.insert("id".into(), json!(id));
            shape.stamp(&mut item, contact, portfolio, "from");
            item.insert("to".into(), json!(business.display_phone_number));
            item.insert("event".into(), json!(word));
            item.insert("timestamp".into(), json!(now.timestamp().to_string()));
            item.insert("direction".into(), json!("USER_INITIATED"));
            if let Value::Object(fields) = fields {
                item.extend(fields);
            }
            events.push(Event {
                identity: format!("calls:{id}:{word}"),
                place: Place::CALLS,
                number: business.clone(),
                phone: contact.phone.clone(),
                wamid: id.clone(),
                contacts: vec![shape.sender(contact, portfolio)],
                items: vec![Value::Object(item)],
                attempted: None,
            });
        };
        event(
            "connect",
            json!({"session": {"sdp": "v=0\r\n", "sdp_type": "offer"}}),
        );
        if let Some(end) = end(&call, now.timestamp()) {
            event("terminate", end);
        }
        let mut entry = Entry::new(
            id.clone(),
            Direction::In,
            "call",
            json!({"outcome": call.outcome}),
            now,
        );
        entry.number.clone_from(&business.id);
        let key = contact.phone.clone();
        phones.append(&key, entry);
    }
    sim.stream.message(&sim, &digits, &id);
    for event in events {
        webhook::publish(&sim, event);
    }
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

/// The end of a call; `COMPLETED` only when somebody talked.
fn end(call: &Call, now: i64) -> Option<Value> {
    match call.outcome.as_str() {
        "ringing" => None,
        "completed" => {
            let duration = call.duration_s.max(1);
            Some(json!({
                "status": "COMPLETED", "start_time": (now - duration).to_string(), "end_time": now.to_string(),
                "duration": duration,
            }))
        }
        "rejected" => Some(json!({"status": "REJECTED"})),
        "failed" => Some(json!({"status": "FAILED", "errors": [{
            "code": 138_021, "title": "Call failed", "message": "Call failed", "error_data": {"details": "No media."},
        }]})),
        _ => Some(json!({"status": "FAILED"})),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preference {
    /// `stop` or `resume`.
    value: String,
}

/// `POST /sim/contacts/{phone}/preferences {value}`: the person stops or resumes marketing.
pub(super) async fn prefer(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(to): Query<To>,
    Json(preference): Json<Preference>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let stop = match preference.value.as_str() {
        "stop" => true,
        "resume" => false,
        _ => return Err(Error::BadInput("value is stop or resume".to_owned())),
    };
    let digits = digits_of(&phone)?;
    let business = number(&sim, to.phone_number_id.as_deref())?;
    let (now, faults) = (sim.clock.now(), sim.faults.now());
    let (event, summary) = {
        let mut phones = sim.phones();
        let contact = phones.get_mut(&digits).ok_or_else(unknown_contact)?;
        contact.marketing_stopped = stop;
        let shape = Shape::of(contact, &faults);
        let portfolio = &business.account.portfolio;
        let mut item = Map::new();
        if !shape.phone_hidden {
            item.insert("wa_id".into(), json!(contact.wa_id));
        }
        if !shape.legacy {
            item.insert("user_id".into(), json!(contact.user_id(portfolio)));
        }
        let detail = format!("User requested to {} marketing messages", preference.value);
        item.insert("detail".into(), json!(detail));
        item.insert("category".into(), json!("marketing_messages"));
        item.insert("value".into(), json!(preference.value));
        item.insert("timestamp".into(), json!(now.timestamp()));
        let event = Event {
            phone: contact.phone.clone(),
            contacts: vec![shape.sender(contact, portfolio)],
            ..Event::notice(business.clone(), Place::PREFERENCES, Value::Object(item))
        };
        (event, contact.summary(now))
    };
    sim.stream.contact(&summary);
    webhook::publish(&sim, event);
    Ok((StatusCode::CREATED, Json(summary)))
}
