//! One chat partner of the business: a person with a phone, or a group of them.
//!
//! Promises: user ids depend on the portfolio and the person's seed alone, so they are the same after a restart; the 24
//! hour window is kept for each number of the business.

use super::thread::{Direction, Entry};
use crate::clock::rfc3339;
use crate::identity;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// How long free-form messages are allowed after the customer wrote.
const WINDOW_HOURS: i64 = 24;

/// A group chat the business is in.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) subject: String,
    /// Phones of the members, the business not counted.
    pub(crate) members: Vec<String>,
    /// The number of the business that is in it.
    pub(crate) number: String,
}

/// One customer with a phone.
pub(crate) struct Contact {
    /// Digits as first seen, or the group's id; the key.
    pub(crate) phone: String,
    /// What Meta calls the person; differs from `phone` when the ninth digit is stripped.
    pub(crate) wa_id: String,
    pub(crate) name: String,
    pub(crate) username: Option<String>,
    /// The person does not share the phone with businesses.
    pub(crate) hidden: bool,
    /// Stopped marketing messages.
    pub(crate) marketing_stopped: bool,
    pub(crate) group: Option<Group>,
    /// Opens the 24 hour window, by number of the business.
    last_inbound_at: BTreeMap<String, DateTime<Utc>>,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) thread: VecDeque<Entry>,
    /// User ids are made of it; changes with the number.
    seed: String,
    home: String,
    country: &'static str,
}

impl Contact {
    pub(super) fn new(phone: &str, wa_id: Option<String>, home: &str, now: DateTime<Utc>) -> Self {
        Contact {
            phone: phone.to_owned(),
            wa_id: wa_id.unwrap_or_else(|| phone.to_owned()),
            name: format!(
                "Cliente {}",
                phone.get(phone.len().saturating_sub(4)..).unwrap_or(phone)
            ),
            username: None,
            hidden: false,
            marketing_stopped: false,
            group: None,
            last_inbound_at: BTreeMap::new(),
            last_at: now,
            thread: VecDeque::new(),
            seed: identity::canonical(phone),
            home: home.to_owned(),
            country: identity::country(phone),
        }
    }

    pub(super) fn group_of(id: &str, group: Group, home: &str, now: DateTime<Utc>) -> Self {
        Contact {
            name: group.subject.clone(),
            group: Some(group),
            ..Contact::new(id, None, home, now)
        }
    }

    pub(crate) fn is_group(&self) -> bool {
        self.group.is_some()
    }

    /// The business-scoped user id in this portfolio.
    pub(crate) fn user_id(&self, portfolio: &str) -> String {
        identity::bsuid(portfolio, &self.seed, self.country)
    }

    /// The id that enrolled portfolios see besides.
    pub(crate) fn parent_user_id(&self, portfolio: &str) -> String {
        identity::parent_bsuid(portfolio, &self.seed, self.country)
    }

    /// From now on other user ids.
    pub(super) fn reseed(&mut self, seed: &str, home: &str) {
        seed.clone_into(&mut self.seed);
        home.clone_into(&mut self.home);
    }

    /// True when webhooks leave the phone out.
    pub(crate) fn hides_phone(&self) -> bool {
        self.hidden
    }

    /// A message or call of the person to this number.
    pub(crate) fn wrote_to(&mut self, number: &str, at: DateTime<Utc>) {
        let last = self.last_inbound_at.entry(number.to_owned()).or_insert(at);
        *last = at.max(*last);
    }

    /// True while free-form messages are allowed.
    pub(crate) fn window_open(&self, number: &str, now: DateTime<Utc>) -> bool {
        self.is_group()
            || self
                .last_inbound_at
                .get(number)
                .is_some_and(|at| now - *at < TimeDelta::hours(WINDOW_HOURS))
    }

    /// For this person alone time passed: windows close earlier.
    pub(crate) fn age(&mut self, by: TimeDelta) {
        for at in self.last_inbound_at.values_mut() {
            *at -= by;
        }
    }

    /// Business messages nobody looked at yet.
    pub(crate) fn unread(&self) -> usize {
        self.thread.iter().filter(|entry| entry.is_unread()).count()
    }

    /// The numbers this person has a chat with; the given one when there is none.
    pub(crate) fn numbers(&self, or: &str) -> Vec<String> {
        let mut numbers: Vec<String> = self
            .thread
            .iter()
            .map(|entry| entry.number.clone())
            .collect();
        numbers.sort();
        numbers.dedup();
        if numbers.is_empty() {
            numbers.push(or.to_owned());
        }
        numbers
    }

    /// The row of the contact list.
    pub(crate) fn summary(&self, now: DateTime<Utc>) -> Value {
        let last = self
            .thread
            .iter()
            .rev()
            .find(|entry| entry.kind != "reaction");
        let windows: BTreeMap<&String, bool> = self
            .last_inbound_at
            .keys()
            .map(|number| (number, self.window_open(number, now)))
            .collect();
        json!({
            "phone": self.phone,
            "wa_id": self.wa_id,
            "user_id": self.user_id(&self.home),
            "name": self.name,
            "username": self.username,
            "identity": self.identity(),
            "marketing_stopped": self.marketing_stopped,
            "members": self.group.as_ref().map(|group| &group.members),
            "last_at": rfc3339(self.last_at),
            "last_text": last.map(Entry::text),
            "last_direction": last.map(|entry| entry.direction),
            "unread": self.unread(),
            "messages": self.thread.len(),
            "window_open": windows.values().any(|open| *open),
            "windows": windows,
        })
    }

    /// What the person shows to businesses.
    pub(crate) fn identity(&self) -> &'static str {
        match (self.hidden, self.username.is_some()) {
            (false, _) => "phone",
            (true, false) => "bsuid",
            (true, true) => "username",
        }
    }

    /// A customer's reaction, edit or deletion, or the business's reaction, as it changes the bubble it is about.
    pub(crate) fn apply(&mut self, kind: &str, payload: &Value, who: &str) {
        let text = |key: &str| payload[key].as_str().unwrap_or_default();
        match kind {
            "reaction" => {
                let emoji = text("emoji");
                if let Some(entry) = self.entry(text("message_id")) {
                    entry.reactions.retain(|(by, _)| by != who);
                    if !emoji.is_empty() {
                        entry.reactions.push((who.to_owned(), emoji.to_owned()));
                    }
                }
            }
            "edit" => {
                let message = &payload["message"];
                let Some(kind) = message["type"].as_str() else {
                    return;
                };
                if let Some(entry) = self.entry(text("original_message_id")) {
                    kind.clone_into(&mut entry.kind);
                    entry.payload = message[kind].clone();
                    entry.edited = true;
                }
            }
            "revoke" => {
                if let Some(entry) = self.entry(text("original_message_id")) {
                    entry.deleted = true;
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, wamid: &str) -> Option<&mut Entry> {
        self.thread.iter_mut().rev().find(|entry| entry.id == wamid)
    }

    /// The newest message of the business that offers this id in a button or row.
    pub(crate) fn offer_of(&self, tapped: &Value) -> Option<&Entry> {
        self.thread
            .iter()
            .rev()
            .filter(|entry| entry.direction == Direction::Out)
            .find(|entry| entry.offers().any(|id| id == tapped))
    }
}
