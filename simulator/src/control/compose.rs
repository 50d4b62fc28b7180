//! Turns what a customer sends into a webhook event: id, time, sender, media, context.
//!
//! Promises: the sender's fields are Meta's, whatever the caller wrote; unknown types pass through, so that anything
//! can be tried on a gateway.
//! Does not: check limits of customers' messages; WhatsApp does that on the phone.

use crate::business::Number;
use crate::error::Error;
use crate::graph::media_url;
use crate::identity::{Author, numeric_id, odd_wamid, wamid};
use crate::media::{Medium, sample};
use crate::phone::{Contact, Direction, Entry, Phones};
use crate::state::{Sim, lock};
use crate::webhook::envelope::Shape;
use crate::webhook::{Event, Place};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How long the `url` in a webhook works.
const MEDIA_URL_LIFETIME_S: i64 = 300;

/// Who writes to whom.
pub(super) struct Address<'a> {
    pub(super) number: Arc<Number>,
    /// Digits of the customer, or the id of a group.
    pub(super) chat: &'a str,
    /// In a group: the member who writes.
    pub(super) member: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    /// The field of the webhook: `messages`, or `standby`.
    pub(super) field: &'a str,
}

/// A new message of the customer: on the phone and ready to be published. `None` when the business blocked the person.
pub(super) fn write(
    sim: &Sim,
    to: &Address<'_>,
    body: Value,
) -> Result<(String, Option<Event>), Error> {
    let mut message = checked(body)?;
    let kind = kind_of(&message);
    attach_media(sim, &kind, &mut message)?;

    let (now, faults) = (sim.clock.now(), sim.faults.now());
    let portfolio = &to.number.account.portfolio;
    let mut phones = sim.phones();
    let strip = faults.strip_ninth_digit;
    if let Some(member) = to.member {
        phones.ensure(portfolio, member, strip, now);
    }
    let contact = match to.member {
        None => phones.ensure(portfolio, to.chat, strip, now),
        Some(_) => phones.get_mut(to.chat).ok_or_else(unknown_group)?,
    };
    if let Some(name) = to.name.filter(|_| !contact.is_group()) {
        name.clone_into(&mut contact.name);
    }
    answer_the_offer(contact, &mut message, &to.number.display_phone_number);
    let chat = contact.phone.clone();
    let author = to.member.unwrap_or(&chat).to_owned();
    let wa_id = contact.wa_id.clone();
    let id = match faults.odd_wamids {
        true => odd_wamid(&wa_id),
        false => wamid(to.member.unwrap_or(&wa_id), Author::Customer),
    };
    message.insert("id".into(), json!(id));
    message.insert("timestamp".into(), json!(now.timestamp().to_string()));
    show(&mut phones, to, &chat, &author, &message, now);
    if faults.edits_unsupported && matches!(kind.as_str(), "edit" | "revoke") {
        as_unsupported(&kind, &mut message);
    }
    let Some(person) = phones.get(&author) else {
        return Err(unknown_group());
    };
    let group = to.member.map(|_| chat.as_str());
    let event = inbound_event(to, person, group, &Shape::of(person, &faults), message);
    let blocked = to.number.is_blocked(&author);
    Ok((id, (!blocked).then_some(event)))
}

fn unknown_group() -> Error {
    Error::NotFound(
        "there is no such group: POST /sim/groups first, and name a member in ?from=".to_owned(),
    )
}

