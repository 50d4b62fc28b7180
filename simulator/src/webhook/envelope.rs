//! The JSON around events: envelope, `contacts[]`, and which fields a privacy setting leaves out.
//!
//! Promises: the shape after 2026-04 by default (BSUIDs everywhere, contacts in statuses); the older shape and
//! phone-less people when a fault asks for them.

use super::Event;
use crate::faults::Faults;
use crate::phone::Contact;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a contact shows to the business.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Before 2026-04.
    pub(crate) legacy: bool,
    /// The phone number is left out.
    pub(crate) phone_hidden: bool,
    /// The business is enrolled for parent user ids.
    pub(crate) parent_ids: bool,
}

impl Shape {
    pub(crate) fn of(contact: &Contact, faults: &Faults) -> Self {
        let hidden = contact.hides_phone()
            || faults.bsuid_only.iter().any(|phone| {
                *phone == contact.phone
                    || crate::identity::ninth_digit_alias(phone)
                        .is_some_and(|alias| alias == contact.phone)
            });
        Shape {
            legacy: faults.legacy_shape,
            phone_hidden: hidden && !faults.legacy_shape,
            parent_ids: faults.parent_ids && !faults.legacy_shape,
        }
    }

    /// For what concerns no single person.
    pub(crate) fn of_nobody(faults: &Faults) -> Self {
        Shape {
            legacy: faults.legacy_shape,
            phone_hidden: false,
            parent_ids: false,
        }
    }

    /// `contacts[]` of an inbound message.
    pub(crate) fn sender(&self, contact: &Contact, portfolio: &str) -> Value {
        self.person(contact, portfolio, !self.phone_hidden)
    }

    /// `contacts[]` of a status: the phone shows when the business used it.
    pub(crate) fn recipient(
        &self,
        contact: &Contact,
        portfolio: &str,
        sent_to_phone: bool,
    ) -> Value {
        self.person(contact, portfolio, sent_to_phone || !self.phone_hidden)
    }

    fn person(&self, contact: &Contact, portfolio: &str, with_phone: bool) -> Value {
        let mut profile = json!({"name": contact.name});
        if let Some(username) = contact.username.as_ref().filter(|_| !self.legacy) {
            profile["username"] = json!(username);
        }
        let mut person = json!({"profile": profile});
        if with_phone {
            person["wa_id"] = json!(contact.wa_id);
        }
        if !self.legacy {
            person["user_id"] = json!(contact.user_id(portfolio));
        }
        if self.parent_ids {
            person["parent_user_id"] = json!(contact.parent_user_id(portfolio));
        }
        person
    }

    /// `from` and `from_user_id` of an inbound message; `prefix` is `from` there, `to` in echoes.
    pub(crate) fn stamp(
        &self,
        item: &mut Map<String, Value>,
        contact: &Contact,
        portfolio: &str,
        prefix: &str,
    ) {
        if !self.phone_hidden {
            item.insert(prefix.to_owned(), json!(contact.wa_id));
        }
        self.stamp_user_ids(item, contact, portfolio, prefix);
    }

    /// `<prefix>_user_id` and the parent's, as far as the shape has them.
    pub(crate) fn stamp_user_ids(
        &self,
        item: &mut Map<String, Value>,
        contact: &Contact,
        portfolio: &str,
        prefix: &str,
    ) {
        if !self.legacy {
            item.insert(
                format!("{prefix}_user_id"),
                json!(contact.user_id(portfolio)),
            );
        }
        if self.parent_ids {
            item.insert(
                format!("{prefix}_parent_user_id"),
                json!(contact.parent_user_id(portfolio)),
            );
        }
    }
}

/// The body of one post; neighbours of the same number and list share a `value`, as in Meta's batches.
pub(crate) fn body(events: &[Arc<Event>], now: i64, utf8_raw: bool, padding: usize) -> Bytes {
    let entries: Vec<Value> = events
        .chunk_by(|a, b| a.number.account.id == b.number.account.id && is_notice(a) == is_notice(b))
        .map(|group| entry(group, now))
        .collect();
    let envelope = json!({"object": "whatsapp_business_account", "entry": entries});
    let mut text = if utf8_raw {
        envelope.to_string()
    } else {
        super::escape::to_meta_json(&envelope)
    };
    if padding > 0 {
        text.pop();
        text.extend(std::iter::repeat_n(' ', padding));
        text.push('}');
    }
    Bytes::from(text)
}

/// Account fields stand in entries with a time.
fn is_notice(event: &Event) -> bool {
    event.place.list.is_none()
        && event
            .items
            .iter()
            .all(|item| item.get("metadata").is_none())
}

fn entry(group: &[Arc<Event>], now: i64) -> Value {
    let changes: Vec<Value> = group
        .chunk_by(|a, b| a.place.list.is_some() && a.place == b.place && a.number.id == b.number.id)
        .filter_map(|events| Some((events.first()?, events)))
        .map(|(first, events)| json!({"value": value(first, events), "field": first.place.field}))
        .collect();
    let mut entry = json!({"id": group.first().map(|event| &event.number.account.id)});
    if group.first().is_some_and(|event| is_notice(event)) {
        entry["time"] = json!(now);
    }
    entry["changes"] = json!(changes);
    entry
}

fn value(first: &Event, group: &[Arc<Event>]) -> Value {
    let Some(list) = first.place.list else {
        return first.items.first().cloned().unwrap_or_default();
    };
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": first.number.display_phone_number,
            "phone_number_id": first.number.id,
        },
    });
    let mut contacts: Vec<&Value> = Vec::new();
    for contact in group.iter().flat_map(|event| &event.contacts) {
        if !contacts.contains(&contact) {
            contacts.push(contact);
        }
    }
    if !contacts.is_empty() {
        value["contacts"] = json!(contacts);
    }
    value[list] = group.iter().flat_map(|event| event.items.clone()).collect();
    value
}
