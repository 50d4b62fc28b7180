//! Takes turns that are due and runs them, a bounded number at a time.
//!
//! Promises: a turn starts within a fifth of a second of its time; a turn that fails is tried again; at the drain nothing
//! new is taken and what runs is finished. Does not: keep turns in memory: the list is in PostgreSQL, with leases, so
//! that another node takes over what this one drops.

mod idle;
mod turn;
mod write;

use std::sync::Arc;
use std::time::{Duration, Instant};

use balcao_core::context::Context;
use balcao_core::limits::Limit;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::bot_turn;
use tokio::task::JoinSet;

pub(crate) use idle::close_idle;

use crate::Error;
use crate::erp::Erp;
use crate::flow::Shelf;

/// How long a turn is this node's, in seconds. The node itself stops earlier, at [`TURN_LIMIT_MS`].
const LEASE_SECONDS: f64 = 30.0;
/// The longest turn, in milliseconds: an ERP call and a few statements.
const TURN_LIMIT_MS: u64 = 20_000;
/// The list is read at most every so often, in milliseconds.
const LOOK_MIN_MS: u64 = 200;
/// And at least every so often.
const LOOK_MAX_MS: u64 = 1_000;

/// What turns need.
pub(crate) struct Bot {
    ctx: Context,
    shelf: Shelf,
    erp: Erp,
    replies: Limit,
}

impl Bot {
    /// # Errors
    /// [`Error::Http`].
    pub(crate) fn new(ctx: Context, shelf: Shelf) -> Result<Self, Error> {
        let erp = Erp::new(&ctx.config.bot)?;
        let replies =
            Limit::per_minute("bot_replies", ctx.config.bot.replies_per_minute_per_contact);
        Ok(Self {
            ctx,
            shelf,
            erp,
            replies,
        })
    }
}

/// Answers until the drain; returns when the last turn has ended.
pub(crate) async fn answer(bot: Arc<Bot>, shutdown: Shutdown) {
    let mut bell = bot.ctx.bell.subscribe();
    let mut turns = JoinSet::new();
    let mut looked_at = Instant::now();
    let mut next_look = looked_at;
    loop {
        tokio::select! {
            () = shutdown.draining() => break,
            _ = bell.recv() => next_look = next_look.min(looked_at + Duration::from_millis(LOOK_MIN_MS)),
            Some(ended) = turns.join_next() => {
                told(ended);
                // a place is free, and more may be due than fitted
                next_look = next_look.min(looked_at + Duration::from_millis(LOOK_MIN_MS));
            }
            () = tokio::time::sleep_until(next_look.into()) => {
                looked_at = Instant::now();
                next_look = looked_at + look(&bot, &mut turns).await;
            }
        }
    }
    loop {
        tokio::select! {
            ended = turns.join_next() => match ended {
                Some(ended) => told(ended),
                None => return,
            },
            () = shutdown.stopping() => return turns.shutdown().await,
        }
    }
}

fn told(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a bot turn panicked; it is tried again when its lease ends");
    }
}

/// Takes what is due and fits; how long to wait before looking again.
async fn look(bot: &Arc<Bot>, turns: &mut JoinSet<()>) -> Duration {
    let longest = Duration::from_millis(LOOK_MAX_MS);
    let free = bot
        .ctx
        .config
        .bot
        .parallel_turns
        .max(1)
        .saturating_sub(turns.len());
    if free == 0 {
        return longest;
    }
    match take(bot, free).await {
        Ok((taken, next_due)) => {
            for turn in taken {
                let bot = Arc::clone(bot);
                turns.spawn(async move { turn::run(&bot, turn).await });
            }
            let shortest = Duration::from_millis(LOOK_MIN_MS);
            next_due.map_or(longest, |due| due.clamp(shortest, longest))
        }
        Err(error) => {
            tracing::warn!(%error, "due bot turns could not be read");
            longest
        }
    }
}

/// Leases due turns; also when the next is due, if any.
async fn take(bot: &Bot, free: usize) -> Result<(Vec<bot_turn::Turn>, Option<Duration>), Error> {
    let mut conn = bot.ctx.store.bot.acquire().await?;
    let limit = i64::try_from(free).unwrap_or(i64::MAX);
    let taken = bot_turn::lease(&mut conn, limit, LEASE_SECONDS).await?;
    let next_due = bot_turn::next_due_seconds(&mut conn).await?;
    let next_due = next_due
        .map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
    Ok((taken, next_due))
}
