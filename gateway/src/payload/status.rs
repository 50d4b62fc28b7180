//! Statuses of our sends, and wishes of customers: what is about somebody without being a message.
//!
//! Promises: a status is never refused for what it says of people, and never stale: it only moves forward.
//! Does not: keep prices; what a message cost is on Meta's bill.

use balcao_core::model::{CallbackData, Rank};
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::item::{self, Found, Head, Setting};
use super::{Item, Participant, Preference, Reason, Report, circumstance, loose, rotation, sender};
use crate::identity;

/// Reads a status. Statuses are never stale: they only move forward, so a replay changes nothing.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn report(status: &Value, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let word = loose::text(status, "status").ok_or(Reason::Malformed)?;
    let word = word.to_ascii_lowercase();
    let Some(rank) = Rank::from_meta(&word) else {
        return Ok(Found::Word(format!("status_{word}")));
    };
    let Head { wamid, at } = item::head(status, setting.now)?;
    let callback = loose::text(status, "biz_opaque_callback_data");
    let is_group = loose::text(status, "recipient_type").is_some_and(|kind| kind == "group");
    let participant = participant(status);
    let recipient = (!is_group && participant.is_none())
        .then(|| sender::recipient(status, setting.contacts))
        .flatten();
    Ok(Found::item(Item::Status(Report {
        phone_number_id: setting.number.to_owned(),
        wamid,
        rank,
        at,
        error_code: circumstance::faults(status).first().map(|fault| fault.code),
        callback: callback.as_deref().and_then(CallbackData::parse),
        participant,
        recipient,
        raw: bytes,
    })))
}

/// Reads a wish about marketing messages; a mere word when it is about something else.
///
/// # Errors
/// As [`item::message`].
pub(super) fn preference(
    raw: &RawValue,
    bytes: Bytes,
    setting: Setting<'_>,
) -> Result<Found, Reason> {
    let wish = item::object(raw)?;
    let stop = match loose::text(&wish, "value").as_deref() {
        Some("stop") => true,
        Some("resume" | "signup") => false,
        _ => return Ok(Found::Word("preference".to_owned())),
    };
    let category = loose::text(&wish, "category");
    if category.is_some_and(|category| category != "marketing_messages") {
        return Ok(Found::Word("preference".to_owned()));
    }
    Ok(Found::item(Item::Preference(Preference {
        phone_number_id: setting.number.to_owned(),
        sender: sender::person(&wish, setting.contacts)?,
        stop,
        at: item::instant(&wish, setting.now)?,
        raw: bytes,
    })))
}

/// Reads a stray announcement of a new user id; a mere word when it does not say both.
///
/// # Errors
/// As [`item::message`].
pub(super) fn stray_rotation(
    raw: &RawValue,
    bytes: Bytes,
    setting: Setting<'_>,
) -> Result<Found, Reason> {
    let update = item::object(raw)?;
    let Some(rotated) = rotation::stray(&update)? else {
        return Ok(Found::Word("user_id_update".to_owned()));
    };
    let at = item::instant(&update, setting.now)?;
    // It has no id of its own: the new user id and the time tell one from another.
    let user = loose::text(update.get("user_id").unwrap_or(&Value::Null), "current");
    let user = user.unwrap_or_default();
    let wamid = format!("user_id_update:{user}:{}", at.timestamp());
    let item = item::rotated_item(rotated, Head { wamid, at }, setting, bytes);
    Ok(Found::item(item))
}

/// Meta's documentation spells these in two ways.
fn participant(status: &Value) -> Option<Participant> {
    let phone = loose::first(
        status,
        &["recipient_participant_id", "participant_recipient_id"],
    );
    let user = loose::first(
        status,
        &[
            "recipient_participant_user_id",
            "participant_recipient_user_id",
        ],
    );
    let participant = Participant {
        user_id: user.filter(|user| identity::is_bsuid(user)),
        phone: phone.filter(|phone| identity::is_phone(phone)),
    };
    (participant.user_id.is_some() || participant.phone.is_some()).then_some(participant)
}
