//! An accepted send: every check of Meta's, the message on the phone, the line in the ledger, what follows.
//!
//! Promises: a refused send leaves no trace but its line; an accepted one is on the phone before the answer.

use super::draft::draft;
use super::{Call, Record, Refusal, record};
use crate::agenda::Job;
use crate::business::Number;
use crate::faults::Pacing;
use crate::graph::buckets::Exceeded;
use crate::graph::error::GraphError;
use crate::graph::recipient::Recipient;
use crate::graph::validate;
use crate::identity::{Author, odd_wamid, wamid};
use crate::phone::{Direction, Entry};
use crate::state::Sim;
use crate::status;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Checks everything Meta checks, then puts the message on the phone.
pub(super) fn accept(sim: &Sim, call: &Call, fate: &'static str) -> Result<Value, Refusal> {
    let number = call.number()?;
    if let Some(fault) = sim.faults.take_graph_error() {
        return Err(GraphError::ordered(fault.code, fault.http));
    }
    if !number.state().registered {
        return Err(GraphError::new(
            133_010,
            "The number is not registered: register it first.",
        ));
    }
    let fields = call
        .body
        .as_object()
        .ok_or_else(|| GraphError::parameter("The body must be a JSON object."))?;
    let (kind, payload) = validate::validate(fields)?;
    let recipient = Recipient::resolve(sim, number, fields)?;
    let draft = draft(sim, call, kind, payload, &recipient)?;
    let mut failure = draft.failure;
    if let Some(phone) = recipient.phone() {
        if number.is_blocked(phone) {
            return Err(GraphError::new(130_403, "The business blocked this user."));
        }
        check_rates(number, phone)?;
        failure = failure.or(check_window(sim, number, phone, kind)?);
    }
    let wamid = match sim.faults.now().odd_wamids {
        true => odd_wamid(recipient.digits()),
        false => wamid(recipient.digits(), Author::Business),
    };
    let pacing = sim
        .faults
        .now()
        .template_pacing
        .filter(|_| kind == "template");
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [recipient.answer()],
        "messages": [message(kind, &wamid, pacing.as_ref())],
    });
    let Some(phone) = recipient.phone() else {
        record(
            sim,
            &Record {
                call,
                fate: "dropped in silence",
            },
            &answer,
            200,
        );
        return Ok(answer);
    };
    put_on_phone(
        sim,
        number,
        phone,
        entry(sim, call, &wamid, kind, draft.payload, &recipient),
    );
    record(sim, &Record { call, fate }, &answer, 200);
    sim.stream.message(sim, phone, &wamid);
    follow(sim, &wamid, kind, failure, pacing.as_ref());
    Ok(answer)
}

/// The course of an accepted message, or its wait for Meta's judgement.
fn follow(sim: &Sim, wamid: &str, kind: &str, failure: Option<i64>, pacing: Option<&Pacing>) {
    let failure = failure.or_else(|| sim.faults.take_fail_later());
    match pacing {
        None => status::plan(sim, wamid, kind, failure),
        Some(Pacing {
            release_after_ms: None,
            ..
        }) => status::plan(sim, wamid, kind, Some(132_015)),
        Some(Pacing {
            release_after_ms: Some(ms),
            ..
        }) => {
            let due = Instant::now() + Duration::from_millis(*ms);
            let job = Job::Release {
                wamid: wamid.to_owned(),
                kind: kind.to_owned(),
            };
            sim.agenda.schedule(due, job);
        }
    }
}

/// Templates answer with a pacing state, everything else with the id alone.
fn message(kind: &str, wamid: &str, pacing: Option<&Pacing>) -> Value {
    match (kind, pacing) {
        ("template", None) => json!({"id": wamid, "message_status": "accepted"}),
        ("template", Some(pacing)) => json!({"id": wamid, "message_status": pacing.status}),
        _ => json!({"id": wamid}),
    }
}

fn check_rates(number: &Number, phone: &str) -> Result<(), Refusal> {
    number.state().buckets.take(phone, Instant::now()).map_err(|exceeded| match exceeded {
        Exceeded::Throughput => GraphError::new(130_429, "Message failed to send because there were too many messages sent from this phone number in a short period of time."),
        Exceeded::Pair => GraphError::new(131_056, "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."),
    })
}

/// `Ok(Some(131047))` when the refusal is to come as a status later.
fn check_window(
    sim: &Sim,
    number: &Number,
    phone: &str,
    kind: &str,
) -> Result<Option<i64>, Refusal> {
    let open = sim
        .phones()
        .get(phone)
        .is_some_and(|contact| contact.window_open(&number.id, sim.clock.now()));
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
    call: &Call,
    wamid: &str,
    kind: &str,
    payload: Value,
    recipient: &Recipient,
) -> Entry {
    let now = sim.clock.now();
    let mut entry = Entry::new(wamid.to_owned(), Direction::Out, kind, payload, now);
    entry.number.clone_from(&call.id);
    entry.sent_to_phone = matches!(recipient, Recipient::Phone { .. });
    entry.context = call.body.get("context").cloned();
    entry.callback_data = call.body["biz_opaque_callback_data"]
        .as_str()
        .map(str::to_owned);
    entry
}

fn put_on_phone(sim: &Sim, number: &Number, phone: &str, entry: Entry) {
    let mut phones = sim.phones();
    if let Some(contact) = phones.get_mut(phone) {
        contact.apply(&entry.kind, &entry.payload, &number.id);
    }
    phones.append(phone, entry);
}
