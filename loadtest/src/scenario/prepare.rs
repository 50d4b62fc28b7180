//! Before a load: customers who have written before, and sockets that watch them.

use crate::crowd::{Crowd, Deliveries, deal};
use crate::descriptors;
use crate::desk::{Desk, Row};
use crate::ledger::{Ledger, Tally};
use crate::posting::{IN_FLIGHT_MAX, count_bar};
use crate::scenario::named::Shape;
use crate::sender::Sender;
use crate::webhook::Factory;
use anyhow::{bail, ensure};
use futures_util::{StreamExt as _, stream};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// First messages on their way at the same time: this is not what is measured.
const FIRST_MESSAGES: usize = 16;
/// The bot has nothing more to say when it said nothing for so long (it waits 1.5 s for a customer's next words).
const QUIET: Duration = Duration::from_secs(4);
const QUIET_WITHIN: Duration = Duration::from_secs(600);

/// The sockets of a run, each watching its share of the customers.
///
/// # Errors
/// Too few file descriptors, a refused log-in or socket, a refused webhook.
pub(crate) async fn sockets(
    desk: &Desk,
    factory: &Factory,
    sender: &Sender,
    shape: &Shape,
    deliveries: &Arc<Deliveries>,
) -> anyhow::Result<Crowd> {
    descriptors::allow(shape.sockets + IN_FLIGHT_MAX as u64)?;
    let mut rows = ours(desk, factory, shape.contacts).await?;
    if (rows.len() as u64) < shape.contacts {
        first_messages(factory, sender, shape.contacts, &rows).await?;
        rows = ours(desk, factory, shape.contacts).await?;
    }
    ensure!(
        !rows.is_empty(),
        "the customers wrote, but the staff sees no conversation with them"
    );
    let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    let watched = deal(
        &ids,
        usize::try_from(shape.sockets)?,
        usize::try_from(shape.watched_each)?,
    );
    let bar = count_bar(shape.sockets, "sockets open")?;
    Crowd::open(desk, watched, deliveries, &bar).await
}

/// The unresolved conversations with this run's customers.
async fn ours(desk: &Desk, factory: &Factory, contacts: u64) -> anyhow::Result<Vec<Row>> {
    let names: HashSet<String> = (0..contacts).map(|n| factory.name(n)).collect();
    let mut rows = desk.conversations(usize::MAX).await?;
    rows.retain(|row| names.contains(row.name()));
    Ok(rows)
}

/// Those customers write who have no conversation yet.
async fn first_messages(
    factory: &Factory,
    sender: &Sender,
    contacts: u64,
    known: &[Row],
) -> anyhow::Result<()> {
    let known: HashSet<&str> = known.iter().map(Row::name).collect();
    let missing: Vec<u64> = (0..contacts)
        .filter(|n| !known.contains(factory.name(*n).as_str()))
        .collect();
    let bar = count_bar(missing.len() as u64, "customers write for the first time")?;
    let mut posts = stream::iter(missing)
        .map(|n| sender.post(factory.make(first_number(n, contacts), crate::clock::unix_seconds())))
        .buffer_unordered(FIRST_MESSAGES);
    while let Some(answer) = posts.next().await {
        if let Err(kind) = answer {
            bail!("a customer's first message was refused: {kind}");
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// A message of the n-th customer with a number that the run itself does not reach: a message's id must be new.
fn first_number(n: u64, contacts: u64) -> u64 {
    1_000_000_000 / contacts * contacts + n
}

/// Waits until the simulator gets no more messages from the bot.
///
/// # Errors
/// When it never falls silent, which is a bot that talks to itself or a queue that is far behind.
pub(crate) async fn quiet(ledger: &mut Ledger) -> anyhow::Result<()> {
    let (began, mut moved) = (Instant::now(), Instant::now());
    let (mut tally, mut ticks) = (
        Tally::default(),
        tokio::time::interval(Duration::from_millis(200)),
    );
    loop {
        ticks.tick().await;
        let before = tally;
        ledger.advance(&mut tally, |_| {})?;
        if tally != before {
            moved = Instant::now();
        }
        if moved.elapsed() > QUIET {
            return Ok(());
        }
        ensure!(
            began.elapsed() < QUIET_WITHIN,
            "the bot still answers the first messages after {} s: a number of a higher tier is needed (balcao demo \
             --throughput-per-second 1000)",
            QUIET_WITHIN.as_secs()
        );
    }
}
