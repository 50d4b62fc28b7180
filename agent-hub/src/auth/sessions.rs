//! Which sessions have ended: revocations are rows, every node reads them once a second and at once on a hint.
//!
//! Promises: a revocation is known here within a second while PostgreSQL answers, Redis or not; sockets hear of it
//! through [`Sessions::watch`]; sessions whose time is over, or idle browsers, become revocations with an audit event.
//! Does not: remember for ever: a session is forgotten here when its last access token has long run out.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use balcao_core::bell::{Hint, Ring};
use balcao_core::context::Context;
use balcao_core::model::SessionId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::session;
use compliance::Mutant;
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};
use tokio::sync::watch;

use crate::error::Error;

/// Time between two readings, in milliseconds.
const READ_EVERY_MS: u64 = 1_000;
/// Readings between two sweeps for sessions whose time is over.
const SWEEP_EVERY: u32 = 15;
/// How long an ended session is remembered beyond the life of an access token, in seconds: room for a revocation that
/// commits late and for clocks that differ.
const MARGIN_S: u64 = 120;
/// Rows of each kind that one sweep deletes.
const PRUNE_ROWS: i64 = 500;

/// The sessions that have ended lately. Cheap to clone; clones know the same.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// When this node heard of each.
    ended: Arc<RwLock<HashMap<SessionId, Instant>>>,
    moved: Arc<watch::Sender<u64>>,
    memory_s: u64,
}

impl Sessions {
    /// Knows of none; an access token lives `access_seconds`.
    #[must_use]
    pub fn new(access_seconds: u64) -> Self {
        Self {
            ended: Arc::default(),
            moved: Arc::new(watch::channel(0).0),
            memory_s: access_seconds + MARGIN_S,
        }
    }

    /// Reads the recent revocations.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn load(ctx: &Context) -> Result<Self, Error> {
        let sessions = Self::new(ctx.config.session.access_seconds);
        sessions.read(ctx).await?;
        Ok(sessions)
    }

    /// Whether the session has ended. A session that ended long ago is not known here: its access tokens have run out
    /// and its tickets cannot be spent.
    #[must_use]
    pub fn ended(&self, id: SessionId) -> bool {
        let is_known = self
            .ended
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(&id);
        is_known && !Mutant::RevocationIgnored.lives()
    }

    /// Changes whenever a session has ended: then ask [`Sessions::ended`] again.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Tells this node at once; the rows must be committed.
    pub fn end(&self, ids: &[SessionId]) {
        let now = Instant::now();
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        let before = ended.len();
        for id in ids {
            ended.entry(*id).or_insert(now);
        }
        let news = ended.len() > before;
        // Never forgotten before the database's own window ends: else it would come back as news.
        let memory = Duration::from_secs(self.memory_s * 2);
        ended.retain(|_, heard| now.saturating_duration_since(*heard) < memory);
        drop(ended);
        if news {
            self.moved.send_modify(|count| *count += 1);
        }
    }

    /// Reads the revocations of the last minutes.
    async fn read(&self, ctx: &Context) -> Result<(), Error> {
        let mut conn = ctx.store.api.acquire().await?;
        let ids = session::revoked_within(&mut conn, super::seconds(self.memory_s)).await?;
        drop(conn);
        self.end(&ids);
        Ok(())
    }

    /// Reads once a second and on hints, and sweeps, until the drain.
    pub async fn keep_fresh(self, ctx: Context, shutdown: Shutdown) {
        let mut bell = ctx.bell.subscribe();
        let mut readings: u32 = 0;
        loop {
            let hint = async {
                while !matches!(
                    bell.recv().await,
                    Ring::Hint(Hint::Sessions, _) | Ring::Lagged
                ) {}
            };
            tokio::select! {
                () = shutdown.draining() => return,
                () = hint => {}
                () = tokio::time::sleep(Duration::from_millis(READ_EVERY_MS)) => {}
            }
            if let Err(error) = self.read(&ctx).await {
                tracing::warn!(%error, "revocations could not be read; ended sessions may still be open here");
            }
            readings = readings.wrapping_add(1);
            if readings.is_multiple_of(SWEEP_EVERY)
                && let Err(error) = self.sweep(&ctx).await
            {
                tracing::warn!(%error, "overdue sessions could not be ended");
            }
        }
    }

    async fn sweep(&self, ctx: &Context) -> Result<(), Error> {
        let idle_s = super::seconds(ctx.config.session.idle_minutes * 60);
        let mut tx = ctx.store.api.begin().await?;
        let ended = session::end_overdue(&mut tx, idle_s).await?;
        for (id, why) in &ended {
            let event = Event::new(Action::SessionClosed, ActorKind::System, None)
                .object(ObjectKind::Session, id.0)
                .detail("why", why.word());
            audit::record(&mut tx, &event).await?;
        }
        session::prune(&mut tx, PRUNE_ROWS).await?;
        tx.commit().await?;
        if !ended.is_empty() {
            ended.iter().for_each(|_| super::count("ended"));
            self.end(&ended.iter().map(|(id, _)| *id).collect::<Vec<_>>());
            ctx.bell.hint(Hint::Sessions);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_watches_hears_of_an_end_once() {
        let sessions = Sessions::new(300);
        let mut watch = sessions.watch();
        let id = SessionId::new();
        assert!(!sessions.ended(id));
        sessions.end(&[id]);
        assert!(sessions.ended(id) && sessions.clone().ended(id));
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
        sessions.end(&[id]);
        assert!(!watch.has_changed().unwrap());
    }
}
