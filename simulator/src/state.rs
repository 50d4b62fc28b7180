//! What the surfaces share.
//!
//! Promises: no lock is held across an await; each part locks itself.
//! Does not: decide anything.

use crate::agenda::Agenda;
use crate::clock::Clock;
use crate::control::stream::Stream;
use crate::erp::Desk;
use crate::faults::FaultBoard;
use crate::graph::buckets::Buckets;
use crate::graph::templates::Templates;
use crate::ledger::Ledger;
use crate::media::Shelf;
use crate::options::{ReadAfter, Secrets};
use crate::phone::Phones;
use crate::webhook;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The business number the simulator serves.
#[derive(Clone, Debug)]
pub(crate) struct Business {
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) display_phone_number: String,
    pub(crate) name: String,
}

/// How fast a phone answers with ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticking {
    pub(crate) sent_after: Duration,
    pub(crate) delivered_after: Duration,
    pub(crate) read_after: ReadAfter,
}

/// Everything, behind one `Arc`.
pub(crate) struct Sim {
    pub(crate) business: Business,
    pub(crate) secrets: Secrets,
    pub(crate) ticking: Ticking,
    pub(crate) clock: Clock,
    pub(crate) faults: FaultBoard,
    pub(crate) phones: Mutex<Phones>,
    pub(crate) buckets: Mutex<Buckets>,
    pub(crate) media: Mutex<Shelf>,
    pub(crate) templates: Mutex<Templates>,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) ledger: Ledger,
    pub(crate) agenda: Agenda,
    pub(crate) queue: webhook::Queue,
    pub(crate) webhook_url: RwLock<String>,
    pub(crate) tuning: webhook::Tuning,
    pub(crate) stream: Stream,
    pub(crate) http: reqwest::Client,
    /// `http://ADDRESS:PORT` of this simulator, for URLs it hands out.
    pub(crate) public_url: String,
    /// Service messages delivered so far: the first 1,000 of a month are free.
    pub(crate) delivered_service: AtomicU64,
    pub(crate) shutdown: CancellationToken,
}

impl Sim {
    pub(crate) fn phones(&self) -> MutexGuard<'_, Phones> {
        lock(&self.phones)
    }

    pub(crate) fn webhook_url(&self) -> String {
        self.webhook_url
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_webhook_url(&self, url: String) {
        *self
            .webhook_url
            .write()
            .unwrap_or_else(PoisonError::into_inner) = url;
        self.agenda.hurry_redeliveries();
    }
}

/// Locks; a panic elsewhere must not stop the simulator, its state is only ever replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
