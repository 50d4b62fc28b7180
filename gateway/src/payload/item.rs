//! One message, one status: what every one of them must have.

use balcao_core::model::{CallbackData, Content, Rank};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::Contact;
use super::{Inbound, Reason, Report, Sender, WAMID_BYTES, content, sender, strict};

/// A message without the place it came to.
pub(super) struct Message {
    wamid: String,
    sender: Sender,
    at: DateTime<Utc>,
    content: Content,
    quotes: Option<String>,
}

impl Message {
    pub(super) fn received(self, phone_number_id: &str, raw: Bytes) -> Inbound {
        let Self {
            wamid,
            sender,
            at,
            content,
            quotes,
        } = self;
        Inbound {
            phone_number_id: phone_number_id.to_owned(),
            wamid,
            sender,
            at,
            content,
            quotes,
            raw,
        }
    }
}

/// Reads a message.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn message(
    raw: &RawValue,
    contacts: &[Contact],
    now: DateTime<Utc>,
    stale_before: DateTime<Utc>,
) -> Result<Message, Reason> {
    let message = object(raw)?;
    let wamid = wamid(&message)?;
    let at = instant(&message, now)?;
    if at < stale_before {
        return Err(Reason::Stale);
    }
    if message.get("group_id").is_some() {
        return Err(Reason::Group);
    }
    let kind = message
        .get("type")
        .and_then(Value::as_str)
        .ok_or(Reason::Malformed)?;
    let sender = sender::of(&message, contacts)?;
    let quotes = message
        .get("context")
        .and_then(|context| context.get("id")?.as_str());
    let quotes = quotes
        .filter(|id| WAMID_BYTES.contains(&id.len()))
        .map(str::to_owned);
    let content = content::of(kind, &message);
    Ok(Message {
        wamid,
        sender,
        at,
        content,
        quotes,
    })
}

/// A status without the place it came to.
pub(super) struct Status {
    wamid: String,
    rank: Rank,
    at: DateTime<Utc>,
    error_code: Option<i32>,
    callback: Option<CallbackData>,
}

impl Status {
    pub(super) fn received(self, phone_number_id: &str, raw: Bytes) -> Report {
        let Self {
            wamid,
            rank,
            at,
            error_code,
            callback,
        } = self;
        Report {
            phone_number_id: phone_number_id.to_owned(),
            wamid,
            rank,
            at,
            error_code,
            callback,
            raw,
        }
    }
}

/// Reads a status. Statuses are never stale: they only move forward, so a replay changes nothing.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn status(raw: &RawValue, now: DateTime<Utc>) -> Result<Status, Reason> {
    let status = object(raw)?;
    let word = status
        .get("status")
        .and_then(Value::as_str)
        .ok_or(Reason::Malformed)?;
    let rank = Rank::from_meta(word).ok_or(Reason::UnknownStatus)?;
    let code = status.pointer("/errors/0/code").and_then(Value::as_i64);
    let echoed = status
        .get("biz_opaque_callback_data")
        .and_then(Value::as_str);
    Ok(Status {
        wamid: wamid(&status)?,
        rank,
        at: instant(&status, now)?,
        error_code: code.and_then(|code| i32::try_from(code).ok()),
        callback: echoed.and_then(CallbackData::parse),
    })
}

fn object(raw: &RawValue) -> Result<Value, Reason> {
    strict::read(raw).and_then(|value| {
        if value.is_object() {
            Ok(value)
        } else {
            Err(Reason::Malformed)
        }
    })
}

fn wamid(item: &Value) -> Result<String, Reason> {
    let id = item
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| WAMID_BYTES.contains(&id.len()));
    id.map(str::to_owned).ok_or(Reason::BadWamid)
}

/// Unix seconds as text or number. The future is clamped to `now`: a clock of Meta's is never ahead of the receipt.
fn instant(item: &Value, now: DateTime<Utc>) -> Result<DateTime<Utc>, Reason> {
    let seconds = match item.get("timestamp") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number
            .as_i64()
            .or_else(|| number.as_u64().map(|_| i64::MAX)),
        _ => None,
    };
    let seconds: i64 = seconds.ok_or(Reason::BadTimestamp)?;
    if seconds >= now.timestamp() {
        return Ok(now);
    }
    // Beyond chrono's range there is only the distant past.
    Ok(DateTime::from_timestamp(seconds, 0)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .max(DateTime::UNIX_EPOCH))
}
