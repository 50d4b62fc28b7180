//! How our numbers do: asked of Meta gently, one node at a time, and written down for everybody.
//!
//! Promises: about four calls an hour and number, spread by jitter, fewer while Meta does not answer; each number alone:
//! a bad one never keeps another from being checked; a number that Meta refuses is stopped on all nodes, one that is
//! well again is used again.
//! Does not: keep a node from being ready; a bad number is no reason to take a node out of service.

mod inspector;
mod judge;

use std::time::Duration;

use balcao_core::context::Context;
use balcao_core::metrics;
use balcao_core::model::ChannelId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel::{self, Channel};
use balcao_core::store::channel_health::{self, Checked};
use balcao_core::store::{self, lease};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;

pub use inspector::{Answers, Asked, Inspector, Number, Reached};
pub use judge::{Inspection, judge};

/// How often somebody looks what is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a node that looks keeps the others from looking; longer than one round can take.
const LEASE_SECONDS: f64 = 150.0;
/// Numbers of one round, and how many of them at once.
const ROUND: i64 = 8;
const AT_ONCE: usize = 4;
/// No number is checked again sooner.
const AT_LEAST_SECONDS: f64 = 60.0;
/// A number that a check found refused stays stopped for so long; the next check is sooner.
const STOPPED_SECONDS: f64 = 3_600.0;
/// The first pause after a check that could not be made or found a number refused, in minutes; doubled each time.
const RETRY_MINUTES: u32 = 2;
/// Doublings of that pause.
const MAX_DOUBLINGS: u32 = 5;

/// Checks what is due until the node drains.
pub(crate) async fn watch(ctx: Context, inspector: Inspector, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        tokio::select! {
            // What a cut check would have found is found by the next one, here or elsewhere.
            () = shutdown.draining() => return,
            looked = round(&ctx, &inspector) => {
                if let Err(error) = looked {
                    tracing::warn!(%error, "the numbers' health could not be looked at");
                }
            }
        }
    }
}

async fn round(ctx: &Context, inspector: &Inspector) -> Result<(), store::Error> {
    let mut conn = ctx.store.worker.acquire().await?;
    if lease::hold(&mut conn, "channel-health", ctx.node_id, LEASE_SECONDS)
        .await?
        .is_none()
    {
        return Ok(());
    }
    let due = channel_health::due(&mut conn, AT_LEAST_SECONDS, ROUND).await?;
    drop(conn);
    futures_util::stream::iter(due)
        .for_each_concurrent(AT_ONCE, async |id| {
            if let Err(error) = check(ctx, inspector, id).await {
                tracing::warn!(%error, channel_id = %id, "a number could not be checked; the next round tries again");
            }
        })
        .await;
    Ok(())
}

async fn check(ctx: &Context, inspector: &Inspector, id: ChannelId) -> Result<(), store::Error> {
    let mut conn = ctx.store.worker.acquire().await?;
    let Some(channel) = channel::by_name(&ctx.store, &mut conn, &id.to_string()).await? else {
        return Ok(());
    };
    let failures = channel_health::list(&mut conn)
        .await?
        .into_iter()
        .find(|overview| overview.id == id)
        .map_or(0, |overview| overview.health.failures);
    drop(conn);
    let number = Number::from(&channel);
    let mut inspection = judge(&inspector.ask(&number).await, &number, ctx.clock.now());
    inspection.calls(inspector.public_url());
    ::metrics::counter!(metrics::CHANNEL_CHECKS, "grade" => inspection.grade().word()).increment(1);
    let every = TimeDelta::minutes(ctx.config.whatsapp.health_minutes.into());
    write(ctx, &channel, &inspection, (failures, every)).await
}

/// Writes an inspection down: for people, and for the senders of all nodes.
async fn write(
    ctx: &Context,
    channel: &Channel,
    inspection: &Inspection,
    (failures, every): (u32, TimeDelta),
) -> Result<(), store::Error> {
    let mut tx = ctx.store.worker.begin().await?;
    keep(
        &mut tx,
        channel,
        inspection,
        (failures, every, ctx.clock.now()),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Writes what was found of a number, and stops or resumes it. For checks on the command line too.
///
/// # Errors
/// [`store::Error`].
pub async fn keep(
    conn: &mut store::PgConnection,
    channel: &Channel,
    inspection: &Inspection,
    (failures, every, now): (u32, TimeDelta, DateTime<Utc>),
) -> Result<(), store::Error> {
    let is_bad = inspection.refused.is_some() || !inspection.was_answered;
    let failures = if is_bad {
        failures.saturating_add(1)
    } else {
        0
    };
    let checked = Checked {
        grade: inspection.grade(),
        findings: inspection.findings.clone(),
        facts: inspection.was_answered.then(|| inspection.facts.clone()),
        failures,
        next_at: now + pause(failures, every),
    };
    let shown = inspection.display_phone_number.as_deref();
    match inspection.refused {
        Some(reason) => {
            let stopped =
                channel_health::stop(&mut *conn, channel, reason, STOPPED_SECONDS).await?;
            if stopped {
                tracing::error!(
                    channel_id = %channel.id, reason,
                    "this number cannot be used: nothing is sent through it until it is repaired; ask: balcao channel check"
                );
            }
        }
        None if inspection.was_answered => {
            if channel_health::resume(&mut *conn, channel).await? {
                tracing::info!(channel_id = %channel.id, "this number works again");
            }
            let allowed = inspection.throughput_for(channel.throughput_per_second);
            channel_health::set_throughput(&mut *conn, channel.id, allowed).await?;
        }
        None => {}
    }
    // Last: it takes back the wish of a stop to be looked at.
    channel_health::keep(conn, channel.id, &checked, shown).await
}

/// Until the next check: the usual time and up to a tenth more or less, or a shorter one that grows while a number is bad.
fn pause(failures: u32, every: TimeDelta) -> TimeDelta {
    let jitter = |length: TimeDelta| {
        let tenth = length.num_milliseconds() / 10;
        length + TimeDelta::milliseconds(rand::random_range(-tenth..=tenth))
    };
    if failures == 0 {
        return jitter(every);
    }
    let minutes = RETRY_MINUTES << (failures - 1).min(MAX_DOUBLINGS);
    jitter(TimeDelta::minutes(minutes.into()).min(every))
}

#[cfg(test)]
mod tests {
    use balcao_core::store::channel_health::Grade;

    use super::*;

    #[test]
    fn a_bad_number_is_asked_for_sooner_and_ever_less_often() {
        let hour = TimeDelta::minutes(60);
        for (failures, minutes) in [(0, 60), (1, 2), (2, 4), (5, 32), (6, 60), (90, 60)] {
            let wait = pause(failures, hour).num_milliseconds();
            let exact = minutes * 60_000;
            assert!(
                (exact * 9 / 10..=exact * 11 / 10).contains(&wait),
                "{failures}: {wait} ms"
            );
        }
    }

    #[test]
    fn a_stopped_number_stays_far_below_metas_quota() {
        let mut minutes = 0.0;
        let mut checks = 0;
        while minutes < 60.0 {
            checks += 1;
            minutes += pause(checks, TimeDelta::minutes(60)).num_seconds() as f64 / 60.0;
        }
        assert!(
            checks * 4 <= 40,
            "{checks} checks of four calls in the first hour"
        );
    }

    #[test]
    fn grades_are_ordered() {
        assert!(Grade::Ok < Grade::Warn && Grade::Warn < Grade::Fail);
    }
}
