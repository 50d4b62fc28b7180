//! The customers' phones: contacts, their threads and the ticks on every message.
//!
//! Promises: a message id belongs to one entry; ticks only move forward; a Brazilian number finds its contact with or
//! without the ninth digit.
//! Does not: talk to anybody; `status` and `control` do, after they let go of the lock.

mod preview;
mod thread;

pub(crate) use thread::{Direction, Entry, Ticks};

use crate::clock::rfc3339;
use crate::identity;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};

/// How long free-form messages are allowed after the customer wrote.
const WINDOW_HOURS: i64 = 24;

/// One customer with a phone.
pub(crate) struct Contact {
    /// Digits as first seen; the key.
    pub(crate) phone: String,
    /// What Meta calls the person; differs from `phone` when the ninth digit is stripped.
    pub(crate) wa_id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) username: Option<String>,
    /// Opens the 24 hour window.
    pub(crate) last_inbound_at: Option<DateTime<Utc>>,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) thread: VecDeque<Entry>,
}

impl Contact {
    /// True while free-form messages are allowed.
    pub(crate) fn window_open(&self, now: DateTime<Utc>) -> bool {
        self.last_inbound_at
            .is_some_and(|at| now - at < TimeDelta::hours(WINDOW_HOURS))
    }

    /// Business messages nobody looked at yet.
    pub(crate) fn unread(&self) -> usize {
        self.thread.iter().filter(|entry| entry.is_unread()).count()
    }

    /// The row of the contact list.
    pub(crate) fn summary(&self, now: DateTime<Utc>) -> Value {
        let last = self.thread.back();
        json!({
            "phone": self.phone,
            "wa_id": self.wa_id,
            "user_id": self.user_id,
            "name": self.name,
            "username": self.username,
            "last_at": rfc3339(self.last_at),
            "last_text": last.map(Entry::text),
            "last_direction": last.map(|entry| entry.direction),
            "unread": self.unread(),
            "messages": self.thread.len(),
            "window_open": self.window_open(now),
        })
    }
}

/// All contacts.
pub(crate) struct Phones {
    contacts: HashMap<String, Contact>,
    by_user_id: HashMap<String, String>,
    by_wamid: HashMap<String, String>,
    entries_max: usize,
}

impl Phones {
    pub(crate) fn new(entries_max: usize) -> Self {
        Phones {
            contacts: HashMap::new(),
            by_user_id: HashMap::new(),
            by_wamid: HashMap::new(),
            entries_max,
        }
    }

    /// The key under which a number is known, in either Brazilian form.
    pub(crate) fn key(&self, digits: &str) -> Option<String> {
        if self.contacts.contains_key(digits) {
            return Some(digits.to_owned());
        }
        identity::ninth_digit_alias(digits).filter(|alias| self.contacts.contains_key(alias))
    }

    /// Finds the contact or makes one.
    pub(crate) fn ensure(
        &mut self,
        portfolio: &str,
        digits: &str,
        strip_ninth_digit: bool,
        now: DateTime<Utc>,
    ) -> &mut Contact {
        let key = self.key(digits).unwrap_or_else(|| digits.to_owned());
        let by_user_id = &mut self.by_user_id;
        self.contacts.entry(key).or_insert_with_key(|phone| {
            let stripped = strip_ninth_digit
                .then(|| identity::without_ninth_digit(phone))
                .flatten();
            let user_id = identity::bsuid(portfolio, phone);
            by_user_id.insert(user_id.clone(), phone.clone());
            Contact {
                phone: phone.clone(),
                wa_id: stripped.unwrap_or_else(|| phone.clone()),
                user_id,
                name: format!("Cliente {}", phone.get(phone.len() - 4..).unwrap_or(phone)),
                username: None,
                last_inbound_at: None,
                last_at: now,
                thread: VecDeque::new(),
            }
        })
    }

    pub(crate) fn get(&self, digits: &str) -> Option<&Contact> {
        self.contacts.get(&self.key(digits)?)
    }

    pub(crate) fn by_user_id(&self, user_id: &str) -> Option<&Contact> {
        self.contacts.get(self.by_user_id.get(user_id)?)
    }

