//! One message, and what every item must have.
//!
//! Promises: what has an id, a time and a person is stored, whatever its type; only those three are insisted on.
//! Does not: know the envelope; `news` says where the item was found.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;

use super::rotation::Rotated;
use super::sender::{self, Contact};
use super::{
    Change, Deed, Inbound, Item, Origin, Reason, Rotation, Sender, WAMID_BYTES, circumstance,
    content, loose, rotation, strict,
};

/// Where an item was found.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// Meta's id of our number.
    pub(super) number: &'a str,
    /// Our number in digits, when said.
    pub(super) display: Option<&'a str>,
    /// The people beside it.
    pub(super) contacts: &'a [Contact],
    /// The time of receipt.
    pub(super) now: DateTime<Utc>,
    /// What is older may not be replayed.
    pub(super) stale_before: DateTime<Utc>,
}

/// Reads what a customer wrote or did.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn message(raw: &RawValue, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let message = object(raw)?;
    let head = fresh(&message, setting)?;
    if content::kind_of(&message) == "system"
        && let Some(rotated) = rotation::of(&message, setting.contacts)?
    {
        return Ok(Found::item(rotated_item(rotated, head, setting, bytes)));
    }
    let sender = match sender::of(&message, setting.contacts) {
        // An announcement names the person in its own part only.
        Err(Reason::NoSender) => announced(&message)?,
        read => read?,
    };
    let item = told(&message, head, sender, Origin::Customer, bytes, setting);
    Ok(Found::item(item))
}

/// Reads what staff wrote or did on the telephone itself.
///
/// # Errors
/// As [`message`].
pub(super) fn echo(raw: &RawValue, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let message = object(raw)?;
    let head = fresh(&message, setting)?;
    let sender = sender::addressee(&message, setting.contacts, setting.display)?;
    let item = told(&message, head, sender, Origin::Phone, bytes, setting);
    Ok(Found::item(item))
}

/// What an element of a list turned out to be.
pub(super) enum Found {
    /// Something for the ingest.
    Item(Box<Item>),
    /// Known only by a word: kept as a notice.
    Word(String),
}

impl Found {
    /// Something for the ingest.
    pub(super) fn item(item: Item) -> Self {
        Self::Item(Box::new(item))
    }
}

/// The id and the time, which everything has.
pub(super) struct Head {
    pub(super) wamid: String,
    pub(super) at: DateTime<Utc>,
}

/// Reads the head of something that may not be replayed later.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn fresh(item: &Value, setting: Setting<'_>) -> Result<Head, Reason> {
    let head = head(item, setting.now)?;
    if head.at < setting.stale_before {
        return Err(Reason::Stale);
    }
    Ok(head)
}

/// Reads an object strictly.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn object(raw: &RawValue) -> Result<Value, Reason> {
    strict::read(raw).and_then(|value| {
        if value.is_object() {
            Ok(value)
        } else {
            Err(Reason::Malformed)
        }
    })
}

/// Reads the head.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn head(item: &Value, now: DateTime<Utc>) -> Result<Head, Reason> {
    let wamid = loose::owned(item, "id").filter(|id| WAMID_BYTES.contains(&id.len()));
    Ok(Head {
        wamid: wamid.ok_or(Reason::BadWamid)?,
        at: instant(item, now)?,
    })
}

/// A message, or a change of one when it says of which.
pub(super) fn told(
    message: &Value,
    Head { wamid, at }: Head,
    sender: Sender,
    origin: Origin,
    raw: Bytes,
    setting: Setting<'_>,
) -> Item {
    let kind = content::kind_of(message);
    let group = loose::owned(message, "group_id");
    let phone_number_id = setting.number.to_owned();
    if let Some((target, deed)) = deed(&kind, message) {
        return Item::Change(Box::new(Change {
            phone_number_id,
            wamid,
            target,
            sender,
            group,
            origin,
            at,
            deed,
            raw,
        }));
    }
    Item::Message(Box::new(Inbound {
        phone_number_id,
        wamid,
        sender,
        at,
        content: content::of(&kind, message),
        circumstance: circumstance::of(message),
        group,
        origin,
        raw,
    }))
}

/// What was done to which item; `None` when that is not said.
fn deed(kind: &str, message: &Value) -> Option<(String, Deed)> {
    let part = message.get(kind)?;
    let (target, deed) = match kind {
        "reaction" => {
            let emoji = loose::owned(part, "emoji");
            (loose::owned(part, "message_id"), Deed::Reaction { emoji })
        }
        "edit" => {
            let inner = part.get("message").filter(|inner| inner.is_object())?;
            let content = content::of(&content::kind_of(inner), inner);
            let target = loose::first(part, &["original_message_id", "message_id"]);
            (target, Deed::Edit { content })
        }
        "revoke" => {
            let target = loose::first(part, &["original_message_id", "message_id"]);
            (target, Deed::Revoke)
        }
        _ => return None,
    };
    let target = target.filter(|target| WAMID_BYTES.contains(&target.len()))?;
    Some((target, deed))
}

/// Who is now who.
pub(super) fn rotated_item(
    rotated: Rotated,
    Head { wamid, at }: Head,
    setting: Setting<'_>,
    raw: Bytes,
) -> Item {
    let Rotated {
        sender,
        previous,
        phone_changed,
    } = rotated;
    Item::Rotation(Box::new(Rotation {
        phone_number_id: setting.number.to_owned(),
        wamid,
        sender,
        previous,
        phone_changed,
        at,
        raw,
    }))
}

fn announced(message: &Value) -> Result<Sender, Reason> {
    let part = message.get("system").ok_or(Reason::NoSender)?;
    sender::person(part, &[])
}

/// Unix seconds as text or number. The future is clamped to `now`: a clock of Meta's is never ahead of the receipt.
///
/// # Errors
/// [`Reason::BadTimestamp`] when it is no integer.
pub(super) fn instant(item: &Value, now: DateTime<Utc>) -> Result<DateTime<Utc>, Reason> {
    let seconds = loose::integer(item, "timestamp").ok_or(Reason::BadTimestamp)?;
    if seconds >= now.timestamp() {
        return Ok(now);
    }
    // Beyond chrono's range there is only the distant past.
    Ok(loose::moment(seconds).unwrap_or(DateTime::UNIX_EPOCH))
}
