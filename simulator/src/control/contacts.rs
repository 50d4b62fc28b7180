//! Contacts and their threads: what a customer writes, sees and opens.
//!
//! Promises: a POST answers when the event is in the ledger; a GET shows the thread in the order it happened on the
//! phone and can wait for it to grow.

use super::compose;
use crate::error::Error;
use crate::identity::phone_digits;
use crate::phone::{Direction, Entry, Ticks};
use crate::state::{Sim, lock};
use crate::status::{self, Step};
use crate::webhook;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
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
pub(super) struct Named {
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Waiting {
    /// Answer as soon as the thread has more messages than this, or after `wait_ms`.
    more_than: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    username: Option<String>,
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
    let summary = {
        let (strip, now) = (sim.faults.now().strip_ninth_digit, sim.clock.now());
        let mut phones = sim.phones();
        let contact = phones.ensure(&sim.business.waba_id, &digits, strip, now);
        if let Some(name) = name {
            contact.name = name;
        }
        if let Some(username) = change.username {
            contact.username = Some(username).filter(|username| !username.is_empty());
        }
        contact.summary(now)
    };
    sim.stream.contact(&summary);
    Ok(Json(summary))
}

/// `POST /sim/contacts/{phone}/messages?name=`: the customer sends something.
pub(super) async fn write(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(named): Query<Named>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let digits = digits(&phone)?;
    let name = checked_name(named.name.as_deref())?;
    let event = compose::write(&sim, &digits, name.as_deref(), body)?;
    let (id, phone) = (event.wamid.clone(), event.phone.clone());
    sim.stream.message(&sim, &phone, &id);
    webhook::publish(&sim, event);
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

/// `GET /sim/contacts/{phone}/messages?more_than=&wait_ms=`: what the phone shows.
pub(super) async fn thread(
    State(sim): State<Arc<Sim>>,
    Path(phone): Path<String>,
    Query(waiting): Query<Waiting>,
) -> Result<Json<Value>, Error> {
    let digits = digits(&phone)?;
    let wait = Duration::from_millis(waiting.wait_ms.min(WAIT_MS_MAX));
    let deadline = tokio::time::Instant::now() + wait;
    let mut changes = sim.stream.subscribe();
    loop {
        let (messages, contact) = {
            let phones = sim.phones();
            match phones.get(&digits) {
                None => (Vec::new(), Value::Null),
                Some(contact) => (
                    contact.thread.iter().map(Entry::to_json).collect(),
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
    let shelf = lock(&sim.media);
    let medium = shelf
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
    Ok((headers, medium.bytes.clone()))
}

fn digits(phone: &str) -> Result<String, Error> {
    phone_digits(phone).ok_or_else(|| {
        Error::BadInput("the phone must have 7 to 15 digits, country code first".to_owned())
    })
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

fn unknown_contact() -> Error {
    Error::NotFound("this phone has no contact yet: let it write first, or PUT it".to_owned())
}
