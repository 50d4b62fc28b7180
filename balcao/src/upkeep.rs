//! The worker role: the audit sequencer, deletion by age, partitions ahead, and the gauges that need a query.
//!
//! Promises: any number of nodes may have this role; leases and idempotent statements keep them out of each other's way.

use std::time::Duration;

use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel_health::{self, ChannelState};
use balcao_core::store::{lease, notice, outbox, retention};
use balcao_core::{metrics, store};
use compliance::audit::Sequencer;
use sqlx::postgres::PgPoolOptions;

use crate::cli::Failure;
use crate::commands::audit::signer;

/// How often what is too old is deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// Alerts of Meta's count for so long.
const ALERT_DAYS: i32 = 7;
/// How often gauges are read.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// Works until the node drains.
///
/// # Errors
/// [`Failure::Setting`] without the sequencer's log-in; [`Failure::Other`] when the audit log contradicts itself.
pub async fn run(ctx: Context, shutdown: Shutdown) -> Result<(), Failure> {
    let url = ctx.config.database.sequencer_url();
    if url.is_empty() {
        return Err(Failure::Setting(
            "the worker role needs the sequencer's log-in: set database.sequencer_url_file or BALCAO__DATABASE__SEQUENCER_URL".to_owned(),
        ));
    }
    let pool = PgPoolOptions::new()
        .max_connections(ctx.config.database.sequencer.connections)
        .acquire_timeout(Duration::from_millis(
            ctx.config.database.sequencer.acquire_timeout_ms,
        ))
        .connect_lazy(url)?;
    let sequencer = Sequencer::new(pool.clone(), signer(&ctx.config)?);
    let pruning = ctx.clone();
    let drained = shutdown.clone();
    shutdown.spawn("prune", async move {
        every(PRUNE_EVERY, &drained, || prune(&pruning)).await
    });
    let gauging = ctx.clone();
    let drained = shutdown.clone();
    shutdown.spawn("gauges", async move {
        every(GAUGES_EVERY, &drained, || gauges(&gauging)).await
    });
    let result = sequencer.run(shutdown.drain_token()).await;
    pool.close().await;
    Ok(result?)
}

async fn every<F>(period: Duration, shutdown: &Shutdown, work: impl Fn() -> F)
where
    F: Future<Output = Result<(), store::Error>>,
{
    let mut ticks = tokio::time::interval(period);
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = work().await {
            tracing::warn!(%error, "upkeep could not work; the next round tries again");
        }
    }
}

async fn prune(ctx: &Context) -> Result<(), store::Error> {
    let mut conn = ctx.store.worker.acquire().await?;
    if lease::hold(
        &mut conn,
        "prune",
        ctx.node_id,
        2.0 * PRUNE_EVERY.as_secs_f64(),
    )
    .await?
    .is_none()
    {
        return Ok(());
    }
    retention::make_partitions(&mut conn).await?;
    while retention::prune(&mut conn, &ctx.config.retention).await? > 0 {}
    let shredded = retention::shred_days(&mut conn, &ctx.config.retention).await?;
    ctx.store.vault.forget(&shredded);
    Ok(())
}

async fn gauges(ctx: &Context) -> Result<(), store::Error> {
    let mut conn = ctx.store.worker.acquire().await?;
    let (queued, age, unknown) = outbox::gauge(&mut conn).await?;
    let (pending, _) = retention::audit_backlog(&mut conn).await?;
    let channels = channel_health::list(&mut conn).await?;
    let alerts = notice::alerts(&mut conn, ALERT_DAYS).await?;
    drop(conn);
    for state in ChannelState::ALL {
        let count = channels.iter().filter(|one| one.state() == state).count();
        ::metrics::gauge!(metrics::CHANNELS, "state" => state.word()).set(count as f64);
    }
    ::metrics::gauge!(metrics::ALERTS).set(alerts as f64);
    ::metrics::gauge!(metrics::OUTBOX_QUEUED).set(queued as f64);
    ::metrics::gauge!(metrics::OUTBOX_AGE).set(age);
    ::metrics::gauge!(metrics::OUTBOX_UNKNOWN).set(unknown as f64);
    ::metrics::gauge!(metrics::AUDIT_PENDING).set(pending as f64);
    for (name, pool) in ctx.store.pools() {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        ::metrics::gauge!(metrics::POOL_CONNECTIONS, "pool" => name, "state" => "idle")
            .set(f64::from(idle));
        ::metrics::gauge!(metrics::POOL_CONNECTIONS, "pool" => name, "state" => "busy")
            .set(f64::from(pool.size().saturating_sub(idle)));
    }
    Ok(())
}
