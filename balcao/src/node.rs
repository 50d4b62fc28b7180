//! A node: the shared parts, the services its roles name, and the order in which they start and stop.
//!
//! Promises: whatever it starts, it stops; a role that ends by itself drains the node instead of leaving it half alive.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use balcao_core::bell::Bell;
use balcao_core::clock::Clock;
use balcao_core::config::{Config, NodeRole};
use balcao_core::context::Context;
use balcao_core::limits::Limits;
use balcao_core::redis::Redis;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{Store, retention};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::cli::Failure;
use crate::{commands, operations, upkeep};

/// How often a new node knocks at its own doors, and how long it waits for an answer, in milliseconds.
const KNOCK_EVERY_MS: u64 = 20;
const KNOCK_TIMEOUT_MS: u64 = 2_000;

/// The three doors of a node.
pub struct Doors {
    /// The people's API and console.
    pub console: TcpListener,
    /// Meta's webhook.
    pub webhook: TcpListener,
    /// Health and metrics.
    pub operations: TcpListener,
}

impl Doors {
    /// Opens the doors that the configuration names; port 0 takes a free one.
    ///
    /// # Errors
    /// [`Failure::Other`] with the address that is taken.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        Ok(Self {
            console: bind(config.listen.console).await?,
            webhook: bind(config.listen.webhook).await?,
            operations: bind(config.listen.operations).await?,
        })
    }
}

impl Doors {
    /// Where this node's own roles answer, as it reaches them itself.
    fn answering(&self, config: &Config) -> Result<Vec<SocketAddr>, Failure> {
        let has = |role| config.node.roles.contains(&role);
        let mut doors = vec![&self.operations];
        doors.extend(has(NodeRole::Gateway).then_some(&self.webhook));
        doors.extend(has(NodeRole::Hub).then_some(&self.console));
        doors
            .into_iter()
            .map(|listener| {
                let mut address = listener.local_addr()?;
                if address.ip().is_unspecified() {
                    address.set_ip(match address {
                        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                    });
                }
                Ok(address)
            })
            .collect()
    }
}

/// The name is part of a hot statement: PostgreSQL must know it.
async fn refuse_unknown_zone(config: &Config, store: &Store) -> Result<(), Failure> {
    let zone = &config.conversation.time_zone;
    let mut conn = store.worker.acquire().await?;
    if retention::knows_time_zone(&mut conn, zone).await? {
        return Ok(());
    }
    Err(Failure::Setting(format!(
        "conversation.time_zone: PostgreSQL knows no time zone {zone:?}; use a name such as America/Sao_Paulo"
    )))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be used; stop what listens there, or choose other ports with --port-base"))?;
    Ok(listener)
}

/// A node that runs.
pub struct Node {
    /// What its services share.
    pub ctx: Context,
    shutdown: Shutdown,
    grace: Duration,
    /// Doors with a role behind them.
    answering: Vec<SocketAddr>,
}

impl Node {
    /// Opens the store and starts the roles.
    ///
    /// # Errors
    /// [`Failure`] when the database, the keys or the configuration cannot work.
    pub async fn start(config: Config, doors: Doors) -> Result<Self, Failure> {
        let store = commands::open_store(&config).await?;
        refuse_unknown_zone(&config, &store).await?;
        let shutdown = Shutdown::new();
        let node_id = Uuid::now_v7();
        let redis = match &config.redis.url {
            Some(url) => Some(
                Redis::connect(url, Duration::from_millis(config.redis.command_timeout_ms))
                    .map_err(|error| Failure::Setting(format!("redis.url: {error}")))?,
            ),
            None => None,
        };
        let grace = Duration::from_secs(config.node.drain_seconds);
        let ctx = Context {
            store,
            bell: Bell::new(redis.as_ref(), node_id, &shutdown),
            limits: Limits::new(redis.clone(), config.node.expected_nodes),
            redis,
            clock: Clock::system(),
            node_id,
            config: Arc::new(config),
        };
        let node = Self {
            answering: doors.answering(&ctx.config)?,
            ctx,
            shutdown,
            grace,
        };
        node.roles(doors);
        Ok(node)
    }

    fn roles(&self, doors: Doors) {
        let has = |role| self.ctx.config.node.roles.contains(&role);
        if has(NodeRole::Gateway) {
            self.role(
                "gateway",
                gateway::run(self.ctx.clone(), doors.webhook, self.shutdown.clone()),
            );
        }
        if has(NodeRole::Bot) {
            self.role("bot", bot::run(self.ctx.clone(), self.shutdown.clone()));
        }
        if has(NodeRole::Hub) {
            self.role(
                "hub",
                agent_hub::run(self.ctx.clone(), doors.console, self.shutdown.clone()),
            );
        }
        if has(NodeRole::Worker) {
            self.role(
                "worker",
                upkeep::run(self.ctx.clone(), self.shutdown.clone()),
            );
        }
        // Lasts through the drain, so that a load balancer sees it.
        let operations = operations::run(self.ctx.clone(), doors.operations, self.shutdown.clone());
        self.shutdown.spawn_lasting("operations", async move {
            if let Err(error) = operations.await {
                tracing::error!(%error, "the operations door could not be served");
            }
        });
    }

    fn role<E: std::fmt::Display>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let work = Box::pin(work);
        self.shutdown.spawn_essential(name, async move {
            if let Err(error) = work.await {
                tracing::error!(role = name, %error, "a role ended; the node drains");
            }
        });
    }

    /// Waits until every door with a role behind it answers. `false`: the node drains before.
    ///
    /// # Errors
    /// [`Failure::Other`] when no client could be made.
    pub async fn answers(&self) -> Result<bool, Failure> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_millis(KNOCK_TIMEOUT_MS))
            .build()
            .map_err(anyhow::Error::from)?;
        for door in &self.answering {
            // Any answer is one: a door may not know the name that we call it by.
            while client
                .get(format!("http://{door}/healthz"))
                .send()
                .await
                .is_err()
            {
                tokio::select! {
                    () = self.shutdown.draining() => return Ok(false),
                    () = tokio::time::sleep(Duration::from_millis(KNOCK_EVERY_MS)) => {}
                }
            }
        }
        Ok(!self.shutdown.is_draining())
    }

    /// Waits until somebody asks the node to stop: SIGTERM, Ctrl-C, or a role that ended.
    pub async fn asked_to_stop(&self) {
        tokio::select! {
            () = self.shutdown.draining() => {}
            () = stop_signal() => {}
        }
    }

    /// Drains, waits for the roles, closes the pools. `true` when everything ended in time.
    pub async fn stop(self) -> bool {
        self.shutdown.drain();
        let late = self.shutdown.stop_after(self.grace).await;
        if !late.is_empty() {
            tracing::error!(?late, "not everything ended in time");
        }
        self.ctx.store.close().await;
        if let Some(redis) = &self.ctx.redis {
            redis.close().await;
        }
        late.is_empty()
    }
}

/// SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt => {}
        },
        Err(error) => {
            tracing::error!(%error, "SIGTERM cannot be heard; Ctrl-C still works");
            if interrupt.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
