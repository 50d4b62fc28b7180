//! `POST /{phone_number_id}/messages`: sends, read marks, typing.
//!
//! Promises: an accepted send is on the phone and in the ledger before it is answered, so that a lost answer is a
//! message that went out.
//! Does not: deliver; `status` plans what follows.

use super::buckets::Exceeded;
use super::error::GraphError;
use super::recipient::Recipient;
use super::{templates, validate};
use crate::cut::Cut;
use crate::identity::{Author, wamid};
use crate::phone::{Direction, Entry, Ticks};
use crate::state::{Sim, lock};
use crate::status;
use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

type Refusal = GraphError;

/// What happened to a request, for the ledger.
struct Record<'r> {
    id: &'r str,
    body: &'r Value,
    fate: &'static str,
}

pub(crate) async fn send(
    State(sim): State<Arc<Sim>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((_version, id)): Path<(String, String)>,
    bytes: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let is_read_mark = body.get("status").is_some();
    if !is_read_mark && let Some(recorded) = sim.faults.take_502() {
        return bad_gateway(&sim, &id, &body, recorded);
    }
    let fate = fate(&sim, &cut, is_read_mark);
    let outcome = match is_read_mark {
        true => mark_read(&sim, &id, &body),
        false => accept(&sim, &id, &body, fate.word()),
    };
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => {
            record(
                &sim,
                &Record {
                    id: &id,
                    body: &body,
                    fate: "answered",
                },
                &error.to_json(),
                error.http,
            );
            return error.into_response();
        }
    };
    if !is_read_mark {
        follow_fate(&sim, &fate, &answer).await;
    }
    Json(answer).into_response()
}

/// What a proxy on the way says; the send may have gone out all the same.
fn bad_gateway(sim: &Sim, id: &str, body: &Value, recorded: bool) -> Response {
    let refused = !recorded || accept(sim, id, body, "answered 502").is_err();
    if refused {
        record(
            sim,
            &Record {
                id,
                body,
                fate: "refused with 502",
            },
            &Value::Null,
            502,
        );
    }
    (
        StatusCode::BAD_GATEWAY,
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
    )
        .into_response()
}

/// What becomes of the answer to an accepted send.
enum Fate {
    Answered,
    Held(Duration),
    Cut(Cut),
}

impl Fate {
    fn word(&self) -> &'static str {
        match self {
            Fate::Answered => "answered",
            Fate::Held(_) => "held",
            Fate::Cut(_) => "cut",
        }
    }
}

fn fate(sim: &Sim, cut: &Cut, is_read_mark: bool) -> Fate {
    let hang_ms = sim.faults.now().graph_hang_ms;
    if is_read_mark {
        Fate::Answered
    } else if sim.faults.take_reset() {
        Fate::Cut(cut.clone())
    } else if hang_ms > 0 {
        Fate::Held(Duration::from_millis(hang_ms))
    } else {
        Fate::Answered
    }
}

async fn follow_fate(sim: &Sim, fate: &Fate, answer: &Value) {
    if sim.faults.now().status_before_response
        && let Some(wamid) = answer.pointer("/messages/0/id").and_then(Value::as_str)
    {
        status::announce_sent(sim, wamid).await;
    }
    match fate {
        Fate::Answered => {}
        Fate::Cut(cut) => cut.now(),
        Fate::Held(hold) => tokio::select! {
            () = tokio::time::sleep(*hold) => {}
            () = sim.shutdown.cancelled() => {}
        },
    }
}

/// Checks everything Meta checks, then puts the message on the phone.
fn accept(sim: &Sim, id: &str, body: &Value, fate: &'static str) -> Result<Value, Refusal> {
    if id != sim.business.phone_number_id {
        return Err(GraphError::unknown_object("post", id));
    }
    if let Some(fault) = sim.faults.take_graph_error() {
        return Err(GraphError::ordered(fault.code, fault.http));
    }
    let fields = body
        .as_object()
        .ok_or_else(|| GraphError::parameter("The body must be a JSON object."))?;
    let (kind, payload) = validate::validate(fields)?;
    let recipient = Recipient::resolve(sim, fields)?;
    let payload = checked_payload(sim, kind, payload)?;
    let mut failure = None;
    if let Some(phone) = recipient.phone() {
        check_rates(sim, phone)?;
        failure = check_window(sim, phone, kind)?;
    }
    let wamid = wamid(recipient.digits(), Author::Business);
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [recipient.answer()],
        "messages": [message(kind, &wamid)],
    });
    if let Some(phone) = recipient.phone() {
        put_on_phone(
            sim,
            phone,
            entry(sim, &wamid, kind, payload, fields, &recipient),
        );
    }
    let fate = if recipient.phone().is_none() {
        "dropped in silence"
    } else {
        fate
    };
    record(sim, &Record { id, body, fate }, &answer, 200);
    if let Some(phone) = recipient.phone() {
        sim.stream.message(sim, phone, &wamid);
        status::plan(
            sim,
            &wamid,
            kind,
            failure.or_else(|| sim.faults.take_fail_later()),
        );
    }
    Ok(answer)
}

