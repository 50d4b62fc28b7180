//! What Meta sent, in our words. WhatsApp's names stop here.
//!
//! Promises: total and item by item: whatever the bytes are, each item becomes a message, a status or a dead letter
//! with its reason, and a bad one does not take the others with it.
//! Does not: touch the database, know channels or decide who a person is.

mod content;
mod item;
mod sender;
mod strict;
mod wire;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use balcao_core::model::{CallbackData, Content, Rank};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

pub use sender::Sender;

/// The object that all of WhatsApp's webhooks carry.
const OBJECT: &str = "whatsapp_business_account";
/// One item may not be larger; Meta's largest are address books.
const MAX_ITEM_BYTES: usize = 256 * 1024;
/// Message ids are about 128 characters; longer ones are not Meta's.
const WAMID_BYTES: RangeInclusive<usize> = 1..=512;
/// More dead letters than this in one body become one: the body.
const MAX_LETTERS: usize = 100;
/// A field's name longer than this is not one of Meta's.
const MAX_FIELD_NAME_BYTES: usize = 64;

// Inbound, Report and Odd have no Debug: they hold message ids and bodies.

/// Why something became a dead letter. Stable words: metrics, doctor and operators' notes use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not JSON, or not of the shape every item has.
    Malformed,
    /// An object gives a key twice.
    DuplicateKey,
    /// Nested deeper than 128 levels.
    TooDeep,
    /// Larger than an item may be.
    TooLarge,
    /// Not a webhook of WhatsApp.
    UnknownObject,
    /// A subscription that nothing here acts on.
    OtherField,
    /// A change without anything known in it.
    Nothing,
    /// Meta reports a problem of the account.
    AccountError,
    /// No message id, or one that cannot be Meta's.
    BadWamid,
    /// The time is not an integer.
    BadTimestamp,
    /// A telephone number or user id that is none.
    BadIdentity,
    /// Nobody is named as the author.
    NoSender,
    /// Older than may be replayed.
    Stale,
    /// A status that Meta has not documented.
    UnknownStatus,
    /// Written in a group.
    Group,
    /// For a number that is not ours, or not enabled.
    UnknownChannel,
    /// So many bad items that the body is kept as one.
    ManyBad,
    /// The database refuses exactly this item.
    RefusedByDatabase,
}

impl Reason {
    /// As stored and counted.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::DuplicateKey => "duplicate_key",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::UnknownObject => "unknown_object",
            Self::OtherField => "other_field",
            Self::Nothing => "nothing_known",
            Self::AccountError => "account_error",
            Self::BadWamid => "bad_wamid",
            Self::BadTimestamp => "bad_timestamp",
            Self::BadIdentity => "bad_identity",
            Self::NoSender => "no_sender",
            Self::Stale => "stale",
            Self::UnknownStatus => "unknown_status",
            Self::Group => "group",
            Self::UnknownChannel => "unknown_channel",
            Self::ManyBad => "many_bad_items",
            Self::RefusedByDatabase => "refused_by_database",
        }
    }
}

/// What a customer wrote.
#[derive(Clone)]
pub struct Inbound {
    /// Meta's id of our number.
    pub phone_number_id: String,
    /// Meta's message id: personal.
    pub wamid: String,
    /// Who wrote.
    pub sender: Sender,
    /// Meta's time, never in the future.
    pub at: DateTime<Utc>,
    /// What it says.
    pub content: Content,
    /// The message id that it quotes.
    pub quotes: Option<String>,
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
    /// As it came.
    pub raw: Bytes,
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

/// One thing of a webhook.
#[derive(Clone)]
pub enum Item {
    /// A customer wrote.
    Message(Box<Inbound>),
    /// A send got further.
    Status(Report),
    /// Anything else.
    Odd(Odd),
}

/// Reads a rightly signed body that was received at `now`; messages older than `max_age` are stale.
#[must_use]
pub fn parse(body: &Bytes, now: DateTime<Utc>, max_age: TimeDelta) -> Vec<Item> {
    let mut reader = Reader {
        body,
        now,
        stale_before: now - max_age,
        items: Vec::new(),
        letters: 0,
    };
    reader.envelope();
    reader.finish()
}

struct Reader<'a> {
    body: &'a Bytes,
    now: DateTime<Utc>,
    stale_before: DateTime<Utc>,
    items: Vec<Item>,
    letters: usize,
}

