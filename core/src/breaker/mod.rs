//! Stops calling what does not answer, and asks again politely.
//!
//! Promises: opens at half of at least twenty calls failing within ten seconds (or at once after so many failures in a
//! row, if the policy says so); while open one probe per interval passes, and its success closes it; the state is
//! exported as `balcao_breaker_open` (how many are open).
//! Does not: retry, time out or queue; the caller does the first two and refuses the third.

mod state;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub use state::{BreakerPolicy, BreakerState, Permit};

use crate::metrics;

/// What became of a guarded call.
#[derive(Debug, thiserror::Error)]
pub enum Guarded<E> {
    /// The dependency is taken for dead and was not asked; use the fallback.
    #[error("not called: the circuit breaker is open")]
    Open,
    /// It was asked and failed.
    #[error(transparent)]
    Failed(E),
}

/// One dependency's breaker. Clones share their state.
#[derive(Clone)]
pub struct Breaker {
    dependency: &'static str,
    state: Arc<Mutex<BreakerState>>,
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("dependency", &self.dependency)
            .field("open", &self.is_open())
            .finish()
    }
}

impl Breaker {
    /// A closed breaker for `dependency` (a bounded word: it becomes a metric label).
    #[must_use]
    pub fn new(dependency: &'static str, policy: BreakerPolicy) -> Self {
        let breaker = Self {
            dependency,
            state: Arc::new(Mutex::new(BreakerState::new(policy, Instant::now()))),
        };
        // Several breakers may guard one dependency: the gauge counts the open ones.
        breaker.gauge().increment(0.0);
        breaker
    }

    /// Whether calls are refused now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state().is_open()
    }

    /// Leave to call, or `None` while open. For callers that cannot use [`Breaker::call`]; hand it to
    /// [`Breaker::record`].
    #[must_use]
    pub fn permit(&self) -> Option<Permit> {
        self.state().permit(Instant::now())
    }

    /// Reports the outcome of a permitted call.
    pub fn record(&self, permit: Permit, ok: bool) {
        let (before, after) = {
            let mut state = self.state();
            let before = state.is_open();
            state.record(permit, ok, Instant::now());
            (before, state.is_open())
        };
        if before != after {
            self.gauge().increment(if after { 1.0 } else { -1.0 });
            if after {
                tracing::warn!(
                    dependency = self.dependency,
                    "circuit breaker opened; the fallback is used"
                );
            } else {
                tracing::info!(dependency = self.dependency, "circuit breaker closed");
            }
        }
    }

    /// Makes the call unless open. Every `Err` counts as a failure: answers that merely refuse (a 400) belong in `Ok`.
    ///
    /// # Errors
    /// [`Guarded::Open`] without a call, [`Guarded::Failed`] with the call's own error.
    pub async fn call<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Guarded<E>> {
        let permit = self.permit().ok_or(Guarded::Open)?;
        let outcome = call.await;
        self.record(permit, outcome.is_ok());
        outcome.map_err(Guarded::Failed)
    }

    fn state(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gauge(&self) -> ::metrics::Gauge {
        ::metrics::gauge!(metrics::BREAKER_OPEN, "dependency" => self.dependency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_open_breaker_does_not_make_the_call() {
        let breaker = Breaker::new("test", BreakerPolicy::REDIS);
        for _ in 0..3 {
            let outcome = breaker.call(async { Err::<(), _>("down") }).await;
            assert!(matches!(outcome, Err(Guarded::Failed("down"))));
        }
        let mut called = false;
        let outcome = breaker
            .call(async {
                {
                    called = true;
                    Ok::<(), &str>(())
                }
            })
            .await;
        assert!(matches!(outcome, Err(Guarded::Open)));
        assert!(!called);
    }
}
