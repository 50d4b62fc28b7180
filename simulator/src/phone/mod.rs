//! The customers' phones: contacts, their threads and the ticks on every message.
//!
//! Promises: a message id belongs to one entry; ticks only move forward; a Brazilian number finds its contact with or
//! without the ninth digit.
//! Does not: talk to anybody; `status` and `control` do, after they let go of the lock.

mod contact;
pub(crate) mod preview;
mod thread;

pub(crate) use contact::{Contact, Group};
pub(crate) use thread::{Direction, Entry, Ticks};

use crate::identity;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// All contacts.
pub(crate) struct Phones {
    contacts: HashMap<String, Contact>,
    by_user_id: HashMap<String, String>,
    by_wamid: HashMap<String, String>,
    /// Only those that differ from the phone.
    by_wa_id: HashMap<String, String>,
    entries_max: usize,
    /// The portfolio of the first number: whose user ids the page shows.
    home: String,
}

impl Phones {
    pub(crate) fn new(entries_max: usize, home: &str) -> Self {
        Phones {
            home: home.to_owned(),
            contacts: HashMap::new(),
            by_user_id: HashMap::new(),
            by_wamid: HashMap::new(),
            by_wa_id: HashMap::new(),
            entries_max,
        }
    }

    /// The key under which a number or group is known; a number in either Brazilian form, or as its `wa_id`.
    pub(crate) fn key(&self, digits: &str) -> Option<String> {
        if self.contacts.contains_key(digits) {
            return Some(digits.to_owned());
        }
        identity::ninth_digit_alias(digits)
            .filter(|alias| self.contacts.contains_key(alias))
            .or_else(|| self.by_wa_id.get(digits).cloned())
    }

    /// Finds the contact or makes one, known to this portfolio from now on.
    pub(crate) fn ensure(
        &mut self,
        portfolio: &str,
        digits: &str,
        strip_ninth_digit: bool,
        now: DateTime<Utc>,
    ) -> &mut Contact {
        let key = self.key(digits).unwrap_or_else(|| digits.to_owned());
        let home = &self.home;
        let contact = self.contacts.entry(key).or_insert_with_key(|phone| {
            let stripped = strip_ninth_digit
                .then(|| identity::without_ninth_digit(phone))
                .flatten();
            Contact::new(phone, stripped, home, now)
        });
        if !contact.is_group() {
            for portfolio in [home.as_str(), portfolio] {
                for id in [
                    contact.user_id(portfolio),
                    contact.parent_user_id(portfolio),
                ] {
                    self.by_user_id
                        .entry(format!("{portfolio}|{id}"))
                        .or_insert_with(|| contact.phone.clone());
                }
            }
        }
        contact
    }

    /// Makes a group.
    pub(crate) fn make_group(
        &mut self,
        id: &str,
        group: Group,
        now: DateTime<Utc>,
    ) -> &mut Contact {
        let home = &self.home;
        self.contacts
            .entry(id.to_owned())
            .or_insert_with(|| Contact::group_of(id, group, home, now))
    }

    /// What Meta calls the person, when it is not the phone.
    pub(crate) fn set_wa_id(&mut self, phone: &str, wa_id: &str) {
        if let Some(contact) = self.contacts.get_mut(phone) {
            wa_id.clone_into(&mut contact.wa_id);
            if wa_id != phone {
                self.by_wa_id.insert(wa_id.to_owned(), phone.to_owned());
            }
        }
    }

    pub(crate) fn get_mut(&mut self, digits: &str) -> Option<&mut Contact> {
        let key = self.key(digits)?;
        self.contacts.get_mut(&key)
    }

    pub(crate) fn get(&self, digits: &str) -> Option<&Contact> {
        self.contacts.get(&self.key(digits)?)
    }

    /// The person with this user id, or parent id, in this portfolio.
    pub(crate) fn by_user_id(&self, portfolio: &str, user_id: &str) -> Option<&Contact> {
        let phone = self.by_user_id.get(&format!("{portfolio}|{user_id}"))?;
        self.contacts.get(phone)
    }

    /// Gives a contact another number and new user ids; its thread moves along. `None` when the number is taken.
    pub(crate) fn rename(&mut self, from: &str, to: &str, seed: &str) -> Option<&Contact> {
        if from != to && self.key(to).is_some() {
            return None;
        }
        let mut contact = self.contacts.remove(from)?;
        self.by_user_id.retain(|_, phone| phone != from);
        self.by_wa_id.retain(|_, phone| phone != from);
        for entry in &contact.thread {
            self.by_wamid.insert(entry.id.clone(), to.to_owned());
        }
        if from != to {
            to.clone_into(&mut contact.phone);
            to.clone_into(&mut contact.wa_id);
        }
        contact.reseed(seed, &self.home);
        for id in [
            contact.user_id(&self.home),
            contact.parent_user_id(&self.home),
        ] {
            self.by_user_id
                .insert(format!("{}|{id}", self.home), to.to_owned());
        }
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
            contact.wrote_to(&entry.number, entry.at);
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
    use chrono::TimeDelta;
    use serde_json::json;

    fn entry(id: &str, direction: Direction, kind: &str, at: DateTime<Utc>) -> Entry {
        Entry::new(id.to_owned(), direction, kind, json!({"body": "oi"}), at)
    }

    #[test]
    fn the_window_closes_after_a_day() {
        let (mut phones, now) = (Phones::new(10, "1"), Clock::default().now());
        let phone = phones
            .ensure("1", "5511912345678", false, now)
            .phone
            .clone();
        assert!(!phones.get(&phone).unwrap().window_open("", now));
        phones.append(&phone, entry("r", Direction::In, "reaction", now));
        assert!(
            !phones.get(&phone).unwrap().window_open("", now),
            "a reaction opens nothing"
        );
        phones.append(&phone, entry("a", Direction::In, "text", now));
        let contact = phones.get(&phone).unwrap();
        assert!(contact.window_open("", now + TimeDelta::hours(24) - TimeDelta::seconds(1)));
        assert!(!contact.window_open("", now + TimeDelta::hours(24)));
    }

    #[test]
    fn a_full_thread_forgets_its_oldest_message() {
        let (mut phones, now) = (Phones::new(2, "1"), Clock::default().now());
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
        let (mut phones, now) = (Phones::new(2, "1"), Clock::default().now());
        phones.ensure("1", "5531987654321", true, now);
        assert_eq!(
            phones.ensure("1", "553187654321", true, now).wa_id,
            "553187654321"
        );
        assert_eq!(phones.len(), 1);
    }
}
