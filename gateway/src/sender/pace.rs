//! How fast Meta lets us send: per number, and per customer of a number. And for how long a number is not used at all
//! after Meta refused it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use balcao_core::context::Context;
use balcao_core::limits::{Limit, LimitKey, Limits};
use balcao_core::model::{ChannelId, ContactId};
use balcao_core::store::channel::Channel;
use moka::sync::Cache;
use tokio::sync::Mutex;

/// Meta counts customers in periods of 6 seconds.
const PAIR_PERIOD: Duration = Duration::from_secs(6);
/// Waiting for the number's turn is cheaper than putting a send back, up to so long.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// How long a number that Meta refused is not used.
pub(super) const STOPPED_FOR: Duration = Duration::from_secs(60);
/// More numbers than an installation has.
const MAX_CHANNELS: u64 = 10_000;

/// The paces of all numbers.
pub(super) struct Pace {
    limits: Limits,
    pair: Limit,
    messages_per_second: u32,
    /// First come, first served: only the first one in line asks for its number's turn.
    lines: Cache<ChannelId, Arc<Mutex<()>>>,
    stopped: Cache<ChannelId, Instant>,
}

impl Pace {
    pub(super) fn new(ctx: &Context) -> Self {
        let whatsapp = &ctx.config.whatsapp;
        Self {
            limits: ctx.limits.clone(),
            pair: Limit::new("pair", whatsapp.pair_per_6s, PAIR_PERIOD)
                .with_burst(whatsapp.pair_burst),
            messages_per_second: whatsapp.messages_per_second,
            lines: Cache::new(MAX_CHANNELS),
            stopped: Cache::builder()
                .max_capacity(MAX_CHANNELS)
                .time_to_live(STOPPED_FOR)
                .build(),
        }
    }

    /// Takes a turn of the customer and of the number, waiting a little for the latter.
    ///
    /// # Errors
    /// How long to come back after.
    pub(super) async fn turn(
        &self,
        channel: &Channel,
        contact_id: ContactId,
    ) -> Result<(), Duration> {
        let pair = self
            .limits
            .check(&self.pair, &LimitKey::ids(channel.id.0, contact_id.0), 1)
            .await;
        if !pair.allowed {
            return Err(pair.retry_after);
        }
        let per_second = u32::try_from(channel.throughput_per_second)
            .unwrap_or(1)
            .min(self.messages_per_second);
        let number = Limit::per_second("number", per_second);
        let key = LimitKey::id(channel.id.0);
        let line = self.lines.get_with(channel.id, Arc::default);
        let until = Instant::now() + MAX_WAIT;
        let Ok(_first) = tokio::time::timeout(MAX_WAIT, line.lock()).await else {
            return Err(MAX_WAIT);
        };
        loop {
            let turn = self.limits.check(&number, &key, 1).await;
            if turn.allowed {
                return Ok(());
            }
            if Instant::now() + turn.retry_after > until {
                return Err(turn.retry_after);
            }
            tokio::time::sleep(turn.retry_after).await;
        }
    }

    /// Nothing goes through this number for a while.
    pub(super) fn stop(&self, channel_id: ChannelId) {
        self.stopped
            .insert(channel_id, Instant::now() + STOPPED_FOR);
    }

    /// How long the number is still not used.
    pub(super) fn stopped(&self, channel_id: ChannelId) -> Option<Duration> {
        let until = self.stopped.get(&channel_id)?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}
