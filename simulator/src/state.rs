//! What the surfaces share.
//!
//! Promises: no lock is held across an await; each part locks itself.
//! Does not: decide anything.

use crate::agenda::Agenda;
use crate::business::{Directory, Number};
use crate::clock::Clock;
use crate::control::stream::Stream;
use crate::erp::Desk;
use crate::faults::FaultBoard;
use crate::ledger::Ledger;
use crate::media::Shelf;
use crate::options::{ReadAfter, Secrets};
use crate::phone::Phones;
use crate::webhook;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How fast a phone answers with ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticking {
    pub(crate) sent_after: Duration,
    pub(crate) delivered_after: Duration,
    pub(crate) read_after: ReadAfter,
}

/// Everything, behind one `Arc`.
pub(crate) struct Sim {
    pub(crate) numbers: Directory,
    pub(crate) secrets: Secrets,
    pub(crate) ticking: Ticking,
    pub(crate) clock: Clock,
    pub(crate) faults: FaultBoard,
    pub(crate) phones: Mutex<Phones>,
    pub(crate) media: Mutex<Shelf>,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) ledger: Ledger,
    pub(crate) agenda: Agenda,
    pub(crate) queue: webhook::Queue,
    pub(crate) tuning: webhook::Tuning,
    pub(crate) stream: Stream,
    pub(crate) http: reqwest::Client,
    /// `http://ADDRESS:PORT` of this simulator, for URLs it hands out.
    pub(crate) public_url: String,
    pub(crate) shutdown: CancellationToken,
}

impl Sim {
    pub(crate) fn phones(&self) -> MutexGuard<'_, Phones> {
        lock(&self.phones)
    }

    /// The number with this id, or the first one.
    pub(crate) fn number(&self, phone_number_id: Option<&str>) -> Option<Arc<Number>> {
        match phone_number_id {
            Some(id) => self.numbers.get(id),
            None => Some(self.numbers.home().clone()),
        }
    }
}

/// Locks; a panic elsewhere must not stop the simulator, its state is only ever replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
