//! Wall clock, for the timestamps in webhooks; latencies use the monotonic clock.

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "this program's single source of wall time"
)]
pub(crate) fn unix_seconds() -> i64 {
    chrono::Utc::now().timestamp()
}
