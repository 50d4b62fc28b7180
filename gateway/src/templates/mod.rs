//! Templates at Meta: read every hour, and changed when somebody ordered it.
//!
//! Promises: one node at a time reads an account or carries out a change (jobs with leases); a change that may have been
//! made is looked up before it is made again; what Meta refuses is kept in Meta's words.
//! Does not: decide who may change templates (agent-hub does), or send any (the sender does).

mod change;
mod list;

use std::time::Duration;

use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel::{self, Channel};
use balcao_core::store::job::{self, Back, Claimed};
use balcao_core::store::{self, template};

use crate::Error;
use crate::cloud_api::CloudApi;

/// How often jobs are looked for, in milliseconds.
const POLL_MS: u64 = 1_000;
/// Looks after which it is made sure that every account is read.
const LOOKS_PER_SCHEDULE: u32 = 15;
/// Jobs at once: Meta allows 200 management calls an hour.
const MAX_JOBS: i64 = 4;
/// A page takes at most the time of a call; a reading has a handful.
const LEASE_SECONDS: f64 = 300.0;
/// Between two readings, in seconds, and a tenth more or less.
const READ_EVERY_S: f64 = 3_600.0;
/// After a failed try, in seconds; doubled with each one.
const AGAIN_S: f64 = 15.0;
/// Never longer than so, in seconds.
const MAX_AGAIN_S: f64 = 900.0;
/// Tries of a change before it is given up.
const MAX_TRIES: i32 = 8;

/// The worker. Cheap to clone.
#[derive(Clone)]
pub struct Templates {
    ctx: Context,
    api: CloudApi,
}

/// How a try of a job ended.
enum Tried {
    /// It is done, or refused for good; what is to be known is written down.
    Ended,
    /// Meta was away, or limits us.
    Again(&'static str),
}

impl Templates {
    /// Makes the client of the Graph API.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(ctx: &Context) -> Result<Self, Error> {
        Ok(Self {
            api: CloudApi::new(&ctx.config.whatsapp)?,
            ctx: ctx.clone(),
        })
    }

    /// Works until the drain.
    pub async fn run(self, shutdown: Shutdown) {
        let mut looks = 0;
        loop {
            if looks % LOOKS_PER_SCHEDULE == 0
                && let Err(error) = self.schedule(looks == 0).await
            {
                tracing::warn!(%error, "the readings of templates could not be scheduled");
            }
            looks = looks.wrapping_add(1);
            match self.claim().await {
                Ok(jobs) => {
                    for job in jobs {
                        self.work(&job).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "the jobs of templates could not be read"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
                () = shutdown.draining() => return,
            }
        }
    }

    async fn schedule(&self, is_start: bool) -> Result<(), store::Error> {
        let mut conn = self.ctx.store.worker.acquire().await?;
        if is_start {
            template::hurry(&mut conn, None).await
        } else {
            template::schedule(&mut conn).await
        }
    }

    async fn claim(&self) -> Result<Vec<Claimed>, store::Error> {
        let mut conn = self.ctx.store.worker.acquire().await?;
        let kinds = [
            template::CREATE,
            template::EDIT,
            template::DELETE,
            template::SYNC,
        ];
        job::claim(&mut conn, &kinds, MAX_JOBS, LEASE_SECONDS).await
    }

    async fn work(&self, job: &Claimed) {
        let tried = if job.kind == template::SYNC {
            self.read(job).await
        } else {
            self.change(job).await
        };
        let put_back = match tried {
            Ok(Tried::Ended) => return,
            Ok(Tried::Again(why)) => {
                tracing::info!(job = %job.kind, attempts = job.attempts, why, "Meta did not do it now; trying again");
                self.put_back(job).await
            }
            Err(error) => {
                tracing::warn!(%error, job = %job.kind, "a job of templates failed; trying again");
                self.put_back(job).await
            }
        };
        if let Err(error) = put_back {
            tracing::warn!(%error, job = %job.kind, "a job of templates waits for its lease to end");
        }
    }

    async fn put_back(&self, job: &Claimed) -> Result<(), store::Error> {
        let doublings = job.attempts.clamp(1, 10) - 1;
        let delay = (AGAIN_S * 2_f64.powi(doublings)).min(MAX_AGAIN_S);
        let mut conn = self.ctx.store.worker.acquire().await?;
        job::put_back(&mut conn, job, jittered(delay), Back::Tried).await?;
        Ok(())
    }

    /// A number of this account, for its token; `None` when all are disabled or stopped.
    async fn number_of(&self, waba_id: &str) -> Result<Option<Channel>, store::Error> {
        let mut conn = self.ctx.store.worker.acquire().await?;
        let now = self.ctx.clock.now();
        let all = channel::enabled(&self.ctx.store, &mut conn).await?;
        Ok(all
            .into_iter()
            .find(|channel| channel.waba_id == waba_id && !channel.is_stopped(now)))
    }
}

/// A tenth more or less.
fn jittered(seconds: f64) -> f64 {
    seconds * rand::random_range(0.9..=1.1)
}
