//! Wall clock, for the timestamps in webhooks and for comparing with other programs' records; latencies that begin and
//! end here use the monotonic clock.

use chrono::{DateTime, Utc};

/// Seconds since 1970.
pub(crate) fn unix_seconds() -> i64 {
    now().timestamp()
}

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "this program's single source of wall time"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
