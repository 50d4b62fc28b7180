//! What one webhook can hold, in our words: the types that the ingest is given.
//!
//! Promises: every field is either checked or optional; `raw` is always the item as it came.
//! Does not: have `Debug` where message ids, identities or words are inside.

use balcao_core::model::{CallbackData, Circumstance, Content, Rank};
use balcao_core::store::contact::IdentityKind;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::notice::Notice;
use super::{Reason, Sender};

/// One thing of a webhook.
#[derive(Clone)]
pub enum Item {
    /// Somebody wrote or called.
    Message(Box<Inbound>),
    /// Something happened to an item that we have, or will have.
    Change(Box<Change>),
    /// A customer has a new number or user id.
    Rotation(Box<Rotation>),
    /// A customer wants marketing messages, or wants no more.
    Preference(Preference),
    /// A send got further.
    Status(Report),
    /// Anything else that can be read: kept.
    Notice(Notice),
    /// What cannot be read, or is too old.
    Odd(Odd),
}

/// A message or a call.
#[derive(Clone)]
pub struct Inbound {
    /// Meta's id of our number.
    pub phone_number_id: String,
    /// Meta's message id, or its id of the call: personal.
    pub wamid: String,
    /// Who wrote; for what our side wrote, the customer whom it went to.
    pub sender: Sender,
    /// Meta's time, never in the future.
    pub at: DateTime<Utc>,
    /// What it says. A call that we made is `Content::Call { inbound: false, .. }`.
    pub content: Content,
    /// How it came; what it quotes is in here.
    pub circumstance: Circumstance,
    /// Meta's id of the group it was written in.
    pub group: Option<String>,
    /// Who wrote it where.
    pub origin: Origin,
    /// As it came.
    pub raw: Bytes,
}

/// Who wrote something, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The customer, just now.
    Customer,
    /// Staff, on the telephone itself (coexistence).
    Phone,
    /// One of both, before this number came to us (coexistence).
    History {
        /// Our side wrote it.
        outbound: bool,
        /// How far it got, when our side wrote it.
        rank: Option<Rank>,
    },
}

/// A reaction, an edit or a revocation.
#[derive(Clone)]
pub struct Change {
    /// Meta's id of our number.
    pub phone_number_id: String,
    /// Meta's id of this change itself: personal.
    pub wamid: String,
    /// Meta's id of the item that it is about: personal.
    pub target: String,
    /// Who did it; for what staff did on the telephone, the customer whose chat it is.
    pub sender: Sender,
    /// Meta's id of the group it happened in.
    pub group: Option<String>,
    /// Who did it where.
    pub origin: Origin,
    /// Meta's time, never in the future.
    pub at: DateTime<Utc>,
    /// What was done.
    pub deed: Deed,
    /// As it came.
    pub raw: Bytes,
}

/// What was done to an item.
#[derive(Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives in a Change, which is boxed"
)]
pub enum Deed {
    /// Reacted to.
    Reaction {
        /// Absent: the reaction was taken back.
        emoji: Option<String>,
    },
    /// Written anew.
    Edit {
        /// What it says now.
        content: Content,
    },
    /// Taken back by its author.
    Revoke,
}

/// A customer has a new telephone number or user id and stays the same person.
#[derive(Clone)]
pub struct Rotation {
    /// Meta's id of our number.
    pub phone_number_id: String,
    /// Meta's id of the announcement: personal.
    pub wamid: String,
    /// The new identities.
    pub sender: Sender,
    /// The old ones. May be empty when Meta does not say them.
    pub previous: Vec<(IdentityKind, String)>,
    /// Whether the telephone number is what changed.
    pub phone_changed: bool,
    /// Meta's time, never in the future.
    pub at: DateTime<Utc>,
    /// As it came.
    pub raw: Bytes,
}

/// What a customer wants of marketing messages.
#[derive(Clone)]
pub struct Preference {
    /// Meta's id of our number.
    pub phone_number_id: String,
    /// Whose wish.
    pub sender: Sender,
    /// No more of them.
    pub stop: bool,
    /// Meta's time, never in the future.
    pub at: DateTime<Utc>,
    /// As it came.
    pub raw: Bytes,
}

/// How far one of our sends got.
#[derive(Clone)]
pub struct Report {
    /// Meta's id of our number.
    pub phone_number_id: String,
    /// Meta's message id: personal.
    pub wamid: String,
    /// How far.
    pub rank: Rank,
    /// Meta's time, never in the future.
    pub at: DateTime<Utc>,
    /// Meta's code of a failure.
    pub error_code: Option<i32>,
    /// Our own key, echoed.
    pub callback: Option<CallbackData>,
    /// For a send to a group: who of it.
    pub participant: Option<Participant>,
    /// For a send to a person: every identity that Meta names with it.
    pub recipient: Option<Sender>,
    /// As it came.
    pub raw: Bytes,
}

/// A member of a group. At least one of both is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Participant {
    /// BSUID.
    pub user_id: Option<String>,
    /// Digits.
    pub phone: Option<String>,
}

/// Something to keep instead of to store.
#[derive(Clone)]
pub struct Odd {
    /// Why.
    pub reason: Reason,
    /// Where and what, without personal data.
    pub detail: String,
    /// Meta's id of our number, when known.
    pub phone_number_id: Option<String>,
    /// As it came.
    pub raw: Bytes,
}
