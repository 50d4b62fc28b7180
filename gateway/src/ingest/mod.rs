//! From webhooks to rows, a batch at a time.
//!
//! Promises: a webhook gets its receipt only after COMMIT of all its items; one row and one set of effects per message;
//! one writer per node takes all that waited while the last commit ran, so that no timer adds to the latency; one wake
//! per commit.
//! Does not: acknowledge when unsure. An error at COMMIT leaves it open whether anything was stored: 503, and
//! deduplication absorbs Meta's repetition.

mod bisect;
mod changes;
mod drive;
mod echoes;
mod fault;
mod letters;
mod messages;
mod notices;
mod past;
mod people;
mod preferences;
mod profiles;
pub mod queue;
mod rotations;
mod statuses;
mod sweep;
mod watched;
mod work;

use std::time::{Duration, Instant};

use balcao_core::bell::{Hint, Wake};
use balcao_core::context::Context;
use balcao_core::metrics;
use balcao_core::model::{ContactId, ConversationId};
use balcao_core::shutdown::Shutdown;
use balcao_core::store::parked::Expiry;
use moka::sync::Cache;

pub use queue::{Queue, Receipt};
pub use work::{Work, assign};

use people::People;
use queue::Waiting;
use work::{Arriving, Echoed, Imported, Letter, Told, Watched};

use crate::payload::{Change, Preference, Report, Rotation};

/// Cases of which the customer is remembered, and for how long.
const MAX_CASES: u64 = 100_000;
const REMEMBER_CASES_FOR: Duration = Duration::from_secs(600);
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
    shutdown.spawn("gateway-parked", sweep::keep(ctx.clone(), shutdown.clone()));
    let writer = Writer {
        people: People::new(ctx.store.clone(), ctx.bell.clone(), profiles),
        cases: Cache::builder()
            .max_capacity(MAX_CASES)
            .time_to_live(REMEMBER_CASES_FOR)
            .build(),
        ctx: ctx.clone(),
    };
    shutdown.spawn_essential("gateway-ingest", writer.run(waiting));
    queue
}

/// Stores what waits.
struct Writer {
    ctx: Context,
    people: People,
    /// Whose cases statuses are about: a guess, as `people` is.
    cases: Cache<ConversationId, ContactId>,
}

/// Places in a round, by kind.
#[derive(Default)]
struct Sorted {
    messages: Vec<(usize, Arriving)>,
    echoes: Vec<(usize, Echoed)>,
    past: Vec<(usize, Imported)>,
    changes: Vec<(usize, Told<Box<Change>>)>,
    rotations: Vec<(usize, Told<Box<Rotation>>)>,
    preferences: Vec<(usize, Told<Preference>)>,
    statuses: Vec<(usize, Told<Report>)>,
    watched: Vec<(usize, Watched)>,
    notices: Vec<(usize, notices::Arrived)>,
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
        let sorted = sort(work);
        let mut wakes = Vec::new();
        let (stored, wake) = (&mut is_stored, &mut wakes);
        let mut letters = sorted.letters;
        // What others are about comes first, so that little has to be parked. No order is needed for the outcome.
        letters.extend(self.rotations(sorted.rotations, stored, wake).await);
        letters.extend(self.drive(sorted.messages, stored, wake).await);
        letters.extend(self.drive(sorted.echoes, stored, wake).await);
        letters.extend(self.drive(sorted.past, stored, wake).await);
        letters.extend(self.drive(sorted.changes, stored, wake).await);
        letters.extend(self.drive(sorted.preferences, stored, wake).await);
        letters.extend(self.statuses(sorted.statuses, stored, wake).await);
        letters.extend(self.drive(sorted.watched, stored, wake).await);
        letters.extend(self.notices(sorted.notices, stored).await);
        self.letters(letters, &mut is_stored).await;
        ::metrics::histogram!(metrics::INGEST_BATCH).record(started.elapsed());
        self.ring(&wakes);
        is_stored
    }

    /// How long what comes too early waits for its item.
    fn expiry(&self) -> Expiry {
        let hours = self.ctx.config.retention.parked_hours;
        Expiry {
            now: self.ctx.clock.now(),
            hours: i32::try_from(hours).unwrap_or(i32::MAX),
        }
    }

    fn reopen_minutes(&self) -> i32 {
        let minutes = self.ctx.config.conversation.reopen_window_minutes;
        i32::try_from(minutes).unwrap_or(i32::MAX)
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
            Work::Message(told) => sorted.messages.push((place, told)),
            Work::Echo(told) => sorted.echoes.push((place, told)),
            Work::Past(told) => sorted.past.push((place, told)),
            Work::Change(told) => sorted.changes.push((place, told)),
            Work::Rotation(told) => sorted.rotations.push((place, told)),
            Work::Preference(told) => sorted.preferences.push((place, told)),
            Work::Status(told) => sorted.statuses.push((place, told)),
            Work::Watched(watched) => sorted.watched.push((place, watched)),
            Work::Notice(arrived) => sorted.notices.push((place, *arrived)),
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
