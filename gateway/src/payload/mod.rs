//! What Meta sent, in our words. WhatsApp's names stop here.
//!
//! Promises: total and item by item: whatever the bytes are, each item becomes a message, a change, a status, a notice
//! or a dead letter with its reason, and a bad one does not take the others with it. What is merely unknown is kept, as
//! a message of kind `unsupported` or as a notice; a dead letter is only what cannot be read, or is too old.
//! Does not: touch the database, know channels or decide who a person is.

mod calls;
mod circumstance;
mod content;
mod effects;
mod item;
mod kinds;
mod loose;
mod news;
mod notice;
mod past;
mod reason;
mod rotation;
mod sender;
mod status;
mod strict;
mod watched;
mod wire;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub use kinds::{
    Change, Deed, Inbound, Item, Odd, Origin, Participant, Preference, Report, Rotation,
};
pub use notice::{Effect, Notice, Restriction, Severity};
pub use reason::Reason;
pub use sender::Sender;

use effects::Judged;
use news::Site;

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
/// Fields whose value is read list by list; all others but the watched ones are notices as a whole.
const LISTED: [&str; 7] = [
    "messages",
    "smb_message_echoes",
    "message_echoes",
    "history",
    "calls",
    "user_preferences",
    "user_id_update",
];

/// Reads a rightly signed body that was received at `now`; messages older than `max_age` are stale.
#[must_use]
pub fn parse(body: &Bytes, now: DateTime<Utc>, max_age: TimeDelta) -> Vec<Item> {
    let mut reader = Reader {
        body,
        now,
        stale_before: now
            .checked_sub_signed(max_age)
            .unwrap_or(DateTime::UNIX_EPOCH),
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
        for raw in envelope.entry {
            let entry = match wire::Entry::deserialize(raw) {
                Ok(entry) => entry,
                Err(error) => {
                    self.odd_raw(strict::reason(&error), "entry", None, raw);
                    continue;
                }
            };
            let read = |raw: Option<&RawValue>| raw.and_then(|raw| strict::read(raw).ok());
            let waba_id = read(entry.id)
                .as_ref()
                .and_then(loose::words)
                .map(Into::into);
            let waba_id: String = waba_id.unwrap_or_default();
            let time = read(entry.time).unwrap_or_default();
            let entry_time = loose::integer(&serde_json::json!({ "time": time }), "time");
            let entry_time = entry_time.unwrap_or_default();
            match entry.changes {
                Some(changes) => changes
                    .into_iter()
                    .for_each(|change| self.change(&waba_id, entry_time, change)),
                // Another shape than we know.
                None => self.notice(&Site::new(waba_id, entry_time, "unknown", raw), None),
            }
        }
    }

    fn change(&mut self, waba_id: &str, entry_time: i64, raw: &'a RawValue) {
        let change = match wire::Change::deserialize(raw) {
            Ok(change) => change,
            Err(error) => return self.odd_raw(strict::reason(&error), "change", None, raw),
        };
        let field = change.field.as_deref().unwrap_or("messages");
        let site = Site::new(waba_id.to_owned(), entry_time, field_name(field), raw);
        match change.value {
            Some(value) if LISTED.contains(&field) && value.get().starts_with('{') => {
                self.news(site, value);
            }
            Some(value) if watched::WATCHED.contains(&field) && value.get().starts_with('{') => {
                self.watched(&site, value);
            }
            value => self.notice(&site, value),
        }
    }

    /// Keeps a whole change as a notice, with what follows from it.
    fn notice(&mut self, site: &Site<'a>, value: Option<&'a RawValue>) {
        match value.map_or(Ok(Value::Null), strict::read) {
            Ok(value) => {
                let judged = effects::of(&site.field, &value);
                self.push_notice(site, judged, Some(&value), (site.raw, None));
            }
            Err(reason) => self.odd_raw(reason, &site.field, None, site.raw),
        }
    }

    fn push_notice(
        &mut self,
        site: &Site<'a>,
        judged: Judged,
        value: Option<&Value>,
        (raw, who): (&'a RawValue, Option<Sender>),
    ) {
        let Judged {
            event,
            severity,
            effect,
        } = judged;
        let value = value.unwrap_or(&Value::Null);
        // A handover names our side as its recipient.
        let metadata = value.get("metadata").or_else(|| value.get("recipient"));
        let metadata = metadata.unwrap_or(&Value::Null);
        let number = site.number.clone();
        let number = number.or_else(|| loose::owned(metadata, "phone_number_id"));
        let display = || {
            loose::first(value, &["display_phone_number", "phone_number"])
                .or_else(|| loose::owned(metadata, "display_phone_number"))
                .and_then(|number| loose::digits(&number))
        };
        let at = Some(site.entry_time).filter(|time| *time > 0);
        let at = at.or_else(|| loose::integer(value, "timestamp"));
        self.push(Item::Notice(Notice {
            waba_id: site.waba_id.clone(),
            phone_number_id: number,
            display_number: site.display.clone().or_else(display),
            field: site.field.clone(),
            event,
            severity,
            effect,
            at: at
                .and_then(loose::moment)
                .map_or(self.now, |at| at.min(self.now)),
            entry_time: site.entry_time,
            who,
            raw: self.slice(raw),
        }));
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

    fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// How many items and dead letters there are so far.
    fn found(&self) -> (usize, usize) {
        (self.items.len(), self.letters)
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
    let fits = (1..=MAX_FIELD_NAME_BYTES).contains(&field.len())
        && field
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if fits { field } else { "unknown" }
}
