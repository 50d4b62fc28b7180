//! What was written before a number came to us (coexistence), and the files that follow it.
//!
//! Promises: both sides are told apart; nothing of it is stale, because it is old by nature.
//! Does not: wake anybody; the ingest keeps it in a closed case.

use balcao_core::model::Rank;
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::item::{self, Found, Head, Setting};
use super::sender::{self, Contact};
use super::{Change, Deed, Item, Origin, Reason, content, loose};
use crate::identity;

/// Reads what was written with `person` before the number came to us. Never stale: it is old by nature.
///
/// # Errors
/// As [`item::message`].
pub(super) fn message(
    raw: &RawValue,
    bytes: Bytes,
    person: &Contact,
    setting: Setting<'_>,
) -> Result<Found, Reason> {
    let message = item::object(raw)?;
    let head = item::head(&message, setting.now)?;
    let outbound = is_ours(&message, setting) || !person.wrote(&message);
    let sender = person.sender().or_else(|_| {
        if outbound {
            sender::addressee(&message, setting.contacts, setting.display)
        } else {
            sender::of(&message, setting.contacts)
        }
    })?;
    let rank = message
        .pointer("/history_context/status")
        .and_then(Value::as_str)
        .filter(|_| outbound)
        .and_then(rank_of);
    let origin = Origin::History { outbound, rank };
    let item = item::told(&message, head, sender, origin, bytes, setting);
    Ok(Found::item(item))
}

/// A file of the history that comes after its placeholder: what the placeholder says now.
///
/// # Errors
/// As [`item::message`].
pub(super) fn file(raw: &RawValue, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let message = item::object(raw)?;
    let Head { wamid, at } = item::head(&message, setting.now)?;
    let outbound = is_ours(&message, setting);
    let to = || sender::addressee(&message, setting.contacts, setting.display);
    let sender = if outbound {
        to()?
    } else {
        sender::of(&message, setting.contacts).or_else(|_| to())?
    };
    let deed = Deed::Edit {
        content: content::of(&content::kind_of(&message), &message),
    };
    let origin = Origin::History {
        outbound,
        rank: None,
    };
    Ok(Found::item(Item::Change(Box::new(Change {
        phone_number_id: setting.number.to_owned(),
        // The file comes under the id of its placeholder; the change needs one of its own.
        wamid: format!("{wamid}#file"),
        target: wamid,
        sender,
        group: None,
        origin,
        at,
        deed,
        raw: bytes,
    }))))
}

/// Whether it came from our own number.
fn is_ours(message: &Value, setting: Setting<'_>) -> bool {
    loose::text(message, "from")
        .and_then(|from| loose::digits(&from))
        .zip(setting.display)
        .is_some_and(|(from, display)| identity::same_subscriber(&from, display))
}

fn rank_of(word: &str) -> Option<Rank> {
    match word.to_ascii_lowercase().as_str() {
        "pending" => Some(Rank::Accepted),
        "error" => Some(Rank::Failed),
        word => Rank::from_meta(word),
    }
}
