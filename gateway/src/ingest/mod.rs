//! From webhooks to rows, a batch at a time.
//!
//! Promises: a webhook gets its receipt only after COMMIT of all its items; one row and one set of effects per message;
//! one writer per node takes all that waited while the last commit ran, so that no timer adds to the latency; one wake
//! per commit.
//! Does not: acknowledge when unsure. An error at COMMIT leaves it open whether anything was stored: 503, and
//! deduplication absorbs Meta's repetition.

mod bisect;
mod fault;
mod letters;
mod messages;
mod people;
mod profiles;
pub mod queue;
mod statuses;
mod work;

use std::time::{Duration, Instant};

use balcao_core::bell::{Hint, Wake};
use balcao_core::context::Context;
use balcao_core::metrics;
use balcao_core::shutdown::Shutdown;

pub use queue::{Queue, Receipt};
pub use work::{Work, assign};

use people::People;
use queue::Waiting;
use work::{Arriving, Letter};

use crate::payload::Report;

/// Runs of one transaction before giving up.
const MAX_TRIES: u32 = 5;
/// The first pause before a transaction runs again, in milliseconds; doubled each time, with jitter.
const PAUSE_MS: u64 = 5;

/// Starts the writer; it leaves when the last clone of the queue is gone.
pub fn start(ctx: &Context, shutdown: &Shutdown) -> Queue<Work> {
    let config = &ctx.config.webhook;
    let (queue, waiting) = queue::queue(
        config.max_queue_items,
        Duration::from_millis(config.max_queue_lag_ms),
    );
    let (profiles, changes) = profiles::line();
    shutdown.spawn(
        "gateway-profiles",
        profiles::keep(ctx.store.clone(), changes),
    );
    let writer = Writer {
        people: People::new(ctx.store.clone(), profiles),
        ctx: ctx.clone(),
    };
    shutdown.spawn_essential("gateway-ingest", writer.run(waiting));
    queue
}

/// Stores what waits.
struct Writer {
    ctx: Context,
    people: People,
}

/// Places in a round, by kind.
#[derive(Default)]
struct Sorted {
    messages: Vec<(usize, Arriving)>,
    statuses: Vec<(usize, Report)>,
    letters: Vec<(usize, Letter)>,
}

impl Writer {
    async fn run(self, mut waiting: Waiting<Work>) {
        while let Some(round) = waiting.round(self.ctx.config.webhook.max_batch).await {
            let (parcels, pieces) = round.into_parts();
            let (owners, work): (Vec<usize>, Vec<Work>) = pieces.into_iter().unzip();
            let is_stored = self.store(work).await;
            let outcomes: Vec<(usize, bool)> = owners.into_iter().zip(is_stored).collect();
            waiting.settle(parcels, &outcomes);
        }
    }

    /// Stores a round; says for each item whether it is committed.
    async fn store(&self, work: Vec<Work>) -> Vec<bool> {
        let started = Instant::now();
        let mut is_stored = vec![false; work.len()];
        ::metrics::histogram!(metrics::INGEST_BATCH_ITEMS)
            .record(u32::try_from(work.len()).unwrap_or(u32::MAX));
        let mut sorted = sort(work);
        let mut wakes = Vec::new();
        // Messages first: a status of the same webhook may belong to one.
        sorted.letters.extend(
            self.messages(sorted.messages, &mut is_stored, &mut wakes)
                .await,
        );
        sorted.letters.extend(
            self.statuses(sorted.statuses, &mut is_stored, &mut wakes)
                .await,
        );
        self.letters(sorted.letters, &mut is_stored).await;
        ::metrics::histogram!(metrics::INGEST_BATCH).record(started.elapsed());
        self.ring(&wakes);
        is_stored
    }

    fn ring(&self, wakes: &[Wake]) {
        if !wakes.is_empty() {
            self.ctx.bell.ring(wakes);
            self.ctx.bell.hint(Hint::BotTurn);
        }
    }
}

fn sort(work: Vec<Work>) -> Sorted {
    let mut sorted = Sorted::default();
    for (place, work) in work.into_iter().enumerate() {
        match work {
            Work::Message(arriving) => sorted.messages.push((place, arriving)),
            Work::Status(report) => sorted.statuses.push((place, report)),
            Work::Letter(letter) => sorted.letters.push((place, letter)),
        }
    }
    sorted
}

/// A short pause before a transaction runs again, longer each time and never the same on two nodes.
async fn pause(tries: u32) {
    let ceiling = PAUSE_MS << tries.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=ceiling))).await;
}
