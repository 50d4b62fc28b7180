//! Many agents' sockets, each watching conversations.
//!
//! Promises: a socket counts as open when the first frame of every conversation it watches has come; a delivery is one
//! customer message received by one socket, timed from when its webhook was due.
//! Does not: connect again; a socket that the server closes is counted.

use crate::desk::{Desk, Stream};
use crate::frame::Frame;
use crate::latency::Latencies;
use crate::mark::Mark;
use crate::schedule::Schedule;
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _, stream};
use indicatif::ProgressBar;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Sockets that are being opened at the same time.
pub(crate) const OPENING: usize = 8;
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(30);

/// What all sockets of a run received.
pub(crate) struct Deliveries {
    mark: Mark,
    schedule: Arc<Schedule>,
    measured_from: Duration,
    begin: OnceLock<Instant>,
    pub(crate) latencies: Latencies,
    pub(crate) items: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Sockets that the server closed.
    pub(crate) closed: AtomicU64,
}

impl Deliveries {
    pub(crate) fn new(
        mark: Mark,
        schedule: Arc<Schedule>,
        measured_from: Duration,
    ) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            mark,
            schedule,
            measured_from,
            begin: OnceLock::new(),
            latencies: Latencies::new()?,
            items: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            closed: AtomicU64::new(0),
        }))
    }

    /// The zero of the schedule; what comes before is of nobody's interest.
    pub(crate) fn begin(&self, at: Instant) {
        self.begin.get_or_init(|| at);
    }

    /// Takes a frame that a socket received.
    pub(crate) fn take(&self, socket: usize, text: &str) {
        // Most of what is not about customers' messages is seen without reading it.
        if self.begin.get().is_none() || !self.mark.is_in(text) {
            return;
        }
        if let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) {
            self.add(socket, frame.received(&self.mark));
            self.add_bytes(text.len());
        }
    }

    /// Counts messages that a socket received just now, by their numbers.
    pub(crate) fn add(&self, socket: usize, numbers: impl Iterator<Item = u64>) {
        let (Some(begin), now) = (self.begin.get(), Instant::now()) else {
            return;
        };
        let mut items = 0;
        for due in numbers.filter_map(|n| self.schedule.due(n)) {
            items += 1;
            if due >= self.measured_from {
                let took = now.saturating_duration_since(*begin + due);
                self.latencies.record(socket, took);
            }
        }
        self.items.fetch_add(items, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Waits until so many items were received, or nothing came for a while.
    pub(crate) async fn until(&self, items: u64, quiet: Duration) {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let (mut seen, mut moved) = (0, Instant::now());
        loop {
            ticks.tick().await;
            let now = self.items.load(Ordering::Relaxed);
            if now > seen {
                (seen, moved) = (now, Instant::now());
            }
            if seen >= items || moved.elapsed() > quiet {
                return;
            }
        }
    }
}

/// Open sockets; dropping it closes them.
pub(crate) struct Crowd {
    tasks: JoinSet<()>,
}

impl Crowd {
    /// Opens a socket for each list of conversations.
    ///
    /// # Errors
    /// The first refusal.
    pub(crate) async fn open(
        desk: &Desk,
        watched: Vec<Vec<String>>,
        deliveries: &Arc<Deliveries>,
        bar: &ProgressBar,
    ) -> anyhow::Result<Self> {
        let mut tasks = JoinSet::new();
        let mut opening = stream::iter(watched.into_iter().enumerate())
            .map(|(n, conversations)| async move {
                let mut socket = desk.open(n % desk.people()).await?;
                subscribe(&mut socket, &conversations).await?;
                anyhow::Ok((n, socket))
            })
            .buffer_unordered(OPENING);
        while let Some(opened) = opening.next().await {
            let (n, socket) = opened?;
            tasks.spawn(receive(n, socket, deliveries.clone()));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Self { tasks })
    }

    pub(crate) fn sockets(&self) -> u64 {
        self.tasks.len() as u64
    }
}

async fn receive(n: usize, mut socket: Stream, deliveries: Arc<Deliveries>) {
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => deliveries.take(n, &text),
            Message::Close(_) => break,
            _ => {}
        }
    }
    deliveries.closed.fetch_add(1, Ordering::Relaxed);
}

/// Watches conversations and waits until the server has told how each stands.
///
/// # Errors
/// A refusal, or silence.
pub(crate) async fn subscribe(socket: &mut Stream, conversations: &[String]) -> anyhow::Result<()> {
    for id in conversations {
        let frame = json!({"v": 1, "type": "subscribe", "conversation_id": id, "mode": "listen"});
        socket.feed(Message::text(frame.to_string())).await?;
    }
    socket.flush().await?;
    let first_frames = async {
        let mut missing = conversations.len();
        while missing > 0 {
            let message = socket.next().await.context("the socket was closed")??;
            let text = match message {
                Message::Text(text) => text,
                Message::Close(goodbye) => bail!(
                    "the server closed a socket: {} (a demo allows one person five, unless started with --load-test)",
                    goodbye.map_or_else(|| "no reason".to_owned(), |goodbye| goodbye.to_string())
                ),
                _ => continue,
            };
            let frame: Frame<'_> = serde_json::from_str(&text)?;
            match frame.kind {
                "conversation" => missing -= 1,
                "refused" => bail!(
                    "a subscription is refused: {}",
                    frame.problem.map_or("", |problem| problem.get())
                ),
                _ => {}
            }
        }
        Ok(())
    };
    tokio::time::timeout(FIRST_FRAME_WITHIN, first_frames)
        .await
        .context("no answer to a subscription")?
}

/// `each` of the ids for each of `sockets` sockets, going round when there are too few.
pub(crate) fn deal(ids: &[String], sockets: usize, each: usize) -> Vec<Vec<String>> {
    let mut round = ids.iter().cycle();
    (0..sockets)
        .map(|_| round.by_ref().take(each.min(ids.len())).cloned().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_are_dealt_round() {
        let ids: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(deal(&ids, 3, 2), [["a", "b"], ["c", "a"], ["b", "c"]]);
        assert_eq!(deal(&ids[..1], 2, 5), [["a"], ["a"]]);
        assert_eq!(deal(&[], 2, 5), [Vec::<String>::new(), Vec::new()]);
    }

    #[tokio::test]
    async fn a_delivery_is_timed_from_when_its_webhook_was_due() {
        let mark = Mark::new(7);
        let schedule = Arc::new(Schedule::steady(1.0, Duration::from_secs(3)));
        let deliveries = Deliveries::new(mark.clone(), schedule, Duration::from_secs(1)).unwrap();
        let text = |n: u64| {
            let item = json!({"direction": "in", "content": {"text": mark.stamp(n)}});
            json!({"type": "conversation", "items": [item]}).to_string()
        };
        deliveries.take(0, &text(1));
        assert_eq!(
            deliveries.items.load(Ordering::Relaxed),
            0,
            "it has not begun"
        );
        deliveries.begin(Instant::now() - Duration::from_millis(1_500));
        for n in [0, 1, 9] {
            deliveries.take(0, &text(n));
        }
        let told = deliveries.latencies.percentiles().unwrap();
        // The first is of the warm-up, the last of nobody's schedule.
        assert_eq!(
            (deliveries.items.load(Ordering::Relaxed), told.count),
            (2, 1)
        );
        assert!((500.0..600.0).contains(&told.max_ms), "{told}");
    }
}
