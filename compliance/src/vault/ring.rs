//! The key-encryption keys in memory, and how long they may stay there.
//!
//! Promises: while the provider answers, it is asked once per version and 30 s; when it is away, the keys are dropped
//! 60 s after its last answer and every call fails with `ProviderAway` until it answers again. Time is a parameter.
//! Does not: run a task; an idle node asks at its next use.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::{Provider, key::Key32};
use crate::{Error, Result};

/// Age at which the provider is asked again.
pub(super) const REFRESH_AFTER: Duration = Duration::from_secs(30);
/// Age at which keys that could not be refreshed are dropped.
pub(super) const DROP_AFTER: Duration = Duration::from_secs(60);

pub(super) struct Ring {
    provider: Provider,
    held: RwLock<Held>,
    /// One caller asks the provider; the others go on with what is held.
    asking: Mutex<()>,
}

struct Held {
    keks: BTreeMap<u32, Key32>,
    answered_at: Instant,
}

impl Ring {
    pub(super) async fn open(provider: Provider, now: Instant) -> Result<Self> {
        let keks = provider.keks().await?;
        Ok(Self {
            provider,
            held: RwLock::new(Held {
                keks,
                answered_at: now,
            }),
            asking: Mutex::new(()),
        })
    }

    fn age(&self, now: Instant) -> Duration {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(held.answered_at)
    }

    /// Whether keys may be used without asking anybody.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.age(now) < REFRESH_AFTER
    }

    /// Makes sure the keys may be used now, asking the provider when they are 30 s old.
    pub(super) async fn ensure(&self, now: Instant) -> Result<()> {
        if self.is_fresh(now) {
            return Ok(());
        }
        if self.age(now) < DROP_AFTER {
            // Somebody else asks already: what is held is good for a while yet.
            let Ok(_one) = self.asking.try_lock() else {
                return Ok(());
            };
            return self.ask(now).await;
        }
        let _one = self.asking.lock().await;
        if self.is_fresh(now) {
            return Ok(());
        }
        self.ask(now).await
    }

    async fn ask(&self, now: Instant) -> Result<()> {
        let answer = self.provider.keks().await;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(keks) => {
                *held = Held {
                    keks,
                    answered_at: now,
                };
                Ok(())
            }
            Err(error) if now.saturating_duration_since(held.answered_at) < DROP_AFTER => {
                tracing::warn!(%error, "the key provider is away; the keys held are dropped 60 s after its last answer");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the key provider is away for over 60 s; keys dropped");
                held.keks.clear();
                Err(Error::ProviderAway)
            }
        }
    }

    /// The key that wraps new data keys: the highest version.
    pub(super) fn current(&self) -> Result<(u32, Key32)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.keks
            .last_key_value()
            .map(|(version, key)| (*version, key.clone()))
            .ok_or(Error::ProviderAway)
    }

    /// One version, if the provider has it.
    pub(super) fn version(&self, version: u32) -> Option<Key32> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.keks.get(&version).cloned()
    }
}
