//! Finds what waits for an item that is here: a node died between two steps, or two moved at the same moment.
//!
//! Promises: everything once at the start, what is recent every few seconds. Does not: find what simply waits; that is
//! found by whoever brings its item.

use std::time::Duration;

use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{self, parked};

use super::drive::release;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// Only what was parked this lately: what is older was looked at before.
const RECENT_SECONDS: f64 = 120.0;

/// Sweeps until the node drains.
pub(super) async fn keep(ctx: Context, shutdown: Shutdown) {
    let mut within = None;
    loop {
        match sweep(&ctx, within).await {
            Ok(()) => within = Some(RECENT_SECONDS),
            Err(error) => {
                tracing::warn!(%error, "parked events could not be looked through; the next sweep tries again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.draining() => return,
        }
    }
}

async fn sweep(ctx: &Context, within: Option<f64>) -> Result<(), store::Error> {
    let mut conn = ctx.store.worker.acquire().await?;
    let macs = parked::stranded(&mut conn, within).await?;
    drop(conn);
    if macs.is_empty() {
        return Ok(());
    }
    let wakes = release(&ctx.store, &macs).await?;
    if !wakes.is_empty() {
        ctx.bell.ring(&wakes);
    }
    Ok(())
}
