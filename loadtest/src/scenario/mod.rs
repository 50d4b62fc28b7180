//! `loadtest scenario NAME`: one of the named loads, from the customers' side to the agents' and back.
//!
//! Promises: arrivals are a Poisson process and latencies count from when a webhook was due; what the bot answers and
//! how its statuses come back is read from the simulator's ledger; everything is compared with the targets.
//! Does not: make the number's tier: `peak` wants a demo whose number may send 1,000 messages a second.

pub(crate) mod named;
pub(crate) mod prepare;
mod report;

use crate::crowd::{Crowd, Deliveries};
use crate::customers::Phones;
use crate::demo::{self, Demo};
use crate::desk::Desk;
use crate::ledger::{Ledger, Tally};
use crate::posting::{Posted, Posting, seconds_bar};
use crate::schedule::Schedule;
use crate::sender::Sender;
use crate::usage::{Cores, Programs};
use crate::webhook::Factory;
use named::{Name, Shape};
use report::Outcome;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Connections to the webhook that are kept.
const CONNECTIONS: usize = 64;
/// What a customer writes who wants the bot's menu: it never gets tired of that.
const TEXTS: [&str; 1] = ["menu"];
/// The bot waits 1.5 s for a customer's next words.
const ANSWERS_QUIET: Duration = Duration::from_secs(5);
const FRAMES_QUIET: Duration = Duration::from_secs(2);

#[derive(Clone, clap::Args)]
pub(crate) struct Options {
    /// Seconds of load, warm-up included
    #[arg(long, default_value_t = 30, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Seconds at the start whose latencies do not count
    #[arg(long, default_value_t = 3, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=600))]
    pub(crate) warmup_seconds: u64,
    /// Makes the arrivals repeatable; message ids are new each time
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Agents' sockets instead of the scenario's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub(crate) sockets: Option<u64>,
    /// Customers instead of the scenario's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) contacts: Option<u64>,
    /// Folder of the running demo
    #[arg(long, default_value = ".balcao", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// One JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a run measured, before it is judged.
pub(crate) struct Measured {
    pub(crate) posted: Posted,
    pub(crate) deliveries: Option<(Arc<Deliveries>, u64)>,
    pub(crate) tally: Option<Tally>,
    pub(crate) cores: Cores,
    pub(crate) pss_kib: Option<f64>,
}

/// Everything that one load needs.
pub(crate) struct Run {
    demo: Demo,
    programs: Programs,
    shape: Shape,
    factory: Factory,
    schedule: Arc<Schedule>,
    measured_from: Duration,
    ledger: Option<Ledger>,
    crowd: Option<(Crowd, Arc<Deliveries>)>,
}

/// Runs it; `Ok(false)` when a target is missed.
pub(crate) async fn run(name: Name, options: Options) -> anyhow::Result<bool> {
    let mut shape = name.shape();
    shape.contacts = options.contacts.unwrap_or(shape.contacts);
    shape.sockets = options.sockets.unwrap_or(shape.sockets);
    let length = Duration::from_secs(options.seconds);
    let warmup = Duration::from_secs(options.warmup_seconds);
    let run = Run::prepare(&options.data, shape, length, warmup, options.seed).await?;
    let measured = run.measure().await?;
    let outcome = Outcome::new(name, &options, &shape, &measured)?;
    outcome.print(options.json)?;
    Ok(outcome.passed)
}

impl Run {
    /// Customers and sockets, ready to begin.
    ///
    /// # Errors
    /// There is no demo, or it refuses log-ins, sockets or first messages.
    pub(crate) async fn prepare(
        data: &Path,
        shape: Shape,
        length: Duration,
        measured_from: Duration,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let demo = demo::read(data)?;
        let programs = Programs::find(&demo);
        let mut factory =
            Factory::new(&demo, shape.contacts, 1, rand::random())?.with_texts(&TEXTS);
        let schedule = Arc::new(Schedule::poisson(shape.per_second, length, seed));
        let mut simulator = match Phones::of(&demo)? {
            Some(phones) => Some((phones, Ledger::at_end(data)?)),
            None => None,
        };
        if let Some((phones, ledger)) = &mut simulator {
            factory = phones.introduce(factory, shape.contacts).await?;
            prepare::quiet(ledger).await?;
        }
        let mut crowd = None;
        if shape.sockets > 0 {
            let desk = Desk::log_in(&demo).await?;
            let deliveries =
                Deliveries::new(factory.mark().clone(), schedule.clone(), measured_from)?;
            let phones = simulator
                .as_mut()
                .map(|(phones, ledger)| (&*phones, ledger));
            let open = prepare::sockets(&desk, &factory, &shape, &deliveries, phones).await?;
            crowd = Some((open, deliveries));
        }
        let ledger = simulator.map(|(_, ledger)| ledger);
        Ok(Self {
            demo,
            programs,
            shape,
            factory,
            schedule,
            measured_from,
            ledger,
            crowd,
        })
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Posts everything and waits for what follows from it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) async fn measure(mut self) -> anyhow::Result<Measured> {
        let posting = Posting {
            sender: Sender::new(&self.demo.webhook_url, CONNECTIONS)?,
            factory: self.factory,
            schedule: self.schedule.clone(),
            measured_from: self.measured_from,
        };
        let bar = seconds_bar(self.schedule.length())?;
        let (spent, begin) = (self.programs.spent(), Instant::now());
        if let Some((_, deliveries)) = &self.crowd {
            deliveries.begin(begin);
        }
        let posted = posting.run(begin, &bar).await?;
        bar.finish_and_clear();
        let cores = self.programs.spent().since(&spent);
        let pss_kib = self.programs.pss_kib();
        if let Some((_, deliveries)) = &self.crowd {
            let watched = self.shape.sockets * self.shape.watched_each;
            let expected = posted.acked * watched / self.shape.contacts;
            deliveries.until(expected, FRAMES_QUIET).await;
        }
        let tally = match &mut self.ledger {
            Some(ledger) => Some(answers(ledger, posted.acked).await?),
            None => None,
        };
        Ok(Measured {
            posted,
            deliveries: self
                .crowd
                .map(|(crowd, deliveries)| (deliveries, crowd.sockets())),
            tally,
            cores,
            pss_kib,
        })
    }
}

/// What the simulator got, once every message is answered or nothing more comes.
async fn answers(ledger: &mut Ledger, expected: u64) -> anyhow::Result<Tally> {
    let (mut tally, mut moved) = (Tally::default(), Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    loop {
        ticks.tick().await;
        let before = tally.sends;
        ledger.advance(&mut tally, |_| {})?;
        if tally.sends > before {
            moved = Instant::now();
        }
        if tally.sends >= expected || moved.elapsed() > ANSWERS_QUIET {
            return Ok(tally);
        }
    }
}

impl Measured {
    pub(crate) fn sockets_closed(&self) -> u64 {
        self.deliveries.as_ref().map_or(0, |(deliveries, _)| {
            deliveries.closed.load(Ordering::Relaxed)
        })
    }
}
