//! `loadtest soak`: half of `peak` for a long time, to see whether memory grows.
//!
//! Promises: the server's memory (PSS) is read every ten seconds; after the warm-up its slope is that of the line of least
//! squares, so neither the first nor the last sample decides. A run too short for that is not judged by it, and says so.
//! Does not: say what grows.

use crate::posting::Posted;
use crate::scenario::named::Name;
use crate::scenario::{Measured, Run};
use crate::slope::slope;
use crate::usage::Programs;
use crate::verdict::{self, Check};
use anyhow::Context as _;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

const SAMPLE_EVERY: Duration = Duration::from_secs(10);
const MB_PER_HOUR_MAX: f64 = 1.0;
/// Over less, one page more or less is megabytes an hour.
const JUDGED_FROM: Duration = Duration::from_secs(600);

#[derive(Clone, clap::Args)]
pub(crate) struct Options {
    /// How long, warm-up included
    #[arg(long, default_value_t = 60, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=10_080))]
    minutes: u64,
    /// Minutes at the start that the slope leaves out [default: a sixth of all]
    #[arg(long, value_name = "M")]
    warmup_minutes: Option<u64>,
    /// Part of peak's messages and sockets, in percent
    #[arg(long, default_value_t = 50, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(1..=100))]
    percent: u64,
    /// Customers instead of peak's 10,000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    contacts: Option<u64>,
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

/// The server's memory at one moment.
#[derive(Clone, Copy, Debug, Serialize)]
struct Sample {
    hours: f64,
    pss_mb: f64,
}

#[derive(Debug, Serialize)]
struct Outcome {
    minutes: u64,
    messages_per_s: f64,
    #[serde(flatten)]
    posted: Posted,
    bot_answers: Option<u64>,
    sockets_closed: u64,
    mb_per_hour: Option<f64>,
    /// Whether the run was long enough to judge by `mb_per_hour`.
    is_judged: bool,
    samples: Vec<Sample>,
    checks: Vec<Check>,
    passed: bool,
}

/// Runs it; `Ok(false)` when a target is missed.
pub(crate) async fn run(options: Options) -> anyhow::Result<bool> {
    let part = options.percent as f64 / 100.0;
    let mut shape = Name::Peak.shape();
    shape.per_second *= part;
    shape.sockets = (shape.sockets as f64 * part) as u64;
    shape.contacts = options.contacts.unwrap_or(shape.contacts);
    let length = Duration::from_secs(options.minutes * 60);
    let run = Run::prepare(&options.data, shape, length, Duration::ZERO, options.seed).await?;
    let programs = run.programs().clone();
    programs
        .pss_kib()
        .context("the server's memory cannot be read: it must run on this machine")?;
    let mut samples = Vec::new();
    let measured = tokio::select! {
        measured = run.measure() => measured?,
        () = sample(&programs, &mut samples) => anyhow::bail!("the server ended"),
    };
    let warmup = options
        .warmup_minutes
        .map_or(length / 6, |minutes| Duration::from_secs(minutes * 60));
    let outcome = Outcome::new(&options, &shape.per_second, &measured, (samples, warmup));
    outcome.print(options.json)?;
    Ok(outcome.passed)
}

/// Reads the server's memory until it is gone.
async fn sample(programs: &Programs, samples: &mut Vec<Sample>) {
    let began = Instant::now();
    let mut ticks = tokio::time::interval(SAMPLE_EVERY);
    loop {
        ticks.tick().await;
        let Some(kib) = programs.pss_kib() else {
            return;
        };
        samples.push(Sample {
            hours: began.elapsed().as_secs_f64() / 3_600.0,
            pss_mb: kib / 1_024.0,
        });
    }
}

/// Megabytes an hour after the warm-up.
fn growth(samples: &[Sample], warmup: Duration) -> Option<f64> {
    let from = warmup.as_secs_f64() / 3_600.0;
    let late: Vec<(f64, f64)> = samples
        .iter()
        .filter(|sample| sample.hours >= from)
        .map(|sample| (sample.hours, sample.pss_mb))
        .collect();
    slope(&late)
}

fn is_judged(length: Duration, warmup: Duration) -> bool {
    length.saturating_sub(warmup) >= JUDGED_FROM
}

impl Outcome {
    fn new(
        options: &Options,
        per_second: &f64,
        measured: &Measured,
        (samples, warmup): (Vec<Sample>, Duration),
    ) -> Self {
        let posted = measured.posted.clone();
        let mb_per_hour = growth(&samples, warmup);
        let failed = posted.errors + posted.unserved;
        let mut checks = vec![
            Check::at_most("webhooks failed or unserved", failed as f64, 0.0, ""),
            Check::at_most(
                "sockets closed by the server",
                measured.sockets_closed() as f64,
                0.0,
                "",
            ),
        ];
        let is_judged = is_judged(Duration::from_secs(options.minutes * 60), warmup);
        if is_judged {
            checks.push(Check::at_most(
                "memory growth after warm-up",
                mb_per_hour.unwrap_or(f64::NAN),
                MB_PER_HOUR_MAX,
                "MB/h",
            ));
        }
        Self {
            minutes: options.minutes,
            messages_per_s: *per_second,
            bot_answers: measured.tally.map(|tally| tally.sends),
            sockets_closed: measured.sockets_closed(),
            mb_per_hour,
            is_judged,
            samples,
            passed: verdict::all_passed(&checks),
            checks,
            posted,
        }
    }

    fn print(&self, json: bool) -> anyhow::Result<()> {
        let posted = &self.posted;
        let memory = match (self.samples.first(), self.samples.last()) {
            (Some(first), Some(last)) => format!(
                "{:.1} MB at the beginning, {:.1} MB at the end, {} samples",
                first.pss_mb,
                last.pss_mb,
                self.samples.len()
            ),
            _ => "no sample".to_owned(),
        };
        let growth = self
            .mb_per_hour
            .map_or("too few samples".to_owned(), |slope| {
                let doubt = if self.is_judged {
                    ""
                } else {
                    " (not judged: under ten minutes after warm-up)"
                };
                format!("{slope:+.2} MB/h{doubt}")
            });
        let rows = [
            (
                "load",
                format!(
                    "{:.1} messages/s (Poisson) for {} minutes",
                    self.messages_per_s, self.minutes
                ),
            ),
            (
                "webhooks",
                format!(
                    "{} posted, errors {}, {} unserved",
                    posted.posted,
                    posted.told_errors(),
                    posted.unserved
                ),
            ),
            ("ack", posted.ack.to_string()),
            (
                "bot",
                self.bot_answers.map_or(String::new(), |answers| {
                    format!("{answers} answers at the simulator")
                }),
            ),
            ("memory (PSS)", memory),
            ("growth", growth),
        ];
        verdict::print(self, &rows, &self.checks, json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warm_up_does_not_count_as_growth() {
        // Ten minutes of filling caches, then level.
        let samples: Vec<Sample> = (0..360_u32)
            .map(|n| Sample {
                hours: f64::from(n) / 360.0,
                pss_mb: if n < 60 { 100.0 + f64::from(n) } else { 160.0 },
            })
            .collect();
        assert_eq!(growth(&samples, Duration::from_secs(600)), Some(0.0));
        assert!(growth(&samples, Duration::ZERO).unwrap() > 10.0);
    }

    #[test]
    fn a_minute_says_nothing_about_an_hour() {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        assert!(is_judged(minutes(60), minutes(10)));
        assert!(is_judged(minutes(12), minutes(2)));
        assert!(!is_judged(minutes(1), Duration::ZERO));
        assert!(!is_judged(minutes(5), minutes(30)));
    }
}
