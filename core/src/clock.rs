//! What time it is: a parameter, never an ambient call.
//!
//! Promises: instants have microseconds, as PostgreSQL stores them, so that a value survives the round trip unchanged;
//! a test turns the hands itself.
//! Does not: measure elapsed time (`std::time::Instant`, monotonic) and is never compared between nodes: leases use
//! the database's clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

/// The wall clock of this node, or one that stands still until a test moves it. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Hands);

#[derive(Clone, Debug)]
enum Hands {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The operating system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Hands::System)
    }

    /// A clock that shows `at` until [`Clock::advance`] or [`Clock::set`] moves it.
    #[must_use]
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Hands::Manual(Arc::new(Mutex::new(at.trunc_subsecs(6)))))
    }

    /// Now, truncated to microseconds.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the operating system"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Hands::System => Utc::now().trunc_subsecs(6),
            Hands::Manual(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a manual clock forward; a system clock ignores it.
    pub fn advance(&self, by: Duration) {
        if let Hands::Manual(at) = &self.0 {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = (*at + by).trunc_subsecs(6);
        }
    }

    /// Sets a manual clock, backwards too; a system clock ignores it.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Hands::Manual(at) = &self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = to.trunc_subsecs(6);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::*;

    #[test]
    fn the_system_clock_has_no_nanoseconds() {
        assert_eq!(Clock::system().now().nanosecond() % 1_000, 0);
    }

    #[test]
    fn clones_of_a_manual_clock_show_the_same_time() {
        let clock = Clock::manual(DateTime::from_timestamp(1_000, 1_999).unwrap());
        let other = clock.clone();
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(
            other.now(),
            DateTime::from_timestamp(1_001, 500_001_000).unwrap()
        );
        other.set(DateTime::from_timestamp(5, 0).unwrap());
        assert_eq!(clock.now(), DateTime::from_timestamp(5, 0).unwrap());
    }
}
