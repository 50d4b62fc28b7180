//! `balcao demo`: everything on this machine, private, from one command: PostgreSQL, Redis, simulator, staff, a node.
//!
//! Promises: touches no system service; all it keeps is in the data folder; Ctrl-C stops all of it. Development only:
//! nothing here is used by `serve`.

mod folder;
mod seed;
mod simulator;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use balcao_core::config::{Config, Sources};
use balcao_core::telemetry;
use clap::Args;

use crate::cli::{DEMO_CONFIG, Failure, Settings};
use crate::commands::{migrate, open_store};
use crate::node::{Doors, Node, stop_signal};
use crate::private::{Postgres, Redis, postgres, redis};
use folder::{Demo, Folder};
use simulator::Simulator;

/// How long a started node may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Where the demo lives.
#[derive(Args)]
pub struct Options {
    /// Do not open a browser
    #[arg(long)]
    no_open: bool,
    /// Console at N, webhook at N+1, operations at N+2, simulator at N+3; 0 takes free ports
    #[arg(long, default_value_t = 8080, value_name = "N")]
    port_base: u16,
    /// For load tests: no limits that are meant for people, and a number of Meta's higher tier
    #[arg(long)]
    load_test: bool,
}

/// Messages a second that a number may send at Meta: as everybody begins, and as large senders get.
const TIERS_PER_SECOND: [u16; 2] = [80, 1_000];
/// What `--load-test` lifts: thousands of sockets come from one address and few log-ins there.
const LIMITS_FOR_PEOPLE: [(&str, &str); 3] = [
    ("limits.requests_per_minute_per_address", "100000000"),
    ("limits.requests_per_minute_per_session", "100000000"),
    ("limits.sockets_per_agent", "1000000"),
];

/// Starts everything and waits for Ctrl-C.
///
/// # Errors
/// [`Failure::Other`] with what is missing or taken.
pub async fn run(settings: &Settings, options: Options) -> Result<(), Failure> {
    let started = Instant::now();
    let data = settings
        .data
        .clone()
        .unwrap_or_else(|| PathBuf::from(".balcao"));
    let folder = Folder::open(&data)?;
    let step = |what: &str| eprintln!("[{:5.1} s] {what}", started.elapsed().as_secs_f64());

    step("starting a private PostgreSQL and Redis");
    let (postgres, redis) = tokio::try_join!(
        Postgres::start(postgres::Options::durable(folder.path())),
        Redis::start(redis::Options {
            data: folder.path().to_owned(),
            append_only: true
        }),
    )?;
    step("bringing the database to this version");
    migrate::migrate(&postgres.owner_url()).await?;
    compliance::vault::keys::init(&folder.path().join("keys"))?;

    let port = |offset: u16| {
        if options.port_base == 0 {
            0
        } else {
            options.port_base.saturating_add(offset)
        }
    };
    let doors = open_doors(port).await?;
    let mut demo = folder.demo(&doors)?;
    demo.database_url = postgres.owner_url();
    demo.redis_url = redis.url();
    let throughput_per_second = TIERS_PER_SECOND[usize::from(options.load_test)];
    step("starting the simulator (Meta and the customers' phones)");
    let simulator = Simulator::start(&folder, &demo, port(3), throughput_per_second).await?;
    demo.simulator_url = simulator.url().to_owned();
    folder.write(&demo, &postgres, &redis)?;

    step("adding teams, staff and the number");
    let config = Config::load(&sources(&folder, options.load_test))?;
    telemetry::init(&config.log).map_err(|error| Failure::Other(error.into()))?;
    let store = open_store(&config).await?;
    seed::seed(&store, &demo, throughput_per_second).await?;
    store.close().await;
    step("starting the node");
    let node = Node::start(config, doors).await?;
    wait_until_ready(&demo.ops_url).await?;
    announce(&folder, &demo, started);
    if !options.no_open {
        open_browser(&demo.console_url);
    }

    tokio::select! {
        () = node.asked_to_stop() => {}
        () = simulator.ended() => eprintln!("the simulator ended; see {}", folder.path().join("simulator.log").display()),
        () = stop_signal() => {}
    }
    eprintln!("stopping (a second or two)");
    node.stop().await;
    simulator.stop().await?;
    redis.stop().await?;
    postgres.stop().await?;
    Ok(())
}

/// The folder's configuration; the environment of whoever starts a demo has no say.
fn sources(folder: &Folder, load_test: bool) -> Sources {
    let sources = Sources {
        file: Some(folder.path().join(DEMO_CONFIG)),
        ..Sources::default()
    };
    let lifted = LIMITS_FOR_PEOPLE.iter().filter(|_| load_test);
    lifted.fold(sources, |sources, (key, value)| sources.with(key, *value))
}

async fn open_doors(port: impl Fn(u16) -> u16) -> Result<Doors, Failure> {
    let sources = ["console", "webhook", "operations"]
        .into_iter()
        .zip(0..)
        .fold(Sources::default(), |sources, (door, offset)| {
            sources.with(
                &format!("listen.{door}"),
                format!("127.0.0.1:{}", port(offset)),
            )
        });
    Doors::open(&Config::load(&sources)?).await
}

async fn wait_until_ready(ops_url: &str) -> Result<(), Failure> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()
        .map_err(anyhow::Error::from)?;
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let answer = client.get(format!("{ops_url}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(anyhow::anyhow!(
                "the node is not ready after {} s; ask {ops_url}/readyz why",
                READY_WITHIN.as_secs()
            )
            .into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn announce(folder: &Folder, demo: &Demo, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    eprintln!();
    eprintln!("  Balcão is ready.");
    eprintln!();
    eprintln!("  Console     {}", demo.console_url);
    eprintln!(
        "  Phones      {}      write as a customer",
        demo.simulator_url
    );
    eprintln!("  Webhook     {}", demo.webhook_url);
    eprintln!("  Operations  {}      /readyz /metrics", demo.ops_url);
    eprintln!();
    for account in &demo.accounts {
        eprintln!(
            "  {:<11} {:<28} {}",
            account.role, account.email, account.password
        );
    }
    eprintln!();
    eprintln!(
        "  Try: write \"oi\" on a phone, choose from the menu, then write \"atendente\" and take the conversation in the console."
    );
    eprintln!(
        "  All of this is also in {}. Ctrl-C stops everything.",
        folder.path().join("demo.json").display()
    );
    eprintln!();
    println!("ready {seconds:.1}");
    if std::io::stdout().flush().is_err() {
        tracing::debug!("nobody reads our standard output");
    }
}

/// A browser that does not open is no failure: the address is on the screen.
fn open_browser(url: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let opened = std::process::Command::new(opener)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .with_context(|| format!("{opener} is not here"));
    if let Err(error) = opened {
        tracing::debug!(%error, "no browser was opened");
    }
}