impl<'a> Reader<'a> {
    fn envelope(&mut self) {
        let envelope: wire::Envelope<'a> = match serde_json::from_slice(self.body) {
            Ok(envelope) => envelope,
            Err(error) => return self.odd(strict::reason(&error), "body", None, self.body.clone()),
        };
        if envelope.object != OBJECT {
            return self.odd(Reason::UnknownObject, "object", None, self.body.clone());
        }
        for entry in envelope.entry {
            match wire::Entry::deserialize(entry) {
                Ok(entry) => entry
                    .changes
                    .into_iter()
                    .for_each(|change| self.change(change)),
                Err(error) => self.odd_raw(strict::reason(&error), "entry", None, entry),
            }
        }
    }

    fn change(&mut self, raw: &'a RawValue) {
        let change = match wire::Change::deserialize(raw) {
            Ok(change) => change,
            Err(error) => return self.odd_raw(strict::reason(&error), "change", None, raw),
        };
        if change.field != "messages" {
            return self.odd_raw(Reason::OtherField, field_name(&change.field), None, raw);
        }
        match wire::News::deserialize(change.value) {
            Ok(news) => self.news(&news, raw),
            Err(error) => self.odd_raw(strict::reason(&error), "value", None, raw),
        }
    }

    fn news(&mut self, news: &wire::News<'a>, raw: &'a RawValue) {
        let number = news.metadata.phone_number_id.as_ref();
        // One that cannot be read is as good as absent: a message names its author itself.
        let contacts: Vec<wire::Contact> = news
            .contacts
            .iter()
            .filter_map(|contact| serde_json::from_value(strict::read(contact).ok()?).ok())
            .collect();
        for message in &news.messages {
            let read = self
                .fits(message)
                .and_then(|()| item::message(message, &contacts, self.now, self.stale_before));
            match read {
                Ok(message_read) => {
                    let inbound = message_read.received(number, self.slice(message));
                    self.items.push(Item::Message(Box::new(inbound)));
                }
                Err(reason) => self.odd_raw(reason, "message", Some(number), message),
            }
        }
        for status in &news.statuses {
            match self
                .fits(status)
                .and_then(|()| item::status(status, self.now))
            {
                Ok(read) => {
                    let report = read.received(number, self.slice(status));
                    self.items.push(Item::Status(report));
                }
                Err(reason) => self.odd_raw(reason, "status", Some(number), status),
            }
        }
        if news.messages.is_empty() && news.statuses.is_empty() {
            let reason = if news.errors.is_empty() {
                Reason::Nothing
            } else {
                Reason::AccountError
            };
            self.odd_raw(reason, "value", Some(number), raw);
        }
    }

    fn fits(&self, raw: &RawValue) -> Result<(), Reason> {
        if raw.get().len() > MAX_ITEM_BYTES {
            Err(Reason::TooLarge)
        } else {
            Ok(())
        }
    }

    fn slice(&self, raw: &RawValue) -> Bytes {
        self.body.slice_ref(raw.get().as_bytes())
    }

    fn odd_raw(&mut self, reason: Reason, detail: &str, number: Option<&str>, raw: &RawValue) {
        let raw = self.slice(raw);
        self.odd(reason, detail, number, raw);
    }

    fn odd(&mut self, reason: Reason, detail: &str, number: Option<&str>, raw: Bytes) {
        self.letters += 1;
        if self.letters <= MAX_LETTERS {
            let phone_number_id = number.map(str::to_owned);
            self.items.push(Item::Odd(Odd {
                reason,
                detail: detail.to_owned(),
                phone_number_id,
                raw,
            }));
        }
    }

    fn finish(mut self) -> Vec<Item> {
        if self.letters > MAX_LETTERS {
            self.items.retain(|item| !matches!(item, Item::Odd(_)));
            let detail = format!("{} items", self.letters);
            let raw = self.body.clone();
            self.items.push(Item::Odd(Odd {
                reason: Reason::ManyBad,
                detail,
                phone_number_id: None,
                raw,
            }));
        }
        self.items
    }
}

/// A subscription's name if it looks like one: it is shown to operators.
fn field_name(field: &str) -> &str {
    let fits = field.len() <= MAX_FIELD_NAME_BYTES
        && field
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if fits { field } else { "unknown" }
}
