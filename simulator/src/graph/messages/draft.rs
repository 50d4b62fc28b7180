//! Rules that need our own state: known templates, uploaded files, reaction targets, the person's wishes.
//!
//! Does not: refuse what Meta finds out later; that becomes the code of a `failed` status.

use super::{Call, Refusal};
use crate::graph::error::GraphError;
use crate::graph::recipient::Recipient;
use crate::graph::templates;
use crate::media::contradicts;
use crate::state::{Sim, lock};
use serde_json::Value;

/// A payload as the phone shows it, and what will go wrong with it.
pub(super) struct Draft {
    pub(super) payload: Value,
    pub(super) failure: Option<i64>,
}

/// Rules that need our own state: known templates, media, reaction targets, the person.
pub(super) fn draft(
    sim: &Sim,
    call: &Call,
    kind: &str,
    payload: &Value,
    recipient: &Recipient,
) -> Result<Draft, Refusal> {
    let number = call.number()?;
    let faults = sim.faults.now();
    if call.marketing && kind != "template" {
        return Err(GraphError::new(
            131_055,
            "This edge takes marketing templates only.",
        ));
    }
    let mut draft = Draft {
        payload: payload.clone(),
        failure: None,
    };
    match kind {
        "template" => {
            let filled = templates::fill(&number.account, payload, faults.strict_templates)?;
            check_category(sim, call, &filled.category, recipient)?;
            draft.payload = filled.payload;
        }
        "reaction" => check_reaction(sim, payload)?,
        _ => {}
    }
    for (kind, id) in media_ids(kind, payload) {
        let medium = lock(&sim.media).get(id);
        let medium = medium.ok_or_else(|| {
            GraphError::new(
                131_009,
                format!("Media with id {id} was not found; upload it first."),
            )
        })?;
        if !fits(kind, &medium.mime) || contradicts(&medium.mime, &medium.bytes) {
            draft.failure = Some(131_053);
        }
    }
    if recipient
        .phone()
        .is_some_and(|phone| faults.no_whatsapp.iter().any(|other| other == phone))
    {
        draft.failure = Some(131_026);
    }
    Ok(draft)
}

fn check_category(
    sim: &Sim,
    call: &Call,
    category: &str,
    recipient: &Recipient,
) -> Result<(), Refusal> {
    if call.marketing && category != "MARKETING" {
        return Err(GraphError::new(
            131_055,
            "This edge takes marketing templates only.",
        ));
    }
    if category == "AUTHENTICATION" && matches!(recipient, Recipient::UserId { .. }) {
        return Err(GraphError::new(
            131_062,
            "Authentication templates need the recipient's phone number.",
        ));
    }
    let stopped = recipient.phone().is_some_and(|phone| {
        sim.phones()
            .get(phone)
            .is_some_and(|contact| contact.marketing_stopped)
    });
    if category == "MARKETING" && stopped {
        return Err(GraphError::new(
            131_050,
            "The user stopped marketing messages of this business.",
        ));
    }
    Ok(())
}

/// Reactions go to messages of this chat, younger than 30 days, that are no reactions themselves.
fn check_reaction(sim: &Sim, payload: &Value) -> Result<(), Refusal> {
    let target = payload["message_id"].as_str().unwrap_or_default();
    let (mut phones, now) = (sim.phones(), sim.clock.now());
    let known = phones
        .find(target)
        .and_then(|(contact, at)| contact.thread.get(at));
    match known {
        Some(entry)
            if entry.kind != "reaction" && !entry.deleted && (now - entry.at).num_days() < 30 =>
        {
            Ok(())
        }
        _ => Err(GraphError::invalid(
            "The message to react to was not found, is too old, or is a reaction.",
        )),
    }
}

/// Kinds and ids of uploaded media in a payload, headers and cards included.
fn media_ids<'p>(kind: &'p str, payload: &'p Value) -> Vec<(&'p str, &'p str)> {
    const KINDS: [&str; 5] = ["image", "video", "audio", "document", "sticker"];
    let mut found = Vec::new();
    if KINDS.contains(&kind) {
        found.extend(payload["id"].as_str().map(|id| (kind, id)));
    }
    let header = &payload["header"];
    let cards = payload["action"]["cards"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|card| &card["header"]);
    let shown = &payload["components"];
    let parameters = shown
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|part| part["parameters"].as_array().into_iter().flatten());
    for place in std::iter::once(header).chain(cards).chain(parameters) {
        let kind = KINDS.iter().find(|kind| place["type"] == **kind);
        found.extend(kind.and_then(|kind| Some((*kind, place[*kind]["id"].as_str()?))));
    }
    found
}

fn fits(kind: &str, mime: &str) -> bool {
    match kind {
        "document" => true,
        "sticker" => mime == "image/webp",
        _ => mime.starts_with(&format!("{kind}/")),
    }
}
