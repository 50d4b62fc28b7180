//! Telephone calls through the channel: each becomes one item whose outcome settles as Meta tells more.
//!
//! Promises: everything told about one call carries the same id; an outcome that comes late or twice is harmless,
//! because the later one in `CallOutcome`'s order wins.
//! Does not: take calls. The session that Meta offers is only kept in `raw`.

use balcao_core::model::{CallOutcome, Circumstance, Content};
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::item::{self, Found, Setting};
use super::sender;
use super::{Inbound, Item, Origin, Reason, circumstance, loose};

/// Reads an event of a call: it rings, or it ended.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn event(raw: &RawValue, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let call = item::object(raw)?;
    let word = loose::text(&call, "event").unwrap_or_default();
    let inbound = loose::text(&call, "direction")
        .is_none_or(|direction| !direction.eq_ignore_ascii_case("BUSINESS_INITIATED"));
    let outcome = match word.to_ascii_lowercase().as_str() {
        "connect" => CallOutcome::Ringing,
        "terminate" => ended(&call, inbound),
        other => return Ok(Found::Word(format!("call_{other}"))),
    };
    told(&call, inbound, outcome, bytes, setting)
}

/// Reads the status of a call that we made.
///
/// # Errors
/// Why it becomes a dead letter.
pub(super) fn status(call: &Value, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let word = loose::text(call, "status").unwrap_or_default();
    let outcome = match word.to_ascii_uppercase().as_str() {
        "RINGING" | "ACCEPTED" => CallOutcome::Ringing,
        "REJECTED" => CallOutcome::Rejected,
        "FAILED" => CallOutcome::Failed,
        "COMPLETED" => CallOutcome::Completed,
        _ => return Ok(Found::Word(format!("call_{}", word.to_ascii_lowercase()))),
    };
    told(call, false, outcome, bytes, setting)
}

/// Whether a status is one of a call.
pub(super) fn is_call(status: &Value) -> bool {
    loose::text(status, "type").is_some_and(|kind| kind == "call")
        || loose::text(status, "id").is_some_and(|id| id.starts_with("wacid."))
}

fn ended(call: &Value, inbound: bool) -> CallOutcome {
    let word = loose::text(call, "status").unwrap_or_default();
    let word = word.to_ascii_uppercase();
    let was_talked = loose::integer(call, "duration").is_some_and(|seconds| seconds > 0)
        || call.get("start_time").is_some_and(|time| !time.is_null());
    match word.as_str() {
        "REJECTED" => CallOutcome::Rejected,
        _ if was_talked => CallOutcome::Completed,
        // A customer's call that never began is one that nobody took, whatever the reason.
        "FAILED" if !inbound => CallOutcome::Failed,
        _ => CallOutcome::Missed,
    }
}

fn told(
    call: &Value,
    inbound: bool,
    outcome: CallOutcome,
    raw: Bytes,
    setting: Setting<'_>,
) -> Result<Found, Reason> {
    let head = item::fresh(call, setting)?;
    let sender = sender::of_call(call, setting.contacts, setting.display, inbound)?;
    let seconds = loose::integer(call, "duration").filter(|_| outcome == CallOutcome::Completed);
    Ok(Found::item(Item::Message(Box::new(Inbound {
        phone_number_id: setting.number.to_owned(),
        wamid: head.wamid,
        sender,
        at: head.at,
        content: Content::Call {
            inbound,
            outcome,
            duration_seconds: seconds.and_then(|seconds| u32::try_from(seconds).ok()),
        },
        circumstance: Circumstance {
            faults: circumstance::faults(call),
            ..Circumstance::default()
        },
        group: None,
        origin: Origin::Customer,
        raw,
    }))))
}
