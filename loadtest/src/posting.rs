//! Posts webhooks on a schedule, whether or not the earlier ones were answered.
//!
//! Promises: open loop; each latency counts from when the webhook was due, so a server that stalls is charged for
//! everybody who came meanwhile (no coordinated omission); what has no answer when the patience ends is unserved.
//! Does not: repeat what was refused, as Meta would.

use crate::clock::unix_seconds;
use crate::latency::{Latencies, Percentiles};
use crate::pacer;
use crate::schedule::Schedule;
use crate::sender::{Sender, TIMEOUT};
use crate::webhook::Factory;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Posts in flight at once; more wait, and their time goes on counting.
pub(crate) const IN_FLIGHT_MAX: usize = 2_048;
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// What is posted, and when.
pub(crate) struct Posting {
    pub(crate) sender: Sender,
    pub(crate) factory: Factory,
    pub(crate) schedule: Arc<Schedule>,
    /// What is due earlier counts, but its latency does not.
    pub(crate) measured_from: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Posted {
    pub(crate) posted: u64,
    /// Answered with 200.
    pub(crate) acked: u64,
    /// Answered with anything else, or not in time.
    pub(crate) errors: u64,
    pub(crate) error_kinds: BTreeMap<String, u64>,
    /// Due, but without any answer when everything should have been over.
    pub(crate) unserved: u64,
    pub(crate) ack: Percentiles,
}

impl Posting {
    /// Posts everything; `begin` is the zero of the schedule.
    ///
    /// # Errors
    /// When the clock's thread cannot be started.
    pub(crate) async fn run(self, begin: Instant, bar: &ProgressBar) -> anyhow::Result<Posted> {
        let (total, length) = (self.schedule.len(), self.schedule.length());
        let mut due = pacer::start(self.schedule.clone(), begin)?;
        let (shared, latencies) = (Arc::new(self), Arc::new(Latencies::new()?));
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        let mut posts = JoinSet::new();
        let mut seen = Posted {
            posted: total,
            ..Posted::default()
        };
        let mut ticks = tokio::time::interval(PROGRESS_EVERY);
        let end = begin + length + TIMEOUT + Duration::from_secs(1);
        let patience = tokio::time::sleep_until(end);
        tokio::pin!(patience);
        let mut all_due = false;
        while !(all_due && posts.is_empty()) {
            tokio::select! {
                next = due.recv(), if !all_due => match next {
                    Some(k) => {
                        let one = One { k, begin, latencies: latencies.clone(), in_flight: in_flight.clone() };
                        posts.spawn(one.post(shared.clone()));
                    }
                    None => all_due = true,
                },
                Some(answer) = posts.join_next() => seen.count(answer?),
                _ = ticks.tick() => show(bar, begin, &seen),
                () = &mut patience => break,
            }
        }
        posts.abort_all();
        seen.unserved = total - seen.acked - seen.errors;
        seen.ack = latencies.percentiles()?;
        Ok(seen)
    }
}

/// One webhook on its way.
struct One {
    k: u64,
    begin: Instant,
    latencies: Arc<Latencies>,
    in_flight: Arc<Semaphore>,
}

impl One {
    async fn post(self, posting: Arc<Posting>) -> Result<(), String> {
        let _permit = self
            .in_flight
            .acquire()
            .await
            .map_err(|_| "closed".to_owned())?;
        let due = posting.schedule.due(self.k).unwrap_or_default();
        let webhook = posting.factory.make(self.k, unix_seconds());
        posting.sender.post(webhook).await?;
        if due >= posting.measured_from {
            let writer = usize::try_from(self.k).unwrap_or_default();
            self.latencies.record(writer, (self.begin + due).elapsed());
        }
        Ok(())
    }
}

impl Posted {
    fn count(&mut self, answer: Result<(), String>) {
        match answer {
            Ok(()) => self.acked += 1,
            Err(kind) => {
                self.errors += 1;
                *self.error_kinds.entry(kind).or_default() += 1;
            }
        }
    }

    /// The errors with their kinds, for people.
    pub(crate) fn told_errors(&self) -> String {
        let kinds: Vec<String> = self
            .error_kinds
            .iter()
            .map(|(kind, count)| format!("{count} x {kind}"))
            .collect();
        if kinds.is_empty() {
            "0".to_owned()
        } else {
            format!("{} ({})", self.errors, kinds.join(", "))
        }
    }
}

/// A bar over the seconds of a run, on standard error when that is a terminal.
pub(crate) fn seconds_bar(length: Duration) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length.as_secs());
    bar.set_style(
        ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} s  {msg}")?
            .progress_chars("=> "),
    );
    Ok(bar)
}

/// A bar over things to do.
pub(crate) fn count_bar(total: u64, what: &'static str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(total);
    bar.set_style(
        ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {msg}")?
            .progress_chars("=> "),
    );
    bar.set_message(what);
    Ok(bar)
}

fn show(bar: &ProgressBar, begin: Instant, seen: &Posted) {
    bar.set_position(begin.elapsed().as_secs());
    bar.set_message(format!(
        "{} acknowledged, {} errors",
        seen.acked, seen.errors
    ));
}
