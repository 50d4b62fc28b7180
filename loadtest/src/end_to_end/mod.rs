//! `loadtest end-to-end`: how long words take from a customer to the person who answers, and from that person to Meta.
//!
//! Promises: both ways count from when something was due; the second ends when the simulator's Graph API wrote the call
//! into its ledger (one clock: the same machine).
//! Does not: count what waits for a number's or a customer's rate: it stays below both.

mod report;

use crate::clock;
use crate::crowd::{Deliveries, subscribe};
use crate::customers::Phones;
use crate::demo::{self, Demo};
use crate::desk::{Desk, Row, Stream};
use crate::frame::Frame;
use crate::latency::{Latencies, Percentiles};
use crate::ledger::{Ledger, Tally};
use crate::mark::Mark;
use crate::pacer;
use crate::posting::{Posting, seconds_bar};
use crate::scenario::prepare;
use crate::schedule::Schedule;
use crate::sender::Sender;
use crate::webhook::Factory;
use anyhow::{Context as _, ensure};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use report::{Outcome, Replies};
use reqwest::Method;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Customers whom no other load uses.
const CUSTOMERS: u64 = 41_000_000;
/// A person's sockets: one may send 20 frames a second.
const SOCKETS: usize = 4;
const CONNECTIONS: usize = 16;
const FRAMES_QUIET: Duration = Duration::from_secs(2);
const CALLS_QUIET: Duration = Duration::from_secs(5);

#[derive(Clone, clap::Args)]
pub(crate) struct Options {
    /// Seconds each way
    #[arg(long, default_value_t = 15, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Messages a second each way (a number of the usual tier sends 80)
    #[arg(long, default_value_t = 20, value_name = "PER_SECOND", value_parser = clap::value_parser!(u64).range(1..=60))]
    rate: u64,
    /// Customers, all in the hands of one agent
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=40))]
    contacts: u64,
    /// Makes the arrivals repeatable
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Folder of the running demo
    #[arg(long, default_value = ".balcao", value_name = "DIR")]
    data: PathBuf,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// A conversation that the agent owns.
#[derive(Clone)]
struct Owned {
    id: String,
    epoch: i64,
}

/// What one socket writes to.
type Sink = SplitSink<Stream, Message>;

/// Runs it; `Ok(false)` when a target is missed.
pub(crate) async fn run(options: Options) -> anyhow::Result<bool> {
    let demo = demo::read(&options.data)?;
    let mut ledger = Ledger::at_end(&options.data)?;
    let factory = customers(&demo, &options, &mut ledger).await?;
    let desk = Desk::log_in(&demo).await?;
    let owned = take_all(&desk, &factory, options.contacts).await?;
    let length = Duration::from_secs(options.seconds);
    let inbound = Arc::new(Schedule::poisson(options.rate as f64, length, options.seed));
    let outbound = Arc::new(Schedule::poisson(
        options.rate as f64,
        length,
        options.seed + 1,
    ));
    let deliveries = Deliveries::new(factory.mark().clone(), inbound.clone(), Duration::ZERO)?;
    let refused = Arc::new(AtomicU64::new(0));
    let mut reading = JoinSet::new();
    let mut sinks = Vec::new();
    for part in owned.chunks(owned.len().div_ceil(SOCKETS)) {
        let mut socket = desk.open(desk.agent()).await?;
        let ids: Vec<String> = part.iter().map(|one| one.id.clone()).collect();
        subscribe(&mut socket, &ids).await?;
        let (sink, stream) = socket.split();
        reading.spawn(receive(
            sinks.len(),
            stream,
            deliveries.clone(),
            refused.clone(),
        ));
        sinks.push((sink, part.to_vec()));
    }

    let posting = Posting {
        sender: Sender::new(&demo.webhook_url, CONNECTIONS)?,
        factory,
        schedule: inbound,
        measured_from: Duration::ZERO,
    };
    let bar = seconds_bar(length)?;
    let begin = Instant::now();
    deliveries.begin(begin);
    let webhooks = posting.run(begin, &bar).await?;
    deliveries.until(webhooks.acked, FRAMES_QUIET).await;
    bar.finish_and_clear();
    let to_graph = replies(&mut sinks, &outbound, &mut ledger).await?;
    let replies = Replies {
        due: outbound.len(),
        refused: refused.load(Ordering::Relaxed),
        to_graph,
    };
    let outcome = Outcome::new(
        &options,
        webhooks,
        deliveries.latencies.percentiles()?,
        &replies,
    );
    outcome.print(options.json)?;
    Ok(outcome.passed)
}

