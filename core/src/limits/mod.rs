//! How often something may happen.
//!
//! Promises: a limit holds over all nodes while Redis is there (one atomic script on its clock, every key expires); while
//! it is away each node grants its share, never nothing and never everything; no check waits longer than
//! `redis.command_timeout_ms`.
//! Does not: keep personal data (keys are ids or HMACs), survive a restart of Redis, or queue: who is refused is told when
//! to come back.

mod address;
mod door;
mod local;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use compliance::{Mac, Mutant};
use fred::clients::Client;
use fred::interfaces::LuaInterface;
use uuid::Uuid;

pub use address::{Network, client_address};
pub use door::Door;

use self::local::Local;
use crate::metrics;
use crate::redis::{Redis, RedisError};

const SCRIPT: &str = include_str!("gcra.lua");
/// Redis's name for the script (SHA-1 of its text); a test asks Redis. A wrong one costs a round trip, nothing else.
const SCRIPT_SHA: &str = "a896f2d957986d2e8af403d732c4c39e32921ec3";

/// So many permits per period, refilled evenly, with room for a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// A bounded word: part of the Redis key and a metric label.
    pub name: &'static str,
    /// Permits per period; at least 1.
    pub permits: u32,
    /// The period.
    pub period: Duration,
    /// Permits that may be taken at once; at least 1.
    pub burst: u32,
}

impl Limit {
    /// `permits` per `period`, all of which may be taken at once.
    #[must_use]
    pub const fn new(name: &'static str, permits: u32, period: Duration) -> Self {
        let permits = if permits == 0 { 1 } else { permits };
        Self {
            name,
            permits,
            period,
            burst: permits,
        }
    }

    /// `permits` per second.
    #[must_use]
    pub const fn per_second(name: &'static str, permits: u32) -> Self {
        Self::new(name, permits, Duration::from_secs(1))
    }

    /// `permits` per minute.
    #[must_use]
    pub const fn per_minute(name: &'static str, permits: u32) -> Self {
        Self::new(name, permits, Duration::from_secs(60))
    }

    /// Another burst than the permits of one period.
    #[must_use]
    pub const fn with_burst(mut self, burst: u32) -> Self {
        self.burst = if burst == 0 { 1 } else { burst };
        self
    }

    fn interval(&self) -> Duration {
        (self.period / self.permits).max(Duration::from_micros(1))
    }

    /// A cost above the burst could never be paid; it then takes the whole burst.
    fn payable(&self, cost: u32) -> u32 {
        cost.clamp(1, self.burst)
    }
}

/// Whose permits: an id or an HMAC, never a phone, an address or a name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LimitKey(String);

impl LimitKey {
    /// An id of ours (`agent_id.0`).
    #[must_use]
    pub fn id(id: Uuid) -> Self {
        Self(id.simple().to_string())
    }

    /// A blind index, for what has no id of ours: `vault.mac_of("address", &[..])`.
    #[must_use]
    pub fn mac(mac: &Mac) -> Self {
        Self(mac.to_hex())
    }

    /// A pair of ids, for instance channel and contact.
    #[must_use]
    pub fn ids(first: Uuid, second: Uuid) -> Self {
        Self(format!("{}:{}", first.simple(), second.simple()))
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LimitKey(..)")
    }
}

/// The answer to one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the permits were taken.
    pub allowed: bool,
    /// When to come back if not; zero if so. Round up to seconds for `Retry-After`.
    pub retry_after: Duration,
    /// Permits that are left now.
    pub remaining: u32,
}

impl Decision {
    /// `Retry-After` in whole seconds, at least 1.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        u64::try_from(self.retry_after.as_millis().div_ceil(1_000))
            .unwrap_or(u64::MAX)
            .max(1)
    }
}

/// All limits of a node. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    redis: Option<Redis>,
    expected_nodes: u32,
    shares: Arc<RwLock<HashMap<Limit, Arc<Local>>>>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("redis", &self.redis)
            .field("expected_nodes", &self.expected_nodes)
            .finish()
    }
}

impl Limits {
    /// Limits over all nodes, or, without Redis, this node's share of them (`node.expected_nodes`).
    #[must_use]
    pub fn new(redis: Option<Redis>, expected_nodes: u32) -> Self {
        Self {
            redis,
            expected_nodes: expected_nodes.max(1),
            shares: Arc::default(),
        }
    }

    /// Takes `cost` permits (1 at least, the burst at most) if they are there. Never fails, never waits longer than the
    /// cap on Redis calls.
    pub async fn check(&self, limit: &Limit, key: &LimitKey, cost: u32) -> Decision {
        let decision = match self.ask_redis(limit, key, cost).await {
            Some(decision) => decision,
            None if Mutant::LimitsOpenWithoutRedis.lives() => Decision {
                allowed: true,
                retry_after: Duration::ZERO,
                remaining: 1,
            },
            None => {
                ::metrics::counter!(metrics::LIMIT_FALLBACKS, "limit" => limit.name).increment(1);
                self.share(limit).check(&key.0, limit.payable(cost))
            }
        };
        if !decision.allowed {
            ::metrics::counter!(metrics::LIMIT_REFUSALS, "limit" => limit.name).increment(1);
        }
        decision
    }

    async fn ask_redis(&self, limit: &Limit, key: &LimitKey, cost: u32) -> Option<Decision> {
        let redis = self.redis.as_ref()?;
        let redis_key = format!("balcao:limit:{}:{}", limit.name, key.0);
        let interval_us = i64::try_from(limit.interval().as_micros()).unwrap_or(i64::MAX);
        let arguments = vec![
            interval_us,
            i64::from(limit.burst),
            i64::from(limit.payable(cost)),
        ];
        match redis.call(|client| run(client, redis_key, arguments)).await {
            Ok((allowed, remaining, retry_us)) => Some(Decision {
                allowed: allowed == 1,
                remaining: u32::try_from(remaining).unwrap_or(0),
                retry_after: Duration::from_micros(u64::try_from(retry_us).unwrap_or(0)),
            }),
            Err(RedisError::Open) => None,
            Err(error) => {
                tracing::debug!(%error, limit = limit.name, "limit answered by this node alone");
                None
            }
        }
    }

    fn share(&self, limit: &Limit) -> Arc<Local> {
        if let Some(share) = self
            .shares
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(limit)
        {
            return Arc::clone(share);
        }
        let mut shares = self.shares.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            shares
                .entry(*limit)
                .or_insert_with(|| Arc::new(Local::share_of(limit, self.expected_nodes))),
        )
    }
}

/// By name first; Redis forgets scripts when it restarts, then by text.
async fn run(
    client: Client,
    key: String,
    arguments: Vec<i64>,
) -> Result<(i64, i64, i64), fred::error::Error> {
    match client
        .evalsha(SCRIPT_SHA, key.as_str(), arguments.clone())
        .await
    {
        Err(error) if error.details().starts_with("NOSCRIPT") => {
            client.eval(SCRIPT, key, arguments).await
        }
        answer => answer,
    }
}

#[cfg(test)]
mod tests;
