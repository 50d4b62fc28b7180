//! One message on a phone and its ticks.
//!
//! Promises: `in` is what the customer wrote, `out` what the business sent; the same words the product uses.

use super::preview;
use crate::clock::rfc3339;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

/// Seen from the business: `in` from the customer, `out` to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    In,
    Out,
}

/// How far a message got. The order is the order of progress; `Failed` ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ticks {
    /// Accepted by the Graph API, `sent` not announced yet; looks like one tick on a phone.
    #[serde(rename = "sent")]
    Accepted,
    /// One tick. For the customer's messages: the webhook was not acknowledged yet.
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
}

/// A message in a thread.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) direction: Direction,
    pub(crate) kind: String,
    /// What stands under the key named by `kind`.
    pub(crate) payload: Value,
    pub(crate) context: Option<Value>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) ticks: Ticks,
    pub(crate) error_code: Option<i64>,
    pub(crate) callback_data: Option<String>,
    /// The business addressed the phone number, not the BSUID.
    pub(crate) sent_to_phone: bool,
    /// The number of the business.
    pub(crate) number: String,
    /// In a group: the member who wrote.
    pub(crate) from: Option<String>,
    /// Typed by staff on their telephone.
    pub(crate) from_app: bool,
    pub(crate) referral: Option<Value>,
    /// Who reacted (a phone, or `business`), and with what.
    pub(crate) reactions: Vec<(String, String)>,
    pub(crate) edited: bool,
    pub(crate) deleted: bool,
}

impl Entry {
    pub(crate) fn new(
        id: String,
        direction: Direction,
        kind: &str,
        payload: Value,
        at: DateTime<Utc>,
    ) -> Self {
        Entry {
            id,
            direction,
            kind: kind.to_owned(),
            payload,
            context: None,
            at,
            ticks: match direction {
                Direction::In => Ticks::Sent,
                Direction::Out => Ticks::Accepted,
            },
            error_code: None,
            callback_data: None,
            sent_to_phone: true,
            number: String::new(),
            from: None,
            from_app: false,
            referral: None,
            reactions: Vec::new(),
            edited: false,
            deleted: false,
        }
    }

    /// What a person would read aloud.
    pub(crate) fn text(&self) -> String {
        preview::text(&self.kind, &self.payload)
    }

    /// A business message the customer has not seen.
    pub(crate) fn is_unread(&self) -> bool {
        self.direction == Direction::Out
            && self.ticks < Ticks::Read
            && self.kind != "reaction"
            && !self.from_app
    }

    /// Whether this message opens the 24 hour window.
    pub(crate) fn opens_window(&self) -> bool {
        self.direction == Direction::In
            && !matches!(self.kind.as_str(), "reaction" | "system" | "unsupported")
    }

    /// Ids of the buttons and rows this message offers, cards of a carousel included.
    pub(crate) fn offers(&self) -> impl Iterator<Item = &Value> {
        let action = &self.payload["action"];
        fn list(value: &Value) -> std::slice::Iter<'_, Value> {
            value
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default()
                .iter()
        }
        let buttons = list(&action["buttons"]).map(|button| &button["reply"]["id"]);
        let rows = list(&action["sections"])
            .flat_map(|section| list(&section["rows"]))
            .map(|row| &row["id"]);
        let cards = list(&action["cards"])
            .flat_map(|card| list(&card["action"]["buttons"]))
            .map(|button| &button["quick_reply"]["id"]);
        buttons.chain(rows).chain(cards)
    }

    /// The form of the control API.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "direction": self.direction,
            "type": self.kind,
            "payload": self.payload,
            "text": self.text(),
            "context": self.context,
            "at": rfc3339(self.at),
            "ticks": self.ticks,
            "error_code": self.error_code,
            "callback_data": self.callback_data,
            "phone_number_id": self.number,
            "from": self.from,
            "from_app": self.from_app,
            "referral": self.referral,
            "reactions": self.reactions.iter().map(|(by, emoji)| json!({"by": by, "emoji": emoji})).collect::<Vec<_>>(),
            "edited": self.edited,
            "deleted": self.deleted,
        })
    }
}
