//! Takes jobs of some kinds and hands each to a function: the hands of `store::job`.
//!
//! Promises: looks when the bell rings, and every second whatever it says; never more jobs at once than planned; what
//! runs at the drain is finished, or cut at the hard stop and handed out again when its lease ends.
//! Does not: end jobs (the function does, in the transaction of its own work) or retry (putting back does).

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bell::{BellReceiver, Hint, Ring};
use crate::context::Context;
use crate::shutdown::Shutdown;
use crate::store::{self, job};

/// The jobs are looked for at least so often, in milliseconds.
const POLL_MS: u64 = 1_000;
/// And at most so often, in milliseconds: rings close together are one look.
const MIN_GAP_MS: u64 = 100;

/// Which jobs, and how many at once.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Their kinds.
    pub kinds: &'static [&'static str],
    /// At most so many at once on this node.
    pub parallel: usize,
    /// How long a job belongs to this node; longer than one may take, or the function renews it.
    pub lease_seconds: f64,
}

/// Works until the node drains.
pub async fn run<F>(
    ctx: Context,
    shutdown: Shutdown,
    line: Line,
    work: impl Fn(job::Claimed) -> F + Send,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut bell = ctx.bell.subscribe();
    let mut running: JoinSet<()> = JoinSet::new();
    while !shutdown.is_draining() {
        while running.try_join_next().is_some() {}
        let gap = Instant::now() + Duration::from_millis(MIN_GAP_MS);
        let room = line.parallel.saturating_sub(running.len());
        match claim(&ctx, line, room).await {
            Ok(jobs) => {
                let is_full = !jobs.is_empty() && jobs.len() == room;
                for job in jobs {
                    running.spawn(work(job));
                }
                if is_full && running.len() < line.parallel {
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, kinds = ?line.kinds, "jobs could not be read"),
        }
        tokio::select! {
            () = shutdown.draining() => break,
            _ = running.join_next(), if !running.is_empty() => {}
            () = heard(&mut bell), if running.len() < line.parallel => {}
            () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
        }
        tokio::time::sleep_until(gap).await;
    }
    tokio::select! {
        () = async { while running.join_next().await.is_some() {} } => {}
        () = shutdown.stopping() => running.shutdown().await,
    }
}

async fn claim(ctx: &Context, line: Line, room: usize) -> Result<Vec<job::Claimed>, store::Error> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(room).unwrap_or(1);
    let mut conn = ctx.store.worker.acquire().await?;
    job::claim(&mut conn, line.kinds, limit, line.lease_seconds).await
}

/// Resolves when something rang that may mean a job.
async fn heard(bell: &mut BellReceiver) {
    loop {
        if let Ring::Wakes(..) | Ring::Hint(Hint::Jobs, _) | Ring::Lagged = bell.recv().await {
            break;
        }
    }
    // One look serves all that rang so far.
    while bell.try_recv().is_some() {}
}
