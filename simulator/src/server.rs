//! Puts the parts together and serves them until shutdown.
//!
//! Promises: when `start` returns, the port is open and the threads of the last run are back; every task it started
//! has ended when `Running::stopped` returns.
//! Does not: wait for webhooks in flight; the ledger brings them back.

use crate::business::{Directory, NewNumber};
use crate::cut::{Cut, CutListener};
use crate::options::{Options, Secrets};
use crate::state::{Sim, Ticking};
use crate::{agenda, control, erp, graph, ledger, media, page, phone, restore, webhook};
use anyhow::Context as _;
use axum::Router;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longest an open connection may delay the stop.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// A simulator that serves.
pub struct Running {
    url: String,
    tasks: TaskTracker,
}

impl Running {
    /// `http://ADDRESS:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns when every task has ended, after the token given to `start` was cancelled.
    ///
    /// # Errors
    /// When a task does not end within three seconds.
    pub async fn stopped(self) -> anyhow::Result<()> {
        tokio::time::timeout(STOP_GRACE * 2, self.tasks.wait())
            .await
            .context("a task did not stop in time")
    }
}

/// Opens the ledger and the port, rebuilds the threads, starts delivering.
///
/// # Errors
/// When a secret is missing, the folder cannot be written, the ledger cannot be read or the port is taken.
pub async fn start(options: Options, shutdown: CancellationToken) -> anyhow::Result<Running> {
    let secrets = Secrets::read(&options)?;
    webhook::check_url(&options.webhook_url).map_err(anyhow::Error::msg)?;
    let ledger = ledger::Ledger::open(&options.data)
        .with_context(|| format!("cannot open the ledger in {}", options.data.display()))?;
    let listener = TcpListener::bind(options.listen).await.with_context(|| {
        format!(
            "cannot listen on {}: choose another with --listen",
            options.listen
        )
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    let sim = Arc::new(build(&options, secrets, ledger, &url, shutdown)?);
    begin_with(&sim, &options)?;
    restore::restore(&sim).context("cannot read the ledger")?;
    sim.ledger
        .append("start", sim.clock.now(), serde_json::json!({"url": url}));

    let tasks = TaskTracker::new();
    tasks.spawn(agenda::run(sim.clone()));
    for _ in 0..options.webhook_concurrency {
        tasks.spawn(webhook::delivery::run(sim.clone()));
    }
    tasks.spawn(webhook::verify::at_start(sim.clone()));
    tasks.spawn(serve(listener, sim));
    tasks.close();
    Ok(Running { url, tasks })
}

fn build(
    options: &Options,
    secrets: Secrets,
    ledger: ledger::Ledger,
    url: &str,
    shutdown: CancellationToken,
) -> anyhow::Result<Sim> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_millis(options.webhook_timeout_ms))
        .connect_timeout(Duration::from_millis(options.webhook_timeout_ms.min(5_000)))
        .pool_max_idle_per_host(options.webhook_concurrency as usize)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("facebookexternalua")
        .no_proxy()
        .build()
        .context("cannot make the webhook client")?;
    Ok(Sim {
        numbers: Directory::new(
            &first_number(options),
            &secrets.app_secret,
            &secrets.access_token,
            (options.throughput, !options.no_pair_limit),
        ),
        secrets,
        ticking: Ticking {
            sent_after: Duration::from_millis(options.sent_after_ms),
            delivered_after: Duration::from_millis(options.delivered_after_ms),
            read_after: options.read_after_ms,
        },
        clock: crate::clock::Clock::default(),
        faults: crate::faults::FaultBoard::default(),
        phones: Mutex::new(phone::Phones::new(
            options.thread_entries_max as usize,
            &options.waba_id,
        )),
        media: Mutex::new(
            media::Shelf::open(&options.data).context("cannot open the media folder")?,
        ),
        desk: Mutex::new(erp::Desk::default()),
        ledger,
        agenda: agenda::Agenda::default(),
        queue: webhook::Queue::default(),
        tuning: webhook::Tuning {
            redelivery_start: Duration::from_millis(options.redelivery_start_ms),
            redelivery_cap: Duration::from_millis(options.redelivery_cap_ms),
            ..webhook::Tuning::default()
        },
        stream: control::stream::Stream::default(),
        http,
        public_url: url.to_owned(),
        shutdown,
    })
}

/// Numbers and faults from files.
fn begin_with(sim: &Sim, options: &Options) -> anyhow::Result<()> {
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    if let Some(path) = &options.numbers {
        let numbers: Vec<control::Described> = serde_json::from_slice(&read(path)?)
            .with_context(|| format!("{} is not a list of numbers", path.display()))?;
        for number in numbers {
            let new = number
                .checked(&options.business_name)
                .map_err(anyhow::Error::msg)?;
            sim.numbers.add(&new);
        }
    }
    if let Some(path) = &options.faults {
        let faults: crate::faults::Faults = serde_json::from_slice(&read(path)?)
            .with_context(|| format!("{} does not hold faults", path.display()))?;
        sim.faults
            .set(faults.checked().map_err(anyhow::Error::msg)?);
    }
    Ok(())
}

fn first_number(options: &Options) -> NewNumber {
    NewNumber {
        phone_number_id: options.phone_number_id.clone(),
        waba_id: options.waba_id.clone(),
        display_phone_number: options.display_phone_number.clone(),
        name: options.business_name.clone(),
        portfolio: None,
        app_secret: None,
        access_token: None,
        callback: Some(options.webhook_url.clone()),
    }
}

async fn serve(listener: TcpListener, sim: Arc<Sim>) {
    let shutdown = sim.shutdown.clone();
    let app = Router::new()
        .merge(page::routes())
        .merge(control::routes())
        .merge(erp::routes())
        .merge(graph::routes(&sim))
        .with_state(sim)
        .into_make_service_with_connect_info::<Cut>();
    let served = axum::serve(CutListener(listener), app)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(STOP_GRACE).await;
    };
    tokio::select! {
        outcome = async { served.await } => if let Err(error) = outcome {
            tracing::error!(%error, "the listener ended");
        },
        () = late => tracing::debug!("open connections were dropped at the stop"),
    }
}
