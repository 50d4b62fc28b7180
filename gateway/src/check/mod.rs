//! What would become of a payload, without storing anything: `balcao webhook check`.
//!
//! Promises: the verdict is that of the same reader that the webhook uses, never of a second one; what is found says
//! kinds and counts only, never words, names or numbers of people.
//! Does not: know channels, deduplication or age: a payload kept from years ago is judged as if it came just now.

mod envelope;
mod words;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::payload::{self, Item};

use words::finding;

/// Old enough for every payload ever written.
const ANY_AGE_DAYS: i64 = 400_000;

/// What would become of one item of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it would be stored as.
    pub item: Outcome,
    /// Its kind: of a message the content's, of a status the rank, of a notice the field.
    pub kind: String,
    /// More: who wrote it where, what happened, why it is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A valid payload of the Cloud API that would not be kept: a fault of ours.
    pub is_lost: bool,
}

/// What something would be stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A message of a conversation, or a call.
    Message,
    /// A reaction, an edit or a revocation of one.
    Change,
    /// A new number or user id of a customer.
    Rotation,
    /// A wish about marketing messages.
    Preference,
    /// A step of one of our sends.
    Status,
    /// Kept for operators.
    Notice,
    /// A webhook in which nothing happened.
    Nothing,
    /// Kept aside, sealed, for some days.
    DeadLetter,
    /// No webhook: an answer or a request of the API, or something else.
    NotAWebhook,
}

impl Outcome {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Change => "change",
            Self::Rotation => "rotation",
            Self::Preference => "preference",
            Self::Status => "status",
            Self::Notice => "notice",
            Self::Nothing => "nothing happened",
            Self::DeadLetter => "dead letter",
            Self::NotAWebhook => "not a webhook",
        }
    }
}

/// Judges the bytes of a file: a webhook's body, several of them in a list, or a part of one.
#[must_use]
pub fn check(bytes: &[u8], now: DateTime<Utc>) -> Vec<Finding> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return vec![unreadable(bytes, now)];
    };
    // A body is judged as its own bytes: what a parser drops (a key given twice) is part of the verdict.
    if envelope::is_envelope(&value) {
        return with_inner(bytes, &value, now);
    }
    let bodies = envelope::within(&value);
    if bodies.is_empty() {
        return vec![Finding::new(
            Outcome::NotAWebhook,
            envelope::resembles(&value),
            None,
        )];
    }
    bodies
        .iter()
        .flat_map(|body| judge(body.to_string().into_bytes(), body, now))
        .collect()
}

/// A body, and whatever bodies were put beside its entries.
fn with_inner(bytes: &[u8], value: &Value, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = judge(bytes.to_vec(), value, now);
    for body in envelope::beside(value) {
        findings.extend(judge(body.to_string().into_bytes(), &body, now));
    }
    findings
}

fn judge(bytes: Vec<u8>, value: &Value, now: DateTime<Utc>) -> Vec<Finding> {
    let items = payload::parse(&Bytes::from(bytes), now, TimeDelta::days(ANY_AGE_DAYS));
    let mut findings: Vec<Finding> = items.iter().map(finding).collect();
    // Counted by other code than the reader's: what vanished without a word is seen here.
    let kept: usize = items.iter().map(holds).sum();
    let missing = envelope::count(value).saturating_sub(kept);
    if missing > 0 {
        findings.push(Finding {
            item: Outcome::DeadLetter,
            kind: "vanished".to_owned(),
            detail: Some(format!("{missing} items are not accounted for")),
            is_lost: true,
        });
    }
    if findings.is_empty() {
        findings.push(Finding::new(Outcome::Nothing, "webhook", None));
    }
    findings
}

/// How many items of a body this one stands for: a letter may be a whole body, an entry or a change.
fn holds(item: &Item) -> usize {
    let Item::Odd(odd) = item else { return 1 };
    let Ok(raw) = serde_json::from_slice::<Value>(&odd.raw) else {
        return 1;
    };
    match odd.detail.as_str() {
        "entry" => envelope::count(&envelope::around_entry(&raw)),
        "change" | "value" => envelope::count(&envelope::around_change(&raw)),
        // The body itself, or one item of it, which is no envelope.
        _ => envelope::count(&raw),
    }
    .max(1)
}

/// Not JSON. Whoever posts it gets 200 and a dead letter; only a damaged webhook is worth the word.
fn unreadable(bytes: &[u8], now: DateTime<Utc>) -> Finding {
    const OBJECT: &[u8] = b"whatsapp_business_account";
    let was_webhook = bytes.windows(OBJECT.len()).any(|window| window == OBJECT);
    if !was_webhook {
        return Finding::new(Outcome::NotAWebhook, "not JSON", None);
    }
    let items = payload::parse(
        &Bytes::copy_from_slice(bytes),
        now,
        TimeDelta::days(ANY_AGE_DAYS),
    );
    items
        .first()
        .map_or_else(|| Finding::new(Outcome::Nothing, "webhook", None), finding)
}

impl Finding {
    fn new(item: Outcome, kind: impl Into<String>, detail: Option<String>) -> Self {
        Self {
            item,
            kind: kind.into(),
            detail,
            is_lost: false,
        }
    }
}
