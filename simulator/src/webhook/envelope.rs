//! The JSON around events: envelope, `contacts[]`, and which fields a privacy setting leaves out.
//!
//! Promises: the shape after 2026-04 by default (BSUIDs everywhere, contacts in statuses); the older shape and
//! phone-less people when a fault asks for them.

use super::{Event, EventKind};
use crate::faults::Faults;
use crate::phone::Contact;
use crate::state::Business;
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
}

impl Shape {
    pub(crate) fn of(contact: &Contact, faults: &Faults) -> Self {
        let hidden = faults.bsuid_only.iter().any(|phone| {
            *phone == contact.phone
                || crate::identity::ninth_digit_alias(phone)
                    .is_some_and(|alias| alias == contact.phone)
        });
        Shape {
            legacy: faults.legacy_shape,
            phone_hidden: hidden && !faults.legacy_shape,
        }
    }

    /// `contacts[]` of an inbound message.
    pub(crate) fn sender(&self, contact: &Contact) -> Value {
        self.person(contact, !self.phone_hidden)
    }

    /// `contacts[]` of a status: the phone shows when the business used it.
    pub(crate) fn recipient(&self, contact: &Contact, sent_to_phone: bool) -> Value {
        self.person(contact, sent_to_phone || !self.phone_hidden)
    }

    fn person(&self, contact: &Contact, with_phone: bool) -> Value {
        let mut profile = json!({"name": contact.name});
        if let Some(username) = contact.username.as_ref().filter(|_| !self.legacy) {
            profile["username"] = json!(username);
        }
        let mut person = json!({"profile": profile});
        if with_phone {
            person["wa_id"] = json!(contact.wa_id);
        }
        if !self.legacy {
            person["user_id"] = json!(contact.user_id);
        }
        person
    }

    /// `from` and `from_user_id` of an inbound message.
    pub(crate) fn stamp_sender(&self, item: &mut Map<String, Value>, contact: &Contact) {
        if !self.phone_hidden {
            item.insert("from".into(), json!(contact.wa_id));
        }
        if !self.legacy {
            item.insert("from_user_id".into(), json!(contact.user_id));
        }
    }
}

/// The body of one post; neighbours of the same kind share a `value`, as in Meta's batches.
pub(crate) fn body(business: &Business, events: &[Arc<Event>], utf8_raw: bool) -> Bytes {
    let changes: Vec<Value> = events
        .chunk_by(|a, b| a.kind == b.kind)
        .map(|group| json!({"value": value(business, group), "field": "messages"}))
        .collect();
    let envelope = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": business.waba_id, "changes": changes}],
    });
    Bytes::from(if utf8_raw {
        envelope.to_string()
    } else {
        super::escape::to_meta_json(&envelope)
    })
}

fn value(business: &Business, group: &[Arc<Event>]) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": business.display_phone_number,
            "phone_number_id": business.phone_number_id,
        },
    });
    let mut contacts: Vec<&Value> = Vec::new();
    for contact in group.iter().filter_map(|event| event.contact.as_ref()) {
        if !contacts.contains(&contact) {
            contacts.push(contact);
        }
    }
    if !contacts.is_empty() {
        value["contacts"] = json!(contacts);
    }
    let list = match group.first().map(|event| event.kind) {
        Some(EventKind::Status) => "statuses",
        _ => "messages",
    };
    value[list] = group.iter().map(|event| event.item.clone()).collect();
    value
}
