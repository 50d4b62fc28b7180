//! The bot: answers first, and gives the conversation to people when it should.
//!
//! Promises: several short messages get one answer; an answer and where the bot stands are one transaction, so that a
//! crash repeats a turn and never an answer; once a person owns the case the bot is silent. Does not: speak WhatsApp (its
//! words go through the same outbox as a person's) or decide in code what flows say.

pub mod erp;
pub mod flow;
pub mod policy;
mod worker;

use std::sync::Arc;

use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::DatabaseError;

use crate::flow::{Flows, Mistake, Shelf};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Start refused (exit 78): flows have mistakes; each line says where and what to do.
    #[error("the flows cannot be used:\n{}", lines(.0))]
    Flows(Vec<Mistake>),
    /// Start refused: no HTTP client for the ERP (no TLS provider is installed).
    #[error("no HTTP client for the ERP: {0}")]
    Http(#[from] reqwest::Error),
    /// A turn is tried again later: PostgreSQL or the key provider did not answer, or the store refused.
    #[error(transparent)]
    Store(#[from] balcao_core::store::Error),
    /// A turn is tried again later: it took longer than a turn may.
    #[error("the turn took too long")]
    TooSlow,
}

impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Answers until the drain, then finishes the turns that run.
///
/// # Errors
/// [`Error::Flows`], [`Error::Http`] at start; nothing later.
pub async fn run(ctx: Context, shutdown: Shutdown) -> Result<(), Error> {
    let folder = ctx.config.bot.flow_dir.clone();
    let flows = Flows::load(folder.as_deref()).map_err(Error::Flows)?;
    tracing::info!(flows = ?flows.names(), "the bot answers");
    let shelf = Shelf::new(flows);
    if let Some(folder) = folder {
        shutdown.spawn(
            "bot-flows",
            flow::keep_fresh(shelf.clone(), folder, shutdown.clone()),
        );
    }
    let bot = Arc::new(worker::Bot::new(ctx, shelf)?);
    shutdown.spawn(
        "bot-idle",
        worker::close_idle(Arc::clone(&bot), shutdown.clone()),
    );
    worker::answer(bot, shutdown).await;
    Ok(())
}
