//! The value of a change, list by list: messages, statuses, echoes, calls, wishes, history, errors.
//!
//! Promises: every element of every known list becomes at least one item; a value in which nothing is known is kept as
//! a notice.
//! Does not: read the elements themselves (`item`, `calls`).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::item::{self, Found, Setting};
use super::sender::{self, Contact};
use super::{
    Effect, Reader, Reason, Severity, calls, circumstance, effects, loose, past, status, strict,
    wire,
};

/// Reads one element of a list.
type Read = fn(&RawValue, Bytes, Setting<'_>) -> Result<Found, Reason>;

/// Where a change was found, and the change itself.
pub(super) struct Site<'a> {
    pub(super) waba_id: String,
    pub(super) entry_time: i64,
    pub(super) field: String,
    pub(super) number: Option<String>,
    pub(super) display: Option<String>,
    pub(super) contacts: Vec<Contact>,
    pub(super) raw: &'a RawValue,
}

impl<'a> Site<'a> {
    pub(super) fn new(waba_id: String, entry_time: i64, field: &str, raw: &'a RawValue) -> Self {
        Self {
            waba_id,
            entry_time,
            field: field.to_owned(),
            number: None,
            display: None,
            contacts: Vec::new(),
            raw,
        }
    }

    fn learn(&mut self, news: &wire::News<'a>) {
        let metadata = news
            .metadata
            .and_then(|raw| strict::read(raw).ok())
            .unwrap_or_default();
        self.number = loose::owned(&metadata, "phone_number_id");
        self.display = loose::text(&metadata, "display_phone_number")
            .and_then(|number| loose::digits(&number));
        // One that cannot be read is as good as absent: a message names its author itself.
        self.contacts = news
            .contacts
            .iter()
            .filter_map(|contact| Contact::read(contact))
            .collect();
    }
}

impl<'a> Reader<'a> {
    /// Reads the value of `site`'s change.
    pub(super) fn news(&mut self, mut site: Site<'a>, value: &'a RawValue) {
        let news = match wire::News::deserialize(value) {
            Ok(news) => news,
            Err(error) => return self.odd_raw(strict::reason(&error), "value", None, site.raw),
        };
        if news
            .metadata
            .is_some_and(|raw| strict::read(raw) == Err(Reason::DuplicateKey))
        {
            return self.odd_raw(Reason::DuplicateKey, "value", None, site.raw);
        }
        site.learn(&news);
        let before = self.found();
        let is_history = site.field == "history";
        let messages: Read = if is_history {
            past::file
        } else {
            item::message
        };
        let lists: [(&str, &[&'a RawValue], Read); 6] = [
            ("message", &news.messages, messages),
            ("status", &news.statuses, any_status),
            ("echo", &news.message_echoes, item::echo),
            ("call", &news.calls, calls::event),
            ("preference", &news.user_preferences, status::preference),
            ("rotation", &news.user_id_update, status::stray_rotation),
        ];
        for (what, list, read) in lists {
            for raw in list {
                self.each(&site, what, raw, read);
            }
        }
        for chunk in &news.history {
            self.chunk(&site, chunk);
        }
        for error in &news.errors {
            self.error(&site, error);
        }
        for action in &news.user_actions {
            self.keep(&site, "user_action", Severity::Info, action);
        }
        if self.found() == before {
            self.notice(&site, Some(value));
        }
    }

    /// A piece of the history, or the word that it is not shared.
    fn chunk(&mut self, site: &Site<'a>, raw: &'a RawValue) {
        let chunk = match wire::Chunk::deserialize(raw) {
            Ok(chunk) => chunk,
            Err(error) => return self.odd_raw(strict::reason(&error), "history", None, raw),
        };
        if let Some(metadata) = chunk.metadata {
            let read = strict::read(metadata).unwrap_or_default();
            let done = loose::integer(&read, "progress").map(|done| format!("progress_{done}"));
            let event = done.as_deref().unwrap_or("progress");
            self.keep(site, event, Severity::Info, metadata);
        }
        for error in &chunk.errors {
            self.error(site, error);
        }
        for raw in chunk.threads {
            let thread = match wire::Thread::deserialize(raw) {
                Ok(thread) => thread,
                Err(error) => {
                    self.odd_raw(
                        strict::reason(&error),
                        "thread",
                        site.number.as_deref(),
                        raw,
                    );
                    continue;
                }
            };
            let read = |raw: Option<&RawValue>| raw.and_then(|raw| strict::read(raw).ok());
            let context = read(thread.context).unwrap_or_default();
            let person = sender::of_thread(read(thread.id).as_ref(), &context);
            for message in &thread.messages {
                self.each(site, "history", message, |raw, bytes, setting| {
                    past::message(raw, bytes, &person, setting)
                });
            }
        }
    }

    /// Reads one element with `read` and keeps what comes of it.
    fn each(
        &mut self,
        site: &Site<'a>,
        what: &str,
        raw: &'a RawValue,
        read: impl FnOnce(&RawValue, Bytes, Setting<'_>) -> Result<Found, Reason>,
    ) {
        let number = site.number.as_deref();
        let setting = Setting {
            number: number.unwrap_or_default(),
            display: site.display.as_deref(),
            contacts: &site.contacts,
            now: self.now,
            stale_before: self.stale_before,
        };
        let bytes = self.slice(raw);
        match self.fits(raw).and_then(|()| read(raw, bytes, setting)) {
            Ok(Found::Item(_)) if number.is_none() => {
                self.odd_raw(Reason::NoNumber, what, None, raw);
            }
            Ok(Found::Item(item)) => self.push(*item),
            Ok(Found::Word(word)) => self.keep(site, &word, Severity::Info, raw),
            Err(reason) => self.odd_raw(reason, what, number, raw),
        }
    }

    /// An error about the number or the account.
    fn error(&mut self, site: &Site<'a>, raw: &'a RawValue) {
        let fault = strict::read(raw)
            .ok()
            .and_then(|error| circumstance::fault(&error));
        let (event, severity) = fault.map_or_else(
            || ("error".to_owned(), Severity::Warning),
            |fault| {
                let event = format!("error_{}", fault.code);
                (event, effects::severity_of_error(fault.code))
            },
        );
        self.keep(site, &event, severity, raw);
    }

    /// Keeps something of a change as a notice without effect.
    fn keep(&mut self, site: &Site<'a>, event: &str, severity: Severity, raw: &'a RawValue) {
        let judged = effects::Judged {
            event: effects::word(event),
            severity,
            effect: Effect::Nothing,
        };
        self.push_notice(site, judged, None, (raw, None));
    }
}

fn any_status(raw: &RawValue, bytes: Bytes, setting: Setting<'_>) -> Result<Found, Reason> {
    let status = item::object(raw)?;
    if calls::is_call(&status) {
        calls::status(&status, bytes, setting)
    } else {
        status::report(&status, bytes, setting)
    }
}
