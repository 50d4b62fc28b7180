//! The simulator's clock: the real one plus an offset that tests may advance.
//!
//! Promises: the 24 hour window, timestamps on the wire and media expiry all read this clock.
//! Does not: speed up timers; delays and backoff run in real time.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// Wall clock with an adjustable offset in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// The simulator's now, truncated to microseconds.
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator's single source of time"
    )]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = Utc::now() + TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed));
        now.duration_trunc(TimeDelta::microseconds(1))
            .unwrap_or(now)
    }

    /// Moves the clock forward (or back, when negative).
    pub(crate) fn advance(&self, ms: i64) {
        self.offset_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

/// RFC 3339 in UTC with microseconds, the form of every instant in the ledger and the control API.
pub(crate) fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