/// Templates answer with a pacing state, everything else with the id alone.
fn message(kind: &str, wamid: &str) -> Value {
    if kind == "template" {
        json!({"id": wamid, "message_status": "accepted"})
    } else {
        json!({"id": wamid})
    }
}

/// Rules that need our own state: known templates, media and reaction targets.
fn checked_payload(sim: &Sim, kind: &str, payload: &Value) -> Result<Value, Refusal> {
    match kind {
        "template" => templates::rendered(sim, payload),
        "reaction" => {
            let target = payload["message_id"].as_str().unwrap_or_default();
            let known = sim.phones().find(target).is_some_and(|(contact, at)| {
                contact
                    .thread
                    .get(at)
                    .is_some_and(|entry| entry.kind != "reaction")
            });
            if known {
                Ok(payload.clone())
            } else {
                Err(GraphError::invalid(
                    "The message to react to was not found.",
                ))
            }
        }
        "image" | "video" | "audio" | "document" | "sticker" => {
            match payload.get("id").and_then(Value::as_str) {
                Some(id) if lock(&sim.media).get(id).is_none() => Err(GraphError::new(
                    131_009,
                    format!("Media with id {id} was not found; upload it first."),
                )),
                _ => Ok(payload.clone()),
            }
        }
        _ => Ok(payload.clone()),
    }
}

fn check_rates(sim: &Sim, phone: &str) -> Result<(), Refusal> {
    lock(&sim.buckets).take(phone, Instant::now()).map_err(|exceeded| match exceeded {
        Exceeded::Throughput => GraphError::new(130_429, "Message failed to send because there were too many messages sent from this phone number in a short period of time."),
        Exceeded::Pair => GraphError::new(131_056, "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."),
    })
}

/// `Ok(Some(131047))` when the refusal is to come as a status later.
fn check_window(sim: &Sim, phone: &str, kind: &str) -> Result<Option<i64>, Refusal> {
    let open = sim
        .phones()
        .get(phone)
        .is_some_and(|contact| contact.window_open(sim.clock.now()));
    if open || kind == "template" {
        Ok(None)
    } else if sim.faults.now().window_error_later {
        Ok(Some(131_047))
    } else {
        Err(GraphError::new(
            131_047,
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
        ))
    }
}

fn entry(
    sim: &Sim,
    wamid: &str,
    kind: &str,
    payload: Value,
    fields: &Map<String, Value>,
    recipient: &Recipient,
) -> Entry {
    let mut entry = Entry::new(
        wamid.to_owned(),
        Direction::Out,
        kind,
        payload,
        sim.clock.now(),
    );
    entry.sent_to_phone = matches!(recipient, Recipient::Phone { .. });
    entry.context = fields.get("context").cloned();
    entry.callback_data = fields
        .get("biz_opaque_callback_data")
        .and_then(Value::as_str)
        .map(str::to_owned);
    entry
}

fn put_on_phone(sim: &Sim, phone: &str, entry: Entry) {
    sim.phones().append(phone, entry);
}

/// Read marks, with or without typing: this message and all earlier ones turn blue on the phone.
fn mark_read(sim: &Sim, id: &str, body: &Value) -> Result<Value, Refusal> {
    if id != sim.business.phone_number_id {
        return Err(GraphError::unknown_object("post", id));
    }
    if body["messaging_product"] != "whatsapp" || body["status"] != "read" {
        return Err(GraphError::parameter(
            "A read mark is {messaging_product: whatsapp, status: read, message_id}.",
        ));
    }
    let wamid = validate::required(body, "body", "message_id")?
        .as_str()
        .unwrap_or_default();
    let mut read = Vec::new();
    let phone = {
        let mut phones = sim.phones();
        let Some((contact, at)) = phones
            .find(wamid)
            .filter(|(contact, at)| contact.thread[*at].direction == Direction::In)
        else {
            return Err(GraphError::invalid(
                "message_id is not a message from a user, or too old.",
            ));
        };
        for entry in contact.thread.iter_mut().take(at + 1) {
            if entry.direction == Direction::In && entry.ticks < Ticks::Read {
                entry.ticks = Ticks::Read;
                read.push(entry.id.clone());
            }
        }
        contact.phone.clone()
    };
    for wamid in read {
        sim.stream.ticks(&phone, &wamid, Ticks::Read);
    }
    if body.get("typing_indicator").is_some() {
        sim.stream.typing(&phone);
    }
    let answer = json!({"success": true});
    record(
        sim,
        &Record {
            id,
            body,
            fate: "answered",
        },
        &answer,
        200,
    );
    Ok(answer)
}

fn record(sim: &Sim, record: &Record<'_>, reply: &Value, http: u16) {
    let sent = reply.pointer("/messages/0/id");
    let phone = sent
        .and_then(Value::as_str)
        .and_then(|wamid| Some(sim.phones().find(wamid)?.0.phone.clone()));
    sim.ledger.append(
        "graph",
        sim.clock.now(),
        json!({
            "call": format!("POST /{}/messages", record.id),
            "http": http,
            "code": reply.pointer("/error/code"),
            "wamid": sent,
            "phone": phone,
            "callback_data": record.body.get("biz_opaque_callback_data"),
            "fate": record.fate,
            "request": record.body,
            "reply": reply,
        }),
    );
}
