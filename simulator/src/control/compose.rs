//! Turns what a customer sends into a webhook event: id, time, sender, media, context.
//!
//! Promises: the sender's fields are Meta's, whatever the caller wrote; unknown types pass through, so that anything
//! can be tried on a gateway.
//! Does not: check limits of customers' messages; WhatsApp does that on the phone.

use crate::error::Error;
use crate::graph::media_url;
use crate::identity::{Author, wamid};
use crate::media::{Medium, sample};
use crate::phone::{Contact, Direction, Entry};
use crate::state::{Sim, lock};
use crate::webhook::envelope::Shape;
use crate::webhook::{Event, EventKind};
use base64::Engine as _;
use serde_json::{Map, Value, json};

/// How long the `url` in a webhook works.
const MEDIA_URL_LIFETIME_S: i64 = 300;

/// A new message of the customer `phone`: on the phone and ready to be published.
pub(crate) fn write(
    sim: &Sim,
    digits: &str,
    name: Option<&str>,
    body: Value,
) -> Result<Event, Error> {
    let Value::Object(mut message) = body else {
        return Err(Error::BadInput(
            r#"send a Cloud API message, e.g. {"type":"text","text":{"body":"oi"}}"#.to_owned(),
        ));
    };
    let kind = match message.get("type") {
        Some(Value::String(kind)) if !kind.is_empty() => kind.clone(),
        _ => {
            return Err(Error::BadInput(
                r#"the message needs a "type", e.g. "text""#.to_owned(),
            ));
        }
    };
    if kind == "text"
        && message
            .get("text")
            .and_then(|text| text["body"].as_str())
            .is_none_or(str::is_empty)
    {
        return Err(Error::BadInput(
            r#"a text needs words: {"type":"text","text":{"body":"oi"}}"#.to_owned(),
        ));
    }
    attach_medium(sim, &kind, &mut message)?;

    let (now, faults) = (sim.clock.now(), sim.faults.now());
    let mut phones = sim.phones();
    let contact = phones.ensure(&sim.business.waba_id, digits, faults.strip_ninth_digit, now);
    if let Some(name) = name {
        contact.name = name.to_owned();
    }
    if !message.contains_key("context")
        && let Some(context) =
            answered_message(contact, &message, &sim.business.display_phone_number)
    {
        message.insert("context".into(), context);
    }
    let id = wamid(&contact.wa_id, Author::Customer);
    let mut entry = Entry::new(
        id.clone(),
        Direction::In,
        &kind,
        message.get(&kind).cloned().unwrap_or(Value::Null),
        now,
    );
    entry.context = message.get("context").cloned();
    message.insert("id".into(), json!(id));
    message.insert("timestamp".into(), json!(now.timestamp().to_string()));
    let event = inbound_event(contact, &Shape::of(contact, &faults), message);
    let phone = contact.phone.clone();
    phones.append(&phone, entry);
    Ok(event)
}

/// The event of an inbound message that has its id and time.
fn inbound_event(contact: &Contact, shape: &Shape, mut message: Map<String, Value>) -> Event {
    for forged in ["from", "from_user_id"] {
        message.remove(forged);
    }
    shape.stamp_sender(&mut message, contact);
    let wamid = message
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let is_system = message.get("type").is_some_and(|kind| kind == "system");
    Event {
        identity: format!("message:{wamid}"),
        kind: EventKind::Message,
        phone: contact.phone.clone(),
        wamid,
        contact: (!is_system).then(|| shape.sender(contact)),
        item: Value::Object(message),
        attempted: None,
    }
}

/// A tap answers a message: the newest one that offers this id.
fn answered_message(
    contact: &Contact,
    message: &Map<String, Value>,
    business: &str,
) -> Option<Value> {
    let interactive = message.get("interactive")?;
    let tapped = ["/button_reply/id", "/list_reply/id"]
        .iter()
        .find_map(|pointer| interactive.pointer(pointer))?;
    let offers = |entry: &&Entry| {
        let action = &entry.payload["action"];
        let buttons = action["buttons"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|button| &button["reply"]["id"]);
        let rows = action["sections"].as_array().into_iter().flatten();
        let rows = rows
            .flat_map(|section| section["rows"].as_array().into_iter().flatten())
            .map(|row| &row["id"]);
        entry.direction == Direction::Out && buttons.chain(rows).any(|id| id == tapped)
    };
    let asked = contact.thread.iter().rev().find(offers)?;
    Some(json!({"from": business, "id": asked.id}))
}

/// Media without an id gets one: `data_base64` of the caller, or a small sample.
fn attach_medium(sim: &Sim, kind: &str, message: &mut Map<String, Value>) -> Result<(), Error> {
    let Some((sample_mime, sample_bytes)) = sample(kind) else {
        return Ok(());
    };
    let payload = message.entry(kind).or_insert_with(|| json!({}));
    let Value::Object(payload) = payload else {
        return Err(Error::BadInput(format!("{kind} must be an object")));
    };
    if payload.contains_key("id") {
        return Ok(());
    }
    let text = |payload: &Map<String, Value>, key: &str| {
        payload.get(key).and_then(Value::as_str).map(str::to_owned)
    };
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
    let sha256 = medium.sha256_base64();
    let id = lock(&sim.media).put(medium);
    payload.insert("mime_type".into(), json!(mime));
    payload.insert("sha256".into(), json!(sha256));
    payload.insert(
        "url".into(),
        json!(media_url(
            sim,
            &id,
            sim.clock.now().timestamp() + MEDIA_URL_LIFETIME_S
        )),
    );
    payload.insert("id".into(), json!(id));
    match kind {
        "audio" => drop(payload.entry("voice").or_insert(json!(true))),
        "sticker" => drop(payload.entry("animated").or_insert(json!(false))),
        "document" => drop(payload.entry("filename").or_insert(json!("documento.pdf"))),
        _ => {}
    }
    Ok(())
}
