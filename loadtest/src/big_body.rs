//! `loadtest big-body`: one body of 3 MB with 1,000 updates, while small webhooks go on.
//!
//! Promises: small webhooks go at the same rate before and beside the big body, and are timed from when they were due;
//! the ratio of their p99 is from one run. Exit 0 only when both limits hold.
//! Does not: wait for what the product does after the acknowledgement.

use crate::clock::unix_seconds;
use crate::demo;
use crate::sender::Sender;
use crate::webhook::{Factory, Webhook};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What is asked of the gateway.
const BIG_MS_MAX: f64 = 1_000.0;
const RATIO_MAX: f64 = 2.0;

#[derive(Clone, clap::Args)]
pub(crate) struct Options {
    /// Big bodies, one after the other
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    bodies: u64,
    /// Updates in a big body (Meta batches up to 1,000)
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    updates: u64,
    /// Size of a big body, in bytes; longer texts fill it
    #[arg(long, default_value_t = 3_000_000, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=4_000_000))]
    bytes: u64,
    /// Small webhooks per second, before and beside
    #[arg(long, default_value_t = 100, value_name = "PER_SECOND", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rate: u64,
    /// Seconds of small webhooks alone, before the first big body
    #[arg(long, default_value_t = 10, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    before_seconds: u64,
    /// Seconds from a big body to the next, all of which count as beside it
    #[arg(long, default_value_t = 5, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    beside_seconds: u64,
    /// Folder of the running demo
    #[arg(long, default_value = ".balcao", value_name = "DIR")]
    data: PathBuf,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Small webhooks of one stretch of time.
#[derive(Debug, Serialize)]
struct Stretch {
    webhooks: u64,
    errors: u64,
    p50_ms: f64,
    p99_ms: f64,
}

/// What the run showed.
#[derive(Debug, Serialize)]
struct Outcome {
    big_bytes: usize,
    big_updates: u64,
    /// HTTP status of each big body, or a word.
    big_answers: Vec<String>,
    /// Time to the acknowledgement of the slowest one.
    big_ms_max: f64,
    before: Stretch,
    beside: Stretch,
    /// p99 of the small webhooks beside, over before.
    p99_ratio: f64,
    p50_ratio: f64,
    passed: bool,
}

/// Runs it; `Ok(false)` when a limit does not hold.
pub(crate) async fn run(options: Options) -> anyhow::Result<bool> {
    let demo = demo::read(&options.data)?;
    let sender = Arc::new(Sender::new(&demo.webhook_url, 64)?);
    let small = Arc::new(Factory::new(&demo, 10_000, 1, rand::random())?);
    let big = Factory::new(&demo, options.updates, options.updates, rand::random())?
        .with_bodies_of(usize::try_from(options.bytes)?, unix_seconds());
    let bodies: Vec<Webhook> = (1..=options.bodies)
        .map(|k| big.make(k, unix_seconds()))
        .collect();
    let big_bytes = bodies.first().map_or(0, |webhook| webhook.body.len());

    // Connections and caches are warm before anything is measured.
    let mut k = 0;
    stretch(
        &sender,
        &small,
        options.rate,
        Duration::from_secs(1),
        &mut k,
    )
    .await?;
    let alone = Duration::from_secs(options.before_seconds);
    let before = stretch(&sender, &small, options.rate, alone, &mut k).await?;
    let beside_for = Duration::from_secs(options.beside_seconds * options.bodies);
    let pause = Duration::from_secs(options.beside_seconds);
    let (beside, (big_answers, big_ms_max)) = tokio::join!(
        stretch(&sender, &small, options.rate, beside_for, &mut k),
        post_each(&sender, bodies, pause),
    );
    let beside = beside?;

    let p99_ratio = beside.p99_ms / before.p99_ms.max(0.001);
    let acknowledged = big_answers.iter().all(|answer| answer == "200");
    let outcome = Outcome {
        big_bytes,
        big_updates: options.updates,
        passed: acknowledged
            && big_ms_max < BIG_MS_MAX
            && p99_ratio <= RATIO_MAX
            && before.errors + beside.errors == 0,
        big_answers,
        big_ms_max,
        p99_ratio,
        p50_ratio: beside.p50_ms / before.p50_ms.max(0.001),
        before,
        beside,
    };
    print(&outcome, options.json)?;
    Ok(outcome.passed)
}

/// The big bodies, one every `pause`; their answers and the longest wait.
async fn post_each(sender: &Sender, bodies: Vec<Webhook>, pause: Duration) -> (Vec<String>, f64) {
    let (mut answers, mut longest) = (Vec::new(), Duration::ZERO);
    let mut ticks = tokio::time::interval(pause);
    for body in bodies {
        ticks.tick().await;
        let started = Instant::now();
        let answer = sender.post(body).await;
        longest = longest.max(started.elapsed());
        answers.push(answer.map_or_else(|kind| kind, |()| "200".to_owned()));
    }
    (answers, longest.as_secs_f64() * 1_000.0)
}

/// Small webhooks at a steady rate for a while; each is timed from when it was due.
async fn stretch(
    sender: &Arc<Sender>,
    small: &Arc<Factory>,
    rate: u64,
    time: Duration,
    k: &mut u64,
) -> anyhow::Result<Stretch> {
    let begin = Instant::now();
    let mut posts = JoinSet::new();
    let count = u64::try_from(time.as_millis())? * rate / 1_000;
    for n in 0..count {
        let due = begin + Duration::from_secs_f64(n as f64 / rate as f64);
        tokio::time::sleep_until(due).await;
        let (sender, webhook) = (sender.clone(), small.make(*k, unix_seconds()));
        *k += 1;
        posts.spawn(async move {
            let answer = sender.post(webhook).await;
            (due.elapsed(), answer.is_ok())
        });
    }
    let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    let (mut webhooks, mut errors) = (0, 0);
    while let Some(done) = posts.join_next().await {
        match done? {
            (took, true) => {
                webhooks += 1;
                latencies
                    .saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
            }
            (_, false) => errors += 1,
        }
    }
    let ms = |quantile| latencies.value_at_quantile(quantile) as f64 / 1_000.0;
    Ok(Stretch {
        webhooks,
        errors,
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
    })
}

fn print(outcome: &Outcome, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(outcome)?)?;
        return Ok(());
    }
    let verdict = |holds: bool| if holds { "PASS" } else { "FAIL" };
    let side = |stretch: &Stretch| {
        format!(
            "{} webhooks, p50 {:.2} ms, p99 {:.2} ms, {} errors",
            stretch.webhooks, stretch.p50_ms, stretch.p99_ms, stretch.errors
        )
    };
    let big = format!(
        "{} bytes, {} updates, answered {} within {:.0} ms (limit {BIG_MS_MAX:.0}): {}",
        outcome.big_bytes,
        outcome.big_updates,
        outcome.big_answers.join(" "),
        outcome.big_ms_max,
        verdict(
            outcome.big_answers.iter().all(|answer| answer == "200")
                && outcome.big_ms_max < BIG_MS_MAX
        ),
    );
    let ratio = format!(
        "p99 {:.2} (limit {RATIO_MAX}): {}, p50 {:.2}",
        outcome.p99_ratio,
        verdict(outcome.p99_ratio <= RATIO_MAX),
        outcome.p50_ratio
    );
    for (name, value) in [
        ("big body", big),
        ("before", side(&outcome.before)),
        ("beside", side(&outcome.beside)),
        ("ratio", ratio),
    ] {
        writeln!(out, "{name:<12}{value}")?;
    }
    Ok(())
}
