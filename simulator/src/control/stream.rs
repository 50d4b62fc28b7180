//! `GET /sim/stream`: server-sent events for the phone page and for tests that wait.
//!
//! Promises: who falls behind gets `resync` and asks again.
//! Does not: cost anything while nobody listens.

use crate::faults::Faults;
use crate::phone::Ticks;
use crate::state::Sim;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream as Stream_};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Events a slow listener may be behind.
const BEHIND_MAX: usize = 2_048;

/// One event, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    name: &'static str,
    data: Arc<str>,
}

/// All listeners.
pub(crate) struct Stream(broadcast::Sender<Happening>);

impl Default for Stream {
    fn default() -> Self {
        Stream(broadcast::Sender::new(BEHIND_MAX))
    }
}

impl Stream {
    /// Listens from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Happening> {
        self.0.subscribe()
    }

    fn tell(&self, name: &'static str, data: impl FnOnce() -> Value) {
        if self.0.receiver_count() > 0 {
            // Nobody left to listen is no error.
            self.0
                .send(Happening {
                    name,
                    data: data().to_string().into(),
                })
                .ok();
        }
    }

    /// A message is on a phone.
    pub(crate) fn message(&self, sim: &Sim, phone: &str, wamid: &str) {
        self.tell("message", || {
            let mut phones = sim.phones();
            let found = phones.find(wamid).map(|(contact, at)| {
                (
                    contact.summary(sim.clock.now()),
                    contact.thread.get(at).map(|entry| entry.to_json()),
                )
            });
            let (contact, message) = found.unwrap_or_default();
            json!({"phone": phone, "contact": contact, "message": message})
        });
    }

    /// A message got another tick.
    pub(crate) fn ticks(&self, phone: &str, wamid: &str, ticks: Ticks) {
        self.tell(
            "ticks",
            || json!({"phone": phone, "id": wamid, "ticks": ticks}),
        );
    }

    /// A contact was made or changed.
    pub(crate) fn contact(&self, summary: &Value) {
        self.tell("contact", || summary.clone());
    }

    /// The business is typing: at most 25 seconds, or until it sends.
    pub(crate) fn typing(&self, phone: &str) {
        self.tell("typing", || json!({"phone": phone, "for_ms": 25_000}));
    }

    /// Faults were changed.
    pub(crate) fn faults(&self, faults: &Faults) {
        self.tell("faults", || json!(faults));
    }

    /// More changed than an event can say.
    pub(crate) fn resync(&self) {
        self.tell("resync", || json!({}));
    }

    /// An attempt ended.
    pub(crate) fn health(&self, unacknowledged: u64, status: Option<u16>) {
        self.tell(
            "webhook",
            || json!({"unacknowledged": unacknowledged, "status": status}),
        );
    }
}

struct Listener {
    changes: broadcast::Receiver<Happening>,
    shutdown: CancellationToken,
    greeted: bool,
}

pub(super) async fn events(
    State(sim): State<Arc<Sim>>,
) -> Sse<impl Stream_<Item = Result<Event, Infallible>>> {
    let listener = Listener {
        changes: sim.stream.subscribe(),
        shutdown: sim.shutdown.clone(),
        greeted: false,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

impl Listener {
    /// `None` at shutdown. The first event says that nothing is missed from here on.
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(Event::default().event("hello").data("{}"));
        }
        tokio::select! {
            change = self.changes.recv() => match change {
                Ok(happening) => Some(Event::default().event(happening.name).data(&*happening.data)),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Event::default().event("resync").data("{}")),
                Err(broadcast::error::RecvError::Closed) => None,
            },
            () = self.shutdown.cancelled() => None,
        }
    }
}
