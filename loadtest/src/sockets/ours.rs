//! The product's sockets, all on one conversation that a person owns, so that the bot is silent.

use super::{Contender, FanOut, Options, QUIET, until_calm};
use crate::crowd::{Crowd, Deliveries};
use crate::customers::Phones;
use crate::demo::{self, Demo};
use crate::descriptors;
use crate::desk::Desk;
use crate::ledger::Ledger;
use crate::posting::{IN_FLIGHT_MAX, Posting, count_bar, seconds_bar};
use crate::scenario::prepare;
use crate::schedule::Schedule;
use crate::sender::Sender;
use crate::usage::{self, Programs};
use crate::webhook::Factory;
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// A customer whom no other load uses.
const CUSTOMER: u64 = 40_000_000;
const CONNECTIONS: usize = 64;

/// Memory at rest, then the fan-out.
///
/// # Errors
/// The demo is away, refuses, or its process cannot be seen.
pub(super) async fn measure(options: &Options) -> anyhow::Result<Contender> {
    descriptors::allow(options.count.max(options.listeners) + IN_FLIGHT_MAX as u64)?;
    let demo = demo::read(&options.data)?;
    let pid = Programs::find(&demo)
        .balcao
        .context("the server must run on this machine, and as a user whose processes we may see")?;
    let desk = Desk::log_in(&demo).await?;
    let factory = customer(&demo, options).await?;
    let conversation = taken(&desk, &factory).await?;
    let schedule = Arc::new(Schedule::poisson(
        options.rate as f64,
        Duration::from_secs(options.seconds),
        options.seed,
    ));
    let nothing = Deliveries::new(factory.mark().clone(), schedule.clone(), Duration::ZERO)?;

    until_calm(pid).await;
    let before = usage::pss_kib(pid).context("the server's memory cannot be read")?;
    let idle = open(&desk, &conversation, options.count, &nothing).await?;
    until_calm(pid).await;
    let after = usage::pss_kib(pid).context("the server ended")?;
    ensure!(
        nothing.closed.load(Ordering::Relaxed) == 0,
        "the server closed idle sockets: its descriptor limit may be too low (LimitNOFILE, ulimit -n)"
    );
    drop(idle);
    until_calm(pid).await;

    let fan_out = if options.listeners == 0 {
        None
    } else {
        let deliveries = Deliveries::new(factory.mark().clone(), schedule.clone(), Duration::ZERO)?;
        let listeners = open(&desk, &conversation, options.listeners, &deliveries).await?;
        until_calm(pid).await;
        let posting = Posting {
            sender: Sender::new(&demo.webhook_url, CONNECTIONS)?,
            factory,
            schedule,
            measured_from: Duration::ZERO,
        };
        let seen = fan_out(pid, posting, &deliveries, options.listeners).await?;
        drop(listeners);
        Some(seen)
    };
    Ok(Contender {
        server: "balcao",
        sockets: options.count,
        idle_kib_per_socket: (after - before) / options.count as f64,
        fan_out,
    })
}

async fn fan_out(
    pid: u32,
    posting: Posting,
    deliveries: &Arc<Deliveries>,
    listeners: u64,
) -> anyhow::Result<FanOut> {
    let length = posting.schedule.length();
    let bar = seconds_bar(length)?;
    let (spent, begin) = (usage::cpu_seconds(pid), Instant::now());
    deliveries.begin(begin);
    let posted = posting.run(begin, &bar).await?;
    deliveries.until(posted.acked * listeners, QUIET).await;
    bar.finish_and_clear();
    let cpu_s = usage::cpu_seconds(pid)
        .zip(spent)
        .map(|(now, then)| now - then);
    ensure!(
        posted.acked > 0,
        "no webhook was accepted: {}",
        posted.told_errors()
    );
    let seen = deliveries.items.load(Ordering::Relaxed);
    Ok(FanOut {
        listeners,
        messages: posted.posted,
        deliveries: seen,
        delivered_share: seen as f64 / (posted.posted * listeners) as f64,
        deliveries_per_s: seen as f64 / length.as_secs_f64(),
        server_cpu_us_per_delivery: cpu_s.context("the server ended")? * 1e6 / seen as f64,
        bytes_per_delivery: deliveries.bytes.load(Ordering::Relaxed) as f64 / seen as f64,
        delivery: deliveries.latencies.percentiles()?,
    })
}

async fn open(
    desk: &Desk,
    conversation: &str,
    sockets: u64,
    deliveries: &Arc<Deliveries>,
) -> anyhow::Result<Crowd> {
    let watched = (0..sockets)
        .map(|_| vec![conversation.to_owned()])
        .collect();
    let bar = count_bar(sockets, "sockets open")?;
    Crowd::open(desk, watched, deliveries, &bar).await
}

/// A customer who has written.
async fn customer(demo: &Demo, options: &Options) -> anyhow::Result<Factory> {
    let factory = Factory::new(demo, 1, 1, rand::random())?.with_contacts_from(CUSTOMER);
    let Some(phones) = Phones::of(demo)? else {
        return Ok(factory);
    };
    let mut ledger = Ledger::at_end(&options.data)?;
    let factory = phones.introduce(factory, 1).await?;
    // Once more: an older conversation may be closed by now.
    phones.write(&factory.phone(0), &factory.name(0)).await?;
    prepare::quiet(&mut ledger).await?;
    Ok(factory)
}

/// The customer's conversation, in a person's hands.
async fn taken(desk: &Desk, factory: &Factory) -> anyhow::Result<String> {
    let rows = prepare::ours(desk, factory, 1).await?;
    let row = rows
        .first()
        .context("the staff sees no conversation with the customer")?;
    let path = format!("/conversations/{}/claim", row.id);
    let body = json!({"epoch": row.epoch});
    if let Err(error) = desk
        .call(desk.agent(), Method::POST, &path, Some(body))
        .await
    {
        // Somebody's already, from an earlier run: as good.
        ensure!(error.to_string().contains("already_claimed"), error);
    }
    Ok(row.id.clone())
}
