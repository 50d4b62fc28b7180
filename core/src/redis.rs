//! The connection to Redis, which may vanish at any moment.
//!
//! Promises: connecting never blocks a start and never fails it; no call waits longer than `redis.command_timeout_ms`;
//! while Redis is away calls are refused at once and the caller's fallback serves.
//! Does not: hold anything that cannot be lost. No personal data goes in: ids, counters and keys by id or HMAC only.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use fred::clients::{Client, Pool, SubscriberClient};
use fred::interfaces::{ClientLike, EventInterface};
use fred::types::Builder;
use fred::types::config::{Config as FredConfig, ReconnectPolicy, UnresponsiveConfig};
use secrecy::{ExposeSecret, SecretString};

use crate::breaker::{Breaker, BreakerPolicy, Guarded};
use crate::metrics;

/// Connections for commands; a command waits for no other, they are pipelined.
const POOL_CONNECTIONS: usize = 4;
/// Reconnecting starts with this pause and doubles it, in milliseconds.
const RECONNECT_FIRST_MS: u32 = 50;
/// The longest pause between two attempts to reconnect, in milliseconds.
const RECONNECT_LONGEST_MS: u32 = 5_000;
/// Random part added to every pause, in milliseconds, so that nodes do not come back together.
const RECONNECT_JITTER_MS: u32 = 100;
/// A connection that leaves a command unanswered for so long is closed and opened anew, in milliseconds.
const UNRESPONSIVE_MS: u64 = 2_000;
/// Connecting and subscribing have their own cap, in milliseconds: nobody waits for them.
const BACKGROUND_TIMEOUT_MS: u64 = 2_000;
/// Events kept for a slow subscriber before it is told that it lagged.
const EVENT_QUEUE: usize = 4_096;

/// Why Redis gave no answer. Never shown to clients: every caller has a fallback.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The URL cannot be read; its text is not repeated, it may hold a password.
    #[error(
        "redis.url cannot be read ({0}); forms: redis://HOST:PORT, rediss://.., redis-sentinel://..?sentinelServiceName=NAME, \
         redis-cluster://.., redis+unix:///PATH"
    )]
    Url(&'static str),
    /// The breaker is open: not asked.
    #[error("redis is taken for dead and was not asked")]
    Open,
    /// No connection stands; fred is reconnecting in the background.
    #[error("redis is not connected")]
    Disconnected,
    /// No answer in time.
    #[error("redis did not answer in time")]
    Timeout,
    /// Redis or the connection to it refused.
    #[error("redis failed: {0}")]
    Failed(fred::error::Error),
}

/// Redis for commands and for one subscription. Cheap to clone; no Redis configured is `Option::<Redis>::None`.
#[derive(Clone)]
pub struct Redis {
    pool: Pool,
    subscriber: SubscriberClient,
    breaker: Breaker,
    command_timeout: Duration,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("connected", &self.is_connected())
            .field("breaker", &self.breaker)
            .finish()
    }
}

impl Redis {
    /// Starts connecting in the background and returns at once. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`RedisError::Url`] if the URL cannot be read. An unreachable server is not an error.
    pub fn connect(url: &SecretString, command_timeout: Duration) -> Result<Self, RedisError> {
        let mut server = FredConfig::from_url(url.expose_secret())
            .map_err(|error| RedisError::Url(error.kind().to_str()))?;
        server.fail_fast = false;
        let mut reconnect =
            ReconnectPolicy::new_exponential(0, RECONNECT_FIRST_MS, RECONNECT_LONGEST_MS, 2);
        reconnect.set_jitter(RECONNECT_JITTER_MS);
        let mut builder = Builder::from_config(server);
        builder
            .set_policy(reconnect)
            .with_connection_config(|connection| {
                connection.connection_timeout = Duration::from_millis(BACKGROUND_TIMEOUT_MS);
                connection.internal_command_timeout = Duration::from_millis(BACKGROUND_TIMEOUT_MS);
                connection.max_command_attempts = 1;
                connection.unresponsive = UnresponsiveConfig {
                    max_timeout: Some(Duration::from_millis(UNRESPONSIVE_MS)),
                    interval: Duration::from_millis(UNRESPONSIVE_MS / 4),
                };
            });
        builder.with_performance_config(|performance| {
            performance.default_command_timeout = command_timeout;
            performance.broadcast_channel_capacity = EVENT_QUEUE;
        });
        let pool = builder
            .build_pool(POOL_CONNECTIONS)
            .map_err(RedisError::Failed)?;
        builder.with_performance_config(|performance| {
            performance.default_command_timeout = Duration::from_millis(BACKGROUND_TIMEOUT_MS);
        });
        let subscriber = builder
            .build_subscriber_client()
            .map_err(RedisError::Failed)?;
        drop(pool.connect_pool());
        drop(subscriber.connect());
        Ok(Self {
            pool,
            subscriber,
            breaker: Breaker::new("redis", BreakerPolicy::REDIS),
            command_timeout,
        })
    }

