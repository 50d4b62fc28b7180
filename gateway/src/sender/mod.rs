//! Takes sends from the outbox and calls Meta.
//!
//! Promises: one conversation in order; at most one call per attempt; a human's words before the bot's before a
//! campaign's; each send ends sent, failed, expired, cancelled or visibly unknown. What may have reached the customer is
//! never sent again by itself. Read marks and "is typing" are courtesies: best effort, no faster than Meta likes.
//! Does not: put anything into the outbox, or learn what became of a message (statuses do that).

mod courtesy;
mod deliver;
mod files;
mod pace;
mod prepare;
mod settle;
mod sweep;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use balcao_core::bell::{BellReceiver, Hint, Ring};
use balcao_core::breaker::{Breaker, BreakerPolicy};
use balcao_core::context::Context;
use balcao_core::model::{ChannelId, ContactId, ConversationId};
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{self, outbox};
use compliance::Mutant;
use moka::sync::Cache;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Error;
use crate::channels::Channels;
use crate::cloud_api::CloudApi;
use crate::media::Media;
use pace::Pace;

/// Sends leased at once.
const MAX_LEASED: usize = 32;
/// The outbox is read at least so often, whatever the bell says, in milliseconds.
const POLL_MS: u64 = 500;
/// And at most so often, in milliseconds: rings close together are one look.
const MIN_GAP_MS: u64 = 20;
/// After a failed look, in milliseconds.
const AWAY_MS: u64 = 1_000;
/// More numbers than an installation has.
const MAX_CHANNELS: u64 = 10_000;
/// Conversations whose read mark is remembered.
const MAX_MARKED: u64 = 50_000;

/// The sender of a node. Cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<Inner>);

struct Inner {
    ctx: Context,
    channels: Channels,
    api: CloudApi,
    media: Media,
    /// One for each number: what Meta does to one says little of the others.
    breakers: Cache<ChannelId, Breaker>,
    pace: Pace,
    /// The newest item of the customer that was shown as read: a guess that saves a question.
    marked: Cache<ConversationId, i64>,
    /// Customers whose number WhatsApp spells otherwise, and that was written down.
    learned: Cache<(ChannelId, ContactId), ()>,
}

impl Inner {
    fn breaker(&self, id: ChannelId) -> Breaker {
        self.breakers
            .get_with(id, || Breaker::new("graph", BreakerPolicy::HTTP))
    }
}

impl Sender {
    /// Makes the client of the Graph API.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(ctx: &Context, channels: Channels, media: Media) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            api: CloudApi::new(&ctx.config.whatsapp)?,
            media,
            breakers: Cache::new(MAX_CHANNELS),
            pace: Pace::new(ctx.limits.clone(), &ctx.config.whatsapp),
            marked: Cache::new(MAX_MARKED),
            learned: Cache::new(MAX_MARKED),
            ctx: ctx.clone(),
            channels,
        })))
    }

    /// Starts sending and sweeping; both stop at the drain, calls under way are finished.
    pub fn start(&self, shutdown: &Shutdown) {
        shutdown.spawn_essential("gateway-sender", self.clone().run(shutdown.clone()));
        shutdown.spawn("gateway-sweep", self.clone().sweep(shutdown.clone()));
        shutdown.spawn("gateway-courtesy", self.clone().courtesy(shutdown.clone()));
    }

    async fn run(self, shutdown: Shutdown) {
        if Mutant::SenderStartsLate.lives() {
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
        let mut bell = self.0.ctx.bell.subscribe();
        let mut calls: JoinSet<()> = JoinSet::new();
        let parallel = self.0.ctx.config.whatsapp.parallel_calls;
        while !shutdown.is_draining() {
            while calls.try_join_next().is_some() {}
            let room = parallel.saturating_sub(calls.len()).min(MAX_LEASED);
            let gap = Instant::now() + Duration::from_millis(MIN_GAP_MS);
            let nap = match self.lease(room, &mut calls).await {
                Ok(leased) if leased == room && room > 0 => continue,
                Ok(_) => POLL_MS,
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read");
                    AWAY_MS
                }
            };
            tokio::select! {
                () = shutdown.draining() => break,
                // The end of one call may be the turn of the next item of its conversation.
                _ = calls.join_next(), if !calls.is_empty() => {}
                () = heard(&mut bell), if room > 0 => {}
                () = tokio::time::sleep(Duration::from_millis(nap)) => {}
            }
            tokio::time::sleep_until(gap).await;
        }
        tokio::select! {
            () = async { while calls.join_next().await.is_some() {} } => {}
            () = shutdown.stopping() => calls.shutdown().await,
        }
    }

    /// Leases up to `room` sends and begins them; says how many.
    async fn lease(&self, room: usize, calls: &mut JoinSet<()>) -> Result<usize, store::Error> {
        if room == 0 {
            return Ok(0);
        }
        let limit = i64::try_from(room).unwrap_or(1);
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        let leased = outbox::lease(
            &mut conn,
            limit,
            seconds(self.0.ctx.config.whatsapp.lease_ms),
        )
        .await?;
        drop(conn);
        let count = leased.len();
        for send in leased {
            calls.spawn(self.clone().deliver(send));
        }
        Ok(count)
    }
}

/// Resolves when something rang that may mean a send.
async fn heard(bell: &mut BellReceiver) {
    loop {
        if let Ring::Wakes(..) | Ring::Hint(Hint::Outbox { .. }, _) | Ring::Lagged =
            bell.recv().await
        {
            break;
        }
    }
    // One look serves all that rang so far.
    while bell.try_recv().is_some() {}
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a configuration, far below 2^52"
)]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