/// Customers who have written.
async fn customers(demo: &Demo, options: &Options, ledger: &mut Ledger) -> anyhow::Result<Factory> {
    let factory =
        Factory::new(demo, options.contacts, 1, rand::random())?.with_contacts_from(CUSTOMERS);
    let phones = Phones::of(demo)?.context("demo.json names no simulator_url")?;
    let factory = phones.introduce(factory, options.contacts).await?;
    for n in 0..options.contacts {
        phones.write(&factory.phone(n), &factory.name(n)).await?;
    }
    prepare::quiet(ledger).await?;
    Ok(factory)
}

/// The agent takes all conversations.
async fn take_all(desk: &Desk, factory: &Factory, contacts: u64) -> anyhow::Result<Vec<Owned>> {
    let rows: Vec<Row> = prepare::ours(desk, factory, contacts).await?;
    ensure!(
        !rows.is_empty(),
        "the staff sees no conversation with the customers"
    );
    let mut owned = Vec::new();
    for row in rows {
        let path = format!("/conversations/{}/claim", row.id);
        let body = json!({"epoch": row.epoch});
        let epoch = match desk
            .call(desk.agent(), Method::POST, &path, Some(body))
            .await
        {
            Ok(conversation) => conversation["epoch"].as_i64().unwrap_or(row.epoch),
            // Taken in an earlier run.
            Err(error) if error.to_string().contains("already_claimed") => row.epoch,
            Err(error) => return Err(error),
        };
        owned.push(Owned { id: row.id, epoch });
    }
    Ok(owned)
}

async fn receive(
    n: usize,
    mut stream: SplitStream<Stream>,
    deliveries: Arc<Deliveries>,
    refused: Arc<AtomicU64>,
) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        deliveries.take(n, &text);
        if serde_json::from_str::<Frame<'_>>(&text).is_ok_and(|frame| frame.kind == "refused") {
            refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The agent answers on schedule; how long it took until Meta had the answers.
async fn replies(
    sinks: &mut [(Sink, Vec<Owned>)],
    schedule: &Arc<Schedule>,
    ledger: &mut Ledger,
) -> anyhow::Result<Percentiles> {
    let mark = Mark::new(rand::random());
    let bar = seconds_bar(schedule.length())?;
    let (begin, wall) = (Instant::now(), clock::now());
    let mut due = pacer::start(schedule.clone(), begin)?;
    while let Some(k) = due.recv().await {
        let sockets = sinks.len();
        let at = usize::try_from(k)?;
        let (sink, owned) = &mut sinks[at % sockets];
        let one = &owned[at / sockets % owned.len()];
        let frame = json!({
            "v": 1, "type": "send", "client_ref": format!("loadtest-{}", mark.stamp(k)), "conversation_id": one.id,
            "epoch": one.epoch, "text": format!("Um momento, por favor. {}", mark.stamp(k)),
        });
        sink.send(Message::text(frame.to_string())).await?;
        bar.set_position(begin.elapsed().as_secs());
    }
    bar.finish_and_clear();
    let latencies = Latencies::new()?;
    let (mut seen, mut moved) = (0, Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    while seen < schedule.len() && moved.elapsed() < CALLS_QUIET {
        ticks.tick().await;
        ledger.advance(&mut Tally::default(), |send| {
            if let Some(due) = mark.read(&send.request).and_then(|k| schedule.due(k)) {
                let took = (send.at - wall).to_std().unwrap_or_default();
                latencies.record(0, took.saturating_sub(due));
                (seen, moved) = (seen + 1, Instant::now());
            }
        })?;
    }
    latencies.percentiles()
}