    /// Whether a command would find a connection. For health pages; a call finds out by itself.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.pool.next_connected().is_connected()
    }

    /// Waits until all connections stand. For tests and `doctor`; the product never waits.
    ///
    /// # Errors
    /// [`RedisError::Timeout`] after `patience`.
    pub async fn connected_within(&self, patience: Duration) -> Result<(), RedisError> {
        let all = async {
            for client in self.pool.clients() {
                connected(client).await;
            }
            connected(&self.subscriber).await;
        };
        tokio::time::timeout(patience, all)
            .await
            .map_err(|_| RedisError::Timeout)
    }

    /// Runs commands under the breaker and the cap. A reply that is an error counts against Redis: handle expected
    /// ones (`NOSCRIPT`) inside `commands`.
    ///
    /// # Errors
    /// [`RedisError::Open`], [`RedisError::Disconnected`], [`RedisError::Timeout`] or [`RedisError::Failed`]; use the fallback.
    pub async fn call<T, F>(&self, commands: impl FnOnce(Client) -> F) -> Result<T, RedisError>
    where
        F: Future<Output = Result<T, fred::error::Error>>,
    {
        let client = self.pool.next_connected();
        let capped = async {
            // a command must not wait in a queue for a reconnection that may be minutes away
            if !client.is_connected() {
                return Err(RedisError::Disconnected);
            }
            let client = client.clone();
            // boxed: fred's futures are large, and every caller would carry them
            match tokio::time::timeout(self.command_timeout, Box::pin(commands(client))).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) if *error.kind() == fred::error::ErrorKind::Timeout => {
                    Err(RedisError::Timeout)
                }
                Ok(Err(error)) => Err(RedisError::Failed(error)),
                Err(_) => Err(RedisError::Timeout),
            }
        };
        self.breaker
            .call(capped)
            .await
            .map_err(|guarded| match guarded {
                Guarded::Open => RedisError::Open,
                Guarded::Failed(error) => {
                    ::metrics::counter!(metrics::REDIS_ERRORS).increment(1);
                    error
                }
            })
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// As [`Redis::call`].
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.call(|client| async move { client.ping::<()>(None).await })
            .await
    }

    /// The connection that only listens (the bell's).
    pub(crate) const fn subscriber(&self) -> &SubscriberClient {
        &self.subscriber
    }

    /// Closes all connections; at the very end of a node's life.
    pub async fn close(&self) {
        let quit = async {
            if let Err(error) = self.subscriber.quit().await {
                tracing::debug!(%error, "closing the redis subscription");
            }
            if let Err(error) = self.pool.quit().await {
                tracing::debug!(%error, "closing the redis pool");
            }
        };
        if tokio::time::timeout(Duration::from_millis(BACKGROUND_TIMEOUT_MS), quit)
            .await
            .is_err()
        {
            tracing::debug!("redis did not say goodbye in time");
        }
    }
}

async fn connected(client: &impl EventInterface) {
    // listen first, look second: a connection made in between is then not missed
    let mut events = client.reconnect_rx();
    while !client.is_connected() {
        if events.recv().await.is_err() {
            return;
        }
    }
}
