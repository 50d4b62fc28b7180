//! One number of a business.

use super::{Account, App, NewNumber};
use crate::graph::buckets::Buckets;
use crate::state::lock;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

/// Sends a second of the level STANDARD.
const STANDARD_THROUGHPUT: u32 = 80;

/// The sender people write to. Its identity never changes; what does is behind the lock.
pub(crate) struct Number {
    /// `phone_number_id`.
    pub(crate) id: String,
    pub(crate) display_phone_number: String,
    pub(crate) name: String,
    pub(crate) access_token: String,
    /// Sends a second.
    throughput: u32,
    pub(crate) account: Arc<Account>,
    pub(crate) app: Arc<App>,
    state: Mutex<NumberState>,
}

/// What changes about a number.
pub(crate) struct NumberState {
    pub(crate) registered: bool,
    pub(crate) pin: Option<String>,
    /// When it was registered in the last 72 hours, Unix seconds.
    pub(crate) registrations: VecDeque<i64>,
    pub(crate) profile: Map<String, Value>,
    pub(crate) username: Option<String>,
    /// Contacts who may not write, newest last.
    pub(crate) blocked: Vec<String>,
    pub(crate) buckets: Buckets,
    /// Service messages delivered so far: the first 1,000 of a month are free.
    pub(crate) delivered_service: u64,
    callback: Option<String>,
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Number")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Number {
    pub(super) fn new(
        new: &NewNumber,
        access_token: String,
        app: Arc<App>,
        account: Arc<Account>,
        rates: (u32, bool),
    ) -> Self {
        let mut profile = Map::new();
        profile.insert("about".into(), json!(new.name));
        profile.insert("vertical".into(), json!("PROF_SERVICES"));
        Number {
            id: new.phone_number_id.clone(),
            display_phone_number: new.display_phone_number.clone(),
            name: new.name.clone(),
            access_token,
            throughput: rates.0,
            account,
            app,
            state: Mutex::new(NumberState {
                registered: true,
                pin: None,
                registrations: VecDeque::new(),
                profile,
                username: None,
                blocked: Vec::new(),
                buckets: Buckets::new(rates.0, rates.1),
                delivered_service: 0,
                callback: None,
            }),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, NumberState> {
        lock(&self.state)
    }

    /// `throughput.level` of a registered number.
    pub(crate) fn throughput_level(&self) -> &'static str {
        if self.throughput > STANDARD_THROUGHPUT {
            "HIGH"
        } else {
            "STANDARD"
        }
    }

    /// The number's own callback, over the account's and the app's.
    pub(crate) fn set_callback(&self, url: Option<String>) {
        self.state().callback = url;
    }

    pub(crate) fn own_callback(&self) -> Option<String> {
        self.state().callback.clone()
    }

    /// Where an event goes: overrides count for what customers do, never for templates and accounts.
    pub(crate) fn callback(&self, overridable: bool) -> String {
        let overriding = overridable
            .then(|| self.own_callback().or_else(|| self.account.callback()))
            .flatten();
        overriding.unwrap_or_else(|| self.app.callback())
    }

    pub(crate) fn is_blocked(&self, phone: &str) -> bool {
        self.state().blocked.iter().any(|blocked| blocked == phone)
    }

    /// The form of the control API; no secrets.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "display_phone_number": self.display_phone_number,
            "phone_number_id": self.id,
            "waba_id": self.account.id,
            "portfolio": self.account.portfolio,
            "app_id": self.app.id,
            "webhook_url": self.callback(true),
        })
    }
}
