//! Closes cases that only the bot has and whose customer fell silent, after `bot.idle_minutes`.
//!
//! Promises: a customer who writes at this very moment keeps the case: it is looked at again under the lock. Does not:
//! send anything; the customer is gone, and a message would only call them back.

use std::sync::Arc;
use std::time::Duration;

use balcao_core::model::{Author, ConversationStatus, Handler, SystemLine};
use balcao_core::shutdown::Shutdown;
use balcao_core::store::bot_state::{self, Idle, State};
use balcao_core::store::{conversation, message};

use super::{Bot, write};
use crate::Error;

/// How often silent cases are looked for, in seconds.
const EVERY_SECONDS: u64 = 60;
/// Most cases closed at a time.
const BATCH: i64 = 200;
/// Closing reason.
const SILENT: &str = "customer_silent";

/// Closes silent cases until the drain.
pub(crate) async fn close_idle(bot: Arc<Bot>, shutdown: Shutdown) {
    let mut every = tokio::time::interval(Duration::from_secs(EVERY_SECONDS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = sweep(&bot, &shutdown).await {
            tracing::warn!(%error, "silent cases could not be closed; tried again in a minute");
        }
    }
}

async fn sweep(bot: &Bot, shutdown: &Shutdown) -> Result<(), Error> {
    let minutes = i32::try_from(bot.ctx.config.bot.idle_minutes).unwrap_or(i32::MAX);
    let idle = {
        let mut conn = bot.ctx.store.bot.acquire().await?;
        bot_state::idle(&mut conn, minutes, BATCH).await?
    };
    for case in idle {
        if shutdown.is_draining() {
            break;
        }
        if let Err(error) = close(bot, case).await {
            tracing::warn!(conversation = %case.id, %error, "a silent case could not be closed");
        }
    }
    Ok(())
}

async fn close(bot: &Bot, case: Idle) -> Result<(), Error> {
    let line = {
        let mut conn = bot.ctx.store.bot.acquire().await?;
        let words = write::for_staff(SystemLine::Resolved {
            by: None,
            reason: Some(SILENT.to_owned()),
        });
        message::draft(
            &bot.ctx.store,
            &mut conn,
            case.id,
            words,
            bot.ctx.clock.now(),
        )
        .await?
    };
    let mut tx = bot.ctx.store.bot.begin().await?;
    let mut locked = conversation::lock(&mut tx, case.id).await?;
    let Some(now) = bot_state::begin(&mut tx, case.id).await? else {
        return Ok(());
    };
    let wrote = now.last_inbound_at != Some(case.last_inbound_at);
    if wrote || locked.handler != Handler::Bot || locked.status != ConversationStatus::Open {
        return Ok(tx.rollback().await?);
    }
    conversation::close(&mut tx, &mut locked, now.epoch, Author::SYSTEM, SILENT).await?;
    message::append(&mut tx, &mut locked, &line).await?;
    if let Some(state) = now.state {
        // no question is open any more, should the customer come back to this case
        let state = State {
            node: String::new(),
            turns: 0,
            turns_without_progress: 0,
            ..state
        };
        bot_state::put(&mut tx, case.id, &state).await?;
    }
    tx.commit().await?;
    bot.ctx.bell.ring(&[locked.wake()]);
    Ok(())
}
