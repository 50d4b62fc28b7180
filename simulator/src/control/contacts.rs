//! Contacts and their threads: what a customer writes, sees and opens.
//!
//! Promises: a POST answers when the event is in the ledger; a GET shows the thread in the order it happened on the
//! phone and can wait for it to grow.

use super::compose;
use crate::business::Number;
use crate::error::Error;
use crate::identity::{self, phone_digits};
use crate::phone::{Contact, Direction, Entry, Ticks};
use crate::state::{Sim, lock};
use crate::status::{self, Step};
use crate::webhook;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const LIST_MAX: usize = 500;
const WAIT_MS_MAX: u64 = 60_000;
const NAME_CHARS_MAX: usize = 60;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Written {
    name: Option<String>,
    phone_number_id: Option<String>,
    /// In a group: the member who writes.
    from: Option<String>,
    /// `standby`: the copy for an app that only observes.
    field: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Waiting {
    /// Answer as soon as the thread has more messages than this, or after `wait_ms`.
    more_than: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
    phone_number_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    username: Option<String>,
    /// `phone`, `bsuid` or `username`: what businesses see.
    identity: Option<String>,
    /// What Meta calls the person, when it is not the phone.
    wa_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderedStatus {
    id: String,
    status: String,
    code: Option<i64>,
}

/// `GET /sim/contacts?q=&limit=`: newest first.
pub(super) async fn list(State(sim): State<Arc<Sim>>, Query(search): Query<Search>) -> Json<Value> {
    let limit = search.limit.unwrap_or(LIST_MAX).min(LIST_MAX);
    let (phones, now) = (sim.phones(), sim.clock.now());
    let contacts: Vec<Value> = phones
        .list(&search.q, limit)
        .into_iter()
        .map(|contact| contact.summary(now))
        .collect();
    Json(json!({"contacts": contacts, "total": phones.len()}))
}

/// `GET /sim/contacts/{phone}`.
pub(super) async fn one(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
) -> Result<Json<Value>, Error> {
    let digits = digits(&phone)?;
    let phones = sim.phones();
    let contact = phones.get(&digits).ok_or_else(unknown_contact)?;
    Ok(Json(contact.summary(sim.clock.now())))
}

/// `PUT /sim/contacts/{phone}`: makes the contact or changes its profile.
pub(super) async fn change(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Value>, Error> {
    let digits = digits(&phone)?;
    let name = checked_name(change.name.as_deref())?;
    let wa_id = change.wa_id.as_deref().map(digits_of).transpose()?;
    let summary = {
        let (strip, now) = (sim.faults.now().strip_ninth_digit, sim.clock.now());
        let mut phones = sim.phones();
        let portfolio = sim.numbers.home().account.portfolio.clone();
        let contact = phones.ensure(&portfolio, &digits, strip, now);
        if let Some(name) = name {
            contact.name = name;
        }
        if let Some(username) = change.username {
            contact.username = Some(username).filter(|username| !username.is_empty());
        }
        if let Some(identity) = &change.identity {
            set_identity(contact, identity)?;
        }
        let key = contact.phone.clone();
        if let Some(wa_id) = wa_id {
            phones.set_wa_id(&key, &wa_id);
        }
        phones
            .get(&key)
            .map(|contact| contact.summary(now))
            .unwrap_or_default()
    };
    sim.ledger
        .append("contact", sim.clock.now(), json!({"contact": summary}));
    sim.stream.contact(&summary);
    Ok(Json(summary))
}

/// What businesses see of the person; a username is made up when there is none.
fn set_identity(contact: &mut Contact, identity: &str) -> Result<(), Error> {
    match identity {
        "phone" => contact.hidden = false,
        "bsuid" => {
            contact.hidden = true;
            contact.username = None;
        }
        "username" => {
            contact.hidden = true;
            let digits = contact
                .phone
                .get(contact.phone.len().saturating_sub(4)..)
                .unwrap_or_default()
                .to_owned();
            contact
                .username
                .get_or_insert_with(|| format!("cliente.{digits}"));
        }
        _ => {
            return Err(Error::BadInput(
                "identity is phone, bsuid or username".to_owned(),
            ));
        }
    }
    Ok(())
}

/// `POST /sim/contacts/{phone}/messages?name=&phone_number_id=&from=&field=`: the customer sends something.
pub(super) async fn write(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(written): Query<Written>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let chat = digits(&phone)?;
    let name = checked_name(written.name.as_deref())?;
    let member = match (identity::is_group_id(&chat), written.from.as_deref()) {
        (true, Some(from)) => Some(digits_of(from)?),
        (true, None) => {
            return Err(Error::BadInput(
                "in a group, name the member who writes: ?from=PHONE".to_owned(),
            ));
        }
        (false, _) => None,
    };
    let to = compose::Address {
        number: number(&sim, written.phone_number_id.as_deref())?,
        chat: &chat,
        member: member.as_deref(),
        name: name.as_deref(),
        field: written.field.as_deref().unwrap_or("messages"),
    };
    let is_change = matches!(body["type"].as_str(), Some("reaction" | "edit" | "revoke"));
    let (id, event) = compose::write(&sim, &to, body)?;
    sim.stream.message(&sim, &chat, &id);
    if is_change {
        sim.stream.resync();
    }
    if let Some(event) = event {
        webhook::publish(&sim, event);
    }
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

/// `GET /sim/contacts/{phone}/messages?more_than=&wait_ms=`: what the phone shows.
pub(super) async fn thread(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(waiting): Query<Waiting>,
) -> Result<Json<Value>, Error> {
    let digits = digits(&phone)?;
    let business = number(&sim, waiting.phone_number_id.as_deref())?;
    let wait = Duration::from_millis(waiting.wait_ms.min(WAIT_MS_MAX));
    let deadline = tokio::time::Instant::now() + wait;
    let mut changes = sim.stream.subscribe();
    loop {
        let (messages, contact) = {
            let phones = sim.phones();
            match phones.get(&digits) {
                None => (Vec::new(), Value::Null),
                Some(contact) => (
                    contact
                        .thread
                        .iter()
                        .filter(|entry| entry.number == business.id)
                        .map(Entry::to_json)
                        .collect(),
                    contact.summary(sim.clock.now()),
                ),
            }
        };
        let enough = waiting.more_than.is_none_or(|count| messages.len() > count);
        if enough || tokio::time::Instant::now() >= deadline || sim.shutdown.is_cancelled() {
            return Ok(Json(json!({"contact": contact, "messages": messages})));
        }
        tokio::select! {
            // Lagging behind is a change too.
            _ = changes.recv() => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = sim.shutdown.cancelled() => {}
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Passed {
    ms: i64,
}

/// `POST /sim/contacts/{phone}/advance {ms}`: for this person alone time passed; the window closes earlier.
pub(super) async fn advance(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Json(passed): Json<Passed>,
) -> Result<Json<Value>, Error> {
    let digits = digits(&phone)?;
    let summary = {
        let mut phones = sim.phones();
        let contact = phones.get_mut(&digits).ok_or_else(unknown_contact)?;
        contact.age(TimeDelta::milliseconds(passed.ms));
        contact.summary(sim.clock.now())
    };
    sim.stream.contact(&summary);
    Ok(Json(summary))
}

/// `POST /sim/contacts/{phone}/read`: somebody looks at the phone.
pub(super) async fn read(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
) -> Result<Json<Value>, Error> {
    let digits = digits(&phone)?;
    let unread: Vec<String> = {
        let phones = sim.phones();
        let contact = phones.get(&digits).ok_or_else(unknown_contact)?;
        let unread = contact.thread.iter().filter(|entry| entry.is_unread());
        unread.map(|entry| entry.id.clone()).collect()
    };
    for wamid in &unread {
        status::advance(&sim, wamid, Step::Read);
    }
    Ok(Json(json!({"read": unread.len()})))
}

/// `POST /sim/contacts/{phone}/statuses {id, status, code?}`: a status out of turn.
pub(super) async fn status(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Json(order): Json<OrderedStatus>,
) -> Result<Json<Value>, Error> {
    digits(&phone)?;
    let step = match order.status.as_str() {
        "sent" => Step::Sent,
        "delivered" => Step::Delivered,
        "read" => Step::Read,
        "played" => Step::Played,
        "failed" => Step::Failed(order.code.unwrap_or(131_026)),
        _ => {
            return Err(Error::BadInput(
                "status is sent, delivered, read, played or failed".to_owned(),
            ));
        }
    };
    let before = ticks(&sim, &order.id)?;
    status::advance(&sim, &order.id, step);
    let after = ticks(&sim, &order.id)?;
    Ok(Json(json!({"changed": before != after, "ticks": after})))
}

fn ticks(sim: &Sim, wamid: &str) -> Result<Ticks, Error> {
    let mut phones = sim.phones();
    let found = phones
        .find(wamid)
        .and_then(|(contact, at)| contact.thread.get(at));
    match found.filter(|entry| entry.direction == Direction::Out) {
        Some(entry) => Ok(entry.ticks),
        None => Err(Error::NotFound(
            "no message of the business has this id".to_owned(),
        )),
    }
}

/// `GET /sim/media/{id}`: for the phone page; safe types are shown, everything else is downloaded.
pub(super) async fn medium(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Error> {
    let medium = lock(&sim.media)
        .get(&id)
        .ok_or_else(|| Error::NotFound("no such medium".to_owned()))?;
    let shown = [
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
        "audio/",
        "video/",
    ];
    let disposition = if shown.iter().any(|safe| medium.mime.starts_with(safe)) {
        "inline"
    } else {
        "attachment"
    };
    let mime = header::HeaderValue::from_str(&medium.mime)
        .unwrap_or(header::HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, mime),
        (
            header::CONTENT_DISPOSITION,
            header::HeaderValue::from_static(disposition),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            header::HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok((headers, medium.bytes))
}

/// Digits of a phone, or a group's id as it is.
pub(super) fn digits(phone: &str) -> Result<String, Error> {
    if identity::is_group_id(phone) {
        return Ok(phone.to_owned());
    }
    digits_of(phone)
}

pub(super) fn digits_of(phone: &str) -> Result<String, Error> {
    phone_digits(phone).ok_or_else(|| {
        Error::BadInput("the phone must have 7 to 15 digits, country code first".to_owned())
    })
}

/// The number with this id, or the first one.
pub(super) fn number(sim: &Sim, phone_number_id: Option<&str>) -> Result<Arc<Number>, Error> {
    sim.number(phone_number_id)
        .ok_or_else(|| Error::NotFound("no number has this id: POST /sim/numbers first".to_owned()))
}

fn checked_name(name: Option<&str>) -> Result<Option<String>, Error> {
    match name.map(str::trim) {
        None | Some("") => Ok(None),
        Some(name) if name.chars().count() <= NAME_CHARS_MAX => Ok(Some(name.to_owned())),
        Some(_) => Err(Error::BadInput(format!(
            "a name has at most {NAME_CHARS_MAX} characters"
        ))),
    }
}

pub(super) fn unknown_contact() -> Error {
    Error::NotFound("this phone has no contact yet: let it write first, or PUT it".to_owned())
}
