//! Files between Meta and the object store: fetched as soon as a message announces them, uploaded before one is sent.
//!
//! Promises: one job per file and one worker per job; only configured hosts are called, at addresses that were judged;
//! a number never spends its budget of errors; bytes that are not the announced ones are thrown away; a bad number or a
//! bad file stops no other.
//! Does not: show files to anybody (agent-hub does) or decide what may be shown (`core::files` does).

mod address;
mod budget;
mod client;
mod fetch;
mod hash;
mod resolver;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use balcao_core::breaker::{Breaker, BreakerPolicy};
use balcao_core::context::Context;
use balcao_core::files::Files;
use balcao_core::metrics;
use balcao_core::model::ChannelId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store;
use balcao_core::store::job::{self, Back, Claimed};
use balcao_core::store::media;
use balcao_core::work::{self, Line};
use moka::sync::Cache;

use crate::Error;
use crate::channels::Channels;
use budget::Budget;
use client::MediaApi;
pub use upload::Unsent;

/// Beside fetching and scanning, a job takes at most so long.
const LEASE_MARGIN: Duration = Duration::from_secs(90);
/// Objects are deleted by so many jobs at once.
const PARALLEL_DELETIONS: usize = 2;
const DELETION_LEASE_S: f64 = 120.0;
/// A bucket or disk that refuses is asked again after so long, in seconds.
const DELETE_AGAIN_S: f64 = 60.0;
/// How often gauges are read and what nobody wants is dropped.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// More numbers than an installation has.
const MAX_CHANNELS: u64 = 10_000;

/// Files of a node. Cheap to clone.
#[derive(Clone)]
pub struct Media(Arc<Inner>);

struct Inner {
    ctx: Context,
    channels: Channels,
    files: Files,
    api: MediaApi,
    /// One for each number: what Meta does to one says little of the others.
    breakers: Cache<ChannelId, Breaker>,
    budget: Mutex<Budget>,
}

impl Media {
    /// Opens the object store and makes the client.
    ///
    /// # Errors
    /// [`Error::Files`], [`Error::Client`].
    pub fn new(ctx: &Context, channels: Channels) -> Result<Self, Error> {
        let config = &ctx.config;
        Ok(Self(Arc::new(Inner {
            files: Files::open(&config.media)?,
            api: MediaApi::new(config, resolver::system())?,
            breakers: Cache::new(MAX_CHANNELS),
            budget: Mutex::new(Budget::new(
                config.media.bad_fetches_per_hour,
                config.node.expected_nodes,
            )),
            channels,
            ctx: ctx.clone(),
        })))
    }

    /// Starts fetching, deleting and sweeping until the drain.
    pub fn start(&self, shutdown: &Shutdown) {
        let ctx = &self.0.ctx;
        let config = &ctx.config.media;
        let longest = Duration::from_millis(config.fetch_timeout_ms + config.clamd_timeout_ms);
        let fetching = Line {
            kinds: &[media::FETCH],
            parallel: config.parallel_fetches,
            lease_seconds: (longest + LEASE_MARGIN).as_secs_f64(),
        };
        let deleting = Line {
            kinds: &[media::DELETE],
            parallel: PARALLEL_DELETIONS,
            lease_seconds: DELETION_LEASE_S,
        };
        let this = self.clone();
        let fetch = move |job| this.clone().fetch(job);
        shutdown.spawn_essential(
            "media-fetch",
            work::run(ctx.clone(), shutdown.clone(), fetching, fetch),
        );
        let this = self.clone();
        let delete = move |job| this.clone().delete_objects(job);
        shutdown.spawn_essential(
            "media-delete",
            work::run(ctx.clone(), shutdown.clone(), deleting, delete),
        );
        shutdown.spawn("media-sweep", self.clone().sweep(shutdown.clone()));
    }

    fn breaker(&self, id: ChannelId) -> Breaker {
        self.0
            .breakers
            .get_with(id, || Breaker::new("media", BreakerPolicy::HTTP))
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.0.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one deletion job.
    async fn delete_objects(self, job: Claimed) {
        if let Err(error) = self.delete_all(&job).await {
            tracing::warn!(%error, "a deletion waits for its lease to end");
        }
    }

    async fn delete_all(&self, job: &Claimed) -> Result<(), store::Error> {
        let keys = job.payload["objects"].as_array();
        let keys = keys.into_iter().flatten().filter_map(|key| key.as_str());
        let mut is_done = true;
        for key in keys {
            if let Err(error) = self.0.files.store().delete(key).await {
                tracing::warn!(%error, "an object could not be deleted; it is tried again");
                is_done = false;
            }
        }
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        if is_done {
            job::finish(&mut conn, job, None).await?;
        } else {
            // For as long as it takes: somebody was promised that it goes.
            job::put_back(&mut conn, job, DELETE_AGAIN_S, Back::Untried).await?;
        }
        Ok(())
    }

    /// Every node does; the statements tolerate that.
    async fn sweep(self, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "files could not be swept; the next round tries again");
            }
            tokio::select! {
                () = tokio::time::sleep(SWEEP_EVERY) => {}
                () = shutdown.draining() => return,
            }
        }
    }

    async fn sweep_once(&self) -> Result<(), store::Error> {
        let ctx = &self.0.ctx;
        if let Err(error) = self.0.files.store().sweep().await {
            tracing::warn!(%error, "what other nodes left half written could not be removed");
        }
        let hours = i32::try_from(ctx.config.media.loose_hours).unwrap_or(i32::MAX);
        let mut tx = ctx.store.worker.begin().await?;
        media::drop_loose(&mut tx, hours).await?;
        tx.commit().await?;
        let mut conn = ctx.store.worker.acquire().await?;
        job::prune(&mut conn).await?;
        let (waiting, age_seconds, _) = media::backlog(&mut conn).await?;
        ::metrics::gauge!(metrics::MEDIA_WAITING)
            .set(f64::from(i32::try_from(waiting).unwrap_or(i32::MAX)));
        ::metrics::gauge!(metrics::MEDIA_AGE).set(age_seconds);
        Ok(())
    }
}

/// About so long, never the same on two nodes.
fn jittered(delay: Duration) -> Duration {
    delay.mul_f64(rand::random_range(0.8..1.2))
}
