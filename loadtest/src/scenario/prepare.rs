//! Before a load: customers who have written before, and sockets that watch them.

use crate::crowd::{Crowd, Deliveries, deal};
use crate::customers::Phones;
use crate::descriptors;
use crate::desk::{Desk, Row};
use crate::ledger::{Ledger, Tally};
use crate::posting::{IN_FLIGHT_MAX, count_bar};
use crate::scenario::named::Shape;
use crate::webhook::Factory;
use anyhow::ensure;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The bot has nothing more to say when it said nothing for so long (it waits 1.5 s for a customer's next words).
const QUIET: Duration = Duration::from_secs(4);
const QUIET_WITHIN: Duration = Duration::from_secs(600);

/// The sockets of a run, each watching its share of the customers.
///
/// # Errors
/// Too few file descriptors, a refused log-in or socket, nobody to watch.
pub(crate) async fn sockets(
    desk: &Desk,
    factory: &Factory,
    shape: &Shape,
    deliveries: &Arc<Deliveries>,
    simulator: Option<(&Phones, &mut Ledger)>,
) -> anyhow::Result<Crowd> {
    descriptors::allow(shape.sockets + IN_FLIGHT_MAX as u64)?;
    let mut rows = ours(desk, factory, shape.contacts).await?;
    if let Some((phones, ledger)) = simulator
        && (rows.len() as u64) < shape.contacts
    {
        let open: HashSet<&str> = rows.iter().map(Row::name).collect();
        for n in 0..shape.contacts {
            let name = factory.name(n);
            if !open.contains(name.as_str()) {
                phones.write(&factory.phone(n), &name).await?;
            }
        }
        quiet(ledger).await?;
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
pub(crate) async fn ours(
    desk: &Desk,
    factory: &Factory,
    contacts: u64,
) -> anyhow::Result<Vec<Row>> {
    let names: HashSet<String> = (0..contacts).map(|n| factory.name(n)).collect();
    let mut rows = desk.conversations(usize::MAX).await?;
    rows.retain(|row| names.contains(row.name()));
    Ok(rows)
}

/// Waits until the simulator gets no more messages from the bot.
///
/// # Errors
/// When it never falls silent, which is a bot that talks to itself or a queue that is far behind.
pub(crate) async fn quiet(ledger: &mut Ledger) -> anyhow::Result<()> {
    let (began, mut moved) = (Instant::now(), Instant::now());
    let mut tally = Tally::default();
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
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
            "the bot still answers the first messages after {} s: the number needs a higher tier (`cargo xtask \
             demo --load-test`)",
            QUIET_WITHIN.as_secs()
        );
    }
}