    /// Gives a contact another number and user id; its thread moves along. `None` when the number is taken.
    pub(crate) fn rename(&mut self, from: &str, to: &str, user_id: &str) -> Option<&Contact> {
        if from != to && self.key(to).is_some() {
            return None;
        }
        let mut contact = self.contacts.remove(from)?;
        self.by_user_id.remove(&contact.user_id);
        self.by_user_id.insert(user_id.to_owned(), to.to_owned());
        for entry in &contact.thread {
            self.by_wamid.insert(entry.id.clone(), to.to_owned());
        }
        if from != to {
            to.clone_into(&mut contact.phone);
            to.clone_into(&mut contact.wa_id);
        }
        user_id.clone_into(&mut contact.user_id);
        Some(self.contacts.entry(to.to_owned()).or_insert(contact))
    }

    /// Contacts whose name or number contains `query`, newest first.
    pub(crate) fn list(&self, query: &str, limit: usize) -> Vec<&Contact> {
        let query = query.to_lowercase();
        let mut found: Vec<_> = self
            .contacts
            .values()
            .filter(|c| {
                query.is_empty()
                    || c.phone.contains(&query)
                    || c.name.to_lowercase().contains(&query)
            })
            .collect();
        found.sort_by(|a, b| {
            b.last_at
                .cmp(&a.last_at)
                .then_with(|| a.phone.cmp(&b.phone))
        });
        found.truncate(limit);
        found
    }

    pub(crate) fn len(&self) -> usize {
        self.contacts.len()
    }

    /// Adds a message to a known contact's thread; the oldest one leaves when the thread is full.
    pub(crate) fn append(&mut self, phone: &str, entry: Entry) {
        let Some(contact) = self.contacts.get_mut(phone) else {
            return;
        };
        contact.last_at = contact.last_at.max(entry.at);
        if entry.opens_window() {
            contact.last_inbound_at = contact.last_inbound_at.max(Some(entry.at));
        }
        self.by_wamid
            .insert(entry.id.clone(), contact.phone.clone());
        contact.thread.push_back(entry);
        if contact.thread.len() > self.entries_max
            && let Some(oldest) = contact.thread.pop_front()
        {
            self.by_wamid.remove(&oldest.id);
        }
    }

    /// The contact and position of a message.
    pub(crate) fn find(&mut self, wamid: &str) -> Option<(&mut Contact, usize)> {
        let contact = self.contacts.get_mut(self.by_wamid.get(wamid)?)?;
        let at = contact.thread.iter().rposition(|entry| entry.id == wamid)?;
        Some((contact, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn entry(id: &str, direction: Direction, kind: &str, at: DateTime<Utc>) -> Entry {
        Entry::new(id.to_owned(), direction, kind, json!({"body": "oi"}), at)
    }

    #[test]
    fn the_window_closes_after_a_day() {
        let (mut phones, now) = (Phones::new(10), Clock::default().now());
        let phone = phones
            .ensure("1", "5511912345678", false, now)
            .phone
            .clone();
        assert!(!phones.get(&phone).unwrap().window_open(now));
        phones.append(&phone, entry("r", Direction::In, "reaction", now));
        assert!(
            !phones.get(&phone).unwrap().window_open(now),
            "a reaction opens nothing"
        );
        phones.append(&phone, entry("a", Direction::In, "text", now));
        let contact = phones.get(&phone).unwrap();
        assert!(contact.window_open(now + TimeDelta::hours(24) - TimeDelta::seconds(1)));
        assert!(!contact.window_open(now + TimeDelta::hours(24)));
    }

    #[test]
    fn a_full_thread_forgets_its_oldest_message() {
        let (mut phones, now) = (Phones::new(2), Clock::default().now());
        let phone = phones
            .ensure("1", "5511912345678", false, now)
            .phone
            .clone();
        for id in ["a", "b", "c"] {
            phones.append(&phone, entry(id, Direction::Out, "text", now));
        }
        assert!(phones.find("a").is_none());
        assert_eq!(phones.find("c").map(|(_, at)| at), Some(1));
    }

    #[test]
    fn the_ninth_digit_does_not_make_a_second_contact() {
        let (mut phones, now) = (Phones::new(2), Clock::default().now());
        phones.ensure("1", "5531987654321", true, now);
        assert_eq!(
            phones.ensure("1", "553187654321", true, now).wa_id,
            "553187654321"
        );
        assert_eq!(phones.len(), 1);
    }
}
