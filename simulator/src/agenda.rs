//! The only timer: what is to happen later, in order of its due time, then of its entry.
//!
//! Promises: two jobs with the same delay happen in the order they were entered, so a constant delay never reorders.
//! Does not: run on the simulator's clock; delays are real time. A restart rebuilds redeliveries from the ledger.

use crate::business::Number;
use crate::graph::templates;
use crate::state::Sim;
use crate::webhook::{Delivery, Event};
use crate::{status, webhook};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Something that happens later.
pub(crate) enum Job {
    /// Hand an event that was held back to the delivery queue.
    Enqueue { lane: String, event: Arc<Event> },
    /// Try a refused delivery again.
    Redeliver(Delivery),
    /// The phone reaches the next tick of a business message.
    Advance { wamid: String, step: status::Step },
    /// A held template message goes out.
    Release { wamid: String, kind: String },
    /// Meta decides about a template.
    Review {
        number: Arc<Number>,
        template: String,
        status: &'static str,
    },
}

struct Entry {
    due: Instant,
    order: u64,
    job: Job,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    /// Reversed: the heap gives its greatest, we want the soonest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.order).cmp(&(self.due, self.order))
    }
}

#[derive(Default)]
struct Book {
    entries: BinaryHeap<Entry>,
    order: u64,
}

/// Jobs by due time.
#[derive(Default)]
pub(crate) struct Agenda {
    book: Mutex<Book>,
    sooner: Notify,
}

impl Agenda {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a job.
    pub(crate) fn schedule(&self, due: Instant, job: Job) {
        let mut book = self.lock();
        let soonest = book.entries.peek().is_none_or(|first| due < first.due);
        book.order += 1;
        let order = book.order;
        book.entries.push(Entry { due, order, job });
        drop(book);
        if soonest {
            self.sooner.notify_one();
        }
    }

    /// Makes every waiting redelivery due now (the webhook moved, or somebody lost patience).
    pub(crate) fn hurry_redeliveries(&self) {
        let now = Instant::now();
        let mut book = self.lock();
        let entries = std::mem::take(&mut book.entries);
        book.entries = entries
            .into_iter()
            .map(|entry| match entry.job {
                Job::Redeliver(_) => Entry { due: now, ..entry },
                _ => entry,
            })
            .collect();
        drop(book);
        self.sooner.notify_one();
    }

    fn due(&self, now: Instant) -> Result<Job, Option<Instant>> {
        let mut book = self.lock();
        match book.entries.peek() {
            Some(first) if first.due <= now => {
                book.entries.pop().map(|entry| entry.job).ok_or(None)
            }
            first => Err(first.map(|entry| entry.due)),
        }
    }
}

/// Carries jobs out until shutdown.
pub(crate) async fn run(sim: Arc<Sim>) {
    loop {
        match sim.agenda.due(Instant::now()) {
            Ok(Job::Enqueue { lane, event }) => sim.queue.push(lane, event),
            Ok(Job::Redeliver(delivery)) => sim.queue.push_retry(delivery),
            Ok(Job::Advance { wamid, step }) => status::advance(&sim, &wamid, step),
            Ok(Job::Release { wamid, kind }) => status::plan(&sim, &wamid, &kind, None),
            Ok(Job::Review {
                number,
                template,
                status,
            }) => {
                templates::decide(&sim, &number, &template, status);
            }
            Err(next) => {
                let wait = async {
                    match next {
                        Some(due) => tokio::time::sleep_until(due).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = wait => {}
                    () = sim.agenda.sooner.notified() => {}
                    () = sim.shutdown.cancelled() => return,
                }
            }
        }
    }
}

/// When a delivery that failed `attempts` times is tried again: at once, then `start`, doubling up to `cap`.
pub(crate) fn redelivery_pause(attempts: u32, tuning: &webhook::Tuning) -> std::time::Duration {
    match attempts {
        0 | 1 => std::time::Duration::ZERO,
        n => tuning
            .redelivery_start
            .saturating_mul(2_u32.saturating_pow(n - 2))
            .min(tuning.redelivery_cap),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn redelivery_is_immediate_then_doubles_to_the_cap() {
        let tuning = webhook::Tuning {
            redelivery_start: Duration::from_millis(200),
            redelivery_cap: Duration::from_secs(1),
            ..webhook::Tuning::default()
        };
        let pauses: Vec<_> = (1..=6)
            .map(|n| redelivery_pause(n, &tuning).as_millis())
            .collect();
        assert_eq!(pauses, [0, 200, 400, 800, 1000, 1000]);
        assert_eq!(redelivery_pause(u32::MAX, &tuning).as_millis(), 1000);
    }

    #[test]
    fn equal_delays_keep_their_order() {
        let agenda = Agenda::default();
        let due = Instant::now();
        for wamid in ["a", "b", "c"] {
            agenda.schedule(
                due,
                Job::Advance {
                    wamid: wamid.into(),
                    step: status::Step::Sent,
                },
            );
        }
        let order: Vec<_> = std::iter::from_fn(|| match agenda.due(due) {
            Ok(Job::Advance { wamid, .. }) => Some(wamid),
            _ => None,
        })
        .collect();
        assert_eq!(order, ["a", "b", "c"]);
    }
}
