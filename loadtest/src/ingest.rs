//! `loadtest ingest`: many customers write at once.
//!
//! Promises: with `--rate` the k-th webhook is due at k/rate and its latency counts from there, whether or not a
//! connection was free (no coordinated omission); without it every connection posts as soon as it was answered.
//! Does not: repeat what was refused, as Meta would; a refusal is an error here.

use crate::clock::unix_seconds;
use crate::demo;
use crate::report::Outcome;
use crate::sender::{Sender, TIMEOUT};
use crate::webhook::Factory;
use anyhow::Context as _;
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const PROGRESS_EVERY: Duration = Duration::from_millis(200);

#[derive(Clone, clap::Args)]
pub(crate) struct Options {
    /// How long to post, in seconds, after the warm-up
    #[arg(long, default_value_t = 20, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Seconds that are not measured at the start
    #[arg(long, default_value_t = 1, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=600))]
    warmup_seconds: u64,
    /// Webhooks per second, on schedule; without it the connections post as fast as they are answered
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: Option<u64>,
    /// Connections kept open
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    connections: u64,
    /// Customers who take turns
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=80_000_000))]
    contacts: u64,
    /// Messages in each webhook (Meta batches up to 1,000)
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    messages_per_webhook: u64,
    /// Folder of the running demo
    #[arg(long, default_value = ".balcao", value_name = "DIR")]
    data: PathBuf,
    /// One JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// What all connections share.
struct Load {
    factory: Factory,
    sender: Sender,
    next: AtomicU64,
    acknowledged: AtomicU64,
    begin: Instant,
    measured_from: Instant,
    end: Instant,
    /// Time between two webhooks, when there is a schedule.
    interval: Option<f64>,
}

/// What one connection saw.
struct Seen {
    latencies_us: Histogram<u64>,
    errors: BTreeMap<String, u64>,
    webhooks: u64,
}

/// Posts until the time is over and sums up.
pub(crate) async fn run(options: Options) -> anyhow::Result<Outcome> {
    let demo = demo::read(&options.data)?;
    let sender = Sender::new(&demo.webhook_url, usize::try_from(options.connections)?)?;
    let begin = Instant::now();
    let measured_from = begin + Duration::from_secs(options.warmup_seconds);
    let load = Arc::new(Load {
        factory: Factory::new(
            &demo,
            options.contacts,
            options.messages_per_webhook,
            rand::random(),
        )?,
        sender,
        next: AtomicU64::new(0),
        acknowledged: AtomicU64::new(0),
        begin,
        measured_from,
        end: measured_from + Duration::from_secs(options.seconds),
        interval: options.rate.map(|rate| 1.0 / rate as f64),
    });
    let mut connections = JoinSet::new();
    for _ in 0..options.connections {
        connections.spawn(connection(load.clone()));
    }
    let mut sum = Seen::new()?;
    let bar = progress_bar(options.warmup_seconds + options.seconds)?;
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    loop {
        tokio::select! {
            joined = connections.join_next() => match joined {
                Some(seen) => sum.add(&seen.context("a connection's task failed")??)?,
                None => break,
            },
            _ = ticks.tick() => show(&bar, &load),
        }
    }
    bar.finish_and_clear();
    Ok(outcome(&options, &load, &sum))
}

impl Seen {
    fn new() -> anyhow::Result<Self> {
        Ok(Seen {
            // One microsecond to a minute, three digits.
            latencies_us: Histogram::new_with_bounds(1, 60_000_000, 3)?,
            errors: BTreeMap::new(),
            webhooks: 0,
        })
    }

    fn add(&mut self, other: &Seen) -> anyhow::Result<()> {
        self.latencies_us.add(&other.latencies_us)?;
        self.webhooks += other.webhooks;
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        Ok(())
    }
}

/// One connection's work: take a number, wait for its time, post, measure.
async fn connection(load: Arc<Load>) -> anyhow::Result<Seen> {
    let mut seen = Seen::new()?;
    loop {
        let k = load.next.fetch_add(1, Ordering::Relaxed);
        let due = match load.interval {
            Some(interval) => load.begin + Duration::from_secs_f64(interval * k as f64),
            None => Instant::now(),
        };
        if due >= load.end || Instant::now() >= load.end + TIMEOUT {
            return Ok(seen);
        }
        if load.interval.is_some() {
            tokio::time::sleep_until(due).await;
        }
        let outcome = load.sender.post(load.factory.make(k, unix_seconds())).await;
        if due < load.measured_from {
            continue;
        }
        match outcome {
            Ok(()) => {
                let us = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                seen.latencies_us.saturating_record(us.max(1));
                seen.webhooks += 1;
                load.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err(kind) => *seen.errors.entry(kind).or_default() += 1,
        }
    }
}

fn outcome(options: &Options, load: &Load, sum: &Seen) -> Outcome {
    let seconds = load
        .measured_from
        .elapsed()
        .min(load.end - load.measured_from + TIMEOUT)
        .as_secs_f64();
    let messages = sum.webhooks * options.messages_per_webhook;
    let quantile_ms = |quantile| sum.latencies_us.value_at_quantile(quantile) as f64 / 1_000.0;
    Outcome {
        messages_per_s: messages as f64 / seconds,
        p50_ms: quantile_ms(0.5),
        p99_ms: quantile_ms(0.99),
        p999_ms: quantile_ms(0.999),
        max_ms: sum.latencies_us.max() as f64 / 1_000.0,
        errors: sum.errors.values().sum(),
        error_kinds: sum.errors.clone(),
        messages,
        seconds,
        rate: options.rate,
        connections: options.connections,
    }
}

fn progress_bar(seconds: u64) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(seconds);
    bar.set_style(
        ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} s  {msg}")?
            .progress_chars("=> "),
    );
    Ok(bar)
}

fn show(bar: &ProgressBar, load: &Load) {
    bar.set_position(load.begin.elapsed().as_secs());
    let measured = load.measured_from.elapsed().as_secs_f64();
    if measured > 0.0 {
        let rate = load.acknowledged.load(Ordering::Relaxed) as f64 / measured;
        bar.set_message(format!("{rate:.0} webhooks/s acknowledged"));
    } else {
        bar.set_message("warming up");
    }
}
