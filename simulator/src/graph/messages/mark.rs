//! Read marks, with or without a typing indicator.

use super::{Call, Record, Refusal, record};
use crate::business::Number;
use crate::graph::error::GraphError;
use crate::graph::validate;
use crate::phone::{Direction, Ticks};
use crate::state::Sim;
use serde_json::{Value, json};

/// Read marks, with or without typing: this message and all earlier ones turn blue on the phone.
pub(super) fn mark_read(sim: &Sim, call: &Call) -> Result<Value, Refusal> {
    let body = &call.body;
    let number = call.number()?;
    if body["messaging_product"] != "whatsapp" || body["status"] != "read" {
        return Err(GraphError::parameter(
            "A read mark is {messaging_product: whatsapp, status: read, message_id}.",
        ));
    }
    if let Some(indicator) = body.get("typing_indicator")
        && indicator["type"] != "text"
    {
        return Err(GraphError::parameter(
            "Param typing_indicator['type'] must be text.",
        ));
    }
    let wamid = validate::required(body, "body", "message_id")?
        .as_str()
        .unwrap_or_default();
    let (phone, read) = read_up_to(sim, number, wamid).ok_or_else(|| {
        GraphError::invalid("message_id is not a message from a user, or too old.")
    })?;
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
            call,
            fate: "answered",
        },
        &answer,
        200,
    );
    Ok(answer)
}

/// The contact, and the customer's messages that are read by this mark.
fn read_up_to(sim: &Sim, number: &Number, wamid: &str) -> Option<(String, Vec<String>)> {
    let mut phones = sim.phones();
    let now = sim.clock.now();
    let (contact, at) = phones.find(wamid)?;
    let marked = contact.thread.get(at)?;
    let known = marked.direction == Direction::In && marked.number == number.id;
    if !known || (now - marked.at).num_days() >= 30 {
        return None;
    }
    let mut read = Vec::new();
    for entry in contact.thread.iter_mut().take(at + 1) {
        if entry.direction == Direction::In
            && entry.number == number.id
            && entry.ticks < Ticks::Read
        {
            entry.ticks = Ticks::Read;
            read.push(entry.id.clone());
        }
    }
    Some((contact.phone.clone(), read))
}
