//! Events waiting for their first attempt, in one lane per contact, and deliveries waiting for another.
//!
//! Promises: a lane has at most one first attempt in flight, so first attempts of a contact keep their order; nothing
//! that was pushed is forgotten.
//! Does not: limit its length; the ledger would keep what it refused anyway.

use super::{Delivery, Event};
use crate::state::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// How many events share a post.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchRule {
    pub(crate) size: usize,
    /// How long an unfilled batch waits.
    pub(crate) wait: Duration,
}

/// What a worker does next.
pub(crate) enum Work {
    /// First attempt of these events; `lanes` must be released afterwards.
    Fresh {
        lanes: Vec<String>,
        events: Vec<Arc<Event>>,
    },
    Retry(Delivery),
}

#[derive(Default)]
struct Inner {
    lanes: HashMap<String, Lane>,
    ready: VecDeque<String>,
    /// Events in lanes that may start now.
    startable: usize,
    retries: VecDeque<Delivery>,
    /// Alternates, so that neither kind starves.
    retry_turn: bool,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Arc<Event>>,
    busy: bool,
}

/// Shared by the delivery workers.
#[derive(Default)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    more: Notify,
    unacknowledged: AtomicU64,
}

impl Queue {
    /// Counts one event that will be delivered.
    pub(crate) fn expect_one(&self) {
        self.unacknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Events of this delivery are acknowledged or given up.
    pub(crate) fn settle(&self, events: usize) {
        self.unacknowledged
            .fetch_sub(events as u64, Ordering::Relaxed);
    }

    /// Events nobody acknowledged yet, copies counted.
    pub(crate) fn unacknowledged(&self) -> u64 {
        self.unacknowledged.load(Ordering::Relaxed)
    }

    pub(crate) fn push(&self, lane: String, event: Arc<Event>) {
        let mut inner = lock(&self.inner);
        let state = inner.lanes.entry(lane.clone()).or_default();
        state.waiting.push_back(event);
        if !state.busy {
            let first = state.waiting.len() == 1;
            inner.startable += 1;
            if first {
                inner.ready.push_back(lane);
            }
            drop(inner);
            self.more.notify_one();
        }
    }

    pub(crate) fn push_retry(&self, delivery: Delivery) {
        lock(&self.inner).retries.push_back(delivery);
        self.more.notify_one();
    }

    /// First attempts of these lanes are over.
    pub(crate) fn release(&self, lanes: Vec<String>) {
        let mut inner = lock(&self.inner);
        for lane in lanes {
            let Some(state) = inner.lanes.get_mut(&lane) else {
                continue;
            };
            state.busy = false;
            let waiting = state.waiting.len();
            if waiting == 0 {
                inner.lanes.remove(&lane);
            } else {
                inner.startable += waiting;
                inner.ready.push_back(lane);
            }
        }
        let more = !inner.ready.is_empty();
        drop(inner);
        if more {
            self.more.notify_one();
        }
    }

    /// The next piece of work; waits for one. Cancel safe.
    pub(crate) async fn take(&self, rule: impl Fn() -> BatchRule) -> Work {
        loop {
            self.more.notified().await;
            let rule = rule();
            if rule.size > 1 && self.should_wait(rule.size) {
                tokio::time::sleep(rule.wait).await;
            }
            if let Some(work) = self.try_take(rule.size) {
                return work;
            }
        }
    }

    fn should_wait(&self, size: usize) -> bool {
        let inner = lock(&self.inner);
        inner.retries.is_empty() && inner.startable < size
    }

    fn try_take(&self, size: usize) -> Option<Work> {
        let mut inner = lock(&self.inner);
        inner.retry_turn = !inner.retry_turn;
        let retry_first = inner.retry_turn || inner.ready.is_empty();
        let work = match retry_first.then(|| inner.retries.pop_front()).flatten() {
            Some(delivery) => Some(Work::Retry(delivery)),
            None => inner
                .take_fresh(size)
                .or_else(|| inner.retries.pop_front().map(Work::Retry)),
        };
        let more = !inner.ready.is_empty() || !inner.retries.is_empty();
        drop(inner);
        // One permit may stand for many pushes: each worker wakes the next.
        if more {
            self.more.notify_one();
        }
        work
    }
}

impl Inner {
    fn take_fresh(&mut self, size: usize) -> Option<Work> {
        let (mut lanes, mut events) = (Vec::new(), Vec::<Arc<Event>>::new());
        // Lanes that go elsewhere keep their turn.
        let mut passed = Vec::new();
        while events.len() < size {
            let Some(lane) = self.ready.pop_front() else {
                break;
            };
            let Some(state) = self.lanes.get_mut(&lane) else {
                continue;
            };
            if size > 1 && !fits(&events, state) {
                passed.push(lane);
                continue;
            }
            // The rest of a busy lane waits until it is released.
            self.startable -= state.waiting.len();
            let room = (size - events.len()).min(state.waiting.len());
            events.extend(state.waiting.drain(..room));
            state.busy = true;
            lanes.push(lane);
        }
        for lane in passed.into_iter().rev() {
            self.ready.push_front(lane);
        }
        (!events.is_empty()).then_some(Work::Fresh { lanes, events })
    }
}

/// Whether a lane's events may share a post with these.
fn fits(events: &[Arc<Event>], lane: &Lane) -> bool {
    match (events.first(), lane.waiting.front()) {
        (Some(taken), Some(next)) => taken.destination() == next.destination(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::{Directory, NewNumber};
    use crate::webhook::Place;
    use serde_json::Value;

    fn directory() -> Directory {
        let new = NewNumber {
            phone_number_id: "1".into(),
            waba_id: "2".into(),
            display_phone_number: "551140000000".into(),
            name: "x".into(),
            portfolio: None,
            app_secret: None,
            access_token: None,
            callback: Some("http://a/".into()),
        };
        let directory = Directory::new(&new, "secret", "token", (80, true));
        directory.add(&NewNumber {
            phone_number_id: "3".into(),
            app_secret: Some("other".into()),
            ..new
        });
        directory
    }

    fn event_of(number: &str, identity: &str) -> Arc<Event> {
        let number = directory().get(number).unwrap();
        let identity = identity.to_owned();
        Arc::new(Event {
            identity,
            ..Event::notice(number, Place::MESSAGES, Value::Null)
        })
    }

    fn event(identity: &str) -> Arc<Event> {
        event_of("1", identity)
    }

    fn fresh(queue: &Queue, size: usize) -> Option<(Vec<String>, Vec<String>)> {
        match queue.try_take(size) {
            Some(Work::Fresh { lanes, events }) => {
                Some((lanes, events.iter().map(|e| e.identity.clone()).collect()))
            }
            _ => None,
        }
    }

    #[test]
    fn a_contact_has_one_first_attempt_at_a_time() {
        let queue = Queue::default();
        queue.push("a".into(), event("a1"));
        queue.push("a".into(), event("a2"));
        queue.push("b".into(), event("b1"));
        let (lanes, events) = fresh(&queue, 1).unwrap();
        assert_eq!(events, ["a1"]);
        assert_eq!(fresh(&queue, 1).unwrap().1, ["b1"]);
        assert_eq!(fresh(&queue, 1), None, "a2 waits for a1");
        queue.push("a".into(), event("a3"));
        queue.release(lanes);
        assert_eq!(fresh(&queue, 10).unwrap().1, ["a2", "a3"]);
    }

    #[test]
    fn a_batch_takes_from_many_contacts() {
        let queue = Queue::default();
        for lane in ["a", "b", "c"] {
            queue.push(lane.into(), event(lane));
        }
        assert!(queue.should_wait(5) && !queue.should_wait(3));
        assert_eq!(fresh(&queue, 2).unwrap().1, ["a", "b"]);
        assert_eq!(fresh(&queue, 2).unwrap().1, ["c"]);
        assert!(queue.should_wait(1));
    }

    #[test]
    fn a_batch_never_mixes_apps() {
        let queue = Queue::default();
        queue.push("a".into(), event("a1"));
        queue.push("b".into(), event_of("3", "b1"));
        queue.push("c".into(), event("c1"));
        assert_eq!(fresh(&queue, 10).unwrap().1, ["a1", "c1"]);
        assert_eq!(fresh(&queue, 10).unwrap().1, ["b1"]);
    }
}