fn kind_of(message: &Map<String, Value>) -> String {
    message
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// An object with a type, and words when it is a text.
fn checked(body: Value) -> Result<Map<String, Value>, Error> {
    let Value::Object(message) = body else {
        return Err(Error::BadInput(
            r#"send a Cloud API message, e.g. {"type":"text","text":{"body":"oi"}}"#.to_owned(),
        ));
    };
    let kind = kind_of(&message);
    if kind.is_empty() {
        return Err(Error::BadInput(
            r#"the message needs a "type", e.g. "text""#.to_owned(),
        ));
    }
    let words = message.get("text").and_then(|text| text["body"].as_str());
    if kind == "text" && words.is_none_or(str::is_empty) {
        return Err(Error::BadInput(
            r#"a text needs words: {"type":"text","text":{"body":"oi"}}"#.to_owned(),
        ));
    }
    Ok(message)
}

/// On the phone: a bubble of its own, or a change of another one.
fn show(
    phones: &mut Phones,
    to: &Address<'_>,
    chat: &str,
    author: &str,
    message: &Map<String, Value>,
    now: DateTime<Utc>,
) {
    let kind = kind_of(message);
    let payload = message.get(&kind).cloned().unwrap_or(Value::Null);
    if let Some(contact) = phones.get_mut(chat) {
        contact.apply(&kind, &payload, author);
    }
    if matches!(kind.as_str(), "edit" | "revoke") {
        return;
    }
    let id = message
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut entry = Entry::new(id.to_owned(), Direction::In, &kind, payload, now);
    entry.number.clone_from(&to.number.id);
    entry.context = message.get("context").cloned();
    entry.referral = message.get("referral").cloned();
    entry.from = to.member.map(str::to_owned);
    phones.append(chat, entry);
}

/// What a number without coexistence is told about edits and deletions.
fn as_unsupported(kind: &str, message: &mut Map<String, Value>) {
    message.remove(kind);
    message.insert("type".into(), json!("unsupported"));
    message.insert("unsupported".into(), json!({"type": kind}));
    message.insert(
        "errors".into(),
        json!([{
            "code": 131_051, "title": "Message type unknown", "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }]),
    );
}

/// The event of an inbound message that has its id and time.
fn inbound_event(
    to: &Address<'_>,
    person: &Contact,
    group: Option<&str>,
    shape: &Shape,
    mut message: Map<String, Value>,
) -> Event {
    let portfolio = &to.number.account.portfolio;
    for forged in ["from", "from_user_id", "from_parent_user_id"] {
        message.remove(forged);
    }
    shape.stamp(&mut message, person, portfolio, "from");
    if let Some(group) = group {
        message.insert("group_id".into(), json!(group));
    }
    let wamid = message
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let is_system = message.get("type").is_some_and(|kind| kind == "system");
    let place = match to.field {
        "standby" => Place::of("standby", "messages"),
        _ => Place::MESSAGES,
    };
    let word = if place == Place::MESSAGES {
        "message"
    } else {
        "standby"
    };
    Event {
        identity: format!("{word}:{wamid}"),
        place,
        number: to.number.clone(),
        phone: group.unwrap_or(&person.phone).to_owned(),
        wamid,
        contacts: if is_system {
            Vec::new()
        } else {
            vec![shape.sender(person, portfolio)]
        },
        items: vec![Value::Object(message)],
        attempted: None,
    }
}

/// A tap answers a message: the newest one that offers this id.
fn answer_the_offer(contact: &Contact, message: &mut Map<String, Value>, business: &str) {
    let tapped = message.get("interactive").and_then(|interactive| {
        ["/button_reply/id", "/list_reply/id"]
            .iter()
            .find_map(|pointer| interactive.pointer(pointer))
    });
    let asked = tapped
        .and_then(|tapped| contact.offer_of(tapped))
        .map(|entry| entry.id.clone());
    if let Some(id) = asked {
        message
            .entry("context")
            .or_insert_with(|| json!({"from": business, "id": id}));
    }
}

/// Media of the message, and of the message inside an edit.
fn attach_media(sim: &Sim, kind: &str, message: &mut Map<String, Value>) -> Result<(), Error> {
    if kind != "edit" {
        return attach_medium(sim, kind, message);
    }
    match message.get_mut("edit").and_then(|edit| edit["message"].as_object_mut()) {
        Some(inner) => {
            let kind = kind_of(inner);
            attach_medium(sim, &kind, inner)
        }
        None => Err(Error::BadInput(
            r#"an edit is {"type":"edit","edit":{"original_message_id":ID,"message":{"type":"text","text":{"body":"..."}}}}"#.to_owned(),
        )),
    }
}

/// Media without an id gets one: `data_base64` of the caller, or a small sample.
pub(super) fn attach_medium(
    sim: &Sim,
    kind: &str,
    message: &mut Map<String, Value>,
) -> Result<(), Error> {
    let Some((sample_mime, sample_bytes)) = sample(kind) else {
        return Ok(());
    };
    let payload = message.entry(kind).or_insert_with(|| json!({}));
    let Value::Object(payload) = payload else {
        return Err(Error::BadInput(format!("{kind} must be an object")));
    };
    let text = |payload: &Map<String, Value>, key: &str| {
        payload.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    if let Some(id) = text(payload, "id") {
        describe(sim, &id, payload);
        return Ok(());
    }
    let bytes = match payload.remove("data_base64") {
        None => sample_bytes,
        Some(data) => base64::engine::general_purpose::STANDARD
            .decode(data.as_str().unwrap_or_default())
            .map_err(|_| Error::BadInput("data_base64 is not base64".to_owned()))?
            .into(),
    };
    let mime = text(payload, "mime_type").unwrap_or_else(|| sample_mime.to_owned());
    let medium = Medium {
        mime: mime.clone(),
        bytes,
    };
    let id = numeric_id();
    lock(&sim.media).put(&id, medium);
    payload.insert("mime_type".into(), json!(mime));
    describe(sim, &id, payload);
    payload.insert("id".into(), json!(id));
    match kind {
        "audio" => drop(payload.entry("voice").or_insert(json!(true))),
        "sticker" => drop(payload.entry("animated").or_insert(json!(false))),
        "document" => drop(payload.entry("filename").or_insert(json!("documento.pdf"))),
        _ => {}
    }
    Ok(())
}

/// Type, hash and address of a file on the shelf, where the caller did not say (or lie) otherwise.
fn describe(sim: &Sim, id: &str, payload: &mut Map<String, Value>) {
    let Some(medium) = lock(&sim.media).get(id) else {
        return;
    };
    let faults = sim.faults.now();
    let sha256 = match faults.media_wrong_hash {
        true => base64::engine::general_purpose::STANDARD.encode([0_u8; 32]),
        false => medium.sha256_base64(),
    };
    payload.entry("mime_type").or_insert(json!(medium.mime));
    payload.entry("sha256").or_insert(json!(sha256));
    if !faults.no_media_url {
        let expires = sim.clock.now().timestamp() + MEDIA_URL_LIFETIME_S;
        payload
            .entry("url")
            .or_insert(json!(media_url(sim, id, expires)));
    }
}

/// `POST /sim/media`: puts a customer's file on the shelf, of the type its Content-Type claims.
pub(super) async fn shelve(
    State(sim): State<Arc<Sim>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Error> {
    let mime = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| Error::BadInput("say the type in Content-Type".to_owned()))?;
    let id = numeric_id();
    let medium = Medium {
        mime: mime.to_owned(),
        bytes,
    };
    lock(&sim.media).put(&id, medium);
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}
